/** The one stack around every function: parse, correlate, measure, map errors. */
import { Logger } from '@aws-lambda-powertools/logger';
import middy, { type MiddlewareObj } from '@middy/core';
import { z } from 'zod';
import { elapsedMs } from '../adapters/elapsed.ts';
import type { FunctionName } from '../contracts/names.ts';
import { InvalidInputError, isRetryable } from '../core/errors.ts';
import { type FewValued, type Figures, measure } from './metrics.ts';

/** What state machines retry: its name is what their Retry fields say. The cause is the error that was thrown. */
export class RetryableError extends Error {
  override readonly name = 'RetryableError';
  readonly retryable = true;
}

/** What functions log by. Most invocations write no line, so the logger behind it is made with the first one. */
interface Log {
  warn(message: string, extra: { readonly error: unknown }): void;
  error(message: string, extra: { readonly error: unknown; readonly retryable: boolean }): void;
}

export interface Tools {
  readonly log: Log;
  /** Writes figures of this function. */
  readonly measure: (figures: Figures, by?: FewValued) => void;
}

export interface HandleOptions<S extends z.ZodType, O> {
  readonly name: FunctionName;
  readonly input: S;
  /** The correlation id that every log line of the invocation carries. */
  readonly correlate?: (input: z.infer<S>) => string | undefined;
  readonly run: (input: z.infer<S>, tools: Tools) => Promise<O>;
}

/**
 * A Lambda handler.
 * @example export const handler = handle({ name: 'guard', input: guardInput, run: (input) => guard(ports(), input) });
 */
export function handle<S extends z.ZodType, O>(options: HandleOptions<S, O>) {
  const log = new InvocationLog(options.name);
  const tools: Tools = { log, measure: (figures, by) => measure(options.name, figures, by) };
  return middy<unknown, O>()
    .use(timed(options.name))
    .use(mapErrors(options.name, log))
    .use(parsed(options.input))
    .use(correlated(options.correlate, log))
    .handler((event: unknown) => options.run(event as z.infer<S>, tools));
}

class InvocationLog implements Log {
  private readonly name: FunctionName;
  private logger: Logger | undefined;
  private keys: Readonly<Record<string, string>> = {};

  constructor(name: FunctionName) {
    this.name = name;
  }

  /** What every line carries from now on. */
  begin(keys: Readonly<Record<string, string>>): void {
    this.keys = keys;
    this.logger?.resetKeys();
    this.logger?.appendKeys(keys);
  }

  warn(message: string, extra: Parameters<Log['warn']>[1]): void {
    this.made().warn(message, { ...extra });
  }

  error(message: string, extra: Parameters<Log['error']>[1]): void {
    this.made().error(message, { ...extra });
  }

  private made(): Logger {
    if (this.logger === undefined) {
      this.logger = new Logger({ serviceName: 'groundcrew', persistentKeys: { function: this.name } });
      this.logger.appendKeys(this.keys);
    }
    return this.logger;
  }
}

function parsed(schema: z.ZodType): MiddlewareObj {
  return {
    name: 'parse',
    before: (request) => {
      const result = schema.safeParse(request.event);
      if (!result.success) {
        throw new InvalidInputError(`The input is not valid. ${z.prettifyError(result.error).slice(0, 2000)}`, {
          code: 'input-invalid',
        });
      }
      request.event = result.data;
    },
  };
}

function correlated<S extends z.ZodType>(
  correlate: HandleOptions<S, unknown>['correlate'],
  log: InvocationLog,
): MiddlewareObj {
  return {
    name: 'correlate',
    before: ({ event, context }) => {
      const correlationId = correlate?.(event as z.infer<S>);
      log.begin({
        ...(context?.awsRequestId === undefined ? {} : { requestId: context.awsRequestId }),
        ...(correlationId === undefined ? {} : { correlationId }),
      });
    },
  };
}

function timed(name: FunctionName): MiddlewareObj {
  const startedMs = new WeakMap<object, number>();
  const finish = (request: object, figures: Figures): void =>
    measure(name, { ...figures, latencyMs: elapsedMs() - (startedMs.get(request) ?? elapsedMs()) });
  return {
    name: 'time',
    before: (request) => {
      startedMs.set(request, elapsedMs());
    },
    after: (request) => finish(request, {}),
    onError: (request) => finish(request, { errors: 1 }),
  };
}

function mapErrors(name: FunctionName, log: Log): MiddlewareObj {
  return {
    name: 'map-errors',
    onError: (request) => {
      const error = request.error ?? new Error(`${name} failed without an error`);
      const retryable = isRetryable(error);
      log.error(error.message, { error, retryable });
      if (retryable) request.error = new RetryableError(error.message, { cause: error });
    },
  };
}

/** From an event of an HTTP API (payload format 2.0) to the app and back. */
import { handle, type LambdaEvent } from 'hono/aws-lambda';
import { z } from 'zod';
import { lazily } from '../../contracts/lazily.ts';
import { isRetryable } from '../../core/errors.ts';
import type { Api } from './app.ts';

export const gatewayEvent = lazily(() =>
  z.looseObject({
    version: z.literal('2.0'),
    rawPath: z.string().startsWith('/'),
    rawQueryString: z.string(),
    headers: z.record(z.string(), z.string()),
    requestContext: z.looseObject({
      domainName: z.string(),
      http: z.looseObject({ method: z.string(), sourceIp: z.string() }),
    }),
  }),
);
type GatewayEvent = z.infer<typeof gatewayEvent>;

/** What of an invocation is used. */
interface Tools {
  readonly log: {
    error(message: string, extra: { readonly error: unknown; readonly retryable: boolean }): void;
  };
}

/** HTTP APIs hand the path over decoded: what would end it, or cannot stand in one, is encoded again. */
const encoded = (rawPath: string): string =>
  rawPath.replace(/%(?![0-9A-Fa-f]{2})|[^A-Za-z0-9\-._~!$&'()*+,;=:@/%]+/g, (text) =>
    encodeURIComponent(text.toWellFormed()),
  );

/** A function's `run`. One event at a time passes through a process, so a failure belongs to the invocation that runs. */
export function lambdaRun(make: (failed: (error: Error) => void) => Api) {
  let current: Tools | undefined;
  const { app } = make((error) => current?.log.error(error.message, { error, retryable: isRetryable(error) }));
  const answer = handle(app);
  return async (event: GatewayEvent, tools: Tools) => {
    current = tools;
    return await answer({ ...event, rawPath: encoded(event.rawPath) } as unknown as LambdaEvent);
  };
}

/**
 * Calls without an answer (`InvocationType: Event`): durable once accepted, repeated as Lambda repeats them, and handed
 * to the function's failure destination when all was in vain. One file an event; a restart goes on with what it finds.
 */
import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import type { FunctionModel } from '../assembly/model.ts';
import type { Json } from '../flow/types.ts';
import { ServiceError } from '../server/service.ts';
import { writeAtomically } from '../stores/files.ts';
import type { LambdaAnswer, QueueSender, RuntimeLog, RuntimePart } from '../types.ts';

export interface AsyncQueueOptions {
  readonly dir: string;
  readonly functions: readonly FunctionModel[];
  readonly invoke: (functionArn: string, payload: Json) => Promise<LambdaAnswer>;
  readonly deadLetters: QueueSender;
  readonly log: RuntimeLog;
  readonly now?: () => number;
  /** Pause before the first and second repetition; Lambda's are one and two minutes. */
  readonly retryPausesMs?: readonly [number, number];
}

const eventSchema = z.strictObject({
  id: z.string(),
  functionArn: z.string(),
  payload: z.json(),
  acceptedMs: z.number(),
  attempts: z.int(),
});
type AsyncEvent = z.infer<typeof eventSchema>;

const maximumWaiting = 100_000;
const throttlePauseMs = 1000;

export class AsyncQueue implements RuntimePart {
  readonly name = 'asynchronous calls';
  readonly #options: AsyncQueueOptions;
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #counts = { accepted: 0, failed: 0 };
  readonly #found: AsyncEvent[] = [];
  #waiting = 0;
  #stopped = false;

  constructor(options: AsyncQueueOptions) {
    this.#options = options;
    mkdirSync(options.dir, { recursive: true, mode: 0o700 });
    // Read now, begun by `start`: what is accepted in between must not be found a second time.
    for (const name of readdirSync(options.dir).filter((each) => each.endsWith('.json'))) {
      const file = join(options.dir, name);
      const parsed = eventSchema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
      if (!parsed.success) throw new Error(`${file} is not an asynchronous call; move it away`);
      this.#found.push(parsed.data);
    }
    this.#waiting = this.#found.length;
  }

  /** @throws ServiceError `TooManyRequestsException` when too many wait */
  accept(functionArn: string, payload: Json): void {
    if (this.#stopped) throw new ServiceError('ServiceException', 'the runtime is stopping', { statusCode: 500 });
    if (this.#waiting >= maximumWaiting)
      throw new ServiceError('TooManyRequestsException', 'Rate Exceeded.', { statusCode: 429 });
    const event: AsyncEvent = { id: randomUUID(), functionArn, payload, acceptedMs: this.#now(), attempts: 0 };
    this.#save(event);
    this.#counts.accepted += 1;
    this.#waiting += 1;
    this.#later(event, 0);
  }

  start(): Promise<void> {
    for (const event of this.#found.splice(0)) this.#later(event, 0);
    return Promise.resolve();
  }

  stop(): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#timers) clearTimeout(timer);
    return Promise.resolve();
  }

  stats(): Record<string, number> {
    return { ...this.#counts, waiting: this.#waiting };
  }

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }

  #file(event: AsyncEvent): string {
    return join(this.#options.dir, `${event.id}.json`);
  }

  #save(event: AsyncEvent): void {
    writeAtomically(this.#file(event), JSON.stringify(event));
  }

  #later(event: AsyncEvent, pauseMs: number): void {
    if (this.#stopped) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#attempt(event).catch((error: unknown) => {
        this.#options.log.error(`an asynchronous call of ${event.functionArn} could not be written down`, error);
        this.#later(event, throttlePauseMs);
      });
    }, pauseMs);
    this.#timers.add(timer);
  }

  async #attempt(event: AsyncEvent): Promise<void> {
    const { asynchronous } = this.#options.functions.find((each) => each.arn === event.functionArn) ?? {};
    if (asynchronous === undefined) return this.#done(event);
    const isOld = this.#now() - event.acceptedMs > asynchronous.maximumEventAgeS * 1000;
    let answer: LambdaAnswer;
    try {
      answer = await this.#options.invoke(event.functionArn, event.payload);
    } catch (error) {
      if (this.#stopped) return;
      // Throttles and lost machines do not count as attempts; only age ends them.
      if (isOld) return await this.#giveUp(event, 'EventAgeExceeded', { errorMessage: String(error) });
      return this.#later(event, throttlePauseMs);
    }
    if (answer.functionError === undefined) return this.#done(event);
    const failed = { ...event, attempts: event.attempts + 1 };
    if (failed.attempts > asynchronous.maximumRetryAttempts)
      return await this.#giveUp(failed, 'RetriesExhausted', answer.payload);
    if (isOld) return await this.#giveUp(failed, 'EventAgeExceeded', answer.payload);
    this.#save(failed);
    const [first, second] = this.#options.retryPausesMs ?? [60_000, 120_000];
    this.#later(failed, failed.attempts === 1 ? first : second);
  }

  async #giveUp(event: AsyncEvent, condition: string, response: Json): Promise<void> {
    this.#counts.failed += 1;
    const destination = this.#options.functions.find((each) => each.arn === event.functionArn)?.asynchronous
      .onFailureArn;
    this.#options.log.warn(
      `an asynchronous call of ${event.functionArn} failed for good (${condition})${destination === undefined ? '; it has no failure destination' : ''}`,
    );
    if (destination !== undefined) {
      const record = {
        version: '1.0',
        timestamp: new Date(this.#now()).toISOString(),
        requestContext: {
          requestId: event.id,
          functionArn: `${event.functionArn}:$LATEST`,
          condition,
          approximateInvokeCount: event.attempts,
        },
        requestPayload: event.payload,
        responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
        responsePayload: response,
      };
      await this.#options.deadLetters.send(destination, JSON.stringify(record));
    }
    this.#done(event);
  }

  #done(event: AsyncEvent): void {
    rmSync(this.#file(event), { force: true });
    this.#waiting -= 1;
  }
}

/**
 * Brings events to targets and does not forget: each delivery is journalled before it is promised and removed after
 * the target has taken it, so that a crash repeats at most what was under way. Failures are repeated with exponential
 * backoff as the retry policy allows; what is given up goes to the dead-letter queue with AWS's attributes.
 */
import type { RetryModel } from '../assembly/model.ts';
import { ServiceError } from '../server/service.ts';
import { KeyedJournal } from '../stream/keyed-journal.ts';
import type { QueueSender, RuntimeLog } from '../types.ts';

export interface Delivery {
  readonly id: string;
  readonly targetArn: string;
  /** What the target gets: JSON text. */
  readonly payload: string;
  /** What the dead-letter queue gets, where that is something else: the event before its transformation. */
  readonly original?: string;
  /** Attributes of a dead letter that say where it comes from, `RULE_ARN` for instance. */
  readonly origin: Readonly<Record<string, string>>;
  readonly retry: RetryModel;
  readonly deadLetterArn?: string;
  readonly acceptedMs: number;
  /** Failed attempts so far. */
  readonly attempts: number;
  readonly nextMs: number;
  /** Set when the target is given up and only the dead letter is still to be sent. */
  readonly deadLetter?: Readonly<Record<string, string>>;
}

export interface DeliveriesOptions {
  readonly dir: string;
  /** Gives a payload to a target. A `ServiceError` that is not retryable ends the attempts at once. */
  readonly deliver: (targetArn: string, payload: string, acceptedMs: number) => Promise<void>;
  readonly queues: QueueSender;
  readonly log: RuntimeLog;
  readonly now: () => number;
  /** Uniform in [0, 1): jitter. */
  readonly random: () => number;
  /** First pause; it doubles up to 15 minutes. Default 1 s. */
  readonly retryBaseMs?: number;
  /** Deliveries under way at once. Default 64. */
  readonly concurrency?: number;
}

const retryCapMs = 900_000;

export class Deliveries {
  readonly #options: DeliveriesOptions;
  readonly #journal: KeyedJournal<Delivery>;
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #active = new Set<Promise<void>>();
  /** Ready, waiting or under way: a delivery that was added while `start` ran must not be begun twice. */
  readonly #known = new Set<string>();
  #ready: string[] = [];
  #running = false;
  readonly counts = { delivered: 0, failedAttempts: 0, deadLetters: 0, dropped: 0 };

  private constructor(options: DeliveriesOptions, journal: KeyedJournal<Delivery>) {
    this.#options = options;
    this.#journal = journal;
  }

  static async open(options: DeliveriesOptions): Promise<Deliveries> {
    return new Deliveries(options, await KeyedJournal.open<Delivery>(options.dir));
  }

  /** Number of deliveries that are not done. */
  get depth(): number {
    return this.#journal.entries.size;
  }

  /** Resolves when all are durable; they are delivered from `start` on. */
  async add(deliveries: readonly Delivery[]): Promise<void> {
    await this.#journal.commit(deliveries.map((delivery) => ({ key: delivery.id, value: delivery })));
    for (const delivery of deliveries) this.#schedule(delivery);
  }

  start(): void {
    this.#running = true;
    this.#ready = [];
    for (const delivery of this.#journal.entries.values()) this.#schedule(delivery);
  }

  /** Ends after the deliveries that are under way. */
  async stop(): Promise<void> {
    this.#running = false;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    await Promise.all(this.#active);
    await this.#journal.close();
  }

  #schedule(delivery: Delivery): void {
    if (!this.#running || this.#known.has(delivery.id)) return;
    this.#known.add(delivery.id);
    const waitMs = delivery.nextMs - this.#options.now();
    if (waitMs <= 0) {
      this.#ready.push(delivery.id);
      this.#pump();
      return;
    }
    const timer = setTimeout(() => {
      this.#timers.delete(delivery.id);
      this.#ready.push(delivery.id);
      this.#pump();
    }, waitMs);
    this.#timers.set(delivery.id, timer);
  }

  #pump(): void {
    while (this.#running && this.#ready.length > 0 && this.#active.size < (this.#options.concurrency ?? 64)) {
      const id = this.#ready.shift()!;
      const delivery = this.#journal.entries.get(id);
      if (delivery === undefined) {
        this.#known.delete(id);
        continue;
      }
      const run: Promise<void> = this.#attempt(delivery)
        .catch((error: unknown) => {
          this.#options.log.error(`the journal of delivery ${delivery.id} to ${delivery.targetArn} fails`, error);
          // Where it is not done, it is tried again: a disk that was full may have room by then.
          const left = this.#journal.entries.get(id);
          if (left === undefined) this.#known.delete(id);
          else this.#again({ ...left, nextMs: this.#options.now() + this.#pauseMs(left.attempts) });
        })
        .finally(() => {
          this.#active.delete(run);
          this.#pump();
        });
      this.#active.add(run);
    }
  }

  async #attempt(delivery: Delivery): Promise<void> {
    if (delivery.deadLetter !== undefined) return this.#bury(delivery, delivery.deadLetter);
    try {
      await this.#options.deliver(delivery.targetArn, delivery.payload, delivery.acceptedMs);
    } catch (error) {
      return this.#failed(delivery, error);
    }
    this.counts.delivered++;
    await this.#done(delivery);
  }

  async #failed(delivery: Delivery, error: unknown): Promise<void> {
    this.counts.failedAttempts++;
    const now = this.#options.now();
    const message = error instanceof Error ? error.message : String(error);
    const permanent = error instanceof ServiceError && !error.retryable;
    const next: Delivery = {
      ...delivery,
      attempts: delivery.attempts + 1,
      nextMs: now + this.#pauseMs(delivery.attempts),
    };
    const exhausted =
      next.attempts > delivery.retry.maximumRetryAttempts
        ? 'MaximumRetryAttempts'
        : next.nextMs - delivery.acceptedMs > delivery.retry.maximumEventAgeS * 1000
          ? 'MaximumEventAgeInSeconds'
          : undefined;
    if (!permanent && exhausted === undefined) {
      await this.#journal.commit([{ key: delivery.id, value: next }]);
      this.#again(next);
      return;
    }
    this.#options.log.warn(`gave up on ${delivery.targetArn} after ${next.attempts} attempts: ${message}`);
    await this.#bury(next, {
      ...delivery.origin,
      TARGET_ARN: delivery.targetArn,
      ERROR_CODE: permanent ? 'SDK_CLIENT_ERROR' : error instanceof ServiceError ? error.code : 'INTERNAL_ERROR',
      ERROR_MESSAGE: message.slice(0, 1024),
      RETRY_ATTEMPTS: String(delivery.attempts),
      ...(permanent || exhausted === undefined ? {} : { EXHAUSTED_RETRY_CONDITION: exhausted }),
    });
  }

  async #bury(delivery: Delivery, attributes: Readonly<Record<string, string>>): Promise<void> {
    if (delivery.deadLetterArn === undefined) {
      this.counts.dropped++;
      await this.#done(delivery);
      return;
    }
    const typed = Object.fromEntries(
      Object.entries(attributes).map(([name, value]) => [name, { type: 'String' as const, value }]),
    );
    try {
      await this.#options.queues.send(delivery.deadLetterArn, delivery.original ?? delivery.payload, typed);
    } catch (error) {
      this.#options.log.error(
        `the dead-letter queue ${delivery.deadLetterArn} does not take a message; trying again`,
        error,
      );
      const again = {
        ...delivery,
        deadLetter: attributes,
        nextMs: this.#options.now() + this.#pauseMs(delivery.attempts),
      };
      await this.#journal.commit([{ key: delivery.id, value: again }]);
      this.#again(again);
      return;
    }
    this.counts.deadLetters++;
    await this.#done(delivery);
  }

  #again(delivery: Delivery): void {
    this.#known.delete(delivery.id);
    this.#schedule(delivery);
  }

  async #done(delivery: Delivery): Promise<void> {
    await this.#journal.commit([{ key: delivery.id }]);
    this.#known.delete(delivery.id);
  }

  /** Exponential, with up to half of it taken off at random. */
  #pauseMs(attempts: number): number {
    const full = Math.min(retryCapMs, (this.#options.retryBaseMs ?? 1000) * 2 ** Math.min(attempts, 30));
    return Math.round(full * (1 - this.#options.random() / 2));
  }
}

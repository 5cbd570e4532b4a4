/** One SQS standard queue: durable messages with visibility timeouts, delays, retention and redrive. */
import { createHash } from 'node:crypto';
import type { QueueModel } from '../assembly/model.ts';
import { KeyedJournal } from '../stream/keyed-journal.ts';

export interface MessageAttribute {
  readonly type: string;
  readonly value: string;
}
export type MessageAttributes = Readonly<Record<string, MessageAttribute>>;

export interface QueueMessage {
  readonly id: string;
  readonly body: string;
  readonly attributes: MessageAttributes;
  readonly sentMs: number;
  /** Hidden until then. */
  readonly visibleMs: number;
  readonly receives: number;
  readonly firstReceivedMs?: number;
  /** Of the last receive; deletes the message. */
  readonly receipt?: string;
}

/** How a queue hands over a message that was received too often. */
export type Redrive = (deadLetterArn: string, message: QueueMessage) => Promise<void>;

export class Queue {
  readonly model: QueueModel;
  readonly #journal: KeyedJournal<QueueMessage>;
  readonly #now: () => number;
  readonly #redrive: Redrive;
  readonly #waiting = new Set<() => void>();
  /** On their way to the dead-letter queue. */
  readonly #moving = new Set<string>();

  private constructor(model: QueueModel, journal: KeyedJournal<QueueMessage>, now: () => number, redrive: Redrive) {
    this.model = model;
    this.#journal = journal;
    this.#now = now;
    this.#redrive = redrive;
  }

  static async open(dir: string, model: QueueModel, now: () => number, redrive: Redrive): Promise<Queue> {
    return new Queue(model, await KeyedJournal.open<QueueMessage>(dir), now, redrive);
  }

  /** Resolves with the message's id once it is durable. `sentMs` is kept when a message moves from another queue. */
  async send(body: string, attributes: MessageAttributes, delayS?: number, sentMs?: number): Promise<string> {
    const now = this.#now();
    const id = crypto.randomUUID();
    const message: QueueMessage = {
      id,
      body,
      attributes,
      sentMs: sentMs ?? now,
      visibleMs: now + (delayS ?? this.model.delayS) * 1000,
      receives: 0,
    };
    await this.#journal.commit([{ key: id, value: message }]);
    this.#wake();
    return id;
  }

  /** Takes up to `count` visible messages and hides them; waits up to `waitS` where there is none. */
  async receive(
    count: number,
    visibilityS: number | undefined,
    waitS: number,
    signal?: AbortSignal,
  ): Promise<QueueMessage[]> {
    const until = this.#now() + waitS * 1000;
    for (;;) {
      const taken = await this.#take(count, visibilityS ?? this.model.visibilityTimeoutS);
      const left = until - this.#now();
      if (taken.length > 0 || left <= 0 || signal?.aborted) return taken;
      await this.#untilSomething(Math.min(left, this.#nextVisibleInMs()), signal);
    }
  }

  /** True where the receipt was the last one handed out. */
  async delete(receipt: string): Promise<boolean> {
    const message = this.#byReceipt(receipt);
    if (message === undefined) return false;
    await this.#journal.commit([{ key: message.id }]);
    return true;
  }

  async changeVisibility(receipt: string, visibilityS: number): Promise<boolean> {
    const message = this.#byReceipt(receipt);
    if (message === undefined) return false;
    await this.#journal.commit([
      { key: message.id, value: { ...message, visibleMs: this.#now() + visibilityS * 1000 } },
    ]);
    this.#wake();
    return true;
  }

  async purge(): Promise<void> {
    await this.#journal.commit([...this.#journal.entries.keys()].map((key) => ({ key })));
  }

  /** Messages that are visible, in flight (received, not deleted) and delayed (never received, hidden). */
  depth(): { visible: number; inFlight: number; delayed: number } {
    const now = this.#now();
    const depth = { visible: 0, inFlight: 0, delayed: 0 };
    for (const message of this.#journal.entries.values()) {
      if (this.#isOver(message, now)) continue;
      if (message.visibleMs <= now) depth.visible++;
      else if (message.receives > 0) depth.inFlight++;
      else depth.delayed++;
    }
    return depth;
  }

  /** When the oldest message was sent; undefined where there is none. */
  oldestSentMs(): number | undefined {
    const now = this.#now();
    const left = [...this.#journal.entries.values()].filter((message) => !this.#isOver(message, now));
    return left.length === 0 ? undefined : Math.min(...left.map(({ sentMs }) => sentMs));
  }

  async close(): Promise<void> {
    this.#wake();
    await this.#journal.close();
  }

  async #take(count: number, visibilityS: number): Promise<QueueMessage[]> {
    const now = this.#now();
    const taken: QueueMessage[] = [];
    const over: string[] = [];
    const dead: QueueMessage[] = [];
    for (const message of this.#journal.entries.values()) {
      if (taken.length >= count) break;
      if (this.#isOver(message, now)) over.push(message.id);
      else if (message.visibleMs > now || this.#moving.has(message.id)) continue;
      else if (this.model.redrive !== undefined && message.receives >= this.model.redrive.maxReceiveCount)
        dead.push(message);
      else {
        taken.push({
          ...message,
          receives: message.receives + 1,
          visibleMs: now + visibilityS * 1000,
          firstReceivedMs: message.firstReceivedMs ?? now,
          receipt: `${message.id}#${message.receives + 1}#${crypto.randomUUID()}`,
        });
      }
    }
    await this.#journal.commit([
      ...taken.map((message) => ({ key: message.id, value: message })),
      ...over.map((key) => ({ key })),
    ]);
    for (const message of dead) {
      // First there, then gone here: a crash in between repeats, but loses nothing.
      this.#moving.add(message.id);
      try {
        await this.#redrive(this.model.redrive!.deadLetterArn, message);
        await this.#journal.commit([{ key: message.id }]);
      } finally {
        this.#moving.delete(message.id);
      }
    }
    return taken;
  }

  #byReceipt(receipt: string): QueueMessage | undefined {
    const message = this.#journal.entries.get(receipt.split('#')[0]!);
    return message?.receipt === receipt ? message : undefined;
  }

  #isOver(message: QueueMessage, now: number): boolean {
    return message.sentMs + this.model.retentionS * 1000 <= now;
  }

  #nextVisibleInMs(): number {
    const now = this.#now();
    let next = Number.POSITIVE_INFINITY;
    for (const message of this.#journal.entries.values())
      if (message.visibleMs > now) next = Math.min(next, message.visibleMs);
    return Math.max(1, next - now);
  }

  #untilSomething(ms: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, Math.min(ms, 2 ** 31 - 1));
      this.#waiting.add(done);
      signal?.addEventListener('abort', done, { once: true });
    });
  }

  #wake(): void {
    for (const done of [...this.#waiting]) done();
  }
}

export function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}

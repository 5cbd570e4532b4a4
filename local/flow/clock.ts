import { randomUUID } from 'node:crypto';
import type { Clock, Random } from './types.ts';

/** Node's timers count in 32 bits; longer sleeps go in steps. */
const TIMER_LIMIT_MS = 2_147_483_647;

/** The machine's clock. */
export class RealClock implements Clock {
  now(): number {
    return Date.now();
  }

  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    const until = Date.now() + ms;
    for (let left = ms; left > 0; left = until - Date.now()) await pause(Math.min(left, TIMER_LIMIT_MS), signal);
    signal.throwIfAborted();
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

/** Randomness that nobody can guess: task tokens depend on it. */
export const systemRandom: Random = {
  next: () => Math.random(),
  uuid: () => randomUUID(),
};

interface Sleeper {
  readonly atMs: number;
  readonly order: number;
  wake(): void;
}

/**
 * A clock that stands still while anything can still happen, and then jumps to the next sleeper: waits cost nothing and
 * happen in the order of their deadlines (those of one moment in the order in which they began).
 */
export class SimulatedClock implements Clock {
  #nowMs: number;
  #order = 0;
  readonly #sleepers = new Set<Sleeper>();

  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const onAbort = (): void => {
        this.#sleepers.delete(sleeper);
        reject(signal.reason);
      };
      const sleeper: Sleeper = {
        atMs: this.#nowMs + Math.max(0, ms),
        order: this.#order++,
        wake: () => {
          signal.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      this.#sleepers.add(sleeper);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** Runs `work` to its end, moving time on whenever nothing else can happen. Throws when nothing ever would. */
  async drive<T>(work: Promise<T>): Promise<T> {
    let settled = false;
    const mark = (): void => {
      settled = true;
    };
    work.then(mark, mark);
    for (;;) {
      // All that runs here are promises, so one turn of the event loop exhausts them.
      await new Promise((resolve) => setImmediate(resolve));
      if (settled) return work;
      const next = [...this.#sleepers].sort((a, b) => a.atMs - b.atMs || a.order - b.order)[0];
      if (next === undefined) throw new Error('the execution waits for something that cannot happen in a simulation');
      this.#sleepers.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.wake();
    }
  }
}

/** Repeatable randomness from a 32-bit seed (mulberry32), with UUIDs of version 4's shape. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const hex = (digits: number): string => {
    let text = '';
    for (let i = 0; i < digits; i++) text += Math.floor(next() * 16).toString(16);
    return text;
  };
  const variant = (): string => '89ab'[Math.floor(next() * 4)] as string;
  return { next, uuid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-${variant()}${hex(3)}-${hex(12)}` };
}

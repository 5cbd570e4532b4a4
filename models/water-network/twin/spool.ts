/** A device's store-and-forward memory: messages are kept until the broker has acknowledged them, on disk where asked. */
import { join } from 'node:path';
import { z } from 'zod';
import { DurableLog } from './durable-log.ts';

const line = z.union([
  z.strictObject({ message: z.number().int(), rows: z.number().int(), lastRowMs: z.number(), payload: z.string() }),
  z.strictObject({ acknowledged: z.number().int() }),
  z.strictObject({ boots: z.number().int(), lastRowMs: z.number().nullable(), lastMessage: z.number().int() }),
]);
type Line = z.infer<typeof line>;

export interface SpooledMessage {
  readonly id: number;
  readonly rows: number;
  readonly payload: string;
}

/** Messages that may wait; when there are more, the oldest are dropped and counted. */
export const maxSpooled = 50_000;
const linesBeforeCompacting = 2_000;

export class Spool {
  /** How often a device has booted with this spool, this time included. */
  readonly boots: number;
  /** Time of the newest row that is in a message; rows after it must be made again. */
  lastRowMs: number | undefined;
  droppedRows = 0;
  private readonly waiting = new Map<number, SpooledMessage>();
  private readonly log: DurableLog<Line> | undefined;
  private nextId = 1;
  private lines = 0;

  /** @param dir where to keep it; without one it lives in memory */
  constructor(name: string, dir?: string) {
    let boots = 0;
    if (dir !== undefined) {
      this.log = new DurableLog({ path: join(dir, `${name}.spool.jsonl`), parse: (value) => line.parse(value) });
      for (const record of this.log.initial) {
        if ('boots' in record) {
          boots = record.boots;
          this.lastRowMs = record.lastRowMs ?? undefined;
          this.nextId = record.lastMessage + 1;
        } else if ('message' in record) {
          this.waiting.set(record.message, { id: record.message, rows: record.rows, payload: record.payload });
          this.lastRowMs = record.lastRowMs;
          this.nextId = record.message + 1;
        } else this.waiting.delete(record.acknowledged);
      }
    }
    this.boots = boots + 1;
    this.compact();
  }

  /** Messages that nobody has acknowledged, oldest first. */
  get unacknowledged(): SpooledMessage[] {
    return [...this.waiting.values()];
  }

  add(payload: string, rows: number, lastRowMs: number): SpooledMessage {
    const message = { id: this.nextId, rows, payload };
    this.nextId += 1;
    this.lastRowMs = lastRowMs;
    this.waiting.set(message.id, message);
    this.write({ message: message.id, rows, lastRowMs, payload });
    if (this.waiting.size > maxSpooled) {
      const [oldest] = this.waiting.values();
      this.droppedRows += oldest!.rows;
      this.acknowledge(oldest!.id);
    }
    return message;
  }

  /** Forgets a message; false when it was forgotten before. */
  acknowledge(id: number): boolean {
    if (!this.waiting.delete(id)) return false;
    this.write({ acknowledged: id });
    return true;
  }

  isWaiting(id: number): boolean {
    return this.waiting.has(id);
  }

  close(): void {
    this.compact();
    this.log?.close();
  }

  private write(record: Line): void {
    if (this.log === undefined) return;
    this.log.append(record);
    this.lines += 1;
    if (this.lines > linesBeforeCompacting + 2 * this.waiting.size) this.compact();
  }

  private compact(): void {
    const head: Line = { boots: this.boots, lastRowMs: this.lastRowMs ?? null, lastMessage: this.nextId - 1 };
    const lastRowMs = this.lastRowMs ?? 0;
    const rest = this.unacknowledged.map(({ id, rows, payload }): Line => ({ message: id, rows, lastRowMs, payload }));
    this.log?.rewrite([head, ...rest]);
    this.lines = 0;
  }
}

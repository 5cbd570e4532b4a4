/** A shard: a durable log of records, and the arithmetic of Kinesis around it. */
import { createHash } from 'node:crypto';
import { AppendLog, type ReadLimits } from './append-log.ts';

/** A record as consumers get it. `data` is base64 text. */
export interface StreamRecord {
  /** Address in the shard's log; the sequence number says the same. */
  readonly offset: number;
  /** Address of the record behind this one. */
  readonly next: number;
  readonly partitionKey: string;
  readonly arrivalMs: number;
  readonly data: string;
}

interface Line {
  readonly k: string;
  readonly t: number;
  readonly d: string;
}

const sequenceDigits = 52;
const sequencePrefix = '4960';

/** Kinesis's sequence numbers are 56 digits that grow; ours end in the offset. */
export function sequenceNumberOf(offset: number): string {
  return `${sequencePrefix}${String(offset).padStart(sequenceDigits, '0')}`;
}

/** The offset that a sequence number says, or undefined where it is none of ours. */
export function offsetOf(sequenceNumber: string): number | undefined {
  if (!/^4960\d{52}$/.test(sequenceNumber)) return undefined;
  const offset = Number(sequenceNumber.slice(sequencePrefix.length));
  return Number.isSafeInteger(offset) ? offset : undefined;
}

export function shardIdOf(index: number): string {
  return `shardId-${String(index).padStart(12, '0')}`;
}

/** Which of `shardCount` shards takes a partition key: the MD5 hash, in even ranges, as Kinesis does. */
export function shardIndexOf(partitionKey: string, shardCount: number): number {
  if (shardCount === 1) return 0;
  const hash = BigInt(`0x${createHash('md5').update(partitionKey).digest('hex')}`);
  return Number((hash * BigInt(shardCount)) >> 128n);
}

export class Shard {
  readonly id: string;
  readonly #log: AppendLog;
  readonly #listeners = new Set<() => void>();

  private constructor(id: string, log: AppendLog) {
    this.id = id;
    this.#log = log;
  }

  static async open(dir: string, id: string, segmentBytes?: number): Promise<Shard> {
    return new Shard(id, await AppendLog.open(segmentBytes === undefined ? { dir } : { dir, segmentBytes }));
  }

  /** Offset of the oldest record. */
  get start(): number {
    return this.#log.start;
  }
  /** Offset that the next record gets. */
  get end(): number {
    return this.#log.end;
  }
  get bytes(): number {
    return this.#log.bytes;
  }

  /** Resolves with the record's offset once it is durable. */
  async put(partitionKey: string, data: string, arrivalMs: number): Promise<number> {
    const line: Line = { k: partitionKey, t: arrivalMs, d: data };
    const offset = await this.#log.append(JSON.stringify(line));
    for (const listener of this.#listeners) listener();
    return offset;
  }

  async read(offset: number, limits: ReadLimits): Promise<StreamRecord[]> {
    return (await this.#log.read(offset, limits)).map((record) => {
      const { k, t, d } = JSON.parse(record.line) as Line;
      return { offset: record.offset, next: record.next, partitionKey: k, arrivalMs: t, data: d };
    });
  }

  /** Calls `listener` after each append; returns how to end that. */
  onAppend(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Drops old segments that every consumer has passed. */
  prune(before: number, olderThanMs: number, maxBytes: number): Promise<number> {
    return this.#log.prune(before, olderThanMs, maxBytes);
  }

  close(): Promise<void> {
    return this.#log.close();
  }
}

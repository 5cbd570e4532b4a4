/** Archives of events: append-only files, from which a replay reads. */
import type { ArchiveModel } from '../assembly/model.ts';
import { AppendLog } from '../stream/append-log.ts';
import type { JsonObject } from '../types.ts';
import type { BusEvent } from './entry.ts';

interface Line {
  /** When the event was archived. */
  readonly t: number;
  readonly e: BusEvent;
}

export interface ArchivedEvent {
  readonly archivedMs: number;
  readonly event: BusEvent;
  /** Where to go on reading. */
  readonly next: number;
}

const dayMs = 86_400_000;

export class Archive {
  readonly model: ArchiveModel;
  readonly #log: AppendLog;
  readonly #matches: (event: JsonObject) => boolean;

  private constructor(model: ArchiveModel, log: AppendLog, matches: (event: JsonObject) => boolean) {
    this.model = model;
    this.#log = log;
    this.#matches = matches;
  }

  static async open(dir: string, model: ArchiveModel, matches: (event: JsonObject) => boolean): Promise<Archive> {
    return new Archive(model, await AppendLog.open({ dir, segmentBytes: 8 * 1024 * 1024 }), matches);
  }

  get bytes(): number {
    return this.#log.bytes;
  }

  /** Resolves once the event is durable, or at once where the archive's pattern does not want it. */
  async add(event: BusEvent, nowMs: number): Promise<void> {
    // What comes from a replay is in the archive already.
    if (event['replay-name'] !== undefined || !this.#matches(event)) return;
    const line: Line = { t: nowMs, e: event };
    await this.#log.append(JSON.stringify(line));
  }

  async read(offset: number, count: number): Promise<ArchivedEvent[]> {
    const records = await this.#log.read(offset, { records: count, bytes: 4 * 1024 * 1024 });
    return records.map(({ line, next }) => {
      const { t, e } = JSON.parse(line) as Line;
      return { archivedMs: t, event: e, next };
    });
  }

  async prune(nowMs: number): Promise<void> {
    if (this.model.retentionDays === 0) return;
    await this.#log.prune(this.#log.end, nowMs - this.model.retentionDays * dayMs, Number.POSITIVE_INFINITY);
  }

  close(): Promise<void> {
    return this.#log.close();
  }
}

/**
 * Bookkeeping of what came, by `(bootId, seq)`: repeats are told, gaps remembered, late rows let into their gap. It is
 * bounded: four boots, 32 gaps each. Beyond that it forgets the oldest gap, whose rows then count as repeats; the raw
 * batches hold them all the same, since nothing is dropped by what this says.
 */
import type { AssetState } from '../../contracts/asset.ts';

export const maxBoots = 4;
export const maxGaps = 32;

export type BootPosition = AssetState['boots'][number];

export interface SequencedRow {
  readonly bootId: string;
  readonly seq: number;
  readonly tMs: number;
  /** Wall clock of the stream. */
  readonly receivedAtMs: number;
}

export interface Position {
  /** Newest first. */
  readonly boots: readonly BootPosition[];
  /** Event time of the row that continued the series last. It falls where the device's clock was set back. */
  readonly lastEventMs?: number | undefined;
  /** Since when (wall clock) another boot than the newest has sent new numbers, and nothing has continued the series. */
  readonly lateSinceMs?: number | undefined;
}

export interface Admission<T extends SequencedRow> {
  readonly position: Position;
  /** New rows that continue the series, in the order in which they were measured: the ones to screen. */
  readonly fresh: readonly T[];
  /** New rows from before the newest one that is known: kept, not screened. */
  readonly late: readonly T[];
  readonly duplicates: number;
}

/**
 * Admits rows in any order.
 *
 * Of the newest boot a number after its last one continues the series whatever its time, because a clock may be set;
 * only of rows that bear one time the first counts. Another boot continues it, and is then the newest, when its time is
 * after the newest row's and its number after its own last one. Where its rows lie before that time (an old boot's message
 * that was long under way, or a device that started anew with its clock set back) they are late, until nothing else has
 * continued the series for `takeOverMs` of the wall clock: who alone sends is the newest.
 */
export function admit<T extends SequencedRow>(
  before: Position,
  rows: readonly T[],
  takeOverMs = Number.POSITIVE_INFINITY,
): Admission<T> {
  const boots = new Map(before.boots.map((boot) => [boot.bootId, new Boot(boot)]));
  const isFirstEver = before.boots.length === 0;
  const fresh: T[] = [];
  const late: T[] = [];
  let duplicates = 0;
  let newest = before.boots[0]?.bootId;
  let { lastEventMs, lateSinceMs } = before;
  for (const row of inOrder(rows)) {
    let boot = boots.get(row.bootId);
    if (!boot) {
      boot = new Boot({ bootId: row.bootId, lastSeq: -1, missing: [] });
      boots.set(row.bootId, boot);
    }
    const isAhead = row.seq > boot.lastKnownSeq;
    const isNewest = row.bootId === newest;
    if (!boot.take(row.seq)) {
      duplicates += 1;
      continue;
    }
    const goesOn = lastEventMs === undefined || row.tMs > lastEventMs || (isNewest && row.tMs < lastEventMs);
    const takesOver =
      !isNewest && lateSinceMs !== undefined && row.receivedAtMs - lateSinceMs >= takeOverMs && row.tMs !== lastEventMs;
    if (isAhead && (goesOn || takesOver)) {
      fresh.push(row);
      lastEventMs = row.tMs;
      newest = row.bootId;
      lateSinceMs = undefined;
    } else {
      late.push(row);
      if (isAhead && !isNewest) lateSinceMs ??= row.receivedAtMs;
    }
  }
  const order = [...new Set([...(newest === undefined ? [] : [newest]), ...boots.keys()])].slice(0, maxBoots);
  return {
    position: { boots: order.map((id) => boots.get(id)!.position(isFirstEver)), lastEventMs, lateSinceMs },
    fresh,
    late,
    duplicates,
  };
}

/** Rows of each boot by number, boots merged by the times of their next rows. Of repeats the one that came first is first. */
function inOrder<T extends SequencedRow>(rows: readonly T[]): T[] {
  const queues = new Map<string, T[]>();
  for (const row of rows) {
    const queue = queues.get(row.bootId);
    if (queue) queue.push(row);
    else queues.set(row.bootId, [row]);
  }
  const open = [...queues.values()].map((queue) => ({ queue: queue.sort((a, b) => a.seq - b.seq), at: 0 }));
  if (open.length <= 1) return open[0]?.queue ?? [];
  const merged: T[] = [];
  while (merged.length < rows.length) {
    let first: (typeof open)[number] | undefined;
    for (const one of open) {
      const row = one.queue[one.at];
      if (row && (first === undefined || row.tMs < first.queue[first.at]!.tMs)) first = one;
    }
    merged.push(first!.queue[first!.at]!);
    first!.at += 1;
  }
  return merged;
}

/** Numbers of one boot while a batch is admitted. */
class Boot {
  private readonly bootId: string;
  private readonly isNew: boolean;
  private readonly taken = new Set<number>();
  private readonly before: BootPosition;

  constructor(before: BootPosition) {
    this.before = before;
    this.bootId = before.bootId;
    this.isNew = before.lastSeq < 0;
  }

  /** The last number that was known before the batch: within it rows come by number. */
  get lastKnownSeq(): number {
    return this.before.lastSeq;
  }

  /** Whether the number had not come before. */
  take(seq: number): boolean {
    const known =
      this.taken.has(seq) ||
      (seq <= this.before.lastSeq && !this.before.missing.some(([from, to]) => seq >= from && seq <= to));
    if (!known) this.taken.add(seq);
    return !known;
  }

  /** @param isFirstEver the asset's very first boot may be joined midway: what came before it is not missing */
  position(isFirstEver: boolean): BootPosition {
    const taken = [...this.taken].sort((a, b) => a - b);
    if (taken.length === 0) return this.before;
    const lastSeq = Math.max(this.before.lastSeq, taken.at(-1)!);
    const start = this.isNew && isFirstEver ? taken[0]! - 1 : this.before.lastSeq;
    // Everything between the old end and the new one is missing until it is taken out.
    const open: [number, number][] = this.before.missing.map(([from, to]) => [from, to]);
    if (lastSeq > start) open.push([start + 1, lastSeq]);
    const missing = without(open, taken);
    return { bootId: this.bootId, lastSeq, missing: missing.slice(-maxGaps) };
  }
}

/** Ranges (ascending, apart) without single numbers (ascending). */
function without(ranges: readonly (readonly [number, number])[], numbers: readonly number[]): [number, number][] {
  const left: [number, number][] = [];
  let at = 0;
  for (const [from, to] of ranges) {
    let start = from;
    while (at < numbers.length && numbers[at]! < start) at += 1;
    while (at < numbers.length && numbers[at]! <= to) {
      if (numbers[at]! > start) left.push([start, numbers[at]! - 1]);
      start = numbers[at]! + 1;
      at += 1;
    }
    if (start <= to) left.push([start, to]);
  }
  return left;
}

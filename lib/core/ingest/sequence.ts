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
}

export interface Position {
  /** Newest first. */
  readonly boots: readonly BootPosition[];
  /** Event time of the newest row. */
  readonly lastEventMs?: number | undefined;
}

export interface Admission<T extends SequencedRow> {
  readonly position: Position;
  /** New rows that continue the series, in ascending time: the ones to screen. */
  readonly fresh: readonly T[];
  /** New rows from before the newest one that is known: kept, not screened. */
  readonly late: readonly T[];
  readonly duplicates: number;
}

/**
 * Admits rows in any order.
 *
 * A row continues the series when its time is after the newest known one and its number is after its boot's. A boot
 * whose rows lie before the newest known time (an old boot's message that was long under way, or a clock set back) stays
 * behind: its rows are late until they pass that time.
 */
export function admit<T extends SequencedRow>(before: Position, rows: readonly T[]): Admission<T> {
  const boots = new Map(before.boots.map((boot) => [boot.bootId, new Boot(boot)]));
  const isFirstEver = before.boots.length === 0;
  const fresh: T[] = [];
  const late: T[] = [];
  let duplicates = 0;
  let newest: string | undefined;
  let lastEventMs = before.lastEventMs;
  const ahead = new Map(before.boots.map(({ bootId, lastSeq }) => [bootId, lastSeq]));
  for (const row of [...rows].sort((a, b) => a.tMs - b.tMs || a.seq - b.seq)) {
    let boot = boots.get(row.bootId);
    if (!boot) {
      boot = new Boot({ bootId: row.bootId, lastSeq: -1, missing: [] });
      boots.set(row.bootId, boot);
    }
    if (!boot.take(row.seq)) {
      duplicates += 1;
    } else if ((lastEventMs === undefined || row.tMs > lastEventMs) && row.seq > (ahead.get(row.bootId) ?? -1)) {
      fresh.push(row);
      lastEventMs = row.tMs;
      newest = row.bootId;
    } else {
      late.push(row);
    }
  }
  const order = [...new Set([...(newest === undefined ? [] : [newest]), ...boots.keys()])].slice(0, maxBoots);
  return {
    position: { boots: order.map((id) => boots.get(id)!.position(isFirstEver)), lastEventMs },
    fresh,
    late,
    duplicates,
  };
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

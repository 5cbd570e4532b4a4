/** What the data themselves are like, by channel and by time; gathered as rows pass. */
import type { Series } from '../../lib/core/series.ts';

/** One with no more levels than this is a switch: that is what it is, not a flaw. */
const switchLevels = 3;
/** A channel that takes fewer values than this between its smallest and its largest is called coarse. */
const coarseLevels = 20;
/** A gap is longer than so many usual steps. */
const gapSteps = 3;
/** A channel stands still when one value fills this part of the rows in one run. */
const flatShare = 0.05;
const fewestFlatRows = 20;

export interface ChannelQuality {
  readonly name: string;
  readonly missingRows: number;
  /** Longest run of exactly the same value. */
  readonly longestFlatRows: number;
  /** Smallest difference between two neighbouring rows that is not 0; 0 where there is none. */
  readonly step: number;
  readonly low: number | null;
  readonly high: number | null;
  readonly remarks: readonly ('missing' | 'flat' | 'coarse' | 'constant')[];
}

export interface DataQuality {
  readonly channels: readonly ChannelQuality[];
  readonly rows: number;
  /** Usual time between rows. */
  readonly stepMs: number | null;
  /** Rows that come later than three usual steps, and the longest such wait. */
  readonly gaps: number;
  readonly longestGapMs: number;
  /** Rows with the time of the row before. */
  readonly repeatedTimes: number;
}

export class Quality {
  readonly #names: readonly string[];
  readonly #missing: Float64Array;
  readonly #run: Float64Array;
  readonly #longest: Float64Array;
  readonly #step: Float64Array;
  readonly #low: Float64Array;
  readonly #high: Float64Array;
  readonly #last: Float64Array;
  /** How often each time between rows was seen; bounded, the usual one is among the first. */
  readonly #waits = new Map<number, number>();
  #rows = 0;
  #lastMs = Number.NaN;

  constructor(names: readonly string[]) {
    const make = (value: number): Float64Array => new Float64Array(names.length).fill(value);
    this.#names = names;
    this.#missing = make(0);
    this.#run = make(0);
    this.#longest = make(0);
    this.#step = make(Number.POSITIVE_INFINITY);
    this.#low = make(Number.POSITIVE_INFINITY);
    this.#high = make(Number.NEGATIVE_INFINITY);
    this.#last = make(Number.NaN);
  }

  add({ timesMs, values }: Series): void {
    const width = this.#names.length;
    for (let r = 0; r < timesMs.length; r += 1) {
      this.#addTime(timesMs[r]!);
      for (let c = 0; c < width; c += 1) {
        const value = values[r * width + c]!;
        if (Number.isNaN(value)) {
          this.#missing[c]! += 1;
          continue;
        }
        const difference = Math.abs(value - this.#last[c]!);
        if (difference === 0) this.#run[c]! += 1;
        else {
          this.#run[c] = 1;
          if (difference < this.#step[c]!) this.#step[c] = difference;
        }
        if (this.#run[c]! > this.#longest[c]!) this.#longest[c] = this.#run[c]!;
        if (value < this.#low[c]!) this.#low[c] = value;
        if (value > this.#high[c]!) this.#high[c] = value;
        this.#last[c] = value;
      }
    }
  }

  result(): DataQuality {
    const waits = [...this.#waits].filter(([ms]) => ms > 0);
    const [stepMs] = waits.reduce<readonly [number | null, number]>(
      (best, [ms, count]) => (count > best[1] ? [ms, count] : best),
      [null, 0],
    );
    const gaps = stepMs === null ? [] : waits.filter(([ms]) => ms > gapSteps * stepMs);
    return {
      channels: this.#names.map((name, c) => this.#channel(name, c)),
      rows: this.#rows,
      stepMs,
      gaps: gaps.reduce((sum, [, count]) => sum + count, 0),
      longestGapMs: gaps.reduce((longest, [ms]) => Math.max(longest, ms), 0),
      repeatedTimes: this.#waits.get(0) ?? 0,
    };
  }

  #addTime(timeMs: number): void {
    this.#rows += 1;
    const wait = timeMs - this.#lastMs;
    this.#lastMs = timeMs;
    if (Number.isNaN(wait)) return;
    const known = this.#waits.get(wait);
    // Of times that never repeat, no more than so many are told apart; the longest are kept for their length.
    if (known === undefined && this.#waits.size >= 4096) {
      let shortest = wait;
      for (const [ms, count] of this.#waits) if (count === 1 && ms < shortest) shortest = ms;
      if (shortest === wait) return;
      this.#waits.delete(shortest);
    }
    this.#waits.set(wait, (known ?? 0) + 1);
  }

  #channel(name: string, c: number): ChannelQuality {
    const [low, high, longest, missing] = [this.#low[c]!, this.#high[c]!, this.#longest[c]!, this.#missing[c]!];
    const step = Number.isFinite(this.#step[c]!) ? this.#step[c]! : 0;
    const remarks: ChannelQuality['remarks'][number][] = [];
    if (missing > 0) remarks.push('missing');
    if (step === 0) remarks.push('constant');
    else {
      const isSwitch = (high - low) / step < switchLevels;
      if (!isSwitch && longest >= Math.max(fewestFlatRows, flatShare * this.#rows)) remarks.push('flat');
      if (!isSwitch && (high - low) / step < coarseLevels) remarks.push('coarse');
    }
    return {
      name,
      missingRows: missing,
      longestFlatRows: longest,
      step,
      low: Number.isFinite(low) ? low : null,
      high: Number.isFinite(high) ? high : null,
      remarks,
    };
  }
}

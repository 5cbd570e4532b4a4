/** Keeps a drawing's worth of a long series: smallest and largest value by bucket; buckets are merged as they fill up. */
import type { FollowedRows } from '../../lib/core/screening/follow.ts';
import type { Series } from '../../lib/core/series.ts';

/** Buckets that are kept; when full, each two become one. */
const mostBuckets = 1600;

/** Evidence of a row, −log10 of its p-value. The score holds back what was reported already; a drawing shows all of it. */
export const evidenceOf = ({ pValues }: Pick<FollowedRows, 'pValues'>, row: number): number =>
  Math.max(0, -Math.log10(Math.max(pValues[row]!, 1e-30)));

export interface Bucket {
  readonly fromMs: number;
  toMs: number;
  rows: number;
  /** By channel; NaN where all cells were missing. */
  readonly low: Float64Array;
  readonly high: Float64Array;
  score: number;
  alarm: number;
  kind: string;
  /** What the labels say, where they say that something was wrong. */
  truth: string;
}

export class Sketch {
  readonly #channels: number;
  #rowsEach = 1;
  #buckets: Bucket[] = [];

  constructor(channels: number) {
    this.#channels = channels;
  }

  get buckets(): readonly Bucket[] {
    return this.#buckets;
  }

  /** @param truths kind by row where labels say that something was wrong, else empty */
  add(series: Series, screened: FollowedRows, kinds: readonly string[], truths: readonly string[]): void {
    const width = this.#channels;
    for (let r = 0; r < series.timesMs.length; r += 1) {
      const timeMs = series.timesMs[r]!;
      let bucket = this.#buckets.at(-1);
      if (!bucket || bucket.rows >= this.#rowsEach) {
        if (this.#buckets.length >= mostBuckets) this.#halve();
        bucket = emptyBucket(timeMs, width);
        this.#buckets.push(bucket);
      }
      bucket.toMs = timeMs;
      bucket.rows += 1;
      for (let c = 0; c < width; c += 1) {
        const value = series.values[r * width + c]!;
        if (!(value >= bucket.low[c]!)) bucket.low[c] = Number.isNaN(value) ? bucket.low[c]! : value;
        if (!(value <= bucket.high[c]!)) bucket.high[c] = Number.isNaN(value) ? bucket.high[c]! : value;
      }
      bucket.score = Math.max(bucket.score, evidenceOf(screened, r));
      bucket.alarm = Math.max(bucket.alarm, screened.alarms[r]!);
      bucket.kind ||= kinds[r]!;
      bucket.truth ||= truths[r] ?? '';
    }
  }

  #halve(): void {
    this.#buckets = mergeRuns(this.#buckets, 2);
    this.#rowsEach *= 2;
  }
}

/** At most `most` buckets: neighbours are merged. */
export const condense = (buckets: readonly Bucket[], most: number): readonly Bucket[] =>
  buckets.length <= most ? buckets : mergeRuns(buckets, Math.ceil(buckets.length / most));

function mergeRuns(buckets: readonly Bucket[], each: number): Bucket[] {
  const merged: Bucket[] = [];
  for (let i = 0; i < buckets.length; i += each) {
    const first = buckets[i]!;
    const sum = { ...first, low: first.low.slice(), high: first.high.slice() };
    for (const next of buckets.slice(i + 1, i + each)) mergeInto(sum, next);
    merged.push(sum);
  }
  return merged;
}

function mergeInto(a: Bucket, b: Bucket): void {
  a.toMs = b.toMs;
  a.rows += b.rows;
  for (let c = 0; c < a.low.length; c += 1) {
    if (!(a.low[c]! <= b.low[c]!)) a.low[c] = Number.isNaN(b.low[c]!) ? a.low[c]! : b.low[c]!;
    if (!(a.high[c]! >= b.high[c]!)) a.high[c] = Number.isNaN(b.high[c]!) ? a.high[c]! : b.high[c]!;
  }
  a.score = Math.max(a.score, b.score);
  a.alarm = Math.max(a.alarm, b.alarm);
  a.kind ||= b.kind;
  a.truth ||= b.truth;
}

const emptyBucket = (timeMs: number, width: number): Bucket => ({
  fromMs: timeMs,
  toMs: timeMs,
  rows: 0,
  low: new Float64Array(width).fill(Number.NaN),
  high: new Float64Array(width).fill(Number.NaN),
  score: 0,
  alarm: 0,
  kind: '',
  truth: '',
});

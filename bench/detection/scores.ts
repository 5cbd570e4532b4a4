/** How a screened series is judged against the truth. Rows and truth are arrays of one length. */

/** A stretch of rows [from, to). */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

export interface RowCounts {
  readonly truePositive: number;
  readonly falsePositive: number;
  readonly falseNegative: number;
  readonly trueNegative: number;
}

/** Rows of `alarms` against rows that are truly abnormal, from row `from` on. */
export function countRows(alarms: Uint8Array, truth: Uint8Array, from: number): RowCounts {
  const counts = [0, 0, 0, 0];
  for (let t = from; t < truth.length; t += 1) counts[2 * truth[t]! + alarms[t]!]! += 1;
  return { trueNegative: counts[0]!, falsePositive: counts[1]!, falseNegative: counts[2]!, truePositive: counts[3]! };
}

export const sumCounts = (all: readonly RowCounts[]): RowCounts =>
  all.reduce((sum, one) => ({
    truePositive: sum.truePositive + one.truePositive,
    falsePositive: sum.falsePositive + one.falsePositive,
    falseNegative: sum.falseNegative + one.falseNegative,
    trueNegative: sum.trueNegative + one.trueNegative,
  }));

export const f1Of = ({ truePositive, falsePositive, falseNegative }: RowCounts): number =>
  (2 * truePositive) / Math.max(2 * truePositive + falsePositive + falseNegative, 1);
export const falseAlarmRateOf = ({ falsePositive, trueNegative }: RowCounts): number =>
  falsePositive / Math.max(falsePositive + trueNegative, 1);
export const recallOf = ({ truePositive, falseNegative }: RowCounts): number =>
  truePositive / Math.max(truePositive + falseNegative, 1);

/**
 * Mean of a detection-time part and a classification part: the first is one less the mean part of each stretch that
 * passed before its first alarm row, the second the mean of true-positive and true-negative rate.
 */
export function stateScore(alarms: Uint8Array, stretches: readonly Stretch[], counts: RowCounts) {
  let late = 0;
  let found = 0;
  for (const { from, to } of stretches) {
    let first = from;
    while (first < to && alarms[first] === 0) first += 1;
    late += (first - from) / (to - from);
    if (first < to) found += 1;
  }
  const time = 1 - late / Math.max(stretches.length, 1);
  const trueNegativeRate = 1 - falseAlarmRateOf(counts);
  const rows = (recallOf(counts) + trueNegativeRate) / 2;
  return { score: (time + rows) / 2, time, rows, trueNegativeRate, found, of: stretches.length };
}

/** One single-sensor series: its scores, the windows around its anomalies, and the row from which it counts. */
export interface WindowedSeries {
  readonly scores: Float32Array;
  readonly windows: readonly Stretch[];
  readonly from: number;
}

const falseCost = 0.11;
const reward = (position: number): number => 2 / (1 + Math.exp(5 * position)) - 1;

/** What a series earns under one threshold: early detections in a window earn up to 1, others cost 0.11, misses 1. */
export function earned({ scores, windows, from }: WindowedSeries, threshold: number) {
  let sum = 0;
  let falses = 0;
  const hit = new Set<number>();
  for (let t = from; t < scores.length; t += 1) {
    if (scores[t]! < threshold) continue;
    const inside = windows.findIndex((window) => t >= window.from && t < window.to);
    if (inside >= 0) {
      if (hit.has(inside)) continue;
      hit.add(inside);
      const { from: start, to } = windows[inside]!;
      sum += reward((t - to + 1) / (to - start)) / reward(-1);
      continue;
    }
    const before = windows.filter((window) => window.to <= t).at(-1);
    const position = before ? (t - before.to + 1) / (before.to - before.from) : Number.POSITIVE_INFINITY;
    sum += falseCost * (position > 3 ? -1 : reward(position));
    falses += 1;
  }
  const counted = windows.filter((window) => window.to > from).length;
  return { sum: sum - (counted - hit.size), windows: counted, hit: hit.size, falses };
}

/** Score from 0 (nothing said) to 100 (each found at once, nothing else) under the best common threshold. */
export function windowScore(all: readonly WindowedSeries[]) {
  let best = { score: 0, threshold: Number.POSITIVE_INFINITY, hit: 0, falses: 0, windows: 0 };
  for (let threshold = 0.5; threshold < 40; threshold *= 1.04) {
    let sum = 0;
    let windows = 0;
    let hit = 0;
    let falses = 0;
    for (const one of all) {
      const got = earned(one, threshold);
      sum += got.sum;
      windows += got.windows;
      hit += got.hit;
      falses += got.falses;
    }
    const score = (100 * (sum + windows)) / (2 * windows);
    if (score > best.score) best = { score, threshold, hit, falses, windows };
  }
  return best;
}

/**
 * Further views of a channel that is alone, be it the asset's only one or the only one that lives. Many channels foretell each other, and a fault shows in what they no longer
 * have to do with each other; one channel can only be held against its own past. So it is screened together with how
 * much it moves from row to row of late (a channel that trembles, stalls, or lacks its usual jobs) and with its mean of
 * late (a level that is usual by itself, and not for so long): the graph takes them for channels, with seasons,
 * relations and tails of their own.
 */
import type { Calibration } from '../../contracts/calibration.ts';
import { quantileOfSorted, robustSpread } from './linear.ts';

export type Views = NonNullable<Calibration['model']['views']>;

/** Rows that the mean step and the mean remember: what is remembered for longer stands for longer after a cause has gone. */
const activityRows = 12;
const meanRows = 16;
/** A step counts for so many times the mean step at most, or one wild reading would be all there is. */
const stepCut = 5;
/** A value counts for so many scales in the mean at most: how far off a cause was must not decide how long it is remembered. */
const meanCut = 4;
/** Part of the mean step that is added before the logarithm: below it, nothing is told apart. */
const stepFloor = 0.1;
/** Least spread of a view, in scales of the value or as a logarithm: below, it would be trust in a last digit. */
const leastScale = 0.01;
/** Least mean step, in scales of the value. */
const leastUnit = 1e-6;

/** Views, which stand behind all channels of the asset: how much the value moves, then its mean. */
export const viewCount = 2;

/** The only channel that lives, −1 where none does or several do. */
export function aloneAmong(channels: readonly { readonly dead: boolean }[]): number {
  const at = channels.findIndex(({ dead }) => !dead);
  return channels.findLastIndex(({ dead }) => !dead) === at ? at : -1;
}

/** A view must have been seen afresh some times: in fewer rows its spread would be chance. */
const leastRows = 400;

/** Rows that a fit of one channel learns from: there, and not left out. Of any other, views learn nothing. */
const rowsLearned = (mask: Uint8Array, skip: Uint8Array): number =>
  skip.reduce((sum, left, t) => (left === 0 && mask[t] === 1 ? sum + 1 : sum), 0);

/** Whether a warm-up supports views. */
export const supportsViews = (mask: Uint8Array, skip: Uint8Array): boolean => rowsLearned(mask, skip) >= leastRows;

/** Normal quantile of one in a thousand, and what Student's t adds to it over the degrees of freedom and their square. */
const rareQuantile = 3.09;
const studentTerms = [(rareQuantile ** 2 + 1) / 4, (5 * rareQuantile ** 4 + 16 * rareQuantile ** 2 + 3) / 96] as const;

/**
 * What smoothed deviations of each view are to be multiplied by. A mean over many rows is new only after
 * about twice as many, so a warm-up holds few values of a view, and what is rare among later ones lies further out than
 * their deviation says: as Student's t at one in a thousand against the normal distribution, by its expansion
 * (Abramowitz and Stegun, Handbook of Mathematical Functions, 1964, 26.7.5).
 * @param mask where there is a value
 */
export function viewCaution(mask: Uint8Array, skip: Uint8Array): readonly number[] {
  const rows = rowsLearned(mask, skip);
  return [activityRows, meanRows].map((memory) => {
    const freedom = Math.max(rows / (2 * memory) - 1, 1.5);
    return 1 + studentTerms[0] / freedom + studentTerms[1] / freedom ** 2;
  });
}

/** What is remembered of a value's past, in scales of the value. */
interface Past {
  value: number;
  step: number;
  mean: number;
}

function follow(past: Past, value: number, unit: number): void {
  past.step += (Math.min(Math.abs(value - past.value), stepCut * unit) - past.step) / activityRows;
  past.mean += (Math.min(Math.max(value, -meanCut), meanCut) - past.mean) / meanRows;
  past.value = value;
}

/**
 * The views of a warm-up, [rows × 2], standardised, with the numbers that say how.
 * @param z values in scales, missing ones filled
 */
export function fitViews(z: Float64Array, mask: Uint8Array, skip: Uint8Array): { views: Views; z: Float64Array } {
  const rows = z.length;
  let steps = 0;
  let pairs = 0;
  for (let t = 1; t < rows; t += 1) {
    if (mask[t] === 0 || mask[t - 1] === 0 || skip[t] === 1 || skip[t - 1] === 1) continue;
    steps += Math.abs(z[t]! - z[t - 1]!);
    pairs += 1;
  }
  const unit = Math.max(steps / Math.max(pairs, 1), leastUnit);
  const first = z.subarray(0, meanRows);
  const past: Past = { value: z[0]!, step: unit, mean: first.reduce((sum, value) => sum + value, 0) / first.length };
  const activity = new Float64Array(rows);
  const mean = new Float64Array(rows);
  for (let t = 0; t < rows; t += 1) {
    if (mask[t] === 1) follow(past, z[t]!, unit);
    activity[t] = Math.log(past.step + stepFloor * unit);
    mean[t] = past.mean;
  }
  const views: Views = { unit, activity: spreadOf(activity, skip), mean: spreadOf(mean, skip) };
  const out = new Float64Array(rows * viewCount);
  for (let t = 0; t < rows; t += 1) {
    out[viewCount * t] = (activity[t]! - views.activity.center) / views.activity.scale;
    out[viewCount * t + 1] = (mean[t]! - views.mean.center) / views.mean.scale;
  }
  return { views, z: out };
}

function spreadOf(values: Float64Array, skip: Uint8Array): { center: number; scale: number } {
  const kept = values.filter((_, t) => skip[t] === 0).sort();
  const center = quantileOfSorted(kept, 0.5);
  return { center, scale: Math.max(robustSpread(kept, center), leastScale) };
}

/**
 * Rows that come with their views behind them, [rows × (channels + 2)]. Each row goes on from what float32 holds of the row before, so it does not
 * matter where rows are cut; where the value is missing its views stay as they were.
 * @param z values in scales, missing ones filled, [rows × channels]
 * @param of the channel that is viewed
 * @param before the row before the first, with its views
 */
export function viewRows(
  views: Views,
  z: Float32Array,
  mask: Float32Array,
  of: number,
  before: Float32Array,
): { readonly values: Float32Array; readonly mask: Float32Array } {
  const { unit, activity, mean } = views;
  const wide = before.length;
  const channels = wide - viewCount;
  const rows = z.length / channels;
  const values = new Float32Array(rows * wide);
  const wideMask = new Float32Array(rows * wide);
  let row = before;
  for (let t = 0; t < rows; t += 1) {
    const next = values.subarray(t * wide, (t + 1) * wide);
    const at = t * channels;
    const there = mask[at + of]!;
    next.set(row);
    next.set(z.subarray(at, at + channels));
    if (there === 1) {
      const past: Past = {
        value: row[of]!,
        step: Math.max(Math.exp(row[channels]! * activity.scale + activity.center) - stepFloor * unit, 0),
        mean: row[channels + 1]! * mean.scale + mean.center,
      };
      follow(past, next[of]!, unit);
      next[channels] = (Math.log(past.step + stepFloor * unit) - activity.center) / activity.scale;
      next[channels + 1] = (past.mean - mean.center) / mean.scale;
    }
    wideMask.set(mask.subarray(at, at + channels), t * wide);
    wideMask.fill(there, t * wide + channels, (t + 1) * wide);
    row = next;
  }
  return { values, mask: wideMask };
}

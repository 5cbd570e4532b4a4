/** What the warm-up says of each channel by itself. */
import type { CalibrationChannel } from '../../contracts/calibration.ts';
import type { ChannelMeta } from '../../contracts/telemetry.ts';
import { quantileOfSorted } from './linear.ts';

/** Most decimals that are told apart; beyond, a value counts as full precision. */
export const mostDecimals = 9;

const powers = Array.from({ length: mostDecimals + 1 }, (_, d) => 10 ** d);

/** Whether `decimals` places give a value back within float64's own error; false of fewer than none. */
export function hasDecimals(value: number, decimals: number): boolean {
  if (decimals < 0) return false;
  const scaled = Math.abs(value) * powers[decimals]!;
  return Math.abs(scaled - Math.round(scaled)) <= 1e-12 * Math.max(scaled, 1);
}

/** Decimals that a value was written with: the fewest that give it back. */
export function decimalsOf(value: number): number {
  for (let d = 0; d < mostDecimals; d += 1) if (hasDecimals(value, d)) return d;
  return mostDecimals;
}

/** Rounds to `decimals` places. */
export function roundTo(value: number, decimals: number): number {
  const power = 10 ** decimals;
  return Math.round(value * power) / power;
}

/**
 * Describes one column.
 * @param column values in row order, NaN for missing
 * @param rows that are learned from; what the others hold is neither there nor missing
 */
export function describeChannel(meta: ChannelMeta, column: Float64Array, rows = column.length): CalibrationChannel {
  const present = column.filter((value) => Number.isFinite(value)).sort();
  const n = present.length;
  const missingRate = 1 - n / Math.max(rows, 1);
  if (n === 0) {
    return {
      ...meta,
      center: 0,
      scale: 1,
      step: 0,
      low: 0,
      high: 0,
      roughness: 0,
      longestRunRows: 0,
      missingRate,
      dead: true,
    };
  }
  const center = quantileOfSorted(present, 0.5);
  const deviations = present.map((value) => Math.abs(value - center)).sort();
  const mad = 1.4826 * quantileOfSorted(deviations, 0.5);
  let mean = 0;
  for (const value of present) mean += value / n;
  let square = 0;
  for (const value of present) square += (value - mean) ** 2 / n;
  const { roughness, longestRunRows } = changes(column);
  const step = smallestStep(present);
  const low = present[0]!;
  const high = present[n - 1]!;
  const scale = Math.max(mad, 0.3 * Math.sqrt(square));
  const dead = !(scale > 1e-12 * Math.max(Math.abs(center), 1)) || missingRate > 0.9;
  return { ...meta, center, scale: dead ? 1 : scale, step, low, high, roughness, longestRunRows, missingRate, dead };
}

function changes(column: Float64Array): { roughness: number; longestRunRows: number } {
  let sum = 0;
  let pairs = 0;
  let run = 1;
  let longestRunRows = 1;
  for (let t = 1; t < column.length; t += 1) {
    const change = Math.abs(column[t]! - column[t - 1]!);
    if (Number.isFinite(change)) {
      sum += change;
      pairs += 1;
    }
    run = change === 0 ? run + 1 : 1;
    if (run > longestRunRows) longestRunRows = run;
  }
  return { roughness: pairs > 0 ? sum / pairs : 0, longestRunRows };
}

/** Smallest difference between neighbours in value where values repeat often enough to speak of a step, else 0. */
function smallestStep(sorted: Float64Array): number {
  let smallest = Number.POSITIVE_INFINITY;
  let repeats = 0;
  const tiny = 1e-9 * Math.max(Math.abs(sorted[0]!), Math.abs(sorted[sorted.length - 1]!), 1e-9);
  for (let i = 1; i < sorted.length; i += 1) {
    const gap = sorted[i]! - sorted[i - 1]!;
    if (gap <= tiny) repeats += 1;
    else if (gap < smallest) smallest = gap;
  }
  return Number.isFinite(smallest) && repeats >= 0.05 * sorted.length ? smallest : 0;
}

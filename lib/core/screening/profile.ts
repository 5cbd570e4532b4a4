/** Hour-of-day profile of each channel, for features and for what people are told. */
import type { Calibration, CalibrationChannel } from '../../contracts/calibration.ts';
import { encodeFloats } from './floats.ts';
import { isWeekend } from './open.ts';

/**
 * Means and standard deviations by hour of the day (on the wall) and kind of day; hours without a value take the channel's
 * centre and scale. Null below two days.
 */
export function fitProfile(
  wallsMs: Float64Array,
  values: Float64Array,
  channels: readonly CalibrationChannel[],
  days: number,
  skip: Uint8Array,
): Calibration['profile'] {
  if (days < 2) return null;
  const width = channels.length;
  const dayKinds = days >= 6.5 ? 2 : 1;
  const bins = dayKinds * 24 * width;
  const count = new Float64Array(bins);
  const sum = new Float64Array(bins);
  const square = new Float64Array(bins);
  for (let t = 0; t < wallsMs.length; t += 1) {
    if (skip[t] === 1) continue;
    const time = wallsMs[t]!;
    const day = dayKinds === 2 && isWeekend(time) ? 1 : 0;
    const at = (day * 24 + (Math.floor(time / 3_600_000) % 24)) * width;
    for (let c = 0; c < width; c += 1) {
      // Deviations from the centre keep the squares small beside large offsets.
      const value = values[t * width + c]! - channels[c]!.center;
      if (!Number.isFinite(value)) continue;
      count[at + c] = count[at + c]! + 1;
      sum[at + c] = sum[at + c]! + value;
      square[at + c] = square[at + c]! + value * value;
    }
  }
  const means = new Float32Array(bins);
  const spreads = new Float32Array(bins);
  for (let i = 0; i < bins; i += 1) {
    const { center, scale } = channels[i % width]!;
    const n = count[i]!;
    const mean = n > 0 ? sum[i]! / n : 0;
    means[i] = center + mean;
    spreads[i] = n > 2 ? Math.max(Math.sqrt(Math.max(square[i]! / n - mean * mean, 0)), 0.05 * scale) : scale;
  }
  return { dayKinds, values: encodeFloats(means), spreads: encodeFloats(spreads) };
}

/** What one channel did in the window, free of its unit and of the sampling rate. */
import { mean, medianOfThree, rms, roughness, slope } from './statistics.ts';
import type { ChannelView, WindowView } from './window-view.ts';

export interface ChannelStatistics {
  readonly view: ChannelView;
  /** Mean distance from the profile now, in usual spreads. */
  readonly now: number;
  /** The same less that of the day before: slow changes (heat, season) drop out. */
  readonly shift: number;
  /** The same over the last hour only. */
  readonly lastShift: number;
  /** The last hour against the few hours right before the onset: what happened suddenly. */
  readonly step: number;
  readonly slopePerDay: number;
  /** Mean and root mean square of what the other channels do not explain, in usual deviations. */
  readonly peerMean: number;
  readonly peerRms: number;
  /** log2 of the trailing run of equal values over the longest that the calibration has seen. */
  readonly runRatio: number;
  readonly missing: number;
  /** log2 of the roughness now over that of the calibration. */
  readonly roughRatio: number;
  /** Share of rows that stand out from both their neighbours by more than six times the usual roughness. */
  readonly spikes: number;
  /** Largest step from row to row near the onset, in usual steps. */
  readonly jump: number;
  /** The part of the shift that the largest step makes. */
  readonly abruptness: number;
  /** How far beyond the calibrated range, in ranges; 0 inside. */
  readonly outside: number;
  /** Place of the last value in the calibrated range: 0 lowest, 1 highest. */
  readonly place: number;
}

export function channelStatistics(view: WindowView, channel: ChannelView): ChannelStatistics {
  const [from, to] = view.now;
  const calibrated = view.calibration.channels[channel.index]!;
  const { raw, z } = channel;
  const zBefore = mean(z, ...view.before);
  const base = Number.isNaN(zBefore) ? 0 : zBefore;
  const now = mean(z, from, to);
  const lastFrom = Math.max(
    from,
    view.hours.findIndex((hour) => hour > -1),
  );
  const shift = now - base;
  const last = mean(z, Math.min(lastFrom, to - 1), to);
  const lastShift = last - base;
  const usualStep = Math.max(calibrated.roughness, calibrated.step, calibrated.scale * 1e-3);
  const jumps = stepsNear(view, raw, usualStep);
  const zJump = largestStepOf(z, view);
  const range = Math.max(calibrated.high - calibrated.low, calibrated.scale * 1e-3);
  const lastRaw = lastValue(raw, from, to);
  return {
    view: channel,
    now,
    shift,
    lastShift,
    step: last - mean(z, ...view.near),
    slopePerDay: slope(view.hours, z, from, to) * 24,
    peerMean: mean(channel.peer, from, to),
    peerRms: rms(channel.peer, from, to),
    runRatio: Math.log2((trailingRun(raw) + 1) / (calibrated.longestRunRows + 1)),
    missing: missingShare(raw, from, to) - calibrated.missingRate,
    roughRatio: Math.log2((roughness(raw, from, to) + usualStep * 0.05) / (usualStep * 1.05)),
    spikes: spikeShare(raw, from, to, 6 * usualStep),
    jump: Math.log2(1 + jumps),
    abruptness: zJump / (Math.abs(lastShift) + 0.5),
    outside: Number.isNaN(lastRaw)
      ? Number.NaN
      : Math.max(0, lastRaw - calibrated.high, calibrated.low - lastRaw) / range,
    place: (lastRaw - calibrated.low) / range,
  };
}

/** The channels' distance from the profile moves together: share of the variance of the mean, 1/n for strangers. */
export function togetherness(view: WindowView): number {
  const [from, to] = view.now;
  const start = Math.max(0, Math.min(from, to - 4));
  const rows: number[] = [];
  let total = 0;
  for (let row = start; row < to; row += 1) {
    const cells = view.channels
      .filter((channel) => !channel.dead)
      .map((channel) => Math.max(-10, Math.min(10, channel.z[row]!)));
    rows.push(mean(cells) ** 2);
    total += rms(cells) ** 2;
  }
  return total > 0 ? rows.reduce((a, b) => a + b, 0) / total : Number.NaN;
}

/** Rows at the end of the window with exactly the same value; a missing cell does not break a run. */
export function trailingRun(raw: Float64Array): number {
  let run = 0;
  let value = Number.NaN;
  for (let row = raw.length - 1; row >= 0; row -= 1) {
    if (Number.isNaN(raw[row]!)) continue;
    if (Number.isNaN(value)) value = raw[row]!;
    if (raw[row] !== value) break;
    run += 1;
  }
  return run;
}

function stepsNear(view: WindowView, raw: Float64Array, usualStep: number): number {
  return largestStepOf(raw, view) / usualStep;
}

/** Largest change between neighbouring rows from a little before the range `now` to its end. */
function largestStepOf(values: Float64Array, view: WindowView): number {
  let found = 0;
  for (let row = Math.max(1, view.now[0] - 4); row < view.rows; row += 1) {
    const step = Math.abs(values[row]! - values[row - 1]!);
    if (step > found) found = step;
  }
  return Number.isFinite(found) ? found : 0;
}

function missingShare(raw: Float64Array, from: number, to: number): number {
  let missing = 0;
  for (let row = from; row < to; row += 1) if (Number.isNaN(raw[row]!)) missing += 1;
  return missing / Math.max(1, to - from);
}

function spikeShare(raw: Float64Array, from: number, to: number, limit: number): number {
  let spikes = 0;
  let count = 0;
  for (let row = Math.max(1, from - 1); row < to - 1; row += 1) {
    const middle = medianOfThree(raw[row - 1]!, raw[row]!, raw[row + 1]!);
    if (Number.isNaN(middle)) continue;
    count += 1;
    if (Math.abs(raw[row]! - middle) > limit) spikes += 1;
  }
  return count > 0 ? spikes / count : Number.NaN;
}

function lastValue(raw: Float64Array, from: number, to: number): number {
  for (let row = to - 1; row >= from; row -= 1) if (!Number.isNaN(raw[row]!)) return raw[row]!;
  return Number.NaN;
}

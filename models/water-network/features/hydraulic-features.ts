/** Water balance, night flow, tanks, pumps and valves, where the roles of the channels are known. */
import type { ChannelStatistics } from './channel-statistics.ts';
import type { FeatureMap } from './group-features.ts';
import { largest, mean, quantile, shareOf, smallest } from './statistics.ts';
import type { WindowView } from './window-view.ts';

/** Excess over the profile at each row relative to the channel's mean flow. */
function relativeExcess(statistics: ChannelStatistics): Float64Array {
  const { raw, expected } = statistics.view;
  const level = Math.max(Math.abs(mean(expected)), 1e-9);
  return raw.map((value, row) => (value - expected[row]!) / level);
}

/** Rows whose expected value lies in the lowest third of the window: night, whatever the time zone. */
function nightRows(expected: Float64Array, from: number): (row: number) => boolean {
  const limit = quantile(expected, 0.33);
  return (row) => row >= from && expected[row]! <= limit;
}

export function flowFeatures(view: WindowView, flows: readonly ChannelStatistics[]): FeatureMap {
  const [from, to] = view.now;
  const lastFrom = Math.max(
    from,
    view.hours.findIndex((hour) => hour > -1),
  );
  const excess = flows.map(relativeExcess);
  const now = excess.map((series) => mean(series, lastFrom, to));
  const sinceOnset = excess.map((series) => mean(series, from, to));
  const before = excess.map((series) => mean(series, ...view.before));
  const levels = flows.map((flow) => Math.abs(mean(flow.view.expected)));
  const main = levels.reduce((best, level, i) => (level > (levels[best] ?? -1) ? i : best), 0);
  const mainExcess = excess[main] ?? new Float64Array(0);
  const isNight = flows[main] ? nightRows(flows[main].view.expected, 0) : () => false;
  const dayFrom = Math.max(
    0,
    view.hours.findIndex((hour) => hour > -24),
  );
  const cells = (night: boolean): number[] =>
    Array.from(mainExcess).filter((_, row) => row >= Math.max(from, dayFrom) && isNight(row) === night);
  const byZone = flows.flatMap((flow, i) => (flow.view.zone !== undefined && i !== main ? [i] : []));
  const mainLevel = Math.max(levels[main] ?? Number.NaN, 1e-9);
  const zoneExcess = byZone.map((i) => (now[i]! * levels[i]!) / mainLevel);
  const total = levels.reduce((a, b) => a + b, 0);
  const sum = now.reduce((acc, value, i) => acc + (Number.isNaN(value) ? 0 : value * levels[i]!), 0);
  return {
    'flow-main-excess': now[main] ?? Number.NaN,
    'flow-main-excess-since-onset': sinceOnset[main] ?? Number.NaN,
    'flow-main-excess-less-before': (now[main] ?? Number.NaN) - nullish(before[main]),
    'flow-sum-excess': flows.length > 0 ? sum / Math.max(total, 1e-9) : Number.NaN,
    'flow-largest-excess': largest(now),
    'flow-smallest-excess': smallest(now),
    'flow-night-excess': mean(cells(true)),
    'flow-day-excess': mean(cells(false)),
    'flow-main-excess-low': quantile(mainExcess.subarray(from, to), 0.1),
    'flow-main-excess-high': quantile(mainExcess.subarray(from, to), 0.9),
    'flow-standing-still': shareOf(flows.map(standsStill), (value) => value > 0),
    'flow-still-beyond-longest': largest(flows.map((flow) => (standsStill(flow) > 0 ? flow.runRatio : -8))),
    'zone-excess-largest': largest(zoneExcess),
    'zone-excess-smallest': smallest(zoneExcess),
    'zone-excess-lead': largest(zoneExcess) - quantile(zoneExcess, 0.5),
    'balance-main-less-zones':
      byZone.length > 0 ? (now[main] ?? Number.NaN) - zoneExcess.reduce((a, b) => a + b, 0) : Number.NaN,
  };
}

/** 1 when the last values lie within 2 % of the range above zero flow while the profile asks for more. */
function standsStill(flow: ChannelStatistics): number {
  const { raw, expected } = flow.view;
  const level = Math.max(Math.abs(mean(expected)), 1e-9);
  const last = raw[raw.length - 1]!;
  return Number.isNaN(last) ? Number.NaN : Number(Math.abs(last) < 0.02 * level);
}

export function tankFeatures(view: WindowView, levels: readonly ChannelStatistics[]): FeatureMap {
  const [from] = view.now;
  const range = (one: ChannelStatistics): number => {
    const calibrated = view.calibration.channels[one.view.index]!;
    return Math.max(calibrated.high - calibrated.low, calibrated.scale * 1e-3);
  };
  const drawdown = levels.map((one) => {
    const { raw, expected } = one.view;
    const last = raw.length - 1;
    const start = Math.max(0, Math.min(from, last - 1));
    return (raw[last]! - raw[start]! - (expected[last]! - expected[start]!)) / range(one);
  });
  return {
    'tank-shift-min': smallest(levels.map((one) => one.lastShift)),
    'tank-shift-max': largest(levels.map((one) => one.lastShift)),
    'tank-place-min': smallest(levels.map((one) => one.place)),
    'tank-place-max': largest(levels.map((one) => one.place)),
    'tank-drawdown-min': smallest(drawdown),
    'tank-drawdown-max': largest(drawdown),
    'tank-slope-min': smallest(levels.map((one) => one.slopePerDay)),
    'tank-slope-max': largest(levels.map((one) => one.slopePerDay)),
  };
}

/** Pumps and valves: on or off, for how long against the longest ever seen, and against what the hour expects. */
export function stateFeatures(states: readonly ChannelStatistics[], prefix: string): FeatureMap {
  const lastOf = (one: ChannelStatistics): number => one.view.raw[one.view.raw.length - 1]!;
  const off = states.filter((one) => Math.abs(lastOf(one)) < 0.02);
  const against = states.map((one) => lastOf(one) - one.view.expected[one.view.raw.length - 1]!);
  return {
    [`${prefix}-share-off`]: shareOf(states.map(lastOf), (value) => Math.abs(value) < 0.02),
    [`${prefix}-off-beyond-longest`]:
      states.length === 0 ? Number.NaN : (nan(largest(off.map((one) => one.runRatio))) ?? -8),
    [`${prefix}-run-beyond-longest`]: largest(states.map((one) => one.runRatio)),
    [`${prefix}-against-expected-min`]: smallest(against),
    [`${prefix}-against-expected-max`]: largest(against),
    [`${prefix}-changed`]: largest(states.map((one) => one.jump)),
  };
}

const nullish = (value: number | undefined): number => (value === undefined || Number.isNaN(value) ? 0 : value);
const nan = (value: number): number | undefined => (Number.isNaN(value) ? undefined : value);

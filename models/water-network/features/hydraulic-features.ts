/** Water balance, night flow, tanks, pumps and valves, where the roles of the channels are known. */
import type { ChannelStatistics } from '../../training/features/channel-statistics.ts';
import type { FeatureMap } from '../../training/features/group-features.ts';
import { largest, mean, quantile, shareOf, smallest } from '../../training/features/statistics.ts';
import type { WindowView } from '../../training/features/window-view.ts';

/** Excess over the profile at each row relative to the mean flow. */
function relativeExcess({ raw, expected }: Supply): Float64Array {
  const level = Math.max(Math.abs(mean(expected)), 1e-9);
  return raw.map((value, row) => (value - expected[row]!) / level);
}

/** Rows whose expected value lies in the lowest third of the window: night, whatever the time zone. */
function nightRows(expected: Float64Array): (row: number) => boolean {
  const limit = quantile(expected, 0.33);
  return (row) => expected[row]! <= limit;
}

/** A flow, or several taken together. */
interface Supply {
  readonly raw: Float64Array;
  readonly expected: Float64Array;
}

/**
 * All that flows into the network: meters that belong to no zone, pump or valve where the topology is told, else the
 * largest flow there is.
 */
function supplyOf(
  flows: readonly ChannelStatistics[],
): { supply: Supply; members: ReadonlySet<ChannelStatistics> } | undefined {
  if (flows.length === 0) return undefined;
  const tied = flows.filter((flow) => flow.view.zone !== undefined || flow.view.element !== undefined);
  const free = flows.filter((flow) => !tied.includes(flow));
  const size = (flow: ChannelStatistics): number => Math.abs(mean(flow.view.expected));
  const largestFlow = flows.reduce((best, flow) => (size(flow) > size(best) ? flow : best), flows[0]!);
  const members = tied.length > 0 && free.length > 0 ? free : [largestFlow];
  const add = (key: 'raw' | 'expected'): Float64Array =>
    members[0]!.view[key].map((_, row) => members.reduce((sum, flow) => sum + flow.view[key][row]!, 0));
  return { supply: { raw: add('raw'), expected: add('expected') }, members: new Set(members) };
}

const lastHour = (view: WindowView): number =>
  Math.max(
    view.now[0],
    view.hours.findIndex((hour) => hour > -1),
  );

export function flowFeatures(
  view: WindowView,
  flows: readonly ChannelStatistics[],
  levels: readonly ChannelStatistics[],
): FeatureMap {
  const [from, to] = view.now;
  const hourFrom = lastHour(view);
  const found = supplyOf(flows);
  const supply = found?.supply ?? { raw: new Float64Array(0), expected: new Float64Array(0) };
  const excess = relativeExcess(supply);
  const isNight = nightRows(supply.expected);
  const cells = (night: boolean): number[] =>
    Array.from(excess).filter((_, row) => row >= from && isNight(row) === night);
  const now = mean(excess, hourFrom, to);
  const each = flows.map((flow) => relativeExcess(flow.view));
  const steps = each.map((series) => mean(series, hourFrom, to) - mean(series, ...view.near));
  const recent = each.map((series) => mean(series, hourFrom, to));
  const scale = Math.max(Math.abs(mean(supply.expected)), 1e-9);
  const zones = flows.flatMap((flow, i) => {
    if (flow.view.zone === undefined || found?.members.has(flow)) return [];
    const weight = Math.abs(mean(flow.view.expected)) / scale;
    return [{ excess: recent[i]! * weight, step: steps[i]! * weight }];
  });
  const zoneExcess = zones.map((zone) => zone.excess);
  return {
    'flow-main-excess': now,
    'flow-main-excess-since-onset': mean(excess, from, to),
    'flow-main-excess-less-before': now - orZero(mean(excess, ...view.before)),
    'flow-main-step': now - mean(excess, ...view.near),
    'flow-largest-excess': largest(recent),
    'flow-smallest-excess': smallest(recent),
    'flow-largest-step': largest(steps),
    'flow-smallest-step': smallest(steps),
    'flow-night-excess': mean(cells(true)),
    'flow-day-excess': mean(cells(false)),
    'flow-main-excess-low': quantile(excess.subarray(from, to), 0.1),
    'flow-main-excess-high': quantile(excess.subarray(from, to), 0.9),
    'flow-standing-still': shareOf(flows.map(standsStill), (value) => value > 0),
    'flow-still-beyond-longest': largest(flows.map((flow) => (standsStill(flow) > 0 ? flow.runRatio : -8))),
    'zone-excess-largest': largest(zoneExcess),
    'zone-excess-smallest': smallest(zoneExcess),
    'zone-excess-lead': largest(zoneExcess) - quantile(zoneExcess, 0.5),
    'zone-step-largest': largest(zones.map((zone) => zone.step)),
    'zone-step-smallest': smallest(zones.map((zone) => zone.step)),
    'balance-main-less-zones': zones.length > 0 ? now - zoneExcess.reduce((a, b) => a + b, 0) : Number.NaN,
    ...netFeatures(view, supply, levels, scale),
  };
}

/**
 * Inflow less what the tanks take. How much a tank takes for a metre of level is not known; it is the slope of inflow
 * against the change of level (both less their profiles) over the normal part of the window, tank after tank.
 */
function netFeatures(
  view: WindowView,
  supply: Supply,
  levels: readonly ChannelStatistics[],
  scale: number,
): FeatureMap {
  const names = ['net-excess', 'net-excess-since-onset', 'net-step'];
  if (levels.length === 0 || supply.raw.length === 0)
    return Object.fromEntries(names.map((name) => [name, Number.NaN]));
  const rest = supply.raw.map((value, row) => value - supply.expected[row]!);
  const until = Math.max(0, view.now[0] - 1);
  // Two rows either side: a single difference of a level is mostly its resolution.
  const reach = 2;
  for (const level of levels) {
    const change = level.view.raw.map((_, row) => {
      const [a, b] = [Math.max(0, row - reach), Math.min(view.rows - 1, row + reach)];
      const hours = view.hours[b]! - view.hours[a]!;
      const { raw, expected } = level.view;
      return hours > 0 ? (raw[b]! - expected[b]! - raw[a]! + expected[a]!) / hours : Number.NaN;
    });
    let xx = 0;
    let xy = 0;
    for (let row = 0; row < until; row += 1) {
      const product = change[row]! * rest[row]!;
      if (Number.isNaN(product)) continue;
      xx += change[row]! ** 2;
      xy += product;
    }
    const takes = xx > 0 ? Math.max(0, xy / xx) : 0;
    for (let row = 0; row < view.rows; row += 1) rest[row]! -= takes * orZero(change[row]);
  }
  const net = rest.map((value) => value / scale);
  const now = mean(net, lastHour(view), view.rows);
  return {
    'net-excess': now,
    'net-excess-since-onset': mean(net, ...view.now),
    'net-step': now - mean(net, ...view.near),
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
    [`${prefix}-outside`]: largest(states.map((one) => one.outside)),
    [`${prefix}-run-beyond-longest`]: largest(states.map((one) => one.runRatio)),
    [`${prefix}-against-expected-min`]: smallest(against),
    [`${prefix}-against-expected-max`]: largest(against),
    [`${prefix}-changed`]: largest(states.map((one) => one.jump)),
  };
}

const orZero = (value: number | undefined): number => (value === undefined || Number.isNaN(value) ? 0 : value);
const nan = (value: number): number | undefined => (Number.isNaN(value) ? undefined : value);

/**
 * What the physics of a pump says of a window. Where a quantity has a zero (flow, current, vibration) its change is a
 * ratio, free of units: log2 of now over usual. Pressures and temperatures have none that is known (gauge or absolute,
 * °C or °F), so that theirs are in usual spreads. A quantity that is not measured is NaN.
 */
import type { ChannelStatistics } from '../../training/features/channel-statistics.ts';
import type { FeatureMap } from '../../training/features/group-features.ts';
import { largest, mean, quantile, roughness, slope, smallest } from '../../training/features/statistics.ts';
import type { ChannelView, WindowView } from '../../training/features/window-view.ts';
import { type Quantity, quantityOf } from './quantity.ts';

export interface MachineChannel {
  readonly quantity: Quantity;
  readonly statistics: ChannelStatistics;
  /** log2 of the mean of the last rows over the usual value; 0 is no change. */
  readonly ratio: number;
  /** The same against the rows right before the onset. */
  readonly sudden: number;
  /** log2 of the roughness of the last rows, as a part of their level, over the usual one. */
  readonly unrest: number;
  /** The same over all rows since the onset, where that is longer: a tone that grows keeps it low, bursts raise it. */
  readonly unrestSince: number;
  /** How uneven the last rows are: (95th percentile − median) over (median − 5th), log2; bursts push it up. */
  readonly burstiness: number;
  /** Slope over the rows since the onset, usual spreads a unit of time. */
  readonly trend: number;
}

/** Ratios are held within ± this, so that a channel that stands still does not drown the others. */
const ratioLimit = 6;

export function machineChannels(view: WindowView, all: readonly ChannelStatistics[]): MachineChannel[] {
  return all.map((statistics) => machineChannel(view, statistics));
}

function machineChannel(view: WindowView, statistics: ChannelStatistics): MachineChannel {
  const channel = statistics.view;
  const [from, to] = recentRows(view);
  const calibrated = view.calibration.channels[channel.index]!;
  const level = mean(channel.raw, from, to);
  const usual = mean(channel.expected, from, to);
  // Zero of a ratio: next to it, a hundredth of the usual value or the rounding keeps it finite.
  const floor = Math.max(Math.abs(usual) * 0.01, calibrated.step, 1e-9);
  const usualRoughness = Math.max(calibrated.roughness, calibrated.step * 0.2, 1e-9) / Math.max(Math.abs(usual), floor);
  const unrestOver = (first: number, end: number): number => {
    const own = roughness(channel.raw, first, end) / Math.max(Math.abs(mean(channel.raw, first, end)), floor);
    return Math.log2((own + usualRoughness * 0.05) / (usualRoughness * 1.05));
  };
  return {
    quantity: quantityOf(calibrated),
    statistics,
    ratio: ratioOf(level, usual, floor),
    sudden: ratioOf(level, mean(channel.raw, ...view.near), floor),
    unrest: unrestOver(from, to),
    unrestSince: unrestOver(Math.min(view.now[0], from), to),
    burstiness: burstinessOf(channel, from, to, usualRoughness * Math.abs(usual)),
    trend: slope(view.hours, channel.z, from, to),
  };
}

/** The last unit of time, and at least the last three rows. */
function recentRows(view: WindowView): readonly [number, number] {
  const last = view.hours.findIndex((hour) => hour > -1);
  return [Math.max(0, Math.min(Math.max(view.now[0], last), view.rows - 3)), view.rows];
}

const ratioOf = (now: number, usual: number, floor: number): number => {
  const value = Math.log2(Math.max(Math.abs(now), floor) / Math.max(Math.abs(usual), floor));
  return Math.max(-ratioLimit, Math.min(ratioLimit, value));
};

function burstinessOf(channel: ChannelView, from: number, to: number, usual: number): number {
  const values = channel.raw.subarray(from, to);
  const [low, middle, high] = [quantile(values, 0.05), quantile(values, 0.5), quantile(values, 0.95)];
  return Math.log2((high - middle + 0.3 * usual) / (middle - low + 0.3 * usual));
}

const of = (channels: readonly MachineChannel[], ...wanted: Quantity[]): MachineChannel[] =>
  channels.filter((one) => wanted.includes(one.quantity));

/** In the order of a list of channels, which does not matter to any of these. */
export function machineFeatures(all: readonly MachineChannel[]): FeatureMap {
  const channels = all.filter((one) => !one.statistics.view.dead);
  const vibration = of(channels, 'vibration');
  const current = of(channels, 'current', 'power');
  const flow = of(channels, 'flow');
  const temperatures = of(channels, 'temperature', 'bearing-temperature', 'fluid-temperature');
  const discharge = of(channels, 'discharge-pressure', 'pressure');
  const suction = of(channels, 'suction-pressure');
  const speed = of(channels, 'speed');
  const flowRatio = meanOf(flow, 'ratio');
  const currentRatio = meanOf(current, 'ratio');
  const dischargeShift = mean(discharge.map((one) => one.statistics.lastShift));
  const dischargeRatio = meanOf(discharge, 'ratio');
  const speedRatio = meanOf(speed, 'ratio');
  const vibrationRatio = meanOf(vibration, 'ratio');
  return {
    ...groupFeatures('vibration', vibration),
    ...groupFeatures('current', current),
    ...groupFeatures('flow', flow),
    ...groupFeatures('discharge', discharge),
    ...groupFeatures('suction', suction),
    ...groupFeatures('speed', speed),
    ...groupFeatures('voltage', of(channels, 'voltage')),
    ...temperatureFeatures('temperature', temperatures),
    ...temperatureFeatures('bearing-temperature', of(channels, 'bearing-temperature')),
    ...temperatureFeatures('fluid-temperature', of(channels, 'fluid-temperature')),
    // Two accelerometers that part: what is wrong sits near one of them.
    'vibration-apart':
      vibration.length > 1
        ? largest(vibration.map((one) => one.ratio)) - smallest(vibration.map((one) => one.ratio))
        : Number.NaN,
    'vibration-unrest-since-max': largest(vibration.map((one) => one.unrestSince)),
    'vibration-unrest-since-min': smallest(vibration.map((one) => one.unrestSince)),
    'vibration-unrest-apart':
      vibration.length > 1
        ? largest(vibration.map((one) => one.unrest)) - smallest(vibration.map((one) => one.unrest))
        : Number.NaN,
    // A valve that closes lowers flow and raises pressure; a clogged impeller or a starved inlet lowers both.
    'flow-against-pressure': flowRatio - dischargeRatio,
    'flow-with-pressure': flowRatio + dischargeRatio,
    'flow-and-pressure-side': Math.sign(flowRatio) * Math.min(8, Math.abs(dischargeShift)) * Math.sign(dischargeShift),
    // Head times flow over power: what is left is efficiency.
    'efficiency-change': flowRatio + dischargeRatio - currentRatio,
    'current-per-flow': currentRatio - flowRatio,
    'vibration-per-flow': vibrationRatio - flowRatio,
    // Affinity laws: what a change of speed alone would explain.
    'flow-beyond-speed': flowRatio - speedRatio,
    'current-beyond-speed': currentRatio - 2 * speedRatio,
    'vibration-beyond-speed': vibrationRatio - 2 * speedRatio,
    'hydraulics-calm': mean([...flow, ...discharge, ...current].map((one) => Math.abs(one.statistics.lastShift))),
    'hydraulics-sudden': mean([...flow, ...current].map((one) => one.sudden)),
    'hydraulics-unrest': mean([...flow, ...discharge].map((one) => one.unrest)),
    'vibration-count': Math.min(4, vibration.length),
    'standing-still': Number(channels.length > 0 && [...flow, ...current, ...speed].some((one) => one.ratio < -3)),
  };
}

const meanOf = (
  group: readonly MachineChannel[],
  key: 'ratio' | 'sudden' | 'unrest' | 'burstiness' | 'trend',
): number => mean(group.map((one) => one[key]));

function groupFeatures(prefix: string, group: readonly MachineChannel[]): FeatureMap {
  const ratios = group.map((one) => one.ratio);
  const shifts = group.map((one) => one.statistics.lastShift);
  return {
    [`${prefix}-ratio-max`]: largest(ratios),
    [`${prefix}-ratio-min`]: smallest(ratios),
    [`${prefix}-shift-max`]: largest(shifts),
    [`${prefix}-shift-min`]: smallest(shifts),
    [`${prefix}-peer-max`]: largest(group.map((one) => one.statistics.peerMean)),
    [`${prefix}-peer-min`]: smallest(group.map((one) => one.statistics.peerMean)),
    [`${prefix}-sudden`]: meanOf(group, 'sudden'),
    [`${prefix}-unrest-max`]: largest(group.map((one) => one.unrest)),
    [`${prefix}-unrest-min`]: smallest(group.map((one) => one.unrest)),
    [`${prefix}-burstiness`]: largest(group.map((one) => one.burstiness)),
    [`${prefix}-trend`]: meanOf(group, 'trend'),
  };
}

function temperatureFeatures(prefix: string, group: readonly MachineChannel[]): FeatureMap {
  const shifts = group.map((one) => one.statistics.lastShift);
  return {
    [`${prefix}-shift-max`]: largest(shifts),
    [`${prefix}-shift-min`]: smallest(shifts),
    [`${prefix}-peer-max`]: largest(group.map((one) => one.statistics.peerMean)),
    [`${prefix}-peer-min`]: smallest(group.map((one) => one.statistics.peerMean)),
    [`${prefix}-trend`]: meanOf(group, 'trend'),
  };
}

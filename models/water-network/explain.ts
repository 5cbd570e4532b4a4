/** Why the classifier says so: occlusion in one batched run, and a sentence for the person on duty. */
import type { Kind } from '../../lib/contracts/common.ts';
import type { ChannelStatistics } from '../training/features/channel-statistics.ts';
import { mean } from '../training/features/statistics.ts';
import { featureNames, type WindowFeatures } from './features.ts';
import { excessFlow, failedPump, rankSensors, suspectChannel } from './localise.ts';

export interface Contribution {
  readonly feature: string;
  readonly value: number;
  /** Probability of the top class lost when the feature takes its baseline; negative when it speaks against. */
  readonly contribution: number;
}

/** The rows of one batched run: the window itself, then one row for each feature at its baseline. */
export function occlusionRows(features: Float32Array, baseline: ArrayLike<number>): Float32Array[] {
  return [
    features,
    ...Array.from(features, (_, index) => {
      const row = Float32Array.from(features);
      row[index] = baseline[index]!;
      return row;
    }),
  ];
}

/** Largest first by absolute value, ties by name; at most `limit`. `probabilities` in the order of `occlusionRows`. */
export function contributions(
  features: Float32Array,
  probabilities: readonly ArrayLike<number>[],
  topClass: number,
  limit: number,
): Contribution[] {
  const whole = probabilities[0]![topClass]!;
  return Array.from(features, (value, index) => ({
    feature: featureNames[index]!,
    value,
    contribution: whole - probabilities[index + 1]![topClass]!,
  }))
    .filter((one) => one.contribution !== 0)
    .sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution) || (a.feature < b.feature ? -1 : 1))
    .slice(0, limit);
}

const conclusions: Partial<Record<Kind, string>> = {
  normal: 'this looks like a normal day',
  leak: 'looks like a leak',
  burst: 'looks like a burst main',
  'pump-failure': 'looks like a pump failure',
  'valve-stuck': 'looks like a valve that does not follow',
  'sensor-fault': 'looks like a faulty sensor',
};

/**
 * One sentence an operator understands, from what was measured.
 * @param sinceMs event time of the onset
 */
export function sentence(features: WindowFeatures, kind: Kind, zone: string | undefined, sinceMs: number): string {
  const since = new Date(sinceMs).toISOString().slice(11, 16);
  const parts = kind === 'sensor-fault' ? sensorParts(features) : hydraulicParts(features, zone, kind);
  const first = parts[0] === undefined ? 'the channels together are unlike the calibration' : parts[0];
  const where = zone !== undefined && (kind === 'leak' || kind === 'burst') ? ` in ${zone}` : nearest(features, kind);
  const text = [
    `${first} since ${since} UTC`,
    ...parts.slice(1, 3),
    `${conclusions[kind] ?? 'looks like nothing known'}${where}`,
  ];
  return `${text.join('; ')}.`.slice(0, 1000);
}

function hydraulicParts(features: WindowFeatures, zone: string | undefined, kind: Kind): string[] {
  const parts: string[] = [];
  const pump = kind === 'pump-failure' ? failedPump(features) : undefined;
  if (pump !== undefined) parts.push(`${pump.view.element} stands still where its profile runs`);
  const flows = features.channels.filter((one) => one.view.role === 'flow');
  const flow = strongest(flows.filter((one) => one.view.zone === zone && zone !== undefined)) ?? strongest(flows);
  if (flow !== undefined) {
    const what = flow.view.zone !== undefined ? `${flow.view.zone} inflow (${flow.view.name})` : flow.view.name;
    parts.push(`${what} ${departure(features, flow)}`);
  }
  const level = strongest(features.channels.filter((one) => one.view.role === 'level'));
  const sensors = rankSensors(features);
  const pressure = features.channels.find((one) => one.view.name === sensors[0]?.name);
  if (pressure !== undefined && pressure.lastShift < -1) parts.push(`pressure at ${difference(features, pressure)}`);
  if (level !== undefined) parts.push(`level at ${difference(features, level)}`);
  if (parts.length > 0) return parts;
  const any = strongest(features.channels);
  return any === undefined ? [] : [difference(features, any)];
}

function sensorParts(features: WindowFeatures): string[] {
  const suspect = suspectChannel(features);
  if (suspect === undefined) return [];
  const name = suspect.view.name;
  if (suspect.missing > 0.2) return [`${name} misses ${Math.round(suspect.missing * 100)} % of its readings`];
  if (suspect.runRatio > 0.5) return [`${name} has not moved for longer than ever before`];
  if (suspect.roughRatio > 1.5)
    return [`${name} varies ${(2 ** suspect.roughRatio).toFixed(1)} times as much as usual`];
  return [`${difference(features, suspect)} and its neighbours do not explain it`];
}

/** The one that moved most, where that is more than its usual spread. */
function strongest(group: readonly ChannelStatistics[]): ChannelStatistics | undefined {
  const sorted = group
    .filter((one) => Math.abs(one.lastShift) > 1)
    .sort((a, b) => Math.abs(b.lastShift) - Math.abs(a.lastShift) || (a.view.name < b.view.name ? -1 : 1));
  return sorted[0];
}

function recentDifference(features: WindowFeatures, one: ChannelStatistics): number {
  const from = Math.max(
    features.view.now[0],
    features.view.hours.findIndex((hour) => hour > -1),
  );
  return mean(one.view.raw, from) - mean(one.view.expected, from);
}

/** Beyond this a percentage says nothing: the profile is next to nothing. */
const largestPercent = 400;

function departure(features: WindowFeatures, one: ChannelStatistics): string {
  const excess = excessFlow(features.view, one) || recentDifference(features, one);
  const percent = Math.round((100 * excess) / Math.max(Math.abs(mean(one.view.expected)), 1e-9));
  const side = excess < 0 ? 'below' : 'above';
  if (Math.abs(percent) <= largestPercent) return `is ${Math.abs(percent)} % ${side} its profile`;
  const unit = features.view.calibration.channels[one.view.index]!.unit;
  return `is ${Math.abs(excess).toPrecision(2)}${unit === '' ? '' : ` ${unit}`} ${side} its profile of next to nothing`;
}

function difference(features: WindowFeatures, one: ChannelStatistics): string {
  const value = recentDifference(features, one);
  const unit = features.view.calibration.channels[one.view.index]!.unit;
  const size = `${Math.abs(value).toPrecision(2)}${unit === '' ? '' : ` ${unit}`}`;
  return `${one.view.name} is ${size} ${value < 0 ? 'below' : 'above'} its profile`;
}

function nearest(features: WindowFeatures, kind: Kind): string {
  if (kind !== 'leak' && kind !== 'burst') return '';
  const sensor = rankSensors(features)[0];
  return sensor === undefined ? '' : ` near ${sensor.name}`;
}

/** Features of groups of channels: however many there are and in whatever order, the same numbers come out. */
import type { AlarmContext } from '../../../lib/core/pack.ts';
import { type ChannelStatistics, togetherness } from './channel-statistics.ts';
import { concentration, largest, mean, quantile, rms, shareOf, smallest } from './statistics.ts';
import type { ChannelView, WindowView } from './window-view.ts';

export type FeatureMap = Record<string, number>;

const pick = (group: readonly ChannelStatistics[], key: Exclude<keyof ChannelStatistics, 'view'>): number[] =>
  group.map((statistics) => statistics[key]);

/** Spread, slope, sign and concentration of the shifts of a group. */
export function shiftFeatures(prefix: string, group: readonly ChannelStatistics[]): FeatureMap {
  const shifts = pick(group, 'shift');
  const last = pick(group, 'lastShift');
  const steps = pick(group, 'step');
  const absolute = mean(last.map(Math.abs));
  const absoluteStep = mean(steps.map(Math.abs));
  return {
    [`${prefix}-shift-min`]: smallest(last),
    [`${prefix}-shift-q25`]: quantile(last, 0.25),
    [`${prefix}-shift-median`]: quantile(last, 0.5),
    [`${prefix}-shift-q75`]: quantile(last, 0.75),
    [`${prefix}-shift-max`]: largest(last),
    [`${prefix}-shift-mean-since-onset`]: mean(shifts),
    [`${prefix}-share-falling`]: shareOf(last, (value) => value < -1.5),
    [`${prefix}-share-rising`]: shareOf(last, (value) => value > 1.5),
    [`${prefix}-one-sidedness`]: absolute > 0 ? mean(last) / absolute : Number.NaN,
    [`${prefix}-concentration`]: concentration(last),
    [`${prefix}-step-q10`]: quantile(steps, 0.1),
    [`${prefix}-step-median`]: quantile(steps, 0.5),
    [`${prefix}-step-q90`]: quantile(steps, 0.9),
    [`${prefix}-step-one-sidedness`]: absoluteStep > 0 ? mean(steps) / absoluteStep : Number.NaN,
    [`${prefix}-step-concentration`]: concentration(steps),
    [`${prefix}-slope-median`]: quantile(pick(group, 'slopePerDay'), 0.5),
    [`${prefix}-abruptness-median`]: quantile(pick(group, 'abruptness'), 0.5),
  };
}

/** Faults of sensors show as one channel that its peers do not explain, stands still, roars, spikes or is missing. */
export function instrumentFeatures(view: WindowView, all: readonly ChannelStatistics[]): FeatureMap {
  const peer = pick(all, 'peerRms');
  const sorted = Float64Array.from(peer.filter((value) => !Number.isNaN(value)))
    .sort()
    .reverse();
  return {
    'peer-largest': log(sorted[0] ?? Number.NaN),
    'peer-second': log(sorted[1] ?? Number.NaN),
    'peer-lead': log((sorted[0] ?? Number.NaN) / Math.max(sorted[1] ?? Number.NaN, 0.3)),
    'peer-median': log(quantile(peer, 0.5)),
    'peer-concentration': concentration(peer),
    'run-ratio-max': largest(pick(all, 'runRatio')),
    'missing-max': largest(pick(all, 'missing')),
    'missing-mean': mean(pick(all, 'missing')),
    'rough-ratio-max': largest(pick(all, 'roughRatio')),
    'rough-ratio-median': quantile(pick(all, 'roughRatio'), 0.5),
    'rough-ratio-min': smallest(pick(all, 'roughRatio')),
    'spikes-max': largest(pick(all, 'spikes')),
    'jump-max': largest(pick(all, 'jump')),
    'jump-median': quantile(pick(all, 'jump'), 0.5),
    'outside-max': largest(pick(all, 'outside')),
    'outside-share': shareOf(pick(all, 'outside'), (value) => value > 0.02),
    togetherness: togetherness(view),
  };
}

/** The channel that the others explain least. */
export const standsOutMost = (all: readonly ChannelStatistics[]): ChannelStatistics | undefined =>
  all.reduce<ChannelStatistics | undefined>(
    (best, one) => ((one.peerRms || 0) > (best?.peerRms ?? -1) ? one : best),
    undefined,
  );

/**
 * The channel that stands out most, what it looks like, and how calm the others are.
 * @param codeOf a place on a line for trees to cut, by what the channel measures
 */
export function suspectFeatures(
  all: readonly ChannelStatistics[],
  alarm: AlarmContext,
  hoursPerRow: number,
  codeOf: (view: ChannelView) => number,
): FeatureMap {
  const code = (one: ChannelStatistics | undefined): number => (one === undefined ? Number.NaN : codeOf(one.view));
  const suspect = standsOutMost(all);
  const others = all.filter((one) => one !== suspect);
  const top = all.find((one) => one.view.index === alarm.topChannels[0]?.channel);
  const shares = alarm.topChannels.map((channel) => channel.share);
  return {
    'suspect-step': suspect?.step ?? Number.NaN,
    'suspect-shift': suspect?.lastShift ?? Number.NaN,
    'suspect-peer-mean': suspect?.peerMean ?? Number.NaN,
    'suspect-peer-steadiness': suspect ? Math.abs(suspect.peerMean) / Math.max(suspect.peerRms, 1e-6) : Number.NaN,
    'suspect-slope': suspect?.slopePerDay ?? Number.NaN,
    'suspect-run-ratio': suspect?.runRatio ?? Number.NaN,
    'suspect-missing': suspect?.missing ?? Number.NaN,
    'suspect-rough-ratio': suspect?.roughRatio ?? Number.NaN,
    'suspect-spikes': suspect?.spikes ?? Number.NaN,
    'suspect-jump': suspect?.jump ?? Number.NaN,
    'suspect-abruptness': suspect?.abruptness ?? Number.NaN,
    'suspect-outside': suspect?.outside ?? Number.NaN,
    'suspect-place': suspect?.place ?? Number.NaN,
    'suspect-role': code(suspect),
    'others-shift-rms': log(rms(others.map((one) => one.lastShift))),
    'others-shift-median': quantile(
      others.map((one) => one.lastShift),
      0.5,
    ),
    'others-peer-rms': log(rms(others.map((one) => one.peerRms))),
    'others-share-moved': shareOf(
      others.map((one) => one.lastShift),
      (value) => Math.abs(value) > 2,
    ),
    'alarm-top-share': shares[0] ?? Number.NaN,
    'alarm-top3-share': shares.length > 0 ? shares.reduce((a, b) => a + b, 0) : Number.NaN,
    'alarm-top-is-suspect': top === undefined ? Number.NaN : Number(top === suspect),
    'alarm-top-role': code(top),
    'alarm-top-shift': top?.lastShift ?? Number.NaN,
    'alarm-top-rough-ratio': top?.roughRatio ?? Number.NaN,
    'alarm-score': Math.log2(1 + alarm.score),
    'hours-since-onset': log(alarm.rowsSinceOnset * hoursPerRow),
  };
}

const log = (value: number): number => Math.log2(1 + Math.max(0, value));

/** Where the water goes, and which pump stands still: from the flagged window's evidence. */
import type { ChannelStatistics } from '../training/features/channel-statistics.ts';
import { mean, quantile } from '../training/features/statistics.ts';
import type { WindowView } from '../training/features/window-view.ts';
import type { WindowFeatures } from './features.ts';

export interface Ranked {
  readonly name: string;
  /** Comparable within one list only; the largest is the most likely. */
  readonly score: number;
}

/**
 * Zones by how much more flows into them than their profile says, as a part of the asset's mean flow; a zone without
 * a meter follows by how far its pressures fell below those of the others.
 */
export function rankZones(features: WindowFeatures): Ranked[] {
  const zones = [...new Set(features.channels.flatMap((one) => one.view.zone ?? []))].sort();
  const pressures = features.channels.filter((one) => one.view.role === 'pressure');
  const usual = quantile(
    pressures.map((one) => one.lastShift),
    0.5,
  );
  const ranked = zones.map((name): Ranked & { metered: boolean } => {
    const meters = features.channels.filter((one) => one.view.role === 'flow' && one.view.zone === name);
    if (meters.length > 0) {
      const excess = meters.map((one) => excessFlow(features.view, one)).reduce((a, b) => a + b, 0);
      return { name, score: excess, metered: true };
    }
    const drops = pressures.filter((one) => one.view.zone === name).map((one) => usual - one.lastShift);
    const drop = mean(drops);
    return { name, score: Number.isNaN(drop) ? 0 : drop, metered: false };
  });
  // A metered excess is a measurement; a pressure drop is a hint. An excess within the meter's usual spread is neither.
  const convincing = ranked.some((zone) => zone.metered && zone.score > 0);
  return ranked
    .sort(
      (a, b) =>
        (convincing ? Number(b.metered) - Number(a.metered) : 0) || b.score - a.score || (a.name < b.name ? -1 : 1),
    )
    .map(({ name, score }) => ({ name, score }));
}

/**
 * Pressure sensors by how far they fell more than their peers explain: the nearest to a leak fall most. Where no channel
 * is known to be a pressure, those of unknown role stand in their place, by what is less of the two: a flow that stays
 * while others rise lies below what its peers explain, but has not fallen.
 */
export function rankSensors(features: WindowFeatures): Ranked[] {
  const pressures = features.channels.filter((one) => one.view.role === 'pressure');
  const unknown = features.channels.filter((one) => one.view.role === 'unknown');
  const scored =
    pressures.length > 0
      ? pressures.map((one) => ({ name: one.view.name, score: -(one.peerMean + one.lastShift) }))
      : unknown.map((one) => ({ name: one.view.name, score: -Math.max(one.peerMean, one.lastShift) }));
  return scored
    .filter((one) => !Number.isNaN(one.score))
    .sort((a, b) => b.score - a.score || (a.name < b.name ? -1 : 1));
}

/** The pump that stands still against its hour, longest beyond what it ever did. */
export function failedPump(features: WindowFeatures): ChannelStatistics | undefined {
  const still = features.channels
    .filter((one) => one.view.element !== undefined && isPumpChannel(one) && Math.abs(lastOf(one)) < 0.02 * size(one))
    .sort((a, b) => doubt(a) - doubt(b) || (a.view.name < b.view.name ? -1 : 1));
  return still[0];
}

const isPumpChannel = (one: ChannelStatistics): boolean =>
  one.view.role === 'pump-state' || (one.view.role === 'flow' && one.view.zone === undefined);
const lastOf = (one: ChannelStatistics): number => one.view.raw[one.view.raw.length - 1]!;
const size = (one: ChannelStatistics): number => Math.max(1e-9, ...one.view.expected.map(Math.abs));
const doubt = (one: ChannelStatistics): number =>
  -one.runRatio - (one.view.expected[one.view.raw.length - 1]! / size(one)) * 4;

/** The channel that its peers explain least. */
export function suspectChannel(features: WindowFeatures): ChannelStatistics | undefined {
  return features.channels.reduce<ChannelStatistics | undefined>(
    (best, one) => (oddity(one) > (best === undefined ? -1 : oddity(best)) ? one : best),
    undefined,
  );
}

/** Standing still or missing is as odd as a residual: it counts in doublings and tenths. */
const oddity = (one: ChannelStatistics): number =>
  (Number.isNaN(one.peerRms) ? 0 : one.peerRms) + Math.max(0, one.runRatio) * 2 + Math.max(0, one.missing) * 10;

/** Flow above the profile over the last hour, in the channel's unit; 0 within its usual spread. */
export function excessFlow(view: WindowView, one: ChannelStatistics): number {
  if (!(one.lastShift > 1)) return 0;
  const from = Math.max(
    view.now[0],
    view.hours.findIndex((hour) => hour > -1),
  );
  return Math.max(0, mean(one.view.raw, from) - mean(one.view.expected, from));
}

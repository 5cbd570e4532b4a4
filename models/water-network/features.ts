/**
 * The classifier's view of a flagged window: a fixed list of numbers that depend neither on how many sensors there
 * are, nor on their order, nor on units. A feature whose channels are unknown or absent is `missingFeature`.
 */
import type { Calibration } from '../../lib/contracts/calibration.ts';
import type { AlarmContext } from '../../lib/core/pack.ts';
import type { Series } from '../../lib/core/series.ts';
import { missingFeature } from '../training/conformal.ts';
import { type ChannelStatistics, channelStatistics } from '../training/features/channel-statistics.ts';
import { energyFeatures } from '../training/features/energy-features.ts';
import {
  type FeatureMap,
  instrumentFeatures,
  shiftFeatures,
  suspectFeatures,
} from '../training/features/group-features.ts';
import { shareOf } from '../training/features/statistics.ts';
import { type ChannelView, viewWindow, type WindowView } from '../training/features/window-view.ts';
import { flowFeatures, stateFeatures, tankFeatures } from './features/hydraulic-features.ts';

/** Features are held within ± this, so that one absurd reading cannot leave the range of the reference. */
const featureLimit = 60;

/** Hydraulic quantities first, states after, unknown in front of all. */
const roleOrder = ['unknown', 'pressure', 'flow', 'level', 'pump-state', 'valve-state', 'setpoint'];
const roleCode = ({ role }: ChannelView): number => Math.max(0, roleOrder.indexOf(role));

function featureMap(view: WindowView, all: readonly ChannelStatistics[], alarm: AlarmContext): FeatureMap {
  const alive = all.filter((one) => !one.view.dead);
  const of = (...roles: string[]): ChannelStatistics[] => alive.filter((one) => roles.includes(one.view.role));
  // A pump that always ran is dead to the calibration, and yet it is the one that may stop.
  const states = (...roles: string[]): ChannelStatistics[] => all.filter((one) => roles.includes(one.view.role));
  return {
    ...shiftFeatures('all', alive),
    ...shiftFeatures('pressure', of('pressure')),
    ...instrumentFeatures(view, alive),
    ...suspectFeatures(alive, alarm, view.periodMs / 3_600_000, roleCode),
    ...energyFeatures(view),
    ...flowFeatures(view, of('flow'), of('level')),
    ...tankFeatures(view, of('level')),
    ...stateFeatures(states('pump-state'), 'pump'),
    ...stateFeatures(states('valve-state', 'setpoint'), 'valve'),
    'dead-changed': shareOf(
      all.filter((one) => one.view.dead).map((one) => one.outside),
      (value) => value > 0,
    ),
    'share-unknown': alive.length > 0 ? of('unknown').length / alive.length : 1,
    'window-has-before': Number(view.before[1] > view.before[0]),
  };
}

/** A window with one channel that moves nothing: the names of the map do not depend on the data. */
export const featureNames: readonly string[] = Object.keys(
  featureMap(
    {
      rows: 0,
      periodMs: 1,
      hours: new Float64Array(0),
      onsetRow: 0,
      now: [0, 0],
      before: [0, 0],
      near: [0, 0],
      channels: [],
      calibration: { channels: [] } as unknown as Calibration,
    },
    [],
    { onsetRow: 0, rowsSinceOnset: 0, score: 0, topChannels: [] },
  ),
);

/** A window's features with what they were made of, for sentences and localisation. */
export interface WindowFeatures {
  /** In the order of `featureNames`; finite, `missingFeature` where a feature cannot be computed. */
  readonly values: Float32Array;
  readonly view: WindowView;
  readonly channels: readonly ChannelStatistics[];
}

/**
 * @param window history up to and with the flagged row; any sampling rate
 * @throws RangeError when the window is empty or not of this calibration
 */
export function windowFeatures(window: Series, calibration: Calibration, alarm: AlarmContext): WindowFeatures {
  const view = viewWindow(window, calibration, alarm);
  const channels = view.channels.map((channel) => channelStatistics(view, channel));
  const map = featureMap(view, channels, alarm);
  const values = Float32Array.from(featureNames, (name) => {
    const value = map[name]!;
    return Number.isFinite(value) ? Math.max(-featureLimit, Math.min(featureLimit, value)) : missingFeature;
  });
  return { values, view, channels };
}

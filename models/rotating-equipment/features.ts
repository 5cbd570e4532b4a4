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
import { type ChannelView, viewWindow, type WindowView } from '../training/features/window-view.ts';
import { type MachineChannel, machineChannels, machineFeatures } from './features/machine-features.ts';
import { quantities, quantityOf } from './features/quantity.ts';

/** Features are held within ± this, so that one absurd reading cannot leave the range of the reference. */
const featureLimit = 60;
/** Rows in which things happen to a machine: half a minute of rows a second. */
const unitRows = 30;

function featureMap(
  view: WindowView,
  all: readonly ChannelStatistics[],
  machine: readonly MachineChannel[],
  alarm: AlarmContext,
): FeatureMap {
  const alive = all.filter((one) => !one.view.dead);
  const codeOf = ({ index }: ChannelView): number => quantities.indexOf(quantityOf(view.calibration.channels[index]!));
  return {
    ...shiftFeatures('all', alive),
    ...instrumentFeatures(view, alive),
    ...suspectFeatures(alive, alarm, 1 / unitRows, codeOf),
    ...energyFeatures(view),
    ...machineFeatures(machine),
    'share-other': alive.length > 0 ? machine.filter((one) => one.quantity === 'other').length / machine.length : 1,
    'window-has-before': Number(view.before[1] > view.before[0]),
  };
}

/** A window with no channel: the names of the map do not depend on the data. */
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
    [],
    { onsetRow: 0, rowsSinceOnset: 0, score: 0, topChannels: [] },
  ),
);

/** A window's features with what they were made of, for sentences and for naming the suspect. */
export interface WindowFeatures {
  /** In the order of `featureNames`; finite, `missingFeature` where a feature cannot be computed. */
  readonly values: Float32Array;
  readonly view: WindowView;
  readonly channels: readonly MachineChannel[];
}

/**
 * @param window history up to and with the flagged row; any sampling rate
 * @throws RangeError when the window is empty or not of this calibration
 */
export function windowFeatures(window: Series, calibration: Calibration, alarm: AlarmContext): WindowFeatures {
  const view = viewWindow(window, calibration, alarm, unitRows * calibration.warmup.periodMs);
  const statistics = view.channels.map((channel) => channelStatistics(view, channel));
  const channels = machineChannels(view, statistics);
  const map = featureMap(view, statistics, channels, alarm);
  const values = Float32Array.from(featureNames, (name) => {
    const value = map[name]!;
    return Number.isFinite(value) ? Math.max(-featureLimit, Math.min(featureLimit, value)) : missingFeature;
  });
  return { values, view, channels };
}

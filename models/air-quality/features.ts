/**
 * The classifier's view of a flagged window: a fixed list of numbers that depend neither on how many stations there are,
 * nor on their order, nor on units. A feature whose channels are unknown or absent is `missingFeature`.
 */
import type { Calibration } from '../../lib/contracts/calibration.ts';
import type { AlarmContext } from '../../lib/core/pack.ts';
import type { Series } from '../../lib/core/series.ts';
import { missingFeature } from '../training/conformal.ts';
import { channelStatistics } from '../training/features/channel-statistics.ts';
import { energyFeatures } from '../training/features/energy-features.ts';
import {
  type FeatureMap,
  instrumentFeatures,
  shiftFeatures,
  suspectFeatures,
} from '../training/features/group-features.ts';
import { type ChannelView, viewWindow, type WindowView } from '../training/features/window-view.ts';
import { chemistryFeatures } from './features/chemistry-features.ts';
import { neighbourFeatures } from './features/neighbour-features.ts';
import { type Member, membersOf, type StationView, stationsOf } from './features/network.ts';
import { quantities, quantityOf } from './quantity.ts';

/** Features are held within ± this, so that one absurd reading cannot leave the range of the reference. */
const featureLimit = 60;

/** A window's features with what they were made of, for sentences and localisation. */
export interface WindowFeatures {
  /** In the order of `featureNames`; finite, `missingFeature` where a feature cannot be computed. */
  readonly values: Float32Array;
  readonly view: WindowView;
  readonly members: readonly Member[];
  readonly stations: readonly StationView[];
}

const quantityCode = ({ name, role }: ChannelView): number => {
  const quantity = quantityOf({ name, role });
  return quantity === undefined ? 0 : 1 + quantities.indexOf(quantity);
};

function featureMap(
  view: WindowView,
  members: readonly Member[],
  stations: readonly StationView[],
  alarm: AlarmContext,
): FeatureMap {
  const all = members.map((one) => one.statistics);
  return {
    ...shiftFeatures('all', all),
    ...instrumentFeatures(view, all),
    ...suspectFeatures(all, alarm, view.periodMs / 3_600_000, quantityCode),
    ...energyFeatures(view),
    ...neighbourFeatures(view, members, stations),
    ...chemistryFeatures(view, members, stations),
    'share-unknown':
      members.length > 0 ? members.filter((one) => one.quantity === undefined).length / members.length : 1,
    'window-has-before': Number(view.before[1] > view.before[0]),
  };
}

/** A window without channels: the names of the map do not depend on the data. */
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

/**
 * @param window history up to and with the flagged row; any sampling rate
 * @throws RangeError when the window is empty or not of this calibration
 */
export function windowFeatures(window: Series, calibration: Calibration, alarm: AlarmContext): WindowFeatures {
  const view = viewWindow(window, calibration, alarm);
  const members = membersOf(view.channels.map((channel) => channelStatistics(view, channel)));
  const stations = stationsOf(members);
  const map = featureMap(view, members, stations, alarm);
  const values = Float32Array.from(featureNames, (name) => {
    const value = map[name]!;
    return Number.isFinite(value) ? Math.max(-featureLimit, Math.min(featureLimit, value)) : missingFeature;
  });
  return { values, view, members, stations };
}

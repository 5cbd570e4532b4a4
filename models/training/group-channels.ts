/** Which channels the groups are about that all packs have alike. */
import type { AlarmContext } from '../../lib/core/pack.ts';
import type { ChannelStatistics } from './features/channel-statistics.ts';
import { standsOutMost } from './features/group-features.ts';
import { groupWords } from './group-words.ts';

/** An alarm rests on its first channels; the others are named because they have to be some. */
const alarmChannels = 3;
/** Less than this part of its range beyond it is no reading beyond the usual. */
const leastOutside = 0.02;

/**
 * Positions of channels by the name of the group.
 * @param all channels that live
 */
export function commonChannels(
  all: readonly ChannelStatistics[],
  { topChannels }: AlarmContext,
): ReadonlyMap<string, readonly number[]> {
  const at = (channels: readonly ChannelStatistics[]): number[] => channels.map(({ view }) => view.index);
  const suspect = standsOutMost(all);
  return new Map([
    [groupWords['all']!, at(all)],
    [groupWords['alarm']!, topChannels.slice(0, alarmChannels).map(({ channel }) => channel)],
    [groupWords['outside']!, at(all.filter(({ outside }) => outside > leastOutside))],
    [groupWords['suspect']!, suspect === undefined ? [] : [suspect.view.index]],
  ]);
}

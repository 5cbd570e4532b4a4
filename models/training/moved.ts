/** What a sentence calls the movement of a channel. */
import type { AlarmContext } from '../../lib/core/pack.ts';
import type { ChannelStatistics } from './features/channel-statistics.ts';

/**
 * How far a channel moved, in usual spreads, for what is said of it: since before the alarm, or, where all of the window
 * lies within the alarm and there is no before, from its profile.
 */
export const moved = (
  { lastShift, now }: Pick<ChannelStatistics, 'lastShift' | 'now'>,
  { olderThanWindow }: Pick<AlarmContext, 'olderThanWindow'>,
): number => (olderThanWindow === true ? now : lastShift);

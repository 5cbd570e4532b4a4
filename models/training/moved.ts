/** What a sentence says of the movement of a channel: by the rows since the onset, never by those before it. */
import { dateAndTime, onlyTogether, type Precision, sinceWhen } from '../../lib/core/explanation/words.ts';
import type { AlarmContext } from '../../lib/core/pack.ts';
import { type ChannelStatistics, trailingRun } from './features/channel-statistics.ts';
import { mean, roughness } from './features/statistics.ts';
import type { ChannelView, WindowView } from './features/window-view.ts';

type Alarm = Pick<AlarmContext, 'olderThanWindow'>;

/**
 * The first row that is spoken of: of the last unit of time, but not before the onset, because a mean that reaches back
 * over it hides a step, or calls it by the sign of what was before. At least the last row with a value is spoken of.
 */
export function spokenFrom(view: WindowView, { raw }: Pick<ChannelView, 'raw'>, { olderThanWindow }: Alarm): number {
  const unit = Math.max(
    view.now[0],
    view.hours.findIndex((at) => at > -1),
    0,
  );
  const from = olderThanWindow === true ? unit : Math.max(unit, view.onsetRow);
  // A cell that happens to be missing at the onset is no silence.
  const there = raw.findLastIndex((value) => !Number.isNaN(value));
  return there >= unit ? Math.min(from, there) : from;
}

/**
 * How far a channel moved, in usual spreads: since before the alarm, or, where all of the window lies within the alarm
 * and there is no before, from its profile.
 */
export function moved(
  view: WindowView,
  { view: channel, now }: Pick<ChannelStatistics, 'view' | 'now'>,
  alarm: Alarm,
): number {
  if (alarm.olderThanWindow === true) return now;
  const before = mean(channel.z, ...view.before);
  return mean(channel.z, spokenFrom(view, channel, alarm)) - (Number.isNaN(before) ? 0 : before);
}

/** Fewer say nothing of how a channel varies. */
const fewestRows = 4;

/**
 * log2 of how much a channel varies from row to row since the onset over what is usual, NaN of a few rows. A step into
 * another level is none of it, which a look over the onset would take for restlessness.
 */
export function roughSince(view: WindowView, { view: channel }: Pick<ChannelStatistics, 'view'>, alarm: Alarm): number {
  const from = alarm.olderThanWindow === true ? view.now[0] : Math.max(view.now[0], view.onsetRow);
  if (view.rows - from < fewestRows) return Number.NaN;
  const { roughness: usual, step, scale } = view.calibration.channels[channel.index]!;
  const usualStep = Math.max(usual, step, scale * 1e-3);
  return Math.log2((roughness(channel.raw, from + 1, view.rows) + usualStep * 0.05) / (usualStep * 1.05));
}

/** Parts of a sentence, of which the first says since when; `onlyTogether` where there is none. */
export const saidSince = ([first = onlyTogether, ...others]: readonly string[], since: string): string[] => [
  `${first} ${since}`,
  ...others,
];

/**
 * Of a channel that shows one value for longer than its calibration saw: since when, which is before the alarm.
 * @example stoodStill(channel, timesMs, alarm, 'minutes') // 'p-12 has not moved since 00:10 UTC, longer than ever before'
 */
export function stoodStill(
  { name, raw }: Pick<ChannelView, 'name' | 'raw'>,
  timesMs: ArrayLike<number>,
  { timeZone }: Pick<AlarmContext, 'timeZone'>,
  precision: Precision,
): string {
  let left = trailingRun(raw);
  let from = raw.length;
  while (left > 0) {
    from -= 1;
    if (!Number.isNaN(raw[from]!)) left -= 1;
  }
  const all = raw.subarray(0, from).every((value) => Number.isNaN(value));
  const fromMs = timesMs[from]!;
  // How long before the window nobody knows here: without its date the time would be taken for today's.
  const when = all
    ? `before ${dateAndTime(fromMs, timeZone, precision)}`
    : sinceWhen(fromMs, timesMs[timesMs.length - 1]!, timeZone, precision);
  return `${name} has not moved since ${when}, longer than ever before`;
}

/** How a backtest says durations, shares, what became of an event, and how many false alarms there were. */

import type { Calibration } from '../../lib/contracts/calibration.ts';
import type { Score, ScoredEvent } from '../../lib/core/scoring/score.ts';
import { counted } from './support/print.ts';

export const percent = (share: number | null): string => (share === null ? '-' : `${(100 * share).toFixed(1)} %`);

/** `35 s`, `12 min`, `4.5 h`, `3.2 d`. */
export function duration(ms: number | null): string {
  if (ms === null) return '-';
  const seconds = ms / 1000;
  if (seconds < 120) return `${Number(seconds.toFixed(1))} s`;
  if (seconds < 7200) return `${(seconds / 60).toFixed(0)} min`;
  if (seconds < 172_800) return `${(seconds / 3600).toFixed(1)} h`;
  return `${(seconds / 86_400).toFixed(1)} d`;
}

/** UTC to the second. */
export const utc = (ms: number): string => new Date(ms).toISOString().replace('T', ' ').slice(0, 19);

/**
 * When an event of the labels was found, by its own beginning and by its end, which is when people noticed or mended it.
 * @example foundWords(event) // 'after 18 s, 4.7 h before its end'
 */
export function foundWords({ fromMs, toMs, foundMs, alarmFromMs }: ScoredEvent): string {
  if (foundMs === null) return 'missed';
  const stood = alarmFromMs !== null && alarmFromMs < fromMs ? fromMs - alarmFromMs : 0;
  const when =
    stood > 0
      ? `at once, in alarm ${duration(stood)} before`
      : foundMs > fromMs
        ? `after ${duration(foundMs - fromMs)}`
        : 'at once';
  return toMs > foundMs ? `${when}, ${duration(toMs - foundMs)} before its end` : when;
}

/** `2 of 3 found, 4.0 h after they began (median; 90 % within 9.0 h)`, and which took no part. */
export function eventWords({ events }: Score, of = ''): string {
  const { found, all, standing, inWarmup, delayMedianMs, delayP90Ms } = events;
  const warm =
    inWarmup === 0 ? '' : `; ${counted(inWarmup, 'event')} within the warm-up, in which nothing is looked for`;
  if (all === 0)
    return `none of ${of === '' ? 'the' : of.trim()} labels is an event among the rows that were screened${warm}`;
  const after = (events: string): string =>
    delayMedianMs === 0 ? 'at once' : `${duration(delayMedianMs)} after ${events} began`;
  const delay =
    found === 0
      ? ''
      : found === 1
        ? `, ${after('it')}`
        : `, ${after('they')} (median; 90 % within ${duration(delayP90Ms)})`;
  const stood =
    standing === 0 ? '' : `${standing === found ? '' : `, ${standing} of them`} by an alarm that stood already`;
  return `${found} of ${of}${of === '' ? all : counted(all, 'event')} found${stood}${delay}${warm}`;
}

/** A rate by the week says nothing of less than a week. */
const leastWeeks = 1;

/** `3 false alarms in 4.2 weeks of normal time, 0.71 a week`; of less than a week without the rate. */
export function falseAlarmWords({ events }: Score): string {
  const { falseEpisodes, normalWeeks, falseEpisodesPerWeek } = events;
  const alarms = falseEpisodes === 0 ? 'no false alarm' : counted(falseEpisodes, 'false alarm');
  const weekly =
    falseEpisodesPerWeek === null || normalWeeks < leastWeeks
      ? ''
      : `, ${Number(falseEpisodesPerWeek.toPrecision(2))} a week`;
  return `${alarms} in ${duration(normalWeeks * 7 * 86_400_000)} of normal time${weekly}`;
}

/**
 * The promised rate beside the finest one that the calibration can be held to.
 * @example 'at most one false alarm in 10080 rows (extrapolated: what was learned from supports one in 480)'
 */
export function promiseWords({ episodesPerRow, finestEpisodesPerRow, extrapolated }: Calibration['threshold']): string {
  const rows = (rate: number): number => Math.round(1 / rate);
  const supports = `what was learned from supports one in ${rows(finestEpisodesPerRow)}`;
  return `at most one false alarm in ${rows(episodesPerRow)} rows (${extrapolated ? 'extrapolated: ' : ''}${supports})`;
}

/** The events that are worth a line where there are too many: missed ones, then late ones; in the order of time. */
export function tellingEvents<T extends ScoredEvent>(events: readonly T[], most: number): T[] {
  const lateness = ({ fromMs, foundMs }: ScoredEvent): number =>
    foundMs === null ? Number.POSITIVE_INFINITY : foundMs - fromMs;
  return events
    .map((event, at) => ({ event, at, late: lateness(event) }))
    .sort((a, b) => (a.late === b.late ? a.at - b.at : b.late - a.late))
    .slice(0, most)
    .sort((a, b) => a.at - b.at)
    .map(({ event }) => event);
}

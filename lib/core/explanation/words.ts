/** Times and sizes as a person on duty reads them. */

import type { AlarmContext } from '../pack.ts';

const dayMs = 86_400_000;
/** Machines are told by the second, networks by the minute. */
export type Precision = 'minutes' | 'seconds';

/** Said where the channels together are new and none of them alone is. */
export const onlyTogether = 'no channel stands out, but together they have behaved in a new way';

/** Said of a channel that was named although its distance from what is usual rounds to nothing. */
export const movesUnusually = 'does not move as it usually does';

/** What a clock at the site shows. */
interface WallClock {
  /** `YYYY-MM-DD` */
  readonly date: string;
  /** `HH:MM:SS` */
  readonly time: string;
  readonly hour: number;
  /** The zone was known; otherwise it is UTC. */
  readonly local: boolean;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** A zone that this runtime does not know is as good as none. */
function wallClock(timeMs: number, timeZone: string | undefined): WallClock {
  if (timeZone !== undefined) {
    try {
      const format = formats.get(timeZone) ?? formatOf(timeZone);
      formats.set(timeZone, format);
      const parts = Object.fromEntries(format.formatToParts(timeMs).map(({ type, value }) => [type, value]));
      const date = `${parts['year']}-${parts['month']}-${parts['day']}`;
      return {
        date,
        time: `${parts['hour']}:${parts['minute']}:${parts['second']}`,
        hour: Number(parts['hour']),
        local: true,
      };
    } catch {
      return wallClock(timeMs, undefined);
    }
  }
  const text = new Date(timeMs).toISOString();
  return { date: text.slice(0, 10), time: text.slice(11, 19), hour: Number(text.slice(11, 13)), local: false };
}

const formatOf = (timeZone: string): Intl.DateTimeFormat =>
  new Intl.DateTimeFormat('en-CA', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  });

/**
 * A time beside another one: the date is said where it is not the same, the zone where it is not the site's.
 * @example sinceWhen(onsetMs, nowMs, 'Europe/Berlin') // '02:15'
 * @example sinceWhen(onsetMs, nowMs, undefined) // '2025-03-03 00:15 UTC'
 */
export function sinceWhen(
  timeMs: number,
  nowMs: number,
  timeZone: string | undefined,
  precision: Precision = 'minutes',
): string {
  const then = wallClock(timeMs, timeZone);
  const now = wallClock(nowMs, timeZone);
  const sameDay = then.date === now.date && Math.abs(nowMs - timeMs) < dayMs;
  const time = precision === 'seconds' ? then.time : then.time.slice(0, 5);
  return `${sameDay ? '' : `${then.date} `}${time}${then.local ? '' : ' UTC'}`;
}

/** @example dateAndTime(timeMs, 'Europe/Berlin') // '2025-03-03 02:15' */
export function dateAndTime(timeMs: number, timeZone: string | undefined, precision: Precision = 'minutes'): string {
  const { date, time, local } = wallClock(timeMs, timeZone);
  return `${date} ${precision === 'seconds' ? time : time.slice(0, 5)}${local ? '' : ' UTC'}`;
}

/**
 * Since when an alarm stands, at the site's clock; of one that is older than the window, the time before which it began.
 * @example sinceOnset(timesMs, alarm) // 'since 02:15', 'since before 2025-03-03 00:15 UTC'
 */
export function sinceOnset(
  timesMs: ArrayLike<number>,
  { onsetRow, olderThanWindow, timeZone }: Pick<AlarmContext, 'onsetRow' | 'olderThanWindow' | 'timeZone'>,
  precision: Precision = 'minutes',
): string {
  const last = timesMs.length - 1;
  const onsetMs = timesMs[Math.max(0, Math.min(onsetRow, last))]!;
  // How long before the window it began nobody knows here: without its date the time would be taken for today's.
  if (olderThanWindow === true) return `since before ${dateAndTime(onsetMs, timeZone, precision)}`;
  return `since ${sinceWhen(onsetMs, timesMs[last]!, timeZone, precision)}`;
}

/** Whether all of these times are at night, midnight to five, at the site; never where its zone is not known. */
export const isNight = (timesMs: ArrayLike<number>, timeZone: string | undefined): boolean =>
  timesMs.length > 0 &&
  [timesMs[0]!, timesMs[timesMs.length - 1]!].every((timeMs) => {
    const { local, hour } = wallClock(timeMs, timeZone);
    return local && hour < 5;
  });

/** More decimals than these are no reading. */
const mostDecimals = 12;

/** @example withUnit(-4.07, 'm') // '4.1 m' */
export function withUnit(value: number, unit: string): string {
  const size = Math.abs(value);
  const two = Number(size.toPrecision(2));
  // A number below a millionth would be written with an exponent, which nobody on duty reads.
  const small = two > 0 && two < 1e-6 ? two.toFixed(mostDecimals).replace(/\.?0+$/, '') : String(two);
  const digits = size >= 100 ? String(Math.round(size)) : small;
  return unit === '' ? digits : `${digits} ${unit}`;
}

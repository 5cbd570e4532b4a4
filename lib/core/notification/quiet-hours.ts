/** Quiet hours at a site, by the clock on its wall. */
import type { NotificationSettings } from '../../contracts/notification.ts';

type QuietHours = NonNullable<NotificationSettings['quietHours']>;

const minuteMs = 60_000;
const dayMinutes = 1_440;

const minutesOf = (clock: string): number => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3));

/** Minute of the day, 0 to 1439, at a place. @throws RangeError for a time zone that is not known */
export function minuteOfDay(atMs: number, timeZone: string): number {
  const text = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).format(atMs);
  return minutesOf(text);
}

export function isQuiet(atMs: number, { from, to }: QuietHours, timeZone: string): boolean {
  const [start, end, minute] = [minutesOf(from), minutesOf(to), minuteOfDay(atMs, timeZone)];
  return start < end ? minute >= start && minute < end : minute >= start || minute < end;
}

/**
 * When the quiet hours that hold at a moment are over; `undefined` where none hold. Where clocks are changed in between,
 * the end is the one that the clock on the wall will show.
 */
export function quietUntil(atMs: number, hours: QuietHours | undefined, timeZone: string): number | undefined {
  if (!hours || !isQuiet(atMs, hours, timeZone)) return undefined;
  const end = minutesOf(hours.to);
  const left = (end - minuteOfDay(atMs, timeZone) + dayMinutes) % dayMinutes;
  const straight = Math.floor(atMs / minuteMs) * minuteMs + left * minuteMs;
  const off = ((minuteOfDay(straight, timeZone) - end + dayMinutes * 1.5) % dayMinutes) - dayMinutes / 2;
  const shifted = straight - off * minuteMs;
  // An end that the clock leaps over in spring comes with the leap.
  return shifted > atMs && minuteOfDay(shifted, timeZone) === end ? shifted : straight;
}

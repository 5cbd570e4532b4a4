/** Days of a site. */

/**
 * The last midnight in a time zone, milliseconds since the epoch. On a day whose clocks change it may be an hour off,
 * which moves a count by what happened in that hour.
 * @param timeZone IANA name; UTC where it is not known
 */
export function midnightBefore(atMs: number, timeZone: string): number {
  const options = { hour: 'numeric', minute: 'numeric', second: 'numeric', hourCycle: 'h23' } as const;
  let parts: Intl.DateTimeFormatPart[];
  try {
    parts = new Intl.DateTimeFormat('en-GB', { ...options, timeZone }).formatToParts(atMs);
  } catch {
    parts = new Intl.DateTimeFormat('en-GB', { ...options, timeZone: 'UTC' }).formatToParts(atMs);
  }
  const of = (type: Intl.DateTimeFormatPartTypes): number =>
    Number(parts.find((part) => part.type === type)?.value ?? 0);
  const sinceMs = ((of('hour') * 60 + of('minute')) * 60 + of('second')) * 1000 + (atMs % 1000);
  return atMs - sinceMs;
}

/** Timestamps of input files: ISO 8601 with or without a zone (UTC where none), or epoch seconds or milliseconds. */

const form =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s?(Z|z|[+-]\d{2}(?::?\d{2})?)?)?$/;
/** Numbers below this are epoch seconds (until the year 5138), from it on milliseconds (from 1973 on). */
const secondsBelow = 1e11;
const latestMs = 8_640_000_000_000_000;

export const timestampForms = 'YYYY-MM-DD HH:MM:SS, ISO 8601 with or without a zone, epoch seconds or milliseconds';

function zoneMs(zone: string | undefined): number {
  if (!zone || zone === 'Z' || zone === 'z') return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = zone.length > 3 ? Number(zone.slice(-2)) : 0;
  return (zone[0] === '-' ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

/** Milliseconds since the epoch, or NaN where the text is none of the allowed forms. */
export function parseTimestamp(text: string): number {
  const trimmed = text.trim();
  if (/^\d+(\.\d+)?$/.test(trimmed)) {
    const value = Number(trimmed);
    const ms = value < secondsBelow ? value * 1000 : value;
    return ms <= latestMs ? ms : Number.NaN;
  }
  const match = form.exec(trimmed);
  if (!match) return Number.NaN;
  const part = (i: number): number => Number(match[i] ?? 0);
  const [year, month, day, hour, minute, second] = [part(1), part(2), part(3), part(4), part(5), part(6)];
  if (month < 1 || month > 12 || day < 1 || hour > 24 || minute > 59 || second > 60) return Number.NaN;
  const fraction = match[7] ? Math.floor(Number(`0.${match[7]}`) * 1000) : 0;
  const ms = Date.UTC(year, month - 1, day, hour, minute, second, fraction);
  // A day that the month does not have would slide into the next.
  if (day > 28 && new Date(Date.UTC(year, month - 1, day)).getUTCDate() !== day) return Number.NaN;
  return ms - zoneMs(match[8]);
}

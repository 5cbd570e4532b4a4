/** Times as people read them: in the site's zone, with UTC beside it; ages and remaining times in words that stay short. */

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(zone: string, key: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const name = `${zone}|${key}`;
  let found = formatters.get(name);
  if (!found) {
    // A zone that this browser does not know must not take the page down: UTC, which the text then says.
    try {
      found = new Intl.DateTimeFormat('en-GB', { ...options, timeZone: zone, hourCycle: 'h23' });
    } catch {
      found = new Intl.DateTimeFormat('en-GB', { ...options, timeZone: 'UTC', hourCycle: 'h23' });
    }
    formatters.set(name, found);
  }
  return found;
}

const day = { day: '2-digit', month: 'short', year: 'numeric' } as const;
const minutes = { hour: '2-digit', minute: '2-digit' } as const;
const seconds = { ...minutes, second: '2-digit' } as const;

/** `03:41`. */
export const clockTime = (ms: number, zone: string): string => formatter(zone, 'm', minutes).format(ms);
/** `03:41:07`. */
export const clockSeconds = (ms: number, zone: string): string => formatter(zone, 's', seconds).format(ms);
/** `28 Nov 2026`. */
export const dateOnly = (ms: number, zone: string): string => formatter(zone, 'd', day).format(ms);
/** `28 Nov 2026, 03:41:07`. */
export const dateTime = (ms: number, zone: string): string => `${dateOnly(ms, zone)}, ${clockSeconds(ms, zone)}`;
/** The time alone on the day of `nowMs`, with its date on any other day, as the site counts days. */
export const shortTime = (ms: number, nowMs: number, zone: string): string =>
  dateOnly(ms, zone) === dateOnly(nowMs, zone)
    ? clockTime(ms, zone)
    : `${formatter(zone, 'dm', { day: '2-digit', month: 'short' }).format(ms)} ${clockTime(ms, zone)}`;
/** `2026-11-28 03:41:07 UTC`. */
export const utc = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
/** `CET`, `UTC+5:30` or what else the zone is called then. */
export const zoneName = (ms: number, zone: string): string =>
  formatter(zone, 'z', { timeZoneName: 'short' })
    .formatToParts(ms)
    .find(({ type }) => type === 'timeZoneName')?.value ?? zone;
/** `2026-11-28`: the day at the site, as an input of type date wants it. */
export function isoDay(ms: number, zone: string): string {
  const parts = formatter(zone, 'iso', { year: 'numeric', month: '2-digit', day: '2-digit' }).formatToParts(ms);
  const part = (name: string) => parts.find(({ type }) => type === name)?.value ?? '';
  return `${part('year')}-${part('month')}-${part('day')}`;
}

/**
 * The moment at which the site's wall shows a day and a time. A time that clocks leap over is taken as the one after the
 * leap; one that comes twice is the first.
 * @param day `2026-11-28` @param time `03:41` @returns undefined for what is no day or no time
 */
export function wallMs(day: string, time: string, zone: string): number | undefined {
  const wanted = Date.parse(`${day}T${time}:00Z`);
  if (!Number.isFinite(wanted)) return undefined;
  const shown = (ms: number): number => Date.parse(`${isoDay(ms, zone)}T${clockTime(ms, zone)}:00Z`);
  // What the wall is ahead of UTC, on either side of a change of clocks that may lie between.
  const found = [wanted - 43_200_000, wanted + 43_200_000].map((near) => wanted - (shown(near) - near));
  return found.find((ms) => shown(ms) === wanted) ?? found[0];
}

/** A length of time, two units at most: `8 s`, `4 min`, `2 h 05 min`, `3 d 4 h`. Never negative. */
export function duration(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 60) return `${s} s`;
  const m = Math.floor(s / 60);
  if (m < 60) return `${m} min`;
  const h = Math.floor(m / 60);
  if (h < 24) return m % 60 === 0 ? `${h} h` : `${h} h ${String(m % 60).padStart(2, '0')} min`;
  const d = Math.floor(h / 24);
  return h % 24 === 0 ? `${d} d` : `${d} d ${h % 24} h`;
}

/** A measured time: `840 ms`, `2.4 s`, `1 min 20 s`, `14 min`. */
export function measured(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;
  const s = Math.round(ms / 1000);
  if (s >= 3600) return duration(ms);
  return s % 60 === 0 ? `${s / 60} min` : `${Math.floor(s / 60)} min ${s % 60} s`;
}

/** The clock on the wall of a site, which processes that people shape follow when it is put forward and back. */

const dayMs = 86_400_000;
/** No zone has ever changed its clocks at other than whole quarters of an hour of UTC since 1972. */
const blockMs = 900_000;
/** Days and blocks whose offset is remembered; then all are forgotten. */
const mostRemembered = 20_000;

/** From event time, epoch ms, to the time on the wall: ms since 1970-01-01T00:00 as that clock shows it. */
export type WallClock = (timeMs: number) => number;

const utc: WallClock = (timeMs) => timeMs;
const clocks = new Map<string, WallClock>();

/** @param timeZone IANA name; the clock shows UTC where it is absent or not known */
export function wallClock(timeZone: string | undefined): WallClock {
  if (timeZone === undefined) return utc;
  let clock = clocks.get(timeZone);
  if (clock === undefined) {
    clock = isTimeZone(timeZone) ? clockOf(timeZone) : utc;
    clocks.set(timeZone, clock);
  }
  return clock;
}

/** Whether this is a time zone whose clock is known. */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

function clockOf(timeZone: string): WallClock {
  const format = new Intl.DateTimeFormat('en', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const offsetAt = (timeMs: number): number => {
    const parts = Object.fromEntries(format.formatToParts(timeMs).map(({ type, value }) => [type, Number(value)]));
    const wallMs = Date.UTC(
      parts['year']!,
      parts['month']! - 1,
      parts['day']!,
      parts['hour']!,
      parts['minute']!,
      parts['second']!,
    );
    return wallMs - Math.floor(timeMs / 1000) * 1000;
  };
  const known = new Map<number, number>();
  const remembered = (fromMs: number, make: () => number): number => {
    const found = known.get(fromMs);
    if (found !== undefined) return found;
    if (known.size >= mostRemembered) known.clear();
    const made = make();
    known.set(fromMs, made);
    return made;
  };
  /** Offset at the beginning of a day of UTC: most days end with the one that they began with. */
  const ofDay = (day: number): number => remembered(-1 - day, () => offsetAt(day * dayMs));
  return (timeMs) => {
    const day = Math.floor(timeMs / dayMs);
    const offset = ofDay(day);
    if (offset === ofDay(day + 1)) return timeMs + offset;
    const block = Math.floor(timeMs / blockMs) * blockMs;
    return timeMs + remembered(block, () => offsetAt(block));
  };
}

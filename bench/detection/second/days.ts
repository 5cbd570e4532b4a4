/** How days and weeks shape what machines and people do. */
import { between, normal, type Random } from '../../../lib/core/random.ts';
import { pick } from './draws.ts';

export const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;

export interface Moment {
  readonly hour: number;
  /** Days since the epoch. */
  readonly day: number;
  /** Day of a year of 365.25 days. */
  readonly yearDay: number;
  readonly weekend: boolean;
}

export const weekdayOf = (timeMs: number): number => (Math.floor(timeMs / dayMs) + 4) % 7;
export const hourOf = (timeMs: number): number => (timeMs / hourMs) % 24;

export function momentOf(timeMs: number): Moment {
  const weekday = weekdayOf(timeMs);
  return {
    hour: hourOf(timeMs),
    day: Math.floor(timeMs / dayMs),
    yearDay: (timeMs / dayMs) % 365.25,
    weekend: weekday === 0 || weekday === 6,
  };
}

/** A bell about an hour of the day, round the clock; one at its top. */
export function hump(hour: number, center: number, width: number): number {
  const away = Math.abs(hour - center);
  return Math.exp(-0.5 * (Math.min(away, 24 - away) / width) ** 2);
}

export type DayKind = 'office' | 'evening' | 'commute' | 'leisure';
type DayShape = (hour: number) => number;

/** Draws a shape of the day, about one at its top, of which a floor remains by night. */
export function dayShape(random: Random, kind: DayKind): DayShape {
  if (kind === 'office') {
    const opens = between(random, 7.5, 9.5);
    const closes = between(random, 16.5, 19);
    const lunch = between(random, 0, 0.25);
    const floor = between(random, 0.08, 0.3);
    return (hour) => {
      const there = 1 / (1 + Math.exp(-1.8 * (hour - opens))) / (1 + Math.exp(1.4 * (hour - closes)));
      return floor + (1 - floor) * there * (1 - lunch * hump(hour, 12.8, 0.7));
    };
  }
  if (kind === 'evening') {
    const top = between(random, 19.5, 21.5);
    const floor = between(random, 0.12, 0.3);
    return (hour) => floor + (1 - floor) * (0.45 * hump(hour, 13, 3.4) + 0.75 * hump(hour, top, 2.6));
  }
  const floor = between(random, 0.06, 0.15);
  if (kind === 'leisure') {
    const top = between(random, 13.5, 16);
    return (hour) => floor + 0.75 * (1 - floor) * hump(hour, top, 3.6) + 0.2 * hump(hour, 0.5, 1.6);
  }
  const out = between(random, 7.3, 8.6);
  const home = between(random, 16.8, 18.2);
  const share = between(random, 0.7, 1.1);
  return (hour) => {
    const rush = 0.85 * hump(hour, out, 1) + share * hump(hour, home, 1.5) + 0.45 * hump(hour, 12.7, 3);
    return floor + (1 - floor) * Math.min(1, rush);
  };
}

/** What is drawn once for each day, when the day is first asked for. */
export function perDay<T>(draw: () => T): (day: number) => T {
  const drawn = new Map<number, T>();
  return (day) => {
    const known = drawn.get(day);
    if (known !== undefined) return known;
    const fresh = draw();
    drawn.set(day, fresh);
    return fresh;
  };
}

export interface Calendar {
  readonly workday: readonly DayKind[];
  readonly dayOff: DayKind;
  /** How much happens on days off, over workdays. */
  readonly dayOffShare: number;
  /** Spread of the logarithm of how much happens on a day. */
  readonly spread: number;
  readonly holidays: ReadonlySet<number>;
}

export function calendar(random: Random, options: Calendar): (moment: Moment) => number {
  const workday = dayShape(random, pick(random, options.workday));
  const dayOff = dayShape(random, options.dayOff);
  const factor = perDay(() => Math.exp(options.spread * normal(random)));
  return ({ hour, day, weekend }) =>
    factor(day) * (weekend || options.holidays.has(day) ? options.dayOffShare * dayOff(hour) : workday(hour));
}

/** Processes that follow the clock on the wall, in rows of UTC, before and after that clock is put an hour forward. */
import { between, childRandom, normal } from '../../lib/core/random.ts';
import { wallClock } from '../../lib/core/screening/wall-clock.ts';
import type { Series } from '../../lib/core/series.ts';
import { dayMs, hourMs, hourOf, hump } from './second/days.ts';

export interface ClockCase {
  readonly name: string;
  readonly periodMs: number;
  readonly channels: number;
  readonly warmupDays: number;
  /** Days from the first row until the clock changes, and to the last row. */
  readonly changeDays: number;
  readonly days: number;
}

const hourly = { periodMs: hourMs, warmupDays: 30, changeDays: 45, days: 84 };
const quarterly = { periodMs: hourMs / 4, warmupDays: 14, changeDays: 25, days: 42 };
export const clockCases: readonly ClockCase[] = [
  { name: 'hourly, 6 channels', channels: 6, ...hourly },
  { name: 'hourly, 1 channel', channels: 1, ...hourly },
  { name: '15 minutes, 6 channels', channels: 6, ...quarterly },
  { name: '15 minutes, 1 channel', channels: 1, ...quarterly },
];

/** Clocks of this zone were put forward on this day. */
export const changingZone = 'Europe/Berlin';
const changeMs = Date.UTC(2026, 2, 29);

/** Normal rows throughout: two humps a day, a load that all channels share, noise that remembers. */
export function clockSeries(seed: number, one: ClockCase, changes: boolean): Series {
  const random = childRandom(seed, 'clock', one.name);
  const rows = Math.round((one.days * dayMs) / one.periodMs);
  const fromMs = changeMs - one.changeDays * dayMs;
  const wall = wallClock(changes ? changingZone : undefined);
  const gains = Array.from({ length: one.channels }, () => between(random, 0.5, 1.5));
  const own = new Float64Array(one.channels);
  const values = new Float64Array(rows * one.channels);
  let load = 0;
  for (let t = 0; t < rows; t += 1) {
    const hour = hourOf(wall(fromMs + t * one.periodMs));
    const demand = 1 + 3 * hump(hour, 7.5, 1.2) + 2.2 * hump(hour, 19, 1.7);
    load = 0.8 * load + 0.6 * normal(random);
    for (let c = 0; c < one.channels; c += 1) {
      own[c] = 0.7 * own[c]! + 0.7 * normal(random);
      values[t * one.channels + c] = 10 + gains[c]! * (4 * demand + 0.4 * load) + 0.3 * own[c]!;
    }
  }
  return {
    channels: Array.from({ length: one.channels }, (_, c) => ({ name: `c${c}`, role: 'unknown', unit: '' })),
    timesMs: Float64Array.from({ length: rows }, (_, t) => fromMs + t * one.periodMs),
    values,
  };
}

/** A stationary process with a daily season whose rows bear the times of a clock that may be set. */
import { clockSeries } from '../../bench/detection/clocks.ts';
import type { Calibration } from '../../lib/contracts/calibration.ts';
import { fitCalibration } from '../../lib/core/screening/fit.ts';
import type { Series } from '../../lib/core/series.ts';
import { slice } from './screening.ts';

export const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;
export const periodMs = hourMs / 4;
export const rowsADay = dayMs / periodMs;
const warmupDays = 14;

export interface Process {
  readonly calibration: Calibration;
  /** What comes after the warm-up, by a clock that is right. */
  readonly live: Series;
}

/** Fourteen days to learn from, for a false alarm a week, and `days` after them. */
export function processOf(seed: number, days: number, channels = 3): Process {
  const shape = { name: 'clock steps', channels, periodMs, warmupDays, changeDays: 0, days: warmupDays + days };
  const series = clockSeries(seed, shape, false);
  const warmupRows = warmupDays * rowsADay;
  return {
    calibration: fitCalibration(slice(series, 0, warmupRows), { falseAlarms: { perWeek: 1 } }),
    live: slice(series, warmupRows, series.timesMs.length),
  };
}

/** The same with the first channel off by so many of its spreads from a row on. */
export function withFault({ calibration, live }: Process, fromRow: number, spreads = 6): Process {
  const values = live.values.slice();
  const width = live.channels.length;
  for (let at = fromRow * width; at < values.length; at += width)
    values[at] = values[at]! + spreads * calibration.channels[0]!.scale;
  return { calibration, live: { ...live, values } };
}

/** Range and missing checks of a window's readings, for every pack: what no model should be asked to act upon. */
import type { Calibration } from '../../contracts/calibration.ts';
import { judgedRows } from '../explanation/departure.ts';
import { withUnit } from '../explanation/words.ts';
import type { Series } from '../series.ts';

/** So many calibrated ranges beyond its range a reading is no physical state of the asset. */
const absurdRanges = 20;
/** A range counts as at least this part of the channel's usual value: what hardly moves may fall to nothing. */
const leastRange = 0.1;
/** Channels that send nothing since the onset, as a share of those that did. */
const mostSilent = 0.5;
const namedReasons = 4;

/**
 * @param window channels in the order of the calibration
 * @returns reasons in words; empty for a window that may be judged
 */
export function absurdReadings(window: Series, calibration: Calibration, onsetRow: number): string[] {
  const [from, end] = judgedRows(window.timesMs, onsetRow);
  const width = window.channels.length;
  const reasons: string[] = [];
  let live = 0;
  let silent = 0;
  calibration.channels.forEach(({ name, unit, low, high, center, scale, dead }, channel) => {
    if (dead) return;
    live += 1;
    let present = 0;
    let farthest = 0;
    for (let row = from; row < end; row += 1) {
      const value = window.values[row * width + channel]!;
      if (Number.isNaN(value)) continue;
      present += 1;
      if (Math.abs(value - center) > Math.abs(farthest - center) || present === 1) farthest = value;
    }
    if (present === 0) {
      silent += 1;
      return;
    }
    const range = Math.max(high - low, scale, leastRange * Math.abs(center));
    if (Math.max(low - farthest, farthest - high) <= absurdRanges * range) return;
    const reads = `${farthest < 0 ? '−' : ''}${withUnit(farthest, unit)}`;
    reasons.push(`${name} reads ${reads}, far beyond anything it was calibrated on`.slice(0, 200));
  });
  if (silent > mostSilent * live) reasons.unshift(`${silent} of ${live} channels send no values`);
  return reasons.slice(0, namedReasons);
}

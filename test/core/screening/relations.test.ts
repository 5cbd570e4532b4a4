import { describe, expect, test } from '@jest/globals';
import { normal, type Random, seededRandom } from '../../../lib/core/random.ts';
import { fitCalibration } from '../../../lib/core/screening/fit.ts';
import { screenRows } from '../../../lib/core/screening/screen.ts';
import type { Series } from '../../../lib/core/series.ts';
import { onnxEngine, slice } from '../../support/screening.ts';

const engine = await onnxEngine();
const hourMs = 3_600_000;
const warmupRows = 4000;
const rows = 4400;
/** Row from which one reading is off its relation with the others. */
const faultRow = 4300;

/** Hours of channels by name, as `rowOf` gives them. */
function hours(
  names: readonly string[],
  seed: number,
  rowOf: (random: Random, t: number) => readonly number[],
): Series {
  const random = seededRandom(seed);
  const values = new Float64Array(rows * names.length);
  for (let t = 0; t < rows; t += 1) values.set(rowOf(random, t), t * names.length);
  return {
    channels: names.map((name) => ({ name, role: 'unknown' as const, unit: '' })),
    timesMs: Float64Array.from({ length: rows }, (_, t) => 1_700_000_000_000 + t * hourMs),
    values,
  };
}

/** Rows in alarm of the stream in [from, to), by a calibration of the rows before it. */
async function alarmRows(series: Series): Promise<(from: number, to: number) => number> {
  const calibration = fitCalibration(slice(series, 0, warmupRows));
  const { rows: found } = await screenRows(engine, calibration, undefined, slice(series, warmupRows, rows));
  return (from, to) => found.alarms.subarray(from - warmupRows, to - warmupRows).reduce((sum, alarm) => sum + alarm, 0);
}

describe('what channels have to do with each other', () => {
  // A pump that runs for eight hours of four hundred draws a pressure down that follows a flow.
  test.each([1, 2, 3])('is learned from a stand-by pump too, which runs seldom (seed %d)', async (seed) => {
    const series = hours(['flow', 'pressure', 'standby-flow'], seed, (random, t) => {
      const flow = 20 + 2 * normal(random);
      const standby = t % 400 >= 392 ? 40 + normal(random) : 0.001 * normal(random);
      const fault = t >= faultRow ? 1 : 0;
      return [flow, 60 - 0.5 * flow - 0.2 * standby + fault + 0.05 * normal(random), standby];
    });
    const alarms = await alarmRows(series);
    expect(alarms(warmupRows, faultRow)).toBeLessThanOrEqual(12);
    // One metre is half of what the pressure moves by usually, and twenty times what it is off its relation.
    expect(alarms(faultRow, rows)).toBeGreaterThanOrEqual(98);
  });

  // Two levels that come and go together, over six weeks, by far more than they differ.
  test.each([1, 2, 3])('is trusted where they come and go together (seed %d)', async (seed) => {
    const series = hours(['level-a', 'level-b', 'flow'], seed, (random, t) => {
      const together = 2 * Math.sin((2 * Math.PI * t) / 1000) + 0.3 * normal(random);
      const fault = t >= faultRow ? 0.6 : 0;
      return [5 + together + 0.05 * normal(random), 8 + together + fault + 0.05 * normal(random), 20 + normal(random)];
    });
    const alarms = await alarmRows(series);
    expect(alarms(warmupRows, faultRow)).toBeLessThanOrEqual(12);
    expect(alarms(faultRow, rows)).toBeGreaterThanOrEqual(98);
  });
});

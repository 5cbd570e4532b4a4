import { describe, expect, test } from '@jest/globals';
import { normal, type Random, seededRandom } from '../../../lib/core/random.ts';
import { roundTo } from '../../../lib/core/screening/describe.ts';
import { fitCalibration } from '../../../lib/core/screening/fit.ts';
import { screenRows } from '../../../lib/core/screening/screen.ts';
import type { Series } from '../../../lib/core/series.ts';
import { follow, onnxEngine, slice } from '../../support/screening.ts';

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

describe('a load that swings slowly', () => {
  /** A pump a second whose load swings by a twentieth in nineteen minutes; from row 1000 to 1300 its valve is closing. */
  function pump(seed: number): Series {
    const random = seededRandom(seed);
    const noise = new Float64Array(8);
    const rowOf = (t: number): number[] => {
      for (let c = 0; c < noise.length; c += 1) noise[c] = 0.9 * noise[c]! + 0.43 * normal(random);
      const load = 1 + 0.05 * Math.sin(t / 180) + 0.01 * noise[0]!;
      const shut = t >= 1000 && t < 1300 ? Math.min(1, (t - 1000) / 30) : 0;
      return [
        2.1 * load + 0.1 * noise[1]!,
        18 * load * (1 - 0.1 * shut) + 0.15 * noise[3]!,
        5.8 * load ** 1.2 * (1 + 0.25 * shut) + 0.05 * noise[5]!,
        42 * load * (1 - 0.3 * shut) + 0.3 * noise[6]!,
        55 + 3 * load + 0.1 * noise[3]!,
      ];
    };
    return {
      channels: ['vibration', 'current', 'discharge', 'flow', 'motor'].map((name) => ({
        name,
        role: 'unknown' as const,
        unit: '',
      })),
      timesMs: Float64Array.from({ length: 1500 }, (_, t) => 1_700_000_000_000 + t * 1000),
      values: Float64Array.from(
        Array.from({ length: 1500 }, (_, t) => rowOf(t).map((value) => roundTo(value, 3))).flat(),
      ),
    };
  }

  test.each([3, 7, 19])(
    'dulls no channel so far that a third of its flow could go missing unseen (seed %d)',
    async (seed) => {
      const { alarms } = await follow(engine, pump(seed), { warmupRows: 400 });
      expect(alarms.subarray(1000, 1300).reduce((sum, alarm) => sum + alarm, 0)).toBeGreaterThanOrEqual(270);
    },
  );
});

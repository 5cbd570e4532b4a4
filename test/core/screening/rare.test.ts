import { describe, expect, test } from '@jest/globals';
import { normal, seededRandom } from '../../../lib/core/random.ts';
import { fitCalibration } from '../../../lib/core/screening/fit.ts';
import { screenRows } from '../../../lib/core/screening/screen.ts';
import type { Series } from '../../../lib/core/series.ts';
import { normalSeries, onnxEngine, slice } from '../../support/screening.ts';

const engine = await onnxEngine();
const hourMs = 3_600_000;
const warmupRows = 4000;
const rows = 4600;
const names = ['level', 'flow', 'pressure', 'standby-flow'] as const;

/**
 * Hours of a pumping station whose stand-by pump runs for two hours at 40 m³/h now and then, by `startEvery` hours, and
 * whose pressure follows flow and level; from row 4400 on the pressure reads `offset` too much.
 */
function station(seed: number, startEvery: number, offset: number): Series {
  const random = seededRandom(seed);
  const values = new Float64Array(rows * names.length);
  let slow = 0;
  for (let t = 0; t < rows; t += 1) {
    slow = 0.9 * slow + 0.3 * normal(random);
    const level = 3 + slow;
    const flow = 20 + 2 * normal(random);
    const standby = t % startEvery >= startEvery - 2 ? 40 + normal(random) : 0.001 * normal(random);
    const pressure = 10 * level - 0.5 * flow + 0.1 * normal(random) + (t >= 4400 ? offset : 0);
    values.set([level, flow, pressure, standby], t * names.length);
  }
  return {
    channels: names.map((name) => ({ name, role: 'unknown' as const, unit: '' })),
    timesMs: Float64Array.from({ length: rows }, (_, t) => 1_700_000_000_000 + t * hourMs),
    values,
  };
}

describe('a pump that starts a few times in the warm-up', () => {
  test.each([400, 700, 1100])('every %d hours is no tail by which other channels are judged', async (startEvery) => {
    const series = station(1, startEvery, 8);
    const calibration = fitCalibration(slice(series, 0, warmupRows));
    // Trends are not widened: their rarest values say how fast a channel may move.
    for (const { name, knots, tailScale } of calibration.evidence.filter(({ name }) => !name.startsWith('trend')))
      expect({ name, reach: knots.at(-1)! + 3 * tailScale < 9 }).toEqual({ name, reach: true });
    const { rows: found } = await screenRows(engine, calibration, undefined, slice(series, warmupRows, rows));
    const alarms = (from: number, to: number): number =>
      found.alarms.subarray(from - warmupRows, to - warmupRows).reduce((sum, alarm) => sum + alarm, 0);
    expect(alarms(warmupRows, 4400)).toBeLessThanOrEqual(20);
    expect(alarms(4402, rows)).toBeGreaterThanOrEqual(180);
  });
});

describe('bumps in a warm-up of a few hundred rows', () => {
  test.each([0, 2, 3])('%d of them do not dull their own channel', async (count) => {
    const rows = 400;
    const series = normalSeries(5, { rows: rows + 200, channels: 4 });
    for (let i = 0; i < count; i += 1) series.values[Math.floor(((i + 0.5) * rows) / count) * 4 + 1]! += 40;
    for (let t = rows + 100; t < rows + 200; t += 1) series.values[t * 4 + 1]! += 3;
    const calibration = fitCalibration(slice(series, 0, rows));
    const { rows: found } = await screenRows(engine, calibration, undefined, slice(series, rows, rows + 200));
    const alarms = (from: number, to: number): number =>
      found.alarms.subarray(from, to).reduce((sum, alarm) => sum + alarm, 0);
    expect(alarms(0, 100)).toBeLessThanOrEqual(5);
    expect(alarms(100, 200)).toBeGreaterThanOrEqual(90);
  });
});

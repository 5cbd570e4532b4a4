import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { youngRows } from '../../../lib/core/screening/renewal.ts';
import { follow, normalSeries, onnxEngine } from '../../support/screening.ts';

describe('rows too young to learn from', () => {
  test('are a tenth of the warm-up, as soon as so many have come after it', () => {
    expect(youngRows(10_000, 400)).toBe(40);
    expect(youngRows(440, 400)).toBe(40);
    expect(youngRows(410, 400)).toBe(10);
    expect(youngRows(400, 400)).toBe(0);
  });

  test('never reach into the warm-up', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), fc.integer({ min: 1, max: 1e5 }), (rows, warmupRows) => {
        const young = youngRows(rows, warmupRows);
        expect(young).toBeGreaterThanOrEqual(0);
        expect(rows - young).toBeGreaterThanOrEqual(Math.min(rows, warmupRows));
      }),
    );
  });

  test('so that a faint fault which began just before the asset was calibrated again is not half of its normal', async () => {
    const engine = await onnxEngine();
    const found: number[] = [];
    for (let seed = 1; seed <= 60; seed += 1) {
      const series = normalSeries(seed, { rows: 900, channels: 5 });
      // The calibration after 656 rows would take the first rows of this for normal.
      for (let t = 620; t < 900; t += 1) series.values[t * 5 + 1]! += Math.min(0.6, (t - 620) * 0.03);
      const { alarms } = await follow(engine, series, { warmupRows: 400 });
      found.push(alarms.subarray(700).reduce((sum, alarm) => sum + alarm, 0) / 200);
    }
    expect(found.reduce((sum, share) => sum + share, 0) / found.length).toBeGreaterThan(0.47);
  });
});

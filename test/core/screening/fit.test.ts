import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { calibration as schema } from '../../../lib/contracts/calibration.ts';
import { fitCalibration } from '../../../lib/core/screening/fit.ts';
import { decodeFloats, encodeFloats } from '../../../lib/core/screening/floats.ts';
import { calibrationHash, expectedAt, openCalibration } from '../../../lib/core/screening/open.ts';
import { normalSeries, slice } from '../../support/screening.ts';

describe('fitCalibration', () => {
  test('gives a document that survives JSON and keeps its hash', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 400, max: 600 }),
        fc.integer(),
        fc.constantFrom(0, 0.2),
        (channels, rows, seed, missing) => {
          const doc = fitCalibration(normalSeries(seed, { rows, channels, missing }));
          const again = schema.parse(JSON.parse(JSON.stringify(doc)));
          expect(again).toEqual(doc);
          expect(calibrationHash(again)).toBe(calibrationHash(doc));
          expect([...openCalibration(again).staticNow]).toEqual([...openCalibration(doc).staticNow]);
        },
      ),
      { numRuns: 15 },
    );
  });

  test('is the same for the same rows and another for others', () => {
    const hash = (seed: number): string =>
      calibrationHash(fitCalibration(normalSeries(seed, { rows: 400, channels: 3 })));
    expect(hash(1)).toBe(hash(1));
    expect(hash(1)).not.toBe(hash(2));
  });

  test('refuses a warm-up that is too short, and says that one below 400 rows is rough', () => {
    const short = normalSeries(1, { rows: 120, channels: 2 });
    expect(() => fitCalibration(short)).toThrow('120 usable rows; at least 400');
    expect(fitCalibration(short, { minRows: 100 }).notes.join()).toContain('fewer than the 400');
    expect(() => fitCalibration(slice(short, 0, 49), { minRows: 1 })).toThrow('at least 50');
  });

  test('refuses times that run backwards and values that do not fill the rows', () => {
    const good = normalSeries(1, { rows: 400, channels: 2 });
    const timesMs = good.timesMs.slice();
    timesMs[200] = timesMs[100]!;
    expect(() => fitCalibration({ ...good, timesMs })).toThrow('Time runs backwards at row 201');
    expect(() => fitCalibration({ ...good, values: good.values.slice(1) })).toThrow('do not fill');
  });

  test('finds dead channels and gives no weight to them', () => {
    const series = normalSeries(3, { rows: 400, channels: 4 });
    for (let t = 0; t < 400; t += 1) {
      series.values[t * 4 + 1] = 7;
      series.values[t * 4 + 2] = Number.NaN;
    }
    const doc = fitCalibration(series);
    expect(doc.channels.map(({ dead }) => dead)).toEqual([false, true, true, false]);
    const { staticNow } = openCalibration(doc);
    for (let j = 0; j < 4; j += 1) expect([staticNow[j * 4 + 1], staticNow[j * 4 + 2]]).toEqual([0, 0]);
    expect(doc.notes.join()).toContain('2 of 4 channels');
  });

  test('leaves out the rows it is told to', () => {
    const series = normalSeries(4, { rows: 500, channels: 2 });
    const exclude = new Uint8Array(500).fill(1, 100, 140);
    for (let i = 200; i < 280; i += 1) series.values[i] = 1e5;
    const [channel] = fitCalibration(series, { exclude }).channels;
    expect(channel!.high).toBeLessThan(100);
    // Rows that were left out are not missing: else every later window would seem to have too few gaps.
    expect(channel!.missingRate).toBe(0);
  });

  test('marks a promise beyond what the warm-up supports as extrapolated', () => {
    const series = normalSeries(5, { rows: 2000, channels: 3 });
    const coarse = fitCalibration(series, { falseAlarms: { perRow: 0.02 } }).threshold;
    const fine = fitCalibration(series, { falseAlarms: { perRow: 1e-5 } }).threshold;
    expect([coarse.extrapolated, fine.extrapolated]).toEqual([false, true]);
    expect(fine.onset).toBeGreaterThan(coarse.onset + 1);
  });

  test('learns the hour of the day where days are covered', () => {
    const series = normalSeries(6, { rows: 24 * 8, channels: 1, periodMs: 3_600_000 });
    series.timesMs.forEach((time, t) => {
      series.values[t] = series.values[t]! * 0.1 + (Math.floor(time / 3_600_000) % 24 < 12 ? 0 : 50);
    });
    const doc = fitCalibration(series, { minRows: 150 });
    const day = 1_700_006_400_000;
    expect(expectedAt(doc, 0, day + 3 * 3_600_000).value).toBeCloseTo(0, 0);
    expect(expectedAt(doc, 0, day + 15 * 3_600_000).value).toBeCloseTo(50, 0);
  });
});

test('floats survive base64', () => {
  fc.assert(
    fc.property(fc.float32Array(), (floats) => {
      expect(decodeFloats(encodeFloats(floats))).toEqual(floats);
    }),
  );
  expect(() => decodeFloats('AAA=')).toThrow('not a whole number');
});

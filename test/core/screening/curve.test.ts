import { describe, expect, test } from '@jest/globals';
import { type Calibration, calibration as contract } from '../../../lib/contracts/calibration.ts';
import { between, normal, seededRandom } from '../../../lib/core/random.ts';
import { slopeAt, straighten } from '../../../lib/core/screening/curve.ts';
import { fitCalibration } from '../../../lib/core/screening/fit.ts';
import { screenRows } from '../../../lib/core/screening/screen.ts';
import type { Series } from '../../../lib/core/series.ts';
import { episodes, normalSeries, onnxEngine, slice } from '../../support/screening.ts';

const engine = await onnxEngine();
const hourMs = 3_600_000;
const warmupRows = 24 * 42;
const week = 24 * 7;

const single = (values: Float64Array, periodMs = hourMs): Series => ({
  channels: [{ name: 'value', role: 'unknown', unit: '' }],
  timesMs: Float64Array.from(values, (_, t) => 1_700_006_400_000 + t * periodMs),
  values,
});

/** Requests an hour, a tenth as many at night as at noon, whose noise is a part of what is usual at the hour. */
function requests(seed: number, rows: number, change: (value: number, row: number) => number = (value) => value) {
  const random = seededRandom(seed);
  const level = between(random, 50, 5000);
  let slow = 0;
  const values = Float64Array.from({ length: rows }, (_, t) => {
    slow = 0.6 * slow + 0.8 * normal(random);
    const usual = level * Math.exp(1.15 * Math.cos((2 * Math.PI * ((t % 24) - 13)) / 24));
    return Math.round(change(usual * Math.exp(0.25 * slow), t));
  });
  return single(values);
}

async function screened(series: Series, calibration = fitCalibration(slice(series, 0, warmupRows))) {
  const { rows } = await screenRows(engine, calibration, undefined, slice(series, warmupRows, series.values.length));
  return rows;
}

describe('a channel whose noise grows with its level', () => {
  const seeds = [1, 2, 3, 4, 5, 6];

  test.each(seeds)('is screened by its logarithm (seed %d)', (seed) => {
    const [channel] = fitCalibration(requests(seed, warmupRows)).channels;
    expect(channel!.curve).toBeDefined();
    expect(straighten(channel!.center, channel!)).toBeCloseTo(channel!.center, 9);
  });

  test('so a fall to a quarter at noon and four times as much at night are both found', async () => {
    let found = 0;
    for (const seed of seeds) {
      for (const [hour, factor] of [
        [11, 0.25],
        [1, 4],
      ] as const) {
        const at = warmupRows + week + hour;
        const series = requests(seed, at + 24, (value, t) => (t >= at && t < at + 4 ? factor * value : value));
        const { alarms } = await screened(series);
        if (alarms.subarray(at - warmupRows, at + 4 - warmupRows).includes(1)) found += 1;
      }
    }
    expect(found).toBeGreaterThanOrEqual(11);
  });

  test('keeps the promised rate of false alarms', async () => {
    let found = 0;
    const weeks = 26;
    for (const seed of seeds) found += episodes((await screened(requests(seed, warmupRows + weeks * week))).alarms);
    expect(found / seeds.length / weeks).toBeLessThanOrEqual(1);
  });

  test('is judged alike where the stream is rounded more coarsely than the warm-up was', async () => {
    const fine = requests(3, warmupRows + 8 * week);
    fine.values.forEach((value, t) => {
      fine.values[t] = value + 0.123456 * Math.sin(t);
    });
    const calibration = fitCalibration(slice(fine, 0, warmupRows));
    const coarse = { ...fine, values: fine.values.map((value) => 10 * Math.round(value / 10)) };
    expect(episodes((await screened(coarse, calibration)).alarms)).toBeLessThanOrEqual(8);
  });

  test.each([-5, -1e12, 0, 1e300])('takes %d, which its logarithm does not know, for news', async (odd) => {
    const at = warmupRows + week;
    const series = requests(2, at + 48, (value, t) => (t === at + 11 ? odd : value));
    const { pValues, scores } = await screened(series);
    expect(pValues.every((p) => p >= 0 && p <= 1)).toBe(true);
    expect(pValues[at + 11 - warmupRows]!).toBeLessThan(1e-3);
    expect(scores[at + 11 - warmupRows]!).toBeGreaterThan(3);
  });
});

describe('values are screened as they are', () => {
  const curves = (calibration: Calibration) => calibration.channels.filter(({ curve }) => curve !== undefined).length;

  test('where their noise is the same at each level', () => {
    for (let seed = 1; seed <= 6; seed += 1) {
      const plain = normalSeries(seed, { rows: 800, channels: 1 });
      expect(curves(fitCalibration(single(plain.values.map((value) => 20 + 3 * value))))).toBe(0);
    }
  });

  test('where some of them lie below nought', () => {
    const logs = normalSeries(4, { rows: 800, channels: 1 }).values.map((value) => Math.exp(1.5 * value));
    expect(curves(fitCalibration(single(logs)))).toBe(1);
    expect(curves(fitCalibration(single(logs.map((value) => value - 1))))).toBe(0);
  });

  test('where there are several channels, whose balance is one of the values', () => {
    const logs = normalSeries(4, { rows: 800, channels: 2 });
    const positive = { ...logs, values: logs.values.map((value) => Math.exp(value / 5)) };
    expect(curves(fitCalibration(positive))).toBe(0);
  });
});

test('a curve is as steep at each value as its differences say', () => {
  const [channel] = fitCalibration(requests(1, warmupRows)).channels;
  for (const value of [0.5, 3, 40, 700, 1e5]) {
    const step = 1e-5 * value;
    const slope = (straighten(value + step, channel!) - straighten(value - step, channel!)) / (2 * step);
    expect(slopeAt(value, channel!) / slope).toBeCloseTo(1, 6);
  }
});

test('a calibration with a curve is of the contract, and one with a broken curve is not', () => {
  const fitted = fitCalibration(requests(1, warmupRows));
  expect(contract.parse(fitted)).toEqual(fitted);
  const broken = { ...fitted.channels[0]!, curve: { offset: 0, spread: 1 } };
  expect(contract.safeParse({ ...fitted, channels: [broken] }).success).toBe(false);
});

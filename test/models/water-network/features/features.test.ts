import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { AlarmContext } from '../../../../lib/core/pack.ts';
import { fitCalibration } from '../../../../lib/core/screening/fit.ts';
import type { Series } from '../../../../lib/core/series.ts';
import { missingFeature } from '../../../../models/training/conformal.ts';
import { featureNames, windowFeatures } from '../../../../models/water-network/features.ts';
import { town, townChannels, weekRows, withChannels } from '../support/town.ts';

const warmup = town(0, weekRows);
const calibration = fitCalibration(warmup);
const alarmAt = (onsetRow: number, rows: number, topChannels: AlarmContext['topChannels'] = []): AlarmContext => ({
  onsetRow,
  rowsSinceOnset: rows - 1 - onsetRow,
  score: 4,
  topChannels,
});
const feature = (values: Float32Array, name: string): number => {
  const at = featureNames.indexOf(name);
  expect(at).toBeGreaterThanOrEqual(0);
  return values[at]!;
};
const start = weekRows;
const rows = 192;
const leak = town(start, rows, { leakLps: 6, fromRow: 180 });
const identity = townChannels.map((_, i) => i);

describe('the features of a window', () => {
  test('have distinct names and finite values', () => {
    expect(new Set(featureNames).size).toBe(featureNames.length);
    const { values } = windowFeatures(leak, calibration, alarmAt(181, rows));
    expect(values.length).toBe(featureNames.length);
    expect(values.every(Number.isFinite)).toBe(true);
  });

  test('do not depend on the order of the channels', () => {
    const expected = windowFeatures(leak, calibration, alarmAt(181, rows, [{ channel: 2, share: 0.6 }])).values;
    fc.assert(
      fc.property(fc.shuffledSubarray(identity, { minLength: identity.length }), (order) => {
        const own = fitCalibration(withChannels(warmup, order));
        const topChannels = [{ channel: order.indexOf(2), share: 0.6 }];
        const { values } = windowFeatures(withChannels(leak, order), own, alarmAt(181, rows, topChannels));
        values.forEach((value, i) => {
          expect(value).toBeCloseTo(expected[i]!, 1);
        });
      }),
      { numRuns: 6 },
    );
  });

  test('do not depend on units', () => {
    const own = fitCalibration(town(0, weekRows, { unitFactor: 3.6 }));
    const window = town(start, rows, { leakLps: 6, fromRow: 180, unitFactor: 3.6 });
    const expected = windowFeatures(leak, calibration, alarmAt(181, rows)).values;
    windowFeatures(window, own, alarmAt(181, rows)).values.forEach((value, i) => {
      expect(Math.abs(value - expected[i]!)).toBeLessThan(0.05 * Math.max(1, Math.abs(expected[i]!)));
    });
  });

  test('see the water balance of a leak: main and zone excess, at night too, and pressures that fall', () => {
    const window = town(start, rows, { leakLps: 6, fromRow: 100 });
    const { values } = windowFeatures(window, calibration, alarmAt(102, rows));
    expect(feature(values, 'flow-main-excess')).toBeGreaterThan(0.15);
    expect(feature(values, 'flow-night-excess')).toBeGreaterThan(0.15);
    expect(feature(values, 'zone-excess-lead')).toBeGreaterThan(0.05);
    expect(feature(values, 'pressure-shift-min')).toBeLessThan(-1.5);
    const quiet = windowFeatures(town(start, rows), calibration, alarmAt(190, rows)).values;
    expect(Math.abs(feature(quiet, 'flow-main-excess'))).toBeLessThan(0.08);
  });

  test('tell a sensor that stands still, roars, or is missing from one that its peers explain', () => {
    const stuck = windowFeatures(
      town(start, rows, { tamper: (row, name, value) => (name === 'p-12' && row > 120 ? 41 : value) }),
      calibration,
      alarmAt(130, rows),
    ).values;
    expect(feature(stuck, 'run-ratio-max')).toBeGreaterThan(0.5);
    const noisy = windowFeatures(
      town(start, rows, {
        tamper: (row, name, value) => (name === 'p-12' && row > 120 ? value + (row % 2 ? 4 : -4) : value),
      }),
      calibration,
      alarmAt(130, rows),
    ).values;
    expect(feature(noisy, 'suspect-rough-ratio')).toBeGreaterThan(2);
    expect(feature(noisy, 'peer-lead')).toBeGreaterThan(1);
    const missing = windowFeatures(
      town(start, rows, { tamper: (row, name, value) => (name === 'p-12' && row > 120 ? Number.NaN : value) }),
      calibration,
      alarmAt(130, rows),
    ).values;
    expect(feature(missing, 'missing-max')).toBeCloseTo(1, 1);
  });

  test('count how long a pump has been off against the longest that was ever seen', () => {
    const off = (hours: number) =>
      windowFeatures(
        town(start, rows, { tamper: (row, name, value) => (name === 'pump' && row >= rows - hours * 4 ? 0 : value) }),
        calibration,
        alarmAt(rows - 5, rows),
      ).values;
    expect(feature(off(30), 'pump-off-beyond-longest')).toBeGreaterThan(1);
    expect(feature(off(30), 'pump-off-beyond-longest')).toBeGreaterThan(feature(off(10), 'pump-off-beyond-longest'));
  });

  test('without roles the hydraulic features are missing and the rest is there', () => {
    const bare: Series = { ...leak, channels: townChannels.map(({ name }) => ({ name, role: 'unknown', unit: '' })) };
    const { values } = windowFeatures(bare, calibration, alarmAt(181, rows));
    for (const name of ['flow-main-excess', 'tank-shift-min', 'pump-share-off', 'pressure-shift-median']) {
      expect(feature(values, name)).toBe(missingFeature);
    }
    expect(feature(values, 'all-shift-max')).toBeGreaterThan(0);
    expect(feature(values, 'share-unknown')).toBe(1);
  });

  test.each([
    ['a single row', 1],
    ['two rows', 2],
    ['an hour', 4],
    ['a day', 96],
  ])('are finite for %s', (_name, count) => {
    const { values } = windowFeatures(town(start, count), calibration, alarmAt(0, count));
    expect(values.every(Number.isFinite)).toBe(true);
  });

  test('are finite when nearly everything is missing, absurd or constant', () => {
    fc.assert(
      fc.property(fc.constantFrom(Number.NaN, 0, 1e12, -1e12), fc.integer({ min: 0, max: 8 }), (bad, spared) => {
        const window = town(start, 60, {
          tamper: (_row, name, value) => (name === townChannels[spared]!.name ? value : bad),
        });
        expect(windowFeatures(window, calibration, alarmAt(50, 60)).values.every(Number.isFinite)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  test('work on hourly rows', () => {
    const hourly = fitCalibration(town(0, 21 * 24, { everyRows: 4 }));
    const window = town(21 * 96, 48, { everyRows: 4, leakLps: 6, fromRow: 40 });
    expect(feature(windowFeatures(window, hourly, alarmAt(41, 48)).values, 'flow-main-excess')).toBeGreaterThan(0.15);
  });

  test('refuse an empty window and one of other channels', () => {
    expect(() => windowFeatures(town(start, 0), calibration, alarmAt(0, 1))).toThrow('no rows');
    expect(() => windowFeatures(withChannels(leak, [0, 1]), calibration, alarmAt(0, 4))).toThrow('different channels');
  });
});

import { describe, expect, test } from '@jest/globals';
import type { AlarmContext } from '../../../../lib/core/pack.ts';
import { fitCalibration } from '../../../../lib/core/screening/fit.ts';
import { featureNames, windowFeatures } from '../../../../models/water-network/features.ts';
import { town, weekRows } from '../support/town.ts';

const calibration = fitCalibration(town(0, weekRows));
const alarmAt = (onsetRow: number, rows: number): AlarmContext => ({
  onsetRow,
  rowsSinceOnset: rows - 1 - onsetRow,
  score: 4,
  topChannels: [],
});
const feature = (values: Float32Array, name: string): number => {
  const at = featureNames.indexOf(name);
  expect(at).toBeGreaterThanOrEqual(0);
  return values[at]!;
};
const start = weekRows;
const rows = 192;

describe('the features of a window', () => {
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

  test('work on hourly rows', () => {
    const hourly = fitCalibration(town(0, 21 * 24, { everyRows: 4 }));
    const window = town(21 * 96, 48, { everyRows: 4, leakLps: 6, fromRow: 40 });
    expect(feature(windowFeatures(window, hourly, alarmAt(41, 48)).values, 'flow-main-excess')).toBeGreaterThan(0.15);
  });
});

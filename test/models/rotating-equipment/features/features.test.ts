import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { AlarmContext } from '../../../../lib/core/pack.ts';
import { fitCalibration } from '../../../../lib/core/screening/fit.ts';
import type { Series } from '../../../../lib/core/series.ts';
import { quantityOf } from '../../../../models/rotating-equipment/features/quantity.ts';
import { featureNames, windowFeatures } from '../../../../models/rotating-equipment/features.ts';
import { missingFeature } from '../../../../models/training/conformal.ts';
import { calibration, faultRow, laterRows, machineFault, rows, warmup, withChannels } from '../support/machine.ts';

const alarm = (topChannels: AlarmContext['topChannels'] = []): AlarmContext => ({
  onsetRow: faultRow + 3,
  rowsSinceOnset: rows - 1 - faultRow - 3,
  score: 5,
  topChannels,
});
const featuresOf = (window: Series, own = calibration): Float32Array => windowFeatures(window, own, alarm()).values;
const feature = (values: Float32Array, name: string): number => {
  const at = featureNames.indexOf(name);
  expect(at).toBeGreaterThanOrEqual(0);
  return values[at]!;
};
const identity = warmup.channels.map((_, i) => i);
const imbalance = laterRows([machineFault('imbalance', 0.8)]);
const closing = laterRows([machineFault('valve-closing', 0.7)]);

describe('the features of a window', () => {
  test('have distinct names and finite values', () => {
    expect(new Set(featureNames).size).toBe(featureNames.length);
    expect(featuresOf(closing).length).toBe(featureNames.length);
    expect(featuresOf(closing).every(Number.isFinite)).toBe(true);
  });

  test('do not depend on the order of the channels', () => {
    const expected = windowFeatures(closing, calibration, alarm([{ channel: 2, share: 0.6 }])).values;
    fc.assert(
      fc.property(fc.shuffledSubarray(identity, { minLength: identity.length }), (order) => {
        const own = fitCalibration(withChannels(warmup, order));
        const top = alarm([{ channel: order.indexOf(2), share: 0.6 }]);
        windowFeatures(withChannels(closing, order), own, top).values.forEach((value, i) => {
          expect(Math.abs(value - expected[i]!)).toBeLessThan(0.02 * Math.max(1, Math.abs(expected[i]!)));
        });
      }),
      { numRuns: 6 },
    );
  });

  test('do not depend on units where a quantity has a zero', () => {
    const scaled = (series: Series): Series => ({
      ...series,
      values: series.values.map((value, i) =>
        ['vibration', 'flow', 'current'].includes(quantityOf(series.channels[i % identity.length]!))
          ? value * 3.6
          : value,
      ),
    });
    const expected = featuresOf(closing);
    featuresOf(scaled(closing), fitCalibration(scaled(warmup))).forEach((value, i) => {
      expect(Math.abs(value - expected[i]!)).toBeLessThan(0.05 * Math.max(1, Math.abs(expected[i]!)));
    });
  });

  test('see a closing valve: less flow, more pressure before it, calm vibration', () => {
    const values = featuresOf(closing);
    expect(feature(values, 'flow-ratio-max')).toBeLessThan(-0.1);
    expect(feature(values, 'discharge-shift-max')).toBeGreaterThan(2);
    expect(feature(values, 'flow-against-pressure')).toBeLessThan(-0.1);
    expect(feature(values, 'vibration-ratio-max')).toBeLessThan(1);
  });

  test('see imbalance: both vibrations rise and stay even, hydraulics do not move', () => {
    const values = featuresOf(imbalance);
    expect(feature(values, 'vibration-ratio-min')).toBeGreaterThan(0.5);
    expect(feature(values, 'vibration-unrest-max')).toBeLessThan(0.5);
    expect(Math.abs(feature(values, 'flow-ratio-max'))).toBeLessThan(0.1);
  });

  test('see a worn bearing by its unevenness', () => {
    const worn = featuresOf(laterRows([machineFault('bearing-wear', 0.9)]));
    expect(feature(worn, 'vibration-unrest-max')).toBeGreaterThan(
      feature(featuresOf(imbalance), 'vibration-unrest-max') + 0.5,
    );
  });

  test.each([
    ['flow', ['flow-ratio-max', 'flow-sudden', 'flow-against-pressure', 'efficiency-change', 'current-per-flow']],
    ['pressure', ['discharge-shift-max', 'flow-against-pressure', 'efficiency-change']],
    ['current', ['current-ratio-max', 'efficiency-change', 'current-beyond-speed']],
    ['vibration', ['vibration-ratio-max', 'vibration-apart', 'vibration-per-flow']],
    ['temperature', ['temperature-shift-max', 'temperature-trend']],
  ])('without %s its features are missing and all others are there', (role, missing) => {
    const order = identity.filter((i) => warmup.channels[i]!.role !== role);
    const own = fitCalibration(withChannels(warmup, order));
    const values = featuresOf(withChannels(closing, order), own);
    for (const name of missing) expect(feature(values, name)).toBe(missingFeature);
    expect(feature(values, 'all-shift-max')).toBeGreaterThan(0);
    if (role !== 'flow') expect(feature(values, 'flow-ratio-max')).toBeLessThan(-0.1);
  });

  test('without any role the general features remain', () => {
    const bare: Series = {
      ...closing,
      channels: closing.channels.map((_, i) => ({ name: `x-${i}`, role: 'unknown', unit: '' })),
    };
    const own = fitCalibration({ ...warmup, channels: bare.channels });
    const values = featuresOf(bare, own);
    expect(feature(values, 'share-other')).toBe(1);
    expect(feature(values, 'vibration-ratio-max')).toBe(missingFeature);
    expect(feature(values, 'energy-now-total')).toBeGreaterThan(0);
  });

  test.each([1, 2, 5, 40])('are finite for a window of %i rows', (count) => {
    const width = identity.length;
    const short = {
      ...closing,
      timesMs: closing.timesMs.slice(0, count),
      values: closing.values.slice(0, count * width),
    };
    const context = { onsetRow: 0, rowsSinceOnset: count - 1, score: 3, topChannels: [] };
    expect(windowFeatures(short, calibration, context).values.every(Number.isFinite)).toBe(true);
  });

  test('are finite when nearly everything is missing, absurd or constant', () => {
    fc.assert(
      fc.property(fc.constantFrom(Number.NaN, 0, 1e12, -1e12), fc.integer({ min: 0, max: 7 }), (bad, spared) => {
        const values = closing.values.map((value, i) => (i % identity.length === spared ? value : bad));
        expect(featuresOf({ ...closing, values }).every(Number.isFinite)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  test('refuse an empty window and one of other channels', () => {
    const empty = { ...closing, timesMs: new Float64Array(0), values: new Float64Array(0) };
    expect(() => featuresOf(empty)).toThrow('no rows');
    expect(() => featuresOf(withChannels(closing, [0, 1]))).toThrow('different channels');
  });
});

describe('what a channel measures', () => {
  test.each([
    ['rpm', 'unknown', '', 'speed'],
    ['MotorSpeed', 'unknown', '', 'speed'],
    ['x', 'unknown', 'rpm', 'speed'],
    ['Voltage', 'unknown', '', 'voltage'],
    ['x', 'unknown', 'V', 'voltage'],
    ['motor_power_kw', 'unknown', '', 'power'],
    ['InletPressure', 'pressure', 'bar', 'suction-pressure'],
    ['discharge_pressure', 'pressure', 'bar', 'discharge-pressure'],
    ['Pressure', 'pressure', '', 'pressure'],
    ['bearing_temp_de', 'temperature', '', 'bearing-temperature'],
    ['WaterTemperature', 'temperature', '', 'fluid-temperature'],
    ['Thermocouple', 'temperature', '', 'temperature'],
    ['speed_setpoint', 'setpoint', '', 'other'],
    ['tank-level', 'level', 'm', 'other'],
    ['value', 'unknown', '', 'other'],
  ] as const)('%s of role %s in "%s" is %s', (name, role, unit, quantity) => {
    expect(quantityOf({ name, role, unit })).toBe(quantity);
  });
});

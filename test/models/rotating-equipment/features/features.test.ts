import { describe, expect, test } from '@jest/globals';
import type { AlarmContext } from '../../../../lib/core/pack.ts';
import type { Series } from '../../../../lib/core/series.ts';
import { quantityOf } from '../../../../models/rotating-equipment/features/quantity.ts';
import { featureNames, windowFeatures } from '../../../../models/rotating-equipment/features.ts';
import { calibration, faultRow, laterRows, machineFault, rows } from '../support/machine.ts';

const alarm: AlarmContext = {
  onsetRow: faultRow + 3,
  rowsSinceOnset: rows - 1 - faultRow - 3,
  score: 5,
  topChannels: [],
};
const featuresOf = (window: Series): Float32Array => windowFeatures(window, calibration, alarm).values;
const feature = (values: Float32Array, name: string): number => {
  const at = featureNames.indexOf(name);
  expect(at).toBeGreaterThanOrEqual(0);
  return values[at]!;
};
const imbalance = laterRows([machineFault('imbalance', 0.8)]);
const closing = laterRows([machineFault('valve-closing', 0.7)]);

describe('the features of a window', () => {
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

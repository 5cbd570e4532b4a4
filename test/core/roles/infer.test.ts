import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { channelMeta } from '../../../lib/contracts/telemetry.ts';
import { inferChannels } from '../../../lib/core/roles/infer.ts';

const moving = Float64Array.of(1.5, 2.5, 3.7);
const switching = Float64Array.of(0, 1, 1, 0);

test.each([
  ['tank-1-level', moving, 'level'],
  ['L_T4', moving, 'level'],
  ['PressureInlet_bar', moving, 'pressure'],
  ['p-12', moving, 'pressure'],
  ['Volume flow rate', moving, 'flow'],
  ['pump-3-flow', Float64Array.of(0, 0, 0), 'flow'],
  ['S_PU3', switching, 'pump-state'],
  ['pump 2 running', switching, 'pump-state'],
  ['valve-1-state', switching, 'valve-state'],
  ['Thermocouple', moving, 'temperature'],
  ['accelerometer2', moving, 'vibration'],
  ['Accelerometer1RMS', moving, 'vibration'],
  ['vib_de', moving, 'vibration'],
  ['acc-x', moving, 'vibration'],
  ['motor_current_a', moving, 'current'],
  ['Curr_A', moving, 'current'],
  ['P101.RPM', moving, 'unknown'],
  ['Voltage', moving, 'unknown'],
  ['Current', moving, 'current'],
  ['PM2.5', moving, 'quality'],
  ['pm25_station3', moving, 'quality'],
  ['st3_pm10', moving, 'quality'],
  ['RH station 3 [%]', moving, 'quality'],
  ['Station 4 (µg/m³)', moving, 'quality'],
  ['north_x_ugm3', moving, 'quality'],
  ['st1_temp', moving, 'temperature'],
  ['prv-3-setpoint', moving, 'setpoint'],
  ['value', moving, 'unknown'],
  ['x17', switching, 'unknown'],
] as const)('%s', (name, values, role) => {
  expect(inferChannels([{ name, values }])[0]!.role).toBe(role);
});

test('names the element that a channel belongs to', () => {
  const [flow, state, plain] = inferChannels([{ name: 'pump-3-flow' }, { name: 'S_PU3' }, { name: 'pressure' }]);
  expect([flow!.element, state!.element, plain!.element]).toEqual(['pump-3', 'pu3', undefined]);
});

test('always gives metas that the contract accepts, with names of their own', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string({ minLength: 1, maxLength: 90 }), { maxLength: 20 }), (names) => {
      const metas = inferChannels(names.map((name) => ({ name })));
      for (const meta of metas) channelMeta.parse(meta);
      expect(new Set(metas.map(({ name }) => name)).size).toBe(names.length);
    }),
  );
});

test('a lone m at the end is metres of a pressure or a level, and of nothing else', () => {
  const names = ['P-N1_pressure_m', 'Level_T1_M', 'flow_m', 'temperature_m', 'pressure_bar', 'Pressure_main'];
  expect(inferChannels(names.map((name) => ({ name }))).map(({ unit }) => unit)).toEqual(['m', 'm', '', '', 'bar', '']);
});

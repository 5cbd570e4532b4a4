import { expect, test } from '@jest/globals';
import { namesWithoutUnits } from '../../../lib/core/csv/units.ts';

test('a unit in brackets is left out of the name, however it is written', () => {
  const names = ['p-12 (m)', 'flow [l/s]', 'Temperature (°C)', 'Inflow(m³ / h)', 'NO2 (µg/m³)', 'Motor [RPM]', 'x (%)'];
  const plain = ['p-12', 'flow', 'Temperature', 'Inflow', 'NO2', 'Motor', 'x'];
  expect(namesWithoutUnits(names)).toEqual(plain);
});

test.each([
  ['brackets that hold no unit', ['level (inlet)', 'flow (2)', 'valve (min)', 'pump []', '(m)', 'a (m) b']],
  ['names that only differ by what stands in brackets', ['Pump (A)', 'Pump (B)', 'p (m)', 'P [bar]', 'q (m)', 'q']],
  ['single letters, where another is no unit', ['Pump (A)', 'Gate (B)']],
])('%s stay as they are', (_, names) => {
  expect(namesWithoutUnits(names)).toEqual(names);
});

test('a longer unit is told beside letters that are none', () => {
  expect(namesWithoutUnits(['Pump (A)', 'Gate (B)', 'head (mbar)'])).toEqual(['Pump (A)', 'Gate (B)', 'head']);
});

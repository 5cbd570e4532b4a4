/** What the suite over all packs needs to know of the water-network pack. */
import type { AlarmContext } from '../../../lib/core/pack.ts';
import { fitCalibration } from '../../../lib/core/screening/fit.ts';
import type { Asked, PackDescription } from '../support/description.ts';
import { faultWindows } from './support/fault-windows.ts';
import { type TownDay, town, weekRows } from './support/town.ts';

const rows = 192;
const alarm: AlarmContext = {
  onsetRow: 170,
  rowsSinceOnset: rows - 171,
  score: 6,
  topChannels: [{ channel: 2, share: 0.5 }],
};
const calibration = fitCalibration(town(0, weekRows));
const asked = (day: TownDay) => (): Asked => ({ window: town(weekRows, rows, day), calibration, alarm });

export const description: PackDescription = {
  channels: {
    known: [
      ['pressure-1', 'pressure-2', 'flow-1', 'level-1'],
      ['pressure-1', 'flow-1', 'level-1'],
    ],
    foreign: [
      ['pm25', 'pm10', 'no2', 'o3', 'temperature', 'humidity'],
      ['vib_de', 'motor_current_a', 'rpm'],
      ['value'],
      ['pressure-1', 'a', 'b', 'c'],
    ],
  },
  features: {
    scaled: ({ role }) => role !== 'pump-state',
    without: [
      { what: 'pressures', leaves: ({ role }) => role === 'pressure', missing: ['pressure-shift-median'] },
      { what: 'flows', leaves: ({ role }) => role === 'flow', missing: ['flow-main-excess'] },
      { what: 'levels', leaves: ({ role }) => role === 'level', missing: ['tank-shift-min'] },
      { what: 'states of pumps', leaves: ({ role }) => role === 'pump-state', missing: ['pump-share-off'] },
    ],
    unnamed: {
      share: 'share-unknown',
      missing: ['flow-main-excess', 'tank-shift-min', 'pump-share-off', 'pressure-shift-median'],
    },
  },
  policies: {
    site: 'demo-town',
    acts: {
      leak: ['close-valve', 'raise-ticket'],
      burst: ['close-valve', 'raise-ticket'],
      'pump-failure': ['start-pump', 'raise-ticket'],
    },
    unknownAction: 'open-valve',
    leastConfidence: 800,
    longestAgeMs: 900_000,
    asks: [
      ['a sensor fault', { kind: 'sensor-fault', remedyAction: 'raise-ticket' }, ['never-act-on-a-sensor-fault']],
      ['a valve for a pump', { kind: 'pump-failure' }],
      ['a stuck valve', { kind: 'valve-stuck', remedyAction: 'raise-ticket' }],
    ],
  },
  told: [
    {
      what: 'a leak',
      asked: asked({ leakLps: 7, fromRow: 168 }),
      sentence: /looks like a (leak|burst main) in Z2/,
      place: 'Z2',
    },
  ],
  since: /since \d\d:\d\d UTC/,
  usual: asked({}),
  wrong: faultWindows,
};

import { describe, expect, test } from '@jest/globals';
import { assetRegistration } from '../../../lib/contracts/asset.ts';
import { type Proposal, proposal } from '../../../lib/contracts/remediation.ts';
import type { RemedyContext } from '../../../lib/core/pack.ts';
import { fitCalibration } from '../../../lib/core/screening/fit.ts';
import { judgeRecovery, planRemedy } from '../../../models/water-network/remedies.ts';
import { type TownDay, town, townChannels, weekRows } from './support/town.ts';

const registration = assetRegistration.parse({
  v: 1,
  asset: 'district-1',
  site: 'demo-town',
  pack: 'water-network',
  channels: townChannels,
  topology: {
    zones: [{ name: 'Z1', valve: 'V1' }, { name: 'Z2', valve: 'V2' }, { name: 'Z3' }],
    pumps: [{ name: 'PU1', standby: 'PU2' }, { name: 'PU3' }],
  },
});
type Classified = RemedyContext['classification'];
const plan = (classification: Classified, own = registration): Proposal | undefined => {
  const planned = planRemedy({ registration: own, classification });
  return planned === undefined ? undefined : proposal.parse(planned);
};

describe('planning a remedy', () => {
  test('isolates the zone of a leak, says which channels that moves, and how to undo it', () => {
    expect(plan({ kind: 'leak', zones: ['Z2', 'Z1'] })).toMatchObject({
      action: 'close-valve',
      target: 'V2',
      inverse: 'open-valve',
      parameters: { zone: 'Z2' },
      highImpact: false,
      expectedChannels: ['zone-2-flow', 'p-21', 'p-22'],
    });
  });

  test('starts the stand-by of a failed pump, and the pump itself where there is none', () => {
    expect(plan({ kind: 'pump-failure', suspect: 'PU1' })).toMatchObject({
      action: 'start-pump',
      target: 'PU2',
      inverse: 'stop-pump',
    });
    expect(plan({ kind: 'pump-failure', suspect: 'PU3' })).toMatchObject({ action: 'start-pump', target: 'PU3' });
  });

  test.each<[string, Classified, string]>([
    ['a leak in a zone without a valve', { kind: 'leak', zones: ['Z3'] }, 'Z3'],
    ['a leak that cannot be placed', { kind: 'leak', zones: [] }, 'district-1'],
    ['a leak in a zone that nobody knows', { kind: 'burst', zones: ['Z9'] }, 'Z9'],
    ['a pump that cannot be named', { kind: 'pump-failure' }, 'district-1'],
    ['a pump that nobody knows', { kind: 'pump-failure', suspect: 'PU9' }, 'PU9'],
    ['a stuck valve', { kind: 'valve-stuck', suspect: 'V2' }, 'V2'],
    ['a faulty sensor', { kind: 'sensor-fault', suspect: 'p-12' }, 'p-12'],
    ['an anomaly of no class', { kind: 'anomaly' }, 'district-1'],
    ['a silent asset', { kind: 'silence' }, 'district-1'],
  ])('raises a ticket for %s', (_name, classification, target) => {
    expect(plan(classification)).toMatchObject({ action: 'raise-ticket', target });
  });

  test('does nothing about a normal day', () => {
    expect(plan({ kind: 'normal', zones: ['Z2'] })).toBeUndefined();
  });

  test('calls it high impact to close the only zone there is', () => {
    const single = { ...registration, topology: { ...registration.topology, zones: [{ name: 'Z2', valve: 'V2' }] } };
    expect(plan({ kind: 'leak', zones: ['Z2'] }, single)).toMatchObject({ action: 'close-valve', highImpact: true });
  });
});

const calibration = fitCalibration(town(0, weekRows));
const noon = weekRows + 48;
const closeZone2 = plan({ kind: 'leak', zones: ['Z2'] })!;
const judge = (proposed: Proposal, day: TownDay, rows = 6): string =>
  judgeRecovery(town(noon, rows, day), calibration, proposed);

describe('judging a closed valve', () => {
  const shut = (_row: number, name: string, value: number): number => {
    if (name === 'zone-2-flow') return 0.01;
    if (name === 'inflow') return value * 0.4;
    return name.startsWith('p-2') ? 2 : value;
  };

  test('is recovered when the zone takes nothing and the whole less than its profile, though pressures there are far off', () => {
    expect(judge(closeZone2, { tamper: shut })).toBe('recovered');
  });

  test('is not recovered while the zone still takes water: the valve did not close', () => {
    expect(judge(closeZone2, { leakLps: 8 })).toBe('not-recovered');
  });

  test('is not recovered when the zone is shut and the water still goes: the leak is elsewhere', () => {
    const elsewhere = (row: number, name: string, value: number) =>
      name === 'inflow' ? value * 1.5 : shut(row, name, value);
    expect(judge(closeZone2, { tamper: elsewhere })).toBe('not-recovered');
  });

  test('waits when the zone is nearly shut, when rows are too few, and when nothing can be seen', () => {
    const nearly = (row: number, name: string, value: number) =>
      name === 'zone-2-flow' ? value * 0.1 : shut(row, name, value);
    expect(judge(closeZone2, { tamper: nearly })).toBe('not-yet');
    expect(judge(closeZone2, { tamper: shut }, 1)).toBe('not-yet');
    expect(judge(closeZone2, { tamper: () => Number.NaN })).toBe('not-yet');
  });
});

describe('judging a started pump', () => {
  const start = plan({ kind: 'pump-failure', suspect: 'PU3' })!;
  const own = { ...start, target: 'PU1' };

  test('is recovered when it runs and pressures are back, and not while it stands still', () => {
    expect(judge(own, { tamper: (_row, name, value) => (name === 'pump' ? 1 : value) })).toBe('recovered');
    expect(judge(own, { tamper: (_row, name, value) => (name === 'pump' ? 0 : value) })).toBe('not-recovered');
  });

  test('waits while pressures are still low', () => {
    const low = (_row: number, name: string, value: number) =>
      name === 'pump' ? 1 : name.startsWith('p-') ? value - 12 : value;
    expect(judge(own, { tamper: low })).toBe('not-yet');
  });

  test('goes by pressures where the pump itself is not measured', () => {
    expect(judge(start, {})).toBe('recovered');
  });
});

test('a ticket is nothing that sensors could verify', () => {
  expect(judge(plan({ kind: 'sensor-fault', suspect: 'p-12' })!, {})).toBe('not-yet');
});

import { describe, expect, test } from '@jest/globals';
import { assetRegistration } from '../../../lib/contracts/asset.ts';
import { type Proposal, proposal as proposalSchema } from '../../../lib/contracts/remediation.ts';
import type { Series } from '../../../lib/core/series.ts';
import { manifest } from '../../../models/rotating-equipment/manifest.ts';
import { judgeRecovery, planRemedy } from '../../../models/rotating-equipment/remedies.ts';
import { calibration, faultRow, faultTime, laterRows, machineFault, rows, warmup } from './support/machine.ts';

const registration = (setpoint: boolean) =>
  assetRegistration.parse({
    v: 1,
    asset: 'pump-101',
    site: 'demo-plant',
    pack: 'rotating-equipment',
    channels: [
      ...warmup.channels,
      ...(setpoint ? [{ name: 'speed_setpoint', role: 'setpoint', element: 'P-101/drive' }] : []),
    ],
    topology: { zones: [], pumps: [{ name: 'P-101' }] },
  });
const plan = (kind: string, setpoint = true, suspect?: string): Proposal | undefined => {
  const classification = { kind, ...(suspect === undefined ? {} : { suspect }) };
  const made = planRemedy({ registration: registration(setpoint), classification });
  return made && proposalSchema.parse(made);
};

/** The last rows of a run, as they come after an action has settled. */
const tail = (series: Series, count = 20): Series => {
  const width = series.channels.length;
  return {
    ...series,
    timesMs: series.timesMs.slice(-count),
    values: series.values.slice(-count * width),
  };
};

describe('what is proposed', () => {
  test.each(['cavitation', 'imbalance'])(
    '%s: a machine whose speed can be set is slowed down, and can be undone',
    (kind) => {
      expect(plan(kind)).toMatchObject({
        action: 'reduce-speed',
        target: 'P-101/drive',
        inverse: 'restore-speed',
        highImpact: false,
        parameters: { percent: 85 },
      });
      expect(plan(kind)!.expectedChannels).not.toContain('supply_voltage_v');
    },
  );

  test.each(['cavitation', 'imbalance'])('%s: a machine of fixed speed gets a ticket', (kind) => {
    expect(plan(kind, false)).toMatchObject({ action: 'raise-ticket', target: 'P-101', highImpact: false });
  });

  test('a worn bearing: stop the machine, which is a high impact', () => {
    expect(plan('bearing-wear', true, 'vib_de')).toMatchObject({
      action: 'stop-machine',
      target: 'P-101',
      inverse: 'start-machine',
      highImpact: true,
      parameters: { near: 'vib_de' },
    });
  });

  test.each(['blockage', 'valve-closing', 'sensor-fault', 'anomaly'])('%s: a ticket', (kind) => {
    expect(plan(kind)).toMatchObject({ action: 'raise-ticket', parameters: { kind } });
  });

  test('a sensor: a ticket for that sensor', () => {
    expect(plan('sensor-fault', true, 'vib_de')).toMatchObject({ target: 'vib_de' });
  });

  test('normal: nothing', () => {
    expect(plan('normal')).toBeUndefined();
  });

  test('only what the manifest lists', () => {
    for (const kind of manifest.kinds) {
      for (const setpoint of [true, false]) {
        const made = plan(kind, setpoint);
        if (made === undefined) continue;
        expect(manifest.remedies.filter((one) => one.kind === kind).map((one) => one.action)).toContain(made.action);
      }
    }
  });
});

describe('whether it helped', () => {
  const slowed = plan('imbalance')!;
  const stopped = plan('bearing-wear')!;
  const shaking = tail(laterRows([machineFault('imbalance', 0.8)]));
  const still = tail(
    laterRows([], [{ kind: 'stop', startMs: faultTime.startMs, endMs: faultTime.endMs }]),
    rows - faultRow - 30,
  );

  test('slowed down: calm vibration is a recovery, shaking is none', () => {
    expect(judgeRecovery(tail(laterRows()), calibration, slowed)).toBe('recovered');
    expect(judgeRecovery(shaking, calibration, slowed)).toBe('not-recovered');
  });

  test('stopped: standing still is a recovery, running is none', () => {
    expect(judgeRecovery(still, calibration, stopped)).toBe('recovered');
    expect(judgeRecovery(tail(laterRows()), calibration, stopped)).toBe('not-recovered');
  });

  test('too few rows, and rows in which nothing was measured, say nothing', () => {
    expect(judgeRecovery(tail(laterRows(), 2), calibration, slowed)).toBe('not-yet');
    const blind = { ...shaking, values: shaking.values.map(() => Number.NaN) };
    expect(judgeRecovery(blind, calibration, slowed)).toBe('not-yet');
    expect(judgeRecovery(blind, calibration, stopped)).toBe('not-yet');
  });

  test('a ticket is judged by people', () => {
    expect(judgeRecovery(tail(laterRows()), calibration, plan('blockage')!)).toBe('not-yet');
  });
});

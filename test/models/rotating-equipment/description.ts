/** What the suite over all packs needs to know of the rotating-equipment pack. */
import { expect } from '@jest/globals';
import type { AlarmContext } from '../../../lib/core/pack.ts';
import { quantityOf } from '../../../models/rotating-equipment/features/quantity.ts';
import type { FaultSpec } from '../../../models/rotating-equipment/generator/faults.ts';
import { argMax } from '../../../models/training/metrics.ts';
import type { Asked, PackDescription, Told } from '../support/description.ts';
import { faultWindows } from './support/fault-windows.ts';
import { calibration, faultRow, faultTime, laterRows, machineFault, rows, warmup } from './support/machine.ts';

const alarm: AlarmContext = { onsetRow: faultRow + 2, rowsSinceOnset: rows - 3 - faultRow, score: 6, topChannels: [] };
const asked =
  (faults: readonly FaultSpec[] = []) =>
  (): Asked => ({ window: laterRows(faults), calibration, alarm });
const told = (fault: FaultSpec, sentence: RegExp, more: Pick<Told, 'suspect'> = {}): Told => ({
  what: `a ${fault.kind}`,
  kind: fault.kind,
  asked: asked([fault]),
  sentence,
  ...more,
});
const role = (wanted: string) => (channel: { readonly role: string }) => channel.role === wanted;
const flow = warmup.channels.findIndex(role('flow'));
const stuck = { channel: flow, form: 'stuck' as const, size: 0, readsZero: false };

export const description: PackDescription = {
  channels: {
    known: [
      ['Accelerometer1RMS', 'Accelerometer2RMS', 'Current', 'Pressure', 'Temperature', 'Voltage', 'FlowRate'],
      ['vib_de', 'motor_current_a', 'flow', 'rpm'],
      ['Vibration DE (mm/s)', 'Motor current (A)', 'Bearing temperature', 'Speed (rpm)'],
      ['P101.VIB1', 'P101.AMPS', 'P101.TT1', 'P101.FT1', 'P101.PT1', 'P101.RPM'],
      warmup.channels.map(({ name }) => name),
    ],
    foreign: [
      ['pressure-1', 'pressure-2', 'flow-1', 'level-1'],
      ['value'],
      ['temperature', 'humidity'],
      ['vib_de', 'a', 'b', 'c'],
    ],
  },
  features: {
    // A pressure and a temperature have no zero of their own.
    scaled: (channel) => ['vibration', 'flow', 'current'].includes(quantityOf(channel)),
    without: [
      {
        what: 'flow',
        leaves: role('flow'),
        missing: [
          'flow-ratio-max',
          'flow-sudden',
          'flow-against-pressure',
          'efficiency-change',
          'current-per-flow',
          'vibration-per-flow',
        ],
      },
      {
        what: 'pressure',
        leaves: role('pressure'),
        missing: ['discharge-shift-max', 'flow-against-pressure', 'efficiency-change'],
      },
      {
        what: 'current',
        leaves: role('current'),
        missing: ['current-ratio-max', 'efficiency-change', 'current-beyond-speed', 'current-per-flow'],
      },
      {
        what: 'vibration',
        leaves: role('vibration'),
        missing: ['vibration-ratio-max', 'vibration-apart', 'vibration-per-flow'],
      },
      { what: 'temperature', leaves: role('temperature'), missing: ['temperature-shift-max', 'temperature-trend'] },
    ],
    unnamed: { share: 'share-other', missing: ['vibration-ratio-max'] },
  },
  policies: {
    site: 'demo-plant',
    acts: {
      cavitation: ['reduce-speed', 'raise-ticket'],
      imbalance: ['reduce-speed', 'raise-ticket'],
      blockage: ['raise-ticket'],
      'valve-closing': ['raise-ticket'],
    },
    unknownAction: 'restore-speed',
    leastConfidence: 850,
    longestAgeMs: 900_000,
    asks: [
      ['a sensor fault', { kind: 'sensor-fault', remedyAction: 'raise-ticket' }, ['never-act-on-a-sensor-fault']],
      [
        'a worn bearing, however sure it is',
        { kind: 'bearing-wear', remedyAction: 'stop-machine', confidence: 1000, highImpact: true },
        ['never-act-alone-with-high-impact', 'never-stop-a-machine-alone'],
      ],
      [
        'a stop that forgot to say how much it does',
        { kind: 'bearing-wear', remedyAction: 'stop-machine' },
        ['never-stop-a-machine-alone'],
      ],
      ['slowing down for a blockage', { kind: 'blockage' }],
    ],
  },
  told: [
    told(machineFault('imbalance', 0.8), /RMS is \d+ % above .*looks like imbalance/),
    told(machineFault('cavitation', 0.9), /looks like cavitation/),
    told(machineFault('valve-closing', 0.7), /FlowRate is \d+ % below .*looks like a valve that closes/),
    told(machineFault('bearing-wear', 0.9), /looks like a worn bearing/),
    told({ kind: 'sensor-fault', sensor: stuck, ...faultTime }, /has not moved/, {
      suspect: warmup.channels[flow]!.name,
    }),
  ],
  since: /since \d\d:\d\d:\d\d UTC/,
  usual: asked(),
  wrong: faultWindows,
  heldOut: {
    seeds: [77_001, 77_002, 77_003, 77_004, 77_005],
    holds: ({ probabilities, labels, kinds, macroF1 }) => {
      expect(macroF1).toBeGreaterThan(0.6);
      // A fault is hardly ever called normal with much confidence.
      const normal = kinds.indexOf('normal');
      const missed = probabilities.filter(
        (row, i) => labels[i] !== normal && argMax(row) === normal && row[normal]! > 0.9,
      );
      expect(missed.length / labels.length).toBeLessThan(0.1);
    },
  },
};

/** A small generated machine, its warm-up, and one fault of each kind: what the pack can be tried on. */
import type { PackExample } from '../../lib/core/pack.ts';
import type { FaultSpec } from './generator/faults.ts';
import { drawMachine } from './generator/machine.ts';
import { runMachine } from './generator/run.ts';

const startMs = Date.UTC(2025, 5, 2, 9);
const warmupRows = 600;
const afterMs = startMs + warmupRows * 1000;
const rows = 360;
const fromMs = afterMs + 200_000;
const time = { startMs: fromMs, endMs: afterMs + rows * 1000, rampS: 3 };

const machine = drawMachine({ seed: 4, periodS: 1, suite: 'rig' });
const warmup = runMachine(machine, { seed: 11, startMs, rows: warmupRows, warm: true });
const flow = machine.channels.findIndex(({ role }) => role === 'flow');

const faults: readonly FaultSpec[] = [
  { kind: 'cavitation', severity: 0.9, site: 'none', ...time },
  { kind: 'blockage', severity: 0.8, site: 'impeller', ...time },
  { kind: 'imbalance', severity: 0.8, site: 'none', ...time },
  { kind: 'bearing-wear', severity: 0.9, site: 'drive-end', ...time },
  { kind: 'valve-closing', severity: 0.7, site: 'none', ...time },
  { kind: 'sensor-fault', sensor: { channel: flow, form: 'noise', size: 2, readsZero: false }, ...time },
];

export const example: PackExample = {
  history: () => warmup.series,
  topology: { zones: [], pumps: [{ name: 'P-101' }] },
  events: faults.map((fault) => ({
    kind: fault.kind,
    fromMs,
    rows: () => runMachine(machine, { seed: 12, startMs: afterMs, rows, state: warmup.state, faults: [fault] }).series,
  })),
};

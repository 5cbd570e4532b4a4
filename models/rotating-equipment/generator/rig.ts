/**
 * A laboratory rig: a small closed loop of eight channels, a row a second. Its first rows are normal and not
 * stationary (the machine still warms, the load steps); then come one to three stretches with a fault, some of them
 * mild, with normal rows between and after them.
 */
import { between, childRandom, integerBetween, type Random } from '../../../lib/core/random.ts';
import type { Series } from '../../../lib/core/series.ts';
import type { MachineFault, MachineFaultKind } from './faults.ts';
import { drawMachine } from './machine.ts';
import { runMachine } from './run.ts';

export type RigLabel = 'normal' | MachineFaultKind;

export interface RigSeries {
  readonly series: Series;
  /** What is true at each row, by the start and the end of the fault; a fault that still grows counts from its start. */
  readonly labels: readonly RigLabel[];
  readonly faults: readonly MachineFault[];
}

const rigFaults: readonly MachineFaultKind[] = [
  'valve-closing',
  'imbalance',
  'cavitation',
  'blockage',
  'fluid-heating',
];
/** Rows that are normal in every series; a warm-up may be as long. */
export const rigNormalRows = 420;
const startMs = Date.UTC(2025, 4, 12, 9, 0, 0);

/** The same seed gives the same series: 1,000 to 1,200 rows of 8 channels. */
export function rigSeries(seed: number): RigSeries {
  const random = childRandom(seed, 'rig');
  const machine = drawMachine({ seed, periodS: 1, suite: 'rig' });
  const rows = integerBetween(random, 1000, 1200);
  const faults = drawStretches(random, rows);
  // Switched on some minutes ago: the slow bodies are still on their way.
  const before = runMachine(machine, {
    seed: seed + 1,
    startMs: startMs - 3_600_000,
    rows: integerBetween(random, 300, 2400),
  });
  const { series } = runMachine(machine, { seed, startMs, rows, state: before.state, faults });
  const labels = Array.from(series.timesMs, (timeMs): RigLabel => {
    const now = faults.find((fault) => timeMs >= fault.startMs && timeMs < fault.endMs);
    return now?.kind ?? 'normal';
  });
  return { series, labels, faults };
}

function drawStretches(random: Random, rows: number): MachineFault[] {
  const count = integerBetween(random, 1, 3);
  const room = (rows - rigNormalRows) / count;
  const kind = rigFaults[integerBetween(random, 0, rigFaults.length - 1)]!;
  return Array.from({ length: count }, (_, i) => {
    // Mostly one kind a run, as experiments are made.
    const own = random() < 0.7 ? kind : rigFaults[integerBetween(random, 0, rigFaults.length - 1)]!;
    const length = Math.round(room * between(random, 0.35, 0.8));
    const from = Math.round(rigNormalRows + room * i + between(random, 0.05, 0.95) * (room - length));
    const mild = random() < 0.3;
    return {
      kind: own,
      severity: mild ? between(random, 0.12, 0.35) : between(random, 0.35, 0.95),
      site: own === 'blockage' ? (random() < 0.6 ? 'impeller' : 'strainer') : 'none',
      startMs: startMs + from * 1000,
      endMs: startMs + Math.min(rows, from + length) * 1000,
      rampS: random() < 0.55 ? between(random, 1, 15) : between(random, 0.2, 0.7) * length,
    };
  });
}

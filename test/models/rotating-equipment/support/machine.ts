/** A machine at a desk: its warm-up, its calibration, and what it does next. */
import { fitCalibration } from '../../../../lib/core/screening/fit.ts';
import type { Series } from '../../../../lib/core/series.ts';
import type { FaultSpec, MachineFaultKind } from '../../../../models/rotating-equipment/generator/faults.ts';
import { drawMachine } from '../../../../models/rotating-equipment/generator/machine.ts';
import { type NormalEvent, runMachine } from '../../../../models/rotating-equipment/generator/run.ts';

const machineSeed = 4;
export const startMs = Date.UTC(2025, 5, 2, 9);
const warmupRows = 600;
/** Rows after the warm-up, healthy until `faultRow`. */
export const rows = 300;
export const faultRow = 200;

const machine = drawMachine({ seed: machineSeed, periodS: 1, suite: 'rig' });
const warm = runMachine(machine, { seed: 11, startMs, rows: warmupRows, warm: true });
export const warmup = warm.series;
export const calibration = fitCalibration(warmup);
const runStartMs = startMs + warmupRows * 1000;

/** Rows after the warm-up, with faults and events as they are given; another seed is another load and other noise. */
export const laterRows = (faults: readonly FaultSpec[] = [], events: readonly NormalEvent[] = [], seed = 12): Series =>
  runMachine(machine, { seed, startMs: runStartMs, rows, state: warm.state, faults, events }).series;

export const faultTime = {
  startMs: runStartMs + faultRow * 1000,
  endMs: runStartMs + rows * 1000,
  rampS: 2,
};

export const machineFault = (kind: MachineFaultKind, severity: number): FaultSpec => ({
  kind,
  severity,
  site: kind === 'blockage' ? 'impeller' : kind === 'bearing-wear' ? 'drive-end' : 'none',
  ...faultTime,
});

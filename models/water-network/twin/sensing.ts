/** From physical values to what a channel reports: noise, sensor faults, range, rounding, missing cells. */
import { childRandom, normal, type Random } from '../../../lib/core/random.ts';
import { type FaultSpec, progress } from './faults.ts';
import type { Sensor } from './network-types.ts';

/** State of one channel between rows. */
interface ChannelState {
  readonly sensor: Sensor;
  readonly random: Random;
  lastGood: number;
  /** Rows that a communication gap still lasts. */
  gapRows: number;
}

/** Turns physical values into readings; keeps what stuck and silent sensors need to remember. */
export class SensorBank {
  private readonly states: ChannelState[];
  /** The process's own list, which may grow. */
  private readonly faults: readonly FaultSpec[];
  private readonly missingCells: number;
  private readonly noiseFactor: number;

  constructor(
    sensors: readonly Sensor[],
    faults: readonly FaultSpec[],
    options: { readonly seed: number; readonly missingCells: number; readonly noiseFactor: number },
  ) {
    this.faults = faults;
    this.missingCells = options.missingCells;
    this.noiseFactor = options.noiseFactor;
    this.states = sensors.map((sensor) => ({
      sensor,
      random: childRandom(options.seed, 'sensor', sensor.channel),
      lastGood: Number.NaN,
      gapRows: 0,
    }));
  }

  /** Reads every channel at `timeMs`; `physical[i]` belongs to sensor i, in SI units of the engine (l/s, m, 0 or 1). */
  read(timeMs: number, physical: Float64Array, out: Float64Array): void {
    for (const [index, state] of this.states.entries()) out[index] = this.one(state, timeMs, physical[index]!);
  }

  private one(state: ChannelState, timeMs: number, physical: number): number {
    const { sensor, random } = state;
    // The draws do not depend on the faults, so that two runs that differ in one fault differ in nothing else.
    // Flow meters cut off at creeping flow: a shut valve reads nothing, not noise.
    const quiet = sensor.kind === 'flow' && Math.abs(physical) < 1e-3;
    const noise = normal(random) * (quiet ? 0 : sensor.noise * this.noiseFactor);
    const [lost, chance, size, gap] = [random(), random(), normal(random), random()];
    const good = physical * sensor.scale + noise;
    let value = good;
    let missing = state.gapRows > 0;
    if (state.gapRows > 0) state.gapRows -= 1;
    else if (lost < this.missingCells) {
      missing = true;
      state.gapRows = gap < 0.25 ? Math.floor(gap * 16) : 0;
    }
    let active = false;
    for (const fault of this.faults) {
      if (fault.kind !== 'sensor-fault' || fault.element !== sensor.channel) continue;
      const part = progress(fault, timeMs);
      if (part === 0) continue;
      active = true;
      if (fault.subKind === 'stuck') value = Number.isNaN(state.lastGood) ? good : state.lastGood;
      else if (fault.subKind === 'drift' || fault.subKind === 'offset') value += part * fault.severity;
      else if (fault.subKind === 'spike') value += chance < 0.2 ? fault.severity * (size < 0 ? -1 : 1) : 0;
      else if (fault.subKind === 'noise') value += fault.severity * size;
      else if (fault.subKind === 'dropout' && chance < fault.severity) {
        if (fault.readsZero === true) value = sensor.low;
        else missing = true;
      }
    }
    if (!active) state.lastGood = good;
    if (missing) return Number.NaN;
    const bounded = Math.min(sensor.high, Math.max(sensor.low, value));
    // Divide at the end where the step is a fraction of one: 0.1 × 3 is not 0.3, 3 ÷ 10 is.
    const perUnit = Math.round(1 / sensor.step);
    return Math.round(bounded * perUnit) / perUnit;
  }
}

/** What instruments make of the truth: lag, noise with a memory, rounding, gaps, slow sampling, and their own faults. */
import { normal, type Random } from '../../../lib/core/random.ts';

export type Quantity =
  | 'vibration'
  | 'current'
  | 'voltage'
  | 'winding-temperature'
  | 'bearing-temperature'
  | 'casing-temperature'
  | 'fluid-temperature'
  | 'flow'
  | 'discharge-pressure'
  | 'suction-pressure'
  | 'speed';

export interface SensorSpec {
  readonly quantity: Quantity;
  /** For vibration: which accelerometer, 0 the drive end. */
  readonly position: number;
  /** From the unit of the physics (A, V, °C, m³/h, m of water, rpm, healthy vibration) to that of the channel. */
  readonly gain: number;
  /** Standard deviation of the noise, in the channel's unit. */
  readonly noise: number;
  /** Part of the noise that remains after a second, 0 for white noise. */
  readonly noiseMemory: number;
  readonly lagS: number;
  /** Step that values are rounded to, in the channel's unit; 0 for none. */
  readonly step: number;
  /** The channel is read anew every so many rows, and holds or is missing in between. */
  readonly everyRows: number;
  readonly between: 'hold' | 'gap';
  readonly missingRate: number;
}

export interface SensorState {
  noise: number;
  lagged: number;
  held: number;
}

export const freshSensor = (): SensorState => ({ noise: 0, lagged: Number.NaN, held: Number.NaN });

export type SensorFaultForm = 'stuck' | 'drift' | 'offset' | 'spike' | 'noise' | 'dropout';

export interface SensorFault {
  readonly channel: number;
  readonly form: SensorFaultForm;
  /** Offset, end of the drift, height of spikes or deviation of the noise, in the channel's unit; share of rows lost. */
  readonly size: number;
  readonly readsZero: boolean;
}

const spikeRate = 0.15;

/**
 * One cell.
 * @param truth in the unit of the physics
 * @param progress of the fault on this channel, 0 to 1; undefined where it has none
 */
export function readSensor(
  spec: SensorSpec,
  state: SensorState,
  truth: number,
  row: number,
  stepS: number,
  random: Random,
  fault: { spec: SensorFault; progress: number } | undefined,
): number {
  // Always the same number of draws, so that a fault on one channel does not shift the noise of all others.
  const draws = [normal(random), random(), normal(random), random()] as const;
  const target = truth * spec.gain;
  state.lagged =
    Number.isNaN(state.lagged) || spec.lagS <= 0
      ? target
      : target + (state.lagged - target) * Math.exp(-stepS / spec.lagS);
  const memory = spec.noiseMemory ** stepS;
  state.noise = memory * state.noise + Math.sqrt(1 - memory ** 2) * draws[0];
  let value = state.lagged + spec.noise * state.noise;
  if (fault !== undefined) value = faulted(fault.spec, fault.progress, value, state.held, draws);
  if (spec.step > 0) value = Math.round(value / spec.step) * spec.step;
  if (row % spec.everyRows !== 0) return spec.between === 'hold' ? state.held : Number.NaN;
  const stuck = fault?.spec.form === 'stuck' && !Number.isNaN(state.held);
  const reading = stuck ? state.held : value;
  if (!Number.isNaN(reading)) state.held = reading;
  return draws[1] < spec.missingRate ? Number.NaN : tidy(reading, spec.step);
}

function faulted(
  { form, size, readsZero }: SensorFault,
  progress: number,
  value: number,
  held: number,
  draws: readonly [number, number, number, number],
): number {
  switch (form) {
    case 'stuck':
      return Number.isNaN(held) ? value : held;
    case 'drift':
      return value + size * progress;
    case 'offset':
      return value + size;
    case 'spike':
      return draws[3] < spikeRate ? value + size * (0.6 + 0.4 * Math.abs(draws[2])) : value;
    case 'noise':
      return value + size * draws[2];
    case 'dropout':
      return draws[3] < size ? (readsZero ? 0 : Number.NaN) : value;
  }
}

/** Multiples of 0.01 as people write them, not as binary sums leave them. */
const tidy = (value: number, step: number): number => (step > 0 ? Number(value.toPrecision(12)) : value);

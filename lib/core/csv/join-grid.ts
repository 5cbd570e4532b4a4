/** Common rows for sensors that were recorded each for itself: how far rows lie apart, and in which row a reading falls. */
import { medianPeriod } from '../screening/fit.ts';

export interface SensorOnGrid {
  /** How far its readings usually lie from the middle of a row, ms; a sensor that reads between two rows keeps to one side. */
  readonly offsetMs: number;
  /** Rows for which a reading stands, its own included: one, or as many as its usual interval is long. */
  readonly standsRows: number;
}

export interface JoinGrid {
  readonly rowMs: number;
  /** Time of row 0, ms since the epoch, from 0 to below `rowMs`. */
  readonly phaseMs: number;
  readonly sensors: readonly SensorOnGrid[];
}

const secondMs = 1000;
const hourMs = 3_600_000;
/** Intervals that people set: a jittering clock is taken to mean the one next to it. */
const setIntervalsMs = [
  ...[0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5].map((s) => s * secondMs),
  ...[1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30].flatMap((n) => [n * secondMs, n * 60 * secondMs]),
  ...[1, 2, 3, 4, 6, 8, 12, 24].map((n) => n * hourMs),
];
/** So far from it the usual interval may be. */
const nearShare = 0.02;
/** An interval so little longer than a row is one row long. */
const spareShare = 0.05;
/** Readings gather about a time of the row where the mean of their directions is so long, of 1. */
const gathered = 0.5;

/** Usual interval of a sensor, ms: the median of its steps, or the set interval next to it where they jitter. NaN for one time. */
export function usualIntervalMs(timesMs: Float64Array): number {
  if (timesMs.length < 2) return Number.NaN;
  const median = medianPeriod(timesMs);
  let same = 0;
  for (let r = 1; r < timesMs.length; r += 1) if (Math.abs(timesMs[r]! - timesMs[r - 1]! - median) < 1) same += 1;
  if (same >= 0.5 * (timesMs.length - 1)) return median;
  return setIntervalsMs.find((set) => Math.abs(median / set - 1) <= nearShare) ?? Math.max(1, Math.round(median));
}

/** Where in a row of `rowMs` times lie, by the mean of their directions on a circle: ms, and how well they agree, to 1. */
function phaseOf(timesMs: readonly number[], rowMs: number): { readonly ms: number; readonly agree: number } {
  const turn = (2 * Math.PI) / rowMs;
  let [x, y] = [0, 0];
  for (const time of timesMs) {
    x += Math.cos((time % rowMs) * turn);
    y += Math.sin((time % rowMs) * turn);
  }
  return { ms: Math.round(Math.atan2(y, x) / turn), agree: Math.hypot(x, y) / Math.max(1, timesMs.length) };
}

const within = (ms: number, rowMs: number): number => ((ms % rowMs) + rowMs) % rowMs;

/**
 * Tells the rows from the first times of each sensor.
 * @param heads ascending times, ms since the epoch; at least one
 * @param rowMs distance of rows where it was said; else the median of the sensors' usual intervals
 */
export function tellGrid(heads: readonly Float64Array[], rowMs?: number): JoinGrid {
  const intervals = heads.map(usualIntervalMs);
  const known = intervals.filter((ms) => ms > 0).sort((a, b) => a - b);
  const distance = rowMs ?? known[Math.floor((known.length - 1) / 2)] ?? secondMs;
  // Sensors no faster than the rows tell where rows stand; a faster one has several readings in each, and no place in it.
  const phases = heads.map((head) => phaseOf([...head], distance));
  const telling = heads.flatMap((_, s) => (phases[s]!.agree >= gathered && !(intervals[s]! < distance / 2) ? [s] : []));
  const common = phaseOf(
    telling.map((s) => phases[s]!.ms),
    distance,
  );
  const exact = telling.every((s) => phases[s]!.agree > 1 - 1e-9);
  // The middle one: most sensors read on the row, not beside it for the sake of a few.
  const sides = telling.map((s) => within(phases[s]!.ms - common.ms + distance / 2, distance) - distance / 2);
  const middle = within(common.ms + (sides.sort((a, b) => a - b)[Math.floor(sides.length / 2)] ?? 0), distance);
  const apart = Math.min(middle, distance - middle);
  // Jitter about the full minute leaves a mean of some seconds: the minute is meant.
  const none = telling.length === 0 || common.agree < gathered;
  const phaseMs = none || (!exact && apart <= distance / 20) ? 0 : middle;
  const sensors = heads.map((_, s): SensorOnGrid => {
    const offset = within(phases[s]!.ms - phaseMs + distance / 2, distance) - distance / 2;
    const interval = intervals[s]!;
    return {
      offsetMs: telling.includes(s) ? offset : 0,
      standsRows: interval > 0 ? Math.max(1, Math.ceil(interval / distance - spareShare)) : 1,
    };
  });
  return { rowMs: distance, phaseMs, sensors };
}

/** Number of the row in which a reading falls: the one whose middle is nearest. */
export const rowOf = ({ rowMs, phaseMs, sensors }: JoinGrid, sensor: number, timeMs: number): number =>
  Math.round((timeMs - phaseMs - sensors[sensor]!.offsetMs) / rowMs);

/** Time of a row, ms since the epoch. */
export const timeOfRow = ({ rowMs, phaseMs }: JoinGrid, row: number): number => phaseMs + row * rowMs;

/** What is known of one sensor from row to row: the last value of a row counts, and stands for its rows. */
export class StandingValues {
  readonly #values: Float64Array;
  readonly #standsRows: number;
  #row = Number.NEGATIVE_INFINITY;

  /** @param width channels of the sensor */
  constructor(width: number, standsRows: number) {
    this.#values = new Float64Array(width).fill(Number.NaN);
    this.#standsRows = standsRows;
  }

  /** Takes a reading. One that is missing ends what stood before its row, but takes nothing from its own row. */
  take(row: number, channel: number, value: number): void {
    if (row !== this.#row) this.#values.fill(Number.NaN);
    this.#row = row;
    if (!Number.isNaN(value)) this.#values[channel] = value;
  }

  /** The value at a row, NaN where none stands. */
  at(row: number, channel: number): number {
    return row - this.#row < this.#standsRows ? this.#values[channel]! : Number.NaN;
  }
}

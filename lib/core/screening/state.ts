/** What screening remembers from row to row, and its place in the compact `floats` of the contract. */
import type { ScreenState } from '../../contracts/calibration.ts';
import { decodeFloats, encodeFloats } from './floats.ts';
import type { OpenCalibration } from './open.ts';

/** Vectors of `channels` numbers: value, run, smoothed residual, smoothed level, slowly smoothed level. */
const vectorCount = 5;
/** Scalars behind the vectors. */
const scalarCount = 15;
/** Vectors and scalars of states that were written before trends, and before recovery, were weighed. */
const formerCounts = [
  [4, 13],
  [4, 11],
] as const;

export interface OpenState {
  lastMs: number;
  rows: number;
  /** Values of the last row in scales about the centre, missing ones filled. */
  readonly last: Float32Array;
  /** Rows for which each channel has had exactly its last value. */
  readonly runs: Float32Array;
  readonly shift: Float32Array;
  readonly drift: Float32Array;
  readonly slow: Float32Array;
  /** Smoothed logarithm of the dynamic residual's size. */
  activity: number;
  /** Smoothed fresh evidence, on which release is decided. */
  fresh: number;
  /** 1 in alarm. */
  alarm: number;
  /** Rows in a row below the release level. */
  calmRows: number;
  /** Evidence that a new peak must surpass; falls slowly. */
  hold: number;
  /** What `hold` loses a row. */
  holdLoss: number;
  /** Highest evidence since the onset, as reported. */
  peak: number;
  /** Rows that the alarm has stood. */
  alarmRows: number;
  /** Most decimals in the last full window of cells, −1 before. */
  decimals: number;
  windowDecimals: number;
  windowCells: number;
  /** Usual fresh evidence of the standing alarm, −log10 p. */
  level: number;
  /** Natural logarithm of the odds that the standing alarm's cause has gone, never below 0. */
  recovery: number;
  /** Weight that the smoothed, and the slowly smoothed, levels have gathered: 0 at first, then towards 1. */
  driftPart: number;
  slowPart: number;
}

/** Digits of the calibration's hash that a state carries. */
const hashDigits = 16;

export function newState(calibration: OpenCalibration): OpenState {
  const vector = (): Float32Array => new Float32Array(calibration.channelCount);
  return {
    lastMs: 0,
    rows: 0,
    last: vector(),
    runs: vector(),
    shift: vector(),
    drift: vector(),
    slow: vector(),
    activity: 0,
    fresh: 0,
    alarm: 0,
    calmRows: 0,
    hold: 0,
    holdLoss: 0,
    peak: 0,
    alarmRows: 0,
    decimals: -1,
    windowDecimals: -1,
    windowCells: 0,
    level: 0,
    recovery: 0,
    driftPart: 0,
    slowPart: 0,
  };
}

/** Packs a state; numbers are kept as float32, as they are computed with. */
export function packState(calibration: OpenCalibration, state: OpenState): ScreenState {
  const count = calibration.channelCount;
  const floats = new Float32Array(vectorCount * count + scalarCount);
  floats.set(state.last, 0);
  floats.set(state.runs, count);
  floats.set(state.shift, 2 * count);
  floats.set(state.drift, 3 * count);
  floats.set(state.slow, 4 * count);
  floats.set(
    [
      state.activity,
      state.fresh,
      state.alarm,
      state.calmRows,
      state.hold,
      state.holdLoss,
      state.peak,
      state.alarmRows,
      state.decimals,
      state.windowDecimals,
      state.windowCells,
      state.level,
      state.recovery,
      state.driftPart,
      state.slowPart,
    ],
    vectorCount * count,
  );
  return {
    v: 1,
    calibration: calibration.hash.slice(0, hashDigits),
    lastMs: Math.max(0, Math.floor(state.lastMs)),
    rows: state.rows,
    floats: encodeFloats(floats),
  };
}

/**
 * Unpacks a state.
 * @throws RangeError when it belongs to another calibration or is damaged
 */
export function unpackState(calibration: OpenCalibration, packed: ScreenState): OpenState {
  if (packed.calibration !== calibration.hash.slice(0, hashDigits)) {
    throw new RangeError(
      `The screening state belongs to calibration ${packed.calibration}…, not ${calibration.hash.slice(0, hashDigits)}…; start anew with carryState.`,
    );
  }
  const count = calibration.channelCount;
  const floats = decodeFloats(packed.floats);
  let finite = 0;
  for (let i = 0; i < floats.length; i += 1) finite += floats[i]! - floats[i]!;
  const vectors = [[vectorCount, scalarCount] as const, ...formerCounts].find(
    ([vector, scalar]) => floats.length === vector * count + scalar,
  )?.[0];
  if (vectors === undefined || finite !== 0) {
    throw new RangeError(`The screening state does not hold the finite numbers of ${count} channels.`);
  }
  const scalar = (i: number): number => floats[vectors * count + i] ?? 0;
  return {
    lastMs: packed.lastMs,
    rows: packed.rows,
    last: floats.slice(0, count),
    runs: floats.slice(count, 2 * count),
    shift: floats.slice(2 * count, 3 * count),
    drift: floats.slice(3 * count, 4 * count),
    slow: vectors === vectorCount ? floats.slice(4 * count, 5 * count) : new Float32Array(count),
    activity: scalar(0),
    fresh: scalar(1),
    alarm: scalar(2),
    calmRows: scalar(3),
    hold: scalar(4),
    holdLoss: scalar(5),
    peak: scalar(6),
    alarmRows: scalar(7),
    decimals: scalar(8),
    windowDecimals: scalar(9),
    windowCells: scalar(10),
    level: scalar(11),
    recovery: scalar(12),
    driftPart: scalar(13),
    slowPart: scalar(14),
  };
}

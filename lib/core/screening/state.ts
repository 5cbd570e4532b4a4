/** What screening remembers from row to row, and its place in the compact `floats` of the contract. */
import type { ScreenState } from '../../contracts/calibration.ts';
import { countBytes, countsOf, floatBytes, floatsOf, shortFloatBytes, shortFloatsOf } from './floats.ts';
import type { OpenCalibration } from './open.ts';

/** Vectors of three bytes a number, behind that of the last values: run, smoothed residual, smoothed and slowly smoothed level. */
const shortVectors = 4;
/** Scalars behind the vectors. */
const scalarCount = 15;
/** Last byte of a state: former ones are float32 throughout, a multiple of four bytes, which with it this never is. */
const formMark = Buffer.of(1);
/** Vectors of float32 in former states (no slowly smoothed level), and their scalars with and without recovery. */
const formerVectors = 4;
const formerScalarCounts = [13, 11];

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
  /** Smoothed fresh evidence, on which release is decided. */
  fresh: number;
  /** 1 in alarm. */
  alarm: number;
  /** Rows in a row below the release level. */
  calmRows: number;
  /** Evidence as last told, which news must surpass; falls slowly. */
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
  /** Usual size of residuals in the standing alarm, or the last one, in deviations. */
  size: number;
  /** Natural logarithm of the odds that the standing alarm's cause has gone, never below 0. */
  recovery: number;
  /** Weight that the smoothed, and the slowly smoothed, levels have gathered: 0 at first, then towards 1. */
  driftPart: number;
  slowPart: number;
}

/** Digits of the calibration's hash that a state carries. */
const hashDigits = 16;

export function newState(calibration: OpenCalibration): OpenState {
  const vector = (): Float32Array => new Float32Array(calibration.width);
  return {
    lastMs: 0,
    rows: 0,
    last: vector(),
    runs: vector(),
    shift: vector(),
    drift: vector(),
    slow: vector(),
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
    size: 0,
    recovery: 0,
    driftPart: 0,
    slowPart: 0,
  };
}

/**
 * Packs a state: values of the last row and scalars as float32, as they are computed with, since a value stands still
 * only where it is the same to the last bit; the vectors between them in three bytes a number. A state is written with
 * every batch, and one of 40 channels must leave room for the rest of its item within a kilobyte.
 */
export function packState(calibration: OpenCalibration, state: OpenState): ScreenState {
  const scalars = Float32Array.of(
    state.size,
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
  );
  const parts = [
    floatBytes(state.last),
    countBytes(state.runs),
    ...[state.shift, state.drift, state.slow].map(shortFloatBytes),
    floatBytes(scalars),
  ];
  const bytes = Buffer.concat([...parts, formMark]);
  return {
    v: 1,
    calibration: calibration.hash.slice(0, hashDigits),
    lastMs: Math.max(0, Math.floor(state.lastMs)),
    rows: state.rows,
    floats: bytes.toString('base64'),
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
  const count = calibration.width;
  const { vectors, scalars } = read(Buffer.from(packed.floats, 'base64'), count);
  let finite = 0;
  for (const floats of [...vectors, scalars]) for (const one of floats) finite += one - one;
  const [last, runs, shift, drift, slow = new Float32Array(count)] = vectors;
  if (last === undefined || runs === undefined || shift === undefined || drift === undefined || finite !== 0) {
    throw new RangeError(`The screening state does not hold the finite numbers of ${count} channels.`);
  }
  const scalar = (i: number): number => scalars[i] ?? 0;
  return {
    lastMs: packed.lastMs,
    rows: packed.rows,
    last,
    runs,
    shift,
    drift,
    slow,
    size: scalar(0),
    fresh: scalar(1),
    alarm: scalar(2),
    calmRows: scalar(3),
    hold: scalar(4),
    holdLoss: scalar(5),
    peak: scalar(6),
    alarmRows: scalar(7),
    decimals: scalar(decimalsAt),
    windowDecimals: scalar(9),
    windowCells: scalar(10),
    level: scalar(11),
    recovery: scalar(12),
    driftPart: scalar(13),
    slowPart: scalar(14),
  };
}

/** Place of `decimals` among the scalars. */
const decimalsAt = 8;

/** Most decimals that the stream has lately shown, without the calibration; −1 where that is not known yet. */
export function streamDecimals(packed: ScreenState): number {
  const bytes = Buffer.from(packed.floats, 'base64');
  const from = bytes.length - formMark.length - 4 * scalarCount;
  if (from < 0 || bytes.length % 4 === 0 || bytes.at(-1) !== formMark[0]) return -1;
  return floatsOf(bytes.subarray(from, from + 4 * scalarCount))[decimalsAt]!;
}

interface Parts {
  /** Value, run, smoothed residual, smoothed level, slowly smoothed level; none where the bytes are no state. */
  readonly vectors: readonly Float32Array[];
  readonly scalars: Float32Array;
}

function read(bytes: Buffer, count: number): Parts {
  if (
    bytes.length === (4 + 3 * shortVectors) * count + 4 * scalarCount + formMark.length &&
    bytes.at(-1) === formMark[0]
  ) {
    const short = Array.from({ length: shortVectors }, (_, i) =>
      bytes.subarray((4 + 3 * i) * count, (7 + 3 * i) * count),
    );
    const from = (4 + 3 * shortVectors) * count;
    return {
      vectors: [
        floatsOf(bytes.subarray(0, 4 * count)),
        ...short.map((part, i) => (i === 0 ? countsOf(part) : shortFloatsOf(part))),
      ],
      scalars: floatsOf(bytes.subarray(from, from + 4 * scalarCount)),
    };
  }
  if (!formerScalarCounts.some((scalars) => bytes.length === 4 * (formerVectors * count + scalars)))
    return { vectors: [], scalars: new Float32Array(0) };
  const floats = floatsOf(bytes);
  const scalars = floats.slice(formerVectors * count);
  // Where the size of residuals is now, these hold a number that is no longer weighed.
  scalars[0] = 0;
  return {
    vectors: Array.from({ length: formerVectors }, (_, i) => floats.slice(i * count, (i + 1) * count)),
    scalars,
  };
}

/** Turns the next rows of an asset into the graph's numbers: standardised, missing cells filled, cut at gaps. */
import { missingFade } from './fit.ts';
import type { OpenCalibration } from './open.ts';
import { knownDecimals, learnRow, type Weights, weightsFor } from './resolution.ts';
import { writeSeason } from './season.ts';
import type { OpenState } from './state.ts';
import type { ScreenFlag, ScreenRequest } from './types.ts';

export interface Segment {
  readonly rows: number;
  /** [rows × channels] */
  readonly values: Float32Array;
  readonly mask: Float32Array;
  /** [rows × terms] */
  readonly season: Float32Array;
  readonly observed: Uint16Array;
  /** −log10 p of the longest standing value of each row. */
  readonly stuck: Float32Array;
  /** Levels of the row before the first, [channels]. */
  readonly levelBefore: Float32Array;
  readonly weights: Weights;
}

/** A pause of so many usual periods is a gap: what was smoothed before it says little of what comes after. */
const gapPeriods = 12;
/** Values beyond so many scales are cut: float32 must not overflow, and beyond this nothing is told apart. */
const valueCut = 1e4;

/**
 * Prepares rows from `from` on: as many as allowed, up to a gap or a change in the stream's resolution. Moves the
 * state's resolution forward, and fades the state over a gap.
 */
export function prepareSegment(
  open: OpenCalibration,
  state: OpenState,
  source: ScreenRequest['rows'],
  from: number,
  mostRows: number,
  flags: Set<ScreenFlag>,
): Segment {
  const { channelCount: count, seasonTerms: terms, dead } = open;
  const { timesMs, values } = source;
  const { harmonics, weekend, smoothing } = open.doc.model;
  const gapMs = gapPeriods * open.doc.warmup.periodMs;
  const limit = Math.min(mostRows, timesMs.length - from);
  const out = new Float32Array(limit * count);
  const mask = new Float32Array(limit * count);
  const season = new Float32Array(limit * terms);
  const observed = new Uint16Array(limit);
  const stuck = new Float32Array(limit);
  const runLimits = runLimitsOf(open);
  const levelBefore = state.rows === 0 ? undefined : levelsAt(state.last, state.lastMs, open);
  const seen = open.doc.warmup.seenDecimals;
  let lastMs = state.rows === 0 ? timesMs[from]! : state.lastMs;
  let weights: Weights | undefined;
  let rows = 0;
  for (; rows < limit; rows += 1) {
    const time = timesMs[from + rows]!;
    if (time - lastMs > gapMs) {
      if (rows > 0) break;
      fadeState(state, (time - lastMs) / open.doc.warmup.periodMs, smoothing);
      flags.add('gap');
    }
    const source0 = (from + rows) * count;
    const before = Math.min(knownDecimals(state), seen);
    const { windowDecimals, windowCells, decimals } = state;
    learnRow(state, values, source0, dead);
    const now = Math.min(knownDecimals(state), seen);
    if (rows > 0 && now !== before) {
      // This row opens the next segment, with the weights of its own resolution.
      Object.assign(state, { windowDecimals, windowCells, decimals });
      break;
    }
    weights ??= weightsFor(open, now);
    writeSeason(time, harmonics, weekend, season, rows * terms);
    observed[rows] = fillRow(open, levelBefore, values.subarray(source0, source0 + count), out, mask, season, rows);
    stuck[rows] = countRuns(state, open, runLimits, out, mask, rows);
    lastMs = time;
  }
  const firstLevel = levelBefore ?? levelsAt(out.subarray(0, count), timesMs[from]!, open);
  report(open, state, observed, rows, flags);
  const cut = (array: Float32Array, width: number): Float32Array =>
    rows === limit ? array : array.subarray(0, rows * width);
  return {
    rows,
    values: cut(out, count),
    mask: cut(mask, count),
    season: cut(season, terms),
    observed,
    stuck,
    levelBefore: firstLevel,
    weights: weights!,
  };
}

/** Writes row `row` of values and mask and gives the number of cells observed. */
function fillRow(
  open: OpenCalibration,
  levelBefore: Float32Array | undefined,
  cells: Float64Array,
  z: Float32Array,
  mask: Float32Array,
  season: Float32Array,
  row: number,
): number {
  const { channelCount: count, seasonTerms: terms, center, scale, dead } = open;
  const at = row * count;
  let found = 0;
  for (let c = 0; c < count; c += 1) {
    if (dead[c] === 1) continue;
    const value = (cells[c]! - center[c]!) / scale[c]!;
    if (value - value === 0) {
      z[at + c] = Math.min(Math.max(value, -valueCut), valueCut);
      mask[at + c] = 1;
      found += 1;
      continue;
    }
    // Missing: the last level, fading, on top of the season.
    let expected = 0;
    let last = row === 0 ? (levelBefore?.[c] ?? 0) : z[at - count + c]!;
    for (let s = 0; s < terms; s += 1) {
      expected += season[row * terms + s]! * open.season[s * count + c]!;
      if (row > 0) last -= season[(row - 1) * terms + s]! * open.season[s * count + c]!;
    }
    z[at + c] = expected + missingFade * last;
  }
  return found;
}

/** Values in scales less the season of their time; dead channels 0. The very first row has itself as the row before. */
function levelsAt(values: Float32Array, timeMs: number, open: OpenCalibration): Float32Array {
  const { channelCount: count, seasonTerms: terms, dead } = open;
  const { harmonics, weekend } = open.doc.model;
  const season = new Float32Array(terms);
  writeSeason(timeMs, harmonics, weekend, season, 0);
  return Float32Array.from({ length: count }, (_, c) => {
    if (dead[c] === 1) return 0;
    let level = values[c]!;
    for (let s = 0; s < terms; s += 1) level -= season[s]! * open.season[s * count + c]!;
    return level;
  });
}

const runLimits = new WeakMap<OpenCalibration, Float64Array>();
/** Rows added to the longest run of the warm-up before a standing value is news. */
const runMargin = 4;
/** Runs say nothing of a channel that stood still for more than this part of the warm-up. */
const runShare = 0.1;

/** Run length by channel from which on a standing value is evidence; infinite where it never is. */
function runLimitsOf(open: OpenCalibration): Float64Array {
  const known = runLimits.get(open);
  if (known) return known;
  const { rows } = open.doc.warmup;
  const limits = Float64Array.from(open.doc.channels, ({ dead, longestRunRows }) =>
    dead || longestRunRows + runMargin > runShare * rows ? Number.POSITIVE_INFINITY : longestRunRows + runMargin,
  );
  runLimits.set(open, limits);
  return limits;
}

/**
 * Counts for how long each channel has stood still. Runs of length r come up about n·exp(−r/τ) times in n rows, so the
 * longest of the warm-up, L, gives τ = L / ln n and −log10 p = (r/L − 1) · log10 n.
 */
function countRuns(
  state: OpenState,
  open: OpenCalibration,
  limits: Float64Array,
  z: Float32Array,
  mask: Float32Array,
  row: number,
): number {
  const { last, runs } = state;
  const count = open.channelCount;
  const at = row * count;
  let largest = 0;
  for (let c = 0; c < count; c += 1) {
    const value = z[at + c]!;
    if (mask[at + c] === 1) {
      const run = value === last[c] ? runs[c]! + 1 : 1;
      runs[c] = run;
      const excess = run / limits[c]! - 1;
      if (excess > largest) largest = excess;
    }
    last[c] = value;
  }
  return largest * Math.log10(open.doc.warmup.rows);
}

function fadeState(state: OpenState, periods: number, smoothing: number): void {
  const keep = (1 - smoothing) ** Math.min(periods, 1e4);
  for (const vector of [state.shift, state.drift])
    for (let c = 0; c < vector.length; c += 1) vector[c] = vector[c]! * keep;
  state.activity = Math.fround(state.activity * keep);
}

function report(
  open: OpenCalibration,
  state: OpenState,
  observed: Uint16Array,
  rows: number,
  flags: Set<ScreenFlag>,
): void {
  const alive = open.channelCount - open.dead.reduce((sum, value) => sum + value, 0);
  for (let r = 0; r < rows; r += 1) {
    if (observed[r] === 0) flags.add('all-missing');
    else if (observed[r]! < alive / 2) flags.add('many-missing');
  }
  const decimals = knownDecimals(state);
  if (decimals >= 0 && decimals < open.doc.warmup.seenDecimals) flags.add('coarser-than-calibration');
}

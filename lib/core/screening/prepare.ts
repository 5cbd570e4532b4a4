/** Turns the next rows of an asset into the graph's numbers: standardised, missing cells filled, cut at gaps. */
import { missingFade } from './fit.ts';
import type { OpenCalibration } from './open.ts';
import { knownDecimals, learnDecimals, type Weights, weightsFor } from './resolution.ts';
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
    const kept = { windowDecimals: state.windowDecimals, windowCells: state.windowCells, decimals: state.decimals };
    for (let c = 0; c < count; c += 1) {
      const value = values[source0 + c]!;
      if (dead[c] === 0 && value - value === 0) learnDecimals(state, value);
    }
    const now = Math.min(knownDecimals(state), seen);
    if (rows > 0 && now !== before) {
      // This row opens the next segment, with the weights of its own resolution.
      Object.assign(state, kept);
      break;
    }
    weights ??= weightsFor(open, now);
    writeSeason(time, harmonics, weekend, season, rows * terms);
    observed[rows] = fillRow(open, state, weights, values.subarray(source0, source0 + count), out, mask, season, rows);
    lastMs = time;
  }
  if (state.rows === 0) firstLevels(state, weights!, out, season, count, terms);
  report(open, state, observed, rows, flags);
  const cut = (array: Float32Array, width: number): Float32Array =>
    rows === limit ? array : array.subarray(0, rows * width);
  return {
    rows,
    values: cut(out, count),
    mask: cut(mask, count),
    season: cut(season, terms),
    observed,
    weights: weights!,
  };
}

/** Writes row `row` of values and mask and gives the number of cells observed. */
function fillRow(
  open: OpenCalibration,
  state: OpenState,
  weights: Weights,
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
    let last = row === 0 ? state.level[c]! : z[at - count + c]!;
    for (let s = 0; s < terms; s += 1) {
      expected += season[row * terms + s]! * weights.season[s * count + c]!;
      if (row > 0) last -= season[(row - 1) * terms + s]! * weights.season[s * count + c]!;
    }
    z[at + c] = expected + missingFade * last;
  }
  return found;
}

/** The very first row has itself as the row before. */
function firstLevels(
  state: OpenState,
  weights: Weights,
  z: Float32Array,
  season: Float32Array,
  count: number,
  terms: number,
): void {
  for (let c = 0; c < count; c += 1) {
    let level = z[c]!;
    for (let s = 0; s < terms; s += 1) level -= season[s]! * weights.season[s * count + c]!;
    state.level[c] = level;
  }
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

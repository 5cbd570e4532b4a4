/** Turns the next rows of an asset into the graph's numbers: standardised, missing cells filled, cut at gaps. */
import { straighten } from './curve.ts';
import { slowSmoothing } from './kernel.ts';
import { missingFade } from './learn.ts';
import type { OpenCalibration } from './open.ts';
import { knownDecimals, learnRow, type Weights, weightsFor } from './resolution.ts';
import { writeSeason } from './season.ts';
import type { OpenState } from './state.ts';
import type { ScreenFlag, ScreenRequest } from './types.ts';
import { viewRows } from './views.ts';

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
  const { channelCount: count, seasonTerms: terms } = open;
  const { timesMs, values } = source;
  const { harmonics, weekend, views } = open.doc.model;
  const limit = Math.min(mostRows, timesMs.length - from);
  const levelBefore = state.rows === 0 ? undefined : levelsAt(state.last, state.lastMs, open);
  const { rows, decimals } = stretch(open, state, source, from, limit, flags);
  const out = new Float32Array(rows * count);
  const season = terms === 1 ? onesOf(rows) : new Float32Array(rows * terms);
  const observed = new Uint16Array(rows);
  // One term is the constant alone.
  if (terms > 1)
    for (let r = 0; r < rows; r += 1) writeSeason(open.wall(timesMs[from + r]!), harmonics, weekend, season, r * terms);
  const cells = onCurves(open, values.subarray(from * count, (from + rows) * count));
  const before = views && (state.rows === 0 ? undefined : state.last.slice());
  const filled: Filled = { values: out, mask: onesOf(rows * count), isMaskOwn: false, season, observed };
  const stuck = fillRows(open, state, levelBefore, cells, filled, rows);
  report(open, state, observed, rows, flags);
  const weights = weightsFor(open, decimals);
  const shown = views
    ? viewRows(views, out, filled.mask, open.viewed, before ?? firstViews(open, out, season))
    : filled;
  if (views) state.last.set(shown.values.subarray((rows - 1) * open.width));
  const firstLevel = levelBefore ?? levelsAt(shown.values.subarray(0, open.width), timesMs[from]!, open);
  return { rows, values: shown.values, mask: shown.mask, season, observed, stuck, levelBefore: firstLevel, weights };
}

/** The first row, whose past is not known: its views are what is usual at its time. */
function firstViews(open: OpenCalibration, values: Float32Array, season: Float32Array): Float32Array {
  const views = new Float32Array(open.width);
  views.set(values.subarray(0, open.channelCount));
  for (let s = 0; s < open.seasonTerms; s += 1)
    for (let c = open.channelCount; c < open.width; c += 1)
      views[c] = views[c]! + season[s]! * open.season[s * open.width + c]!;
  return views;
}

/** Cells on their channels' curves, where there are any. */
function onCurves({ doc: { channels } }: OpenCalibration, cells: Float64Array): Float64Array {
  if (channels.every(({ curve }) => curve === undefined)) return cells;
  return cells.map((value, i) => straighten(value, channels[i % channels.length]!));
}

const ones = new Map<number, Float32Array>();

/** So many ones, to be read only: screening asks for a handful of sizes again and again. */
function onesOf(length: number): Float32Array {
  const known = ones.get(length);
  if (known) return known;
  if (ones.size > 512) ones.clear();
  const made = new Float32Array(length).fill(1);
  ones.set(length, made);
  return made;
}

/**
 * How many rows from `from` on go together: up to a gap or a change of the stream's resolution. Moves the state's
 * resolution forward by just these rows.
 */
function stretch(
  open: OpenCalibration,
  state: OpenState,
  { timesMs, values }: ScreenRequest['rows'],
  from: number,
  limit: number,
  flags: Set<ScreenFlag>,
): { rows: number; decimals: number } {
  const { channelCount: count } = open;
  const dead = open.dead.subarray(0, count);
  const { periodMs, seenDecimals: seen } = open.doc.warmup;
  const gapMs = gapPeriods * periodMs;
  let lastMs = state.rows === 0 ? timesMs[from]! : state.lastMs;
  let decimals = -1;
  let rows = 0;
  for (; rows < limit; rows += 1) {
    const time = timesMs[from + rows]!;
    if (time - lastMs > gapMs) {
      if (rows > 0) break;
      fadeState(state, (time - lastMs) / periodMs, open.doc.model.smoothing);
      flags.add('gap');
    }
    const { windowDecimals, windowCells, decimals: known } = state;
    learnRow(state, values, (from + rows) * count, dead);
    const now = Math.min(knownDecimals(state), seen);
    if (rows > 0 && now !== decimals) {
      // This row opens the next segment, with the weights of its own resolution.
      Object.assign(state, { windowDecimals, windowCells, decimals: known });
      break;
    }
    decimals = now;
    lastMs = time;
  }
  return { rows, decimals };
}

interface Filled {
  /** [rows × channels] */
  readonly values: Float32Array;
  /** Shared among all that miss nothing, until the first cell is missing. */
  mask: Float32Array;
  isMaskOwn: boolean;
  /** [rows × terms], already written. */
  readonly season: Float32Array;
  readonly observed: Uint16Array;
}

/**
 * Writes values and mask, counts the cells observed, and counts for how long each channel has stood still: returns
 * −log10 p of the longest standing value of each row. Runs of length r come up about n·exp(−r/τ) times in n rows, so the
 * longest of the warm-up, L, gives τ = L / ln n and −log10 p = (r/L − 1) · log10 n.
 *
 * One pass over the cells, because this is where screening spends its time beside the graph itself.
 */
function fillRows(
  open: OpenCalibration,
  state: OpenState,
  levelBefore: Float32Array | undefined,
  cells: Float64Array,
  filled: Filled,
  rows: number,
): Float32Array {
  const { values: z, observed } = filled;
  const { channelCount: count, center, scale, dead } = open;
  const { last, runs } = state;
  const limits = runLimitsOf(open);
  const logRows = Math.log10(open.doc.warmup.rows);
  const stuck = new Float32Array(rows);
  const allAlive = !dead.includes(1);
  for (let row = 0, at = 0; row < rows; row += 1, at += count) {
    let finite = 0;
    for (let c = 0; c < count; c += 1) {
      let value = (cells[at + c]! - center[c]!) / scale[c]!;
      finite += value - value;
      if (value > valueCut) value = valueCut;
      else if (value < -valueCut) value = -valueCut;
      z[at + c] = value;
    }
    // NaN as soon as one cell is missing, and then the row is gone through again, cell by cell.
    const whole = allAlive && finite === 0;
    observed[row] = whole ? count : mendRow(open, levelBefore, cells, filled, row);
    const { mask } = filled;
    let largest = 0;
    for (let c = 0; c < count; c += 1) {
      const value = z[at + c]!;
      if (value !== last[c]!) {
        last[c] = value;
        if (whole || mask[at + c] === 1) runs[c] = 1;
      } else if (whole || mask[at + c] === 1) {
        const run = runs[c]! + 1;
        runs[c] = run;
        if (run > limits[c]!) largest = Math.max(largest, run / limits[c]! - 1);
      }
    }
    stuck[row] = largest * logRows;
  }
  // To the bit: the loop takes −0 for 0.
  if (rows > 0) last.set(z.subarray((rows - 1) * count));
  return stuck;
}

/** Takes dead channels out of a row, fills its missing cells, and gives the number of cells observed. */
function mendRow(
  open: OpenCalibration,
  levelBefore: Float32Array | undefined,
  cells: Float64Array,
  filled: Filled,
  row: number,
): number {
  if (!filled.isMaskOwn) filled.mask = filled.mask.slice();
  filled.isMaskOwn = true;
  const { values: z, mask, season } = filled;
  const { channelCount: count, center, scale, dead } = open;
  const at = row * count;
  let found = 0;
  for (let c = 0; c < count; c += 1) {
    const value = (cells[at + c]! - center[c]!) / scale[c]!;
    if (dead[c] !== 1 && value - value === 0) {
      found += 1;
      continue;
    }
    mask[at + c] = 0;
    z[at + c] = dead[c] === 1 ? 0 : filledCell(open, levelBefore, z, season, row, c);
  }
  return found;
}

/** A missing cell: the last level, fading, on top of the season. */
function filledCell(
  open: OpenCalibration,
  levelBefore: Float32Array | undefined,
  z: Float32Array,
  season: Float32Array,
  row: number,
  c: number,
): number {
  const { channelCount: count, seasonTerms: terms } = open;
  let expected = 0;
  let last = row === 0 ? (levelBefore?.[c] ?? 0) : z[(row - 1) * count + c]!;
  for (let s = 0; s < terms; s += 1) {
    expected += season[row * terms + s]! * open.season[s * open.width + c]!;
    if (row > 0) last -= season[(row - 1) * terms + s]! * open.season[s * open.width + c]!;
  }
  return expected + missingFade * last;
}

/** Values in scales less the season of their time; dead channels 0. The very first row has itself as the row before. */
function levelsAt(values: Float32Array, timeMs: number, open: OpenCalibration): Float32Array {
  const { width: count, seasonTerms: terms, dead } = open;
  const { harmonics, weekend } = open.doc.model;
  const season = new Float32Array(terms);
  writeSeason(open.wall(timeMs), harmonics, weekend, season, 0);
  return Float32Array.from({ length: count }, (_, c) => {
    if (dead[c] === 1) return 0;
    let level = values[c]!;
    for (let s = 0; s < terms; s += 1) level -= season[s]! * open.season[s * count + c]!;
    return level;
  });
}

const runLimits = new WeakMap<OpenCalibration, Float64Array>();
/** Rows added to the longest run of the warm-up before a standing value is news: few rows may have missed a usual one. */
const runMargin = (rows: number): number => Math.max(1, Math.min(4, Math.round(runMarginRows / rows)));
const runMarginRows = 600;
/** Runs say nothing of a channel that stood still for more than this part of the warm-up. */
const runShare = 0.1;

/** Run length by channel from which on a standing value is evidence; infinite where it never is. */
function runLimitsOf(open: OpenCalibration): Float64Array {
  const known = runLimits.get(open);
  if (known) return known;
  const { rows } = open.doc.warmup;
  const margin = runMargin(rows);
  const limits = Float64Array.from(open.doc.channels, ({ dead, longestRunRows }) =>
    dead || longestRunRows + margin > runShare * rows ? Number.POSITIVE_INFINITY : longestRunRows + margin,
  );
  runLimits.set(open, limits);
  return limits;
}

function fadeState(state: OpenState, periods: number, smoothing: number): void {
  const keep = (1 - smoothing) ** Math.min(periods, 1e4);
  const keepSlow = (1 - slowSmoothing(smoothing)) ** Math.min(periods, 1e4);
  for (const [vector, part] of [
    [state.shift, keep],
    [state.drift, keep],
    [state.slow, keepSlow],
  ] as const)
    for (let c = 0; c < vector.length; c += 1) vector[c] = vector[c]! * part;
  state.driftPart = Math.fround(state.driftPart * keep);
  state.slowPart = Math.fround(state.slowPart * keepSlow);
}

function report(
  open: OpenCalibration,
  state: OpenState,
  observed: Uint16Array,
  rows: number,
  flags: Set<ScreenFlag>,
): void {
  const alive = open.channelCount - open.doc.channels.filter(({ dead }) => dead).length;
  for (let r = 0; r < rows; r += 1) {
    if (observed[r] === 0) flags.add('all-missing');
    else if (observed[r]! < alive / 2) flags.add('many-missing');
  }
  const decimals = knownDecimals(state);
  if (decimals >= 0 && decimals < open.doc.warmup.seenDecimals) flags.add('coarser-than-calibration');
}

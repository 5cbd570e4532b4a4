/**
 * A stream may be rounded more coarsely than the warm-up was. Its decimals are learned as rows come; until the
 * calibration is fitted again at that resolution, residuals are divided by what rounding adds to them.
 */
import { decimalsOf, hasDecimals, mostDecimals } from './describe.ts';
import type { OpenCalibration } from './open.ts';
import type { OpenState } from './state.ts';

/** Cells over which the decimals of the stream are judged. */
const windowCells = 512;
/** Cells that must have been seen before a coarser stream is reported. */
export const certainCells = 48;

/** Added to a smaller number and taken away again, it leaves the number rounded to a whole one. */
const wholeBit = 2 ** 52;

/** Takes the row of cells from `from` on into account; a window ends with a row. */
export function learnRow(state: OpenState, values: Float64Array, from: number, dead: Uint8Array): void {
  // Once full precision was seen the rest of the window cannot tell more.
  if (state.windowDecimals >= mostDecimals) state.windowCells += dead.length;
  else {
    let { windowDecimals } = state;
    let power = windowDecimals < 0 ? Number.POSITIVE_INFINITY : 10 ** windowDecimals;
    let cells = 0;
    for (let c = 0; c < dead.length; c += 1) {
      const value = values[from + c]!;
      if (dead[c] === 1 || value - value !== 0) continue;
      cells += 1;
      // Most cells have no more decimals than those before them: one look says so, at first the cheapest one.
      const scaled = Math.abs(value) * power;
      if (scaled < wholeBit && Math.abs(scaled - (scaled + wholeBit - wholeBit)) <= 1e-12) continue;
      if (hasDecimals(value, windowDecimals)) continue;
      windowDecimals = Math.max(windowDecimals, decimalsOf(value));
      power = 10 ** windowDecimals;
    }
    state.windowDecimals = windowDecimals;
    state.windowCells += cells;
  }
  if (state.windowCells < windowCells) return;
  state.decimals = state.windowDecimals;
  state.windowDecimals = -1;
  state.windowCells = 0;
}

/** Decimals of the stream as known now; −1 before the first cell. */
export const knownDecimals = (state: OpenState): number => Math.max(state.decimals, state.windowDecimals);

/** Whether enough cells were seen to trust `knownDecimals`. */
export const decimalsAreCertain = (state: OpenState): boolean =>
  state.decimals >= 0 || state.windowCells >= certainCells;

/** Weights as the graph takes them, for one resolution of the stream. */
export interface Weights {
  readonly season: Float32Array;
  readonly staticNow: Float32Array;
  readonly dynamicNow: Float32Array;
  readonly dynamicBefore: Float32Array;
  readonly levelInverse: Float32Array;
  readonly shiftInverse: Float32Array;
  readonly driftInverse: Float32Array;
  readonly precision: Float32Array;
  readonly trendInverse: Float32Array;
  readonly alive: Float32Array;
}

const made = new WeakMap<OpenCalibration, Map<number, Weights>>();

/**
 * The weights for a stream of so many decimals: as fitted where the stream is at least as fine as the warm-up.
 * Rounding to a step q adds q²/12 to a cell's variance, and Σ w² q²/12 to that of a residual.
 */
export function weightsFor(open: OpenCalibration, decimals: number): Weights {
  const fine = decimals < 0 || decimals >= open.doc.warmup.seenDecimals;
  const key = fine ? -1 : decimals;
  const byDecimals = made.get(open) ?? new Map<number, Weights>();
  made.set(open, byDecimals);
  const weights = byDecimals.get(key) ?? makeWeights(open, key);
  byDecimals.set(key, weights);
  return weights;
}

function makeWeights(open: OpenCalibration, decimals: number): Weights {
  const count = open.width;
  const noise = new Float64Array(count);
  for (let c = 0; c < open.channelCount; c += 1) {
    const step = decimals < 0 ? 0 : 10 ** -decimals;
    const own = open.doc.channels[c]!.step;
    if (step > 1.5 * own) noise[c] = (step * step - own * own) / 12 / open.scale[c]! ** 2;
  }
  // Rounding makes steps from row to row other ones, and does so in each row: how much a value moves then says nothing.
  const muted = open.viewed >= 0 && noise[open.viewed]! > 0 ? open.channelCount : -1;
  const scaled = (parts: readonly Float32Array[]): Float32Array[] => {
    const divisor = new Float64Array(count).fill(1);
    for (const part of parts) {
      for (let i = 0; i < part.length; i += 1) {
        divisor[i % count] = divisor[i % count]! + part[i]! * part[i]! * noise[Math.floor(i / count)]!;
      }
    }
    return parts.map((part) =>
      part.map((weight, i) =>
        i % count === muted || Math.floor(i / count) === muted ? 0 : weight / Math.sqrt(divisor[i % count]!),
      ),
    );
  };
  const [staticNow] = scaled([open.staticNow]);
  const [dynamicNow, dynamicBefore] = scaled([open.dynamicNow, open.dynamicBefore]);
  const alive = Uint8Array.from(open.dead, (dead, c) => (dead === 1 || c === muted ? 0 : 1));
  const row = (r: number): Float32Array => open.deviations.subarray(r * count, (r + 1) * count);
  const inverse = (deviation: Float32Array): Float32Array =>
    Float32Array.from(deviation, (value, c) => (alive[c] === 1 ? 1 / value : 0));
  return {
    season: Float32Array.from(open.season, (value, i) => (alive[i % count] === 1 ? value : 0)),
    staticNow: staticNow!,
    dynamicNow: dynamicNow!,
    dynamicBefore: dynamicBefore!,
    levelInverse: Float32Array.from(row(0), (value, c) =>
      alive[c] === 1 ? 1 / Math.sqrt(value * value + noise[c]!) : 0,
    ),
    shiftInverse: inverse(row(3)),
    driftInverse: inverse(row(4)),
    precision: row(5).slice(),
    // Empty where the calibration knows no trends.
    trendInverse: open.deviations.length > 6 * count ? inverse(row(6)) : new Float32Array(count),
    alive: Float32Array.of(
      Math.max(
        1,
        // What is muted counts all the same: tails were fitted with it.
        open.dead.reduce((sum, dead) => sum + 1 - dead, 0),
      ),
    ),
  };
}

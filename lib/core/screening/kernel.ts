/**
 * The arithmetic of one stretch of one asset, as the ONNX graph does it: residuals, smoothing, evidence. The fit uses
 * it on held-out rows; models/screen/build.ts states the same as a graph, and a test holds the two together.
 */

/** Evidence that the graph gives for each row, in this order. */
export const graphEvidence = [
  'static-rms',
  'static-max',
  'dynamic-rms',
  'dynamic-max',
  'level-rms',
  'level-max',
  'shift-rms',
  'shift-max',
  'drift-max',
  'trend-rms',
  'trend-max',
] as const;
/** Those that know nothing of earlier rows but the one before: they decide on release. */
export const freshEvidenceCount = 6;

/** Residuals are cut at this many deviations before they are smoothed, so that one wild row does not linger. */
export const smoothingCut = 4;

/** A trend is how far the smoothed level has moved away from its own mean over so many times the memory. */
export const trendMemories = 4;
export const slowSmoothing = (smoothing: number): number => smoothing / trendMemories;

/**
 * How far a channel is on its way out: what the smoothed level gained on its slow mean, counted only away from the
 * centre and only as far as it is off it, for a channel that comes back is no news.
 */
export const trendOf = (drift: number, slow: number): number =>
  Math.max(Math.min((drift - slow) * Math.sign(drift), Math.abs(drift)), 0);

/** dense[rows × channels] = levels · weights, with a mask on the result and an optional second pair of factors. */
export function residualRows(
  levels: Float64Array,
  before: Float64Array,
  now: Float32Array | Float64Array,
  earlier: Float32Array | Float64Array | undefined,
  mask: Uint8Array,
  channels: number,
  from: number,
  to: number,
  out: Float64Array,
): void {
  for (let t = from; t < to; t += 1) {
    const row = out.subarray(t * channels, (t + 1) * channels);
    row.fill(0);
    for (let j = 0; j < channels; j += 1) {
      const level = levels[t * channels + j]!;
      const at = j * channels;
      if (level !== 0) for (let c = 0; c < channels; c += 1) row[c] = row[c]! + level * now[at + c]!;
      if (!earlier) continue;
      const last = t === 0 ? before[j]! : levels[(t - 1) * channels + j]!;
      if (last !== 0) for (let c = 0; c < channels; c += 1) row[c] = row[c]! + last * earlier[at + c]!;
    }
    for (let c = 0; c < channels; c += 1) if (mask[t * channels + c] === 0) row[c] = 0;
  }
}

/** Exponential smoothing down the rows, of values cut at ±smoothingCut. */
export function smoothRows(
  values: Float64Array,
  before: Float64Array,
  channels: number,
  smoothing: number,
): Float64Array {
  const out = new Float64Array(values.length);
  const rows = values.length / channels;
  for (let t = 0; t < rows; t += 1) {
    for (let c = 0; c < channels; c += 1) {
      const at = t * channels + c;
      const last = t === 0 ? before[c]! : out[at - channels]!;
      const cut = Math.min(Math.max(values[at]!, -smoothingCut), smoothingCut);
      out[at] = last + smoothing * (cut - last);
    }
  }
  return out;
}

/**
 * Evidence of one row into `out` from `at` on. All arguments are rows of `channels` numbers in deviations; `level` is
 * the level over its deviation with missing cells 0.
 */
export function rowEvidence(
  level: Float64Array,
  residual: Float64Array,
  dynamic: Float64Array,
  shift: Float64Array,
  drift: Float64Array,
  trend: Float64Array,
  precision: Float64Array,
  observed: number,
  alive: number,
  out: Float64Array,
  at: number,
): void {
  let staticSum = 0;
  let staticMax = 0;
  let dynamicSum = 0;
  let dynamicMax = 0;
  let quadratic = 0;
  let levelMax = 0;
  let shiftSum = 0;
  let shiftMax = 0;
  let driftMax = 0;
  let trendSum = 0;
  let trendMax = 0;
  const channels = level.length;
  for (let c = 0; c < channels; c += 1) {
    const s = Math.abs(residual[c]!);
    const d = Math.abs(dynamic[c]!);
    const e = Math.abs(shift[c]!);
    const f = Math.abs(drift[c]!);
    const g = Math.abs(trend[c]!);
    const l = Math.abs(level[c]!);
    staticSum += s * s;
    dynamicSum += d * d;
    shiftSum += e * e;
    trendSum += g * g;
    quadratic += level[c]! * residual[c]! * precision[c]!;
    if (s > staticMax) staticMax = s;
    if (d > dynamicMax) dynamicMax = d;
    if (l > levelMax) levelMax = l;
    if (e > shiftMax) shiftMax = e;
    if (f > driftMax) driftMax = f;
    if (g > trendMax) trendMax = g;
  }
  const n = Math.max(observed, 1);
  out[at] = Math.sqrt(staticSum / n);
  out[at + 1] = staticMax;
  out[at + 2] = Math.sqrt(dynamicSum / n);
  out[at + 3] = dynamicMax;
  out[at + 4] = Math.sqrt(Math.max(quadratic, 0) / n);
  out[at + 5] = levelMax;
  out[at + 6] = Math.sqrt(shiftSum / Math.max(alive, 1));
  out[at + 7] = shiftMax;
  out[at + 8] = driftMax;
  out[at + 9] = Math.sqrt(trendSum / Math.max(alive, 1));
  out[at + 10] = trendMax;
}

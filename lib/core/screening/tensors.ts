/** Packs segments of several assets into the padded inputs of the graph. */
import type { ScreenTensors } from './engine.ts';
import { slowSmoothing } from './kernel.ts';
import type { OpenCalibration } from './open.ts';
import type { Segment } from './prepare.ts';
import type { OpenState } from './state.ts';

export interface GroupMember {
  readonly open: OpenCalibration;
  readonly state: OpenState;
  readonly segment: Segment;
}

const kernels = new Map<string, { smoothing: Float32Array; carry: Float32Array }>();

/** The smoothing as a lower triangular matrix, kept by its size: a handful of sizes occur. */
function kernelOf(rows: number, weight: number): { smoothing: Float32Array; carry: Float32Array } {
  const key = `${rows}|${weight}`;
  const known = kernels.get(key);
  if (known) return known;
  const smoothing = new Float32Array(rows * rows);
  const carry = new Float32Array(rows);
  for (let i = 0; i < rows; i += 1) {
    carry[i] = (1 - weight) ** (i + 1);
    for (let j = 0; j <= i; j += 1) smoothing[i * rows + j] = weight * (1 - weight) ** (i - j);
  }
  if (kernels.size > 512) kernels.clear();
  const kernel = { smoothing, carry };
  kernels.set(key, kernel);
  return kernel;
}

/** Weight that a mean has gathered after `rows` more rows. */
export const gathered = (part: number, weight: number, rows: number): number => 1 - (1 - part) * (1 - weight) ** rows;

/** One over the weight gathered by each row, [A × R]. */
function gainsOf(group: readonly GroupMember[], rows: number, weight: number, part: (state: OpenState) => number) {
  const out = new Float32Array(group.length * rows);
  for (const [a, { state }] of group.entries()) {
    let left = 1 - part(state);
    for (let r = 0; r < rows; r += 1) {
      left *= 1 - weight;
      out[a * rows + r] = 1 / (1 - left);
    }
  }
  return out;
}

const lastRows = new Map<number, Float32Array>();

/** Picks each asset's last row out of `rows`; kept where one asset fills them all. */
function pickOf(group: readonly GroupMember[], rows: number): Float32Array {
  const known = group.length === 1 && group[0]!.segment.rows === rows ? lastRows.get(rows) : undefined;
  if (known) return known;
  const pick = new Float32Array(group.length * rows);
  for (const [a, { segment }] of group.entries()) pick[a * rows + segment.rows - 1] = 1;
  if (group.length === 1 && group[0]!.segment.rows === rows) {
    if (lastRows.size > 512) lastRows.clear();
    lastRows.set(rows, pick);
  }
  return pick;
}

/**
 * @param group members of one smoothing and one set of seasonal terms
 * @param leastRows rows to pad to at least
 */
export function packGroup(group: readonly GroupMember[], leastRows: number): ScreenTensors {
  const assets = group.length;
  const rows = Math.max(leastRows, ...group.map(({ segment }) => segment.rows));
  const channels = Math.max(...group.map(({ open }) => open.width));
  const { seasonTerms } = group[0]!.open;
  const weight = group[0]!.open.doc.model.smoothing;
  const slowWeight = slowSmoothing(weight);
  const { smoothing, carry } = kernelOf(rows, weight);
  const slow = kernelOf(rows, slowWeight);
  /** [height × width] blocks of each asset into [A × tall × wide]; the very array where nothing is padded. */
  const pack = (
    block: (member: GroupMember) => Float32Array,
    tall: number,
    wide: number,
    width: (m: GroupMember) => number,
  ) => {
    const first = block(group[0]!);
    if (assets === 1 && first.length === tall * wide && width(group[0]!) === wide) return first;
    const out = new Float32Array(assets * tall * wide);
    for (let a = 0; a < assets; a += 1) {
      const source = block(group[a]!);
      const w = width(group[a]!);
      if (w === wide) {
        out.set(source, a * tall * wide);
        continue;
      }
      for (let i = 0; i * w < source.length; i += 1)
        out.set(source.subarray(i * w, (i + 1) * w), (a * tall + i) * wide);
    }
    return out;
  };
  const count = (member: GroupMember): number => member.open.width;
  const byRow = (block: (member: GroupMember) => Float32Array) => ({
    data: pack(block, rows, channels, count),
    dims: [assets, rows, channels],
  });
  const square = (block: (member: GroupMember) => Float32Array) => ({
    data: pack(block, channels, channels, count),
    dims: [assets, channels, channels],
  });
  const vector = (block: (member: GroupMember) => Float32Array) => ({
    data: pack(block, 1, channels, count),
    dims: [assets, 1, channels],
  });
  const pick = pickOf(group, rows);
  return {
    assets,
    rows,
    channels,
    seasonTerms,
    inputs: {
      values: byRow(({ segment }) => segment.values),
      mask: byRow(({ segment }) => segment.mask),
      season: {
        data: pack(
          ({ segment }) => segment.season,
          rows,
          seasonTerms,
          () => seasonTerms,
        ),
        dims: [assets, rows, seasonTerms],
      },
      season_weights: {
        data: pack(({ segment }) => segment.weights.season, seasonTerms, channels, count),
        dims: [assets, seasonTerms, channels],
      },
      static_now: square(({ segment }) => segment.weights.staticNow),
      dynamic_now: square(({ segment }) => segment.weights.dynamicNow),
      dynamic_before: square(({ segment }) => segment.weights.dynamicBefore),
      level_before: vector(({ segment }) => segment.levelBefore),
      shift_before: vector(({ state }) => state.shift),
      drift_before: vector(({ state }) => state.drift),
      slow_before: vector(({ state }) => state.slow),
      level_inverse: vector(({ segment }) => segment.weights.levelInverse),
      shift_inverse: vector(({ segment }) => segment.weights.shiftInverse),
      drift_inverse: vector(({ segment }) => segment.weights.driftInverse),
      trend_inverse: vector(({ segment }) => segment.weights.trendInverse),
      precision: vector(({ segment }) => segment.weights.precision),
      alive: {
        data: pack(
          ({ segment }) => segment.weights.alive,
          1,
          1,
          () => 1,
        ),
        dims: [assets, 1, 1],
      },
      smoothing: { data: smoothing, dims: [rows, rows] },
      carry: { data: carry, dims: [rows, 1] },
      slow_smoothing: { data: slow.smoothing, dims: [rows, rows] },
      slow_carry: { data: slow.carry, dims: [rows, 1] },
      drift_gain: { data: gainsOf(group, rows, weight, ({ driftPart }) => driftPart), dims: [assets, rows, 1] },
      slow_gain: { data: gainsOf(group, rows, slowWeight, ({ slowPart }) => slowPart), dims: [assets, rows, 1] },
      pick: { data: pick, dims: [assets, 1, rows] },
    },
  };
}

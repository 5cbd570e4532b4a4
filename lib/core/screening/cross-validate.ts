/**
 * Blocked cross-validation: ridge strengths, the final model, and residuals of every row under a model that has not
 * seen its block. Rows next to each other are alike, so blocks are contiguous and, where there are days, whole days.
 */
import { addRows, emptyGram, type Gram, mirror, without } from './gram.ts';
import { residualRows } from './kernel.ts';
import {
  fitSeason,
  heldOutCovariance,
  type LinearModel,
  residualVariances,
  residualWeights,
  type SeasonFit,
} from './model.ts';

export interface CrossValidateInput {
  /** [rows × channels] in scales, missing cells filled. */
  readonly z: Float64Array;
  readonly mask: Uint8Array;
  /** [rows × terms] */
  readonly season: Float64Array;
  readonly skip: Uint8Array;
  readonly rows: number;
  readonly channels: number;
  readonly dead: Uint8Array;
  readonly periodMs: number;
}

export interface CrossValidated {
  readonly model: LinearModel;
  /** Held-out levels and residuals, [rows × channels], in scales. */
  readonly levels: Float64Array;
  readonly staticResiduals: Float64Array;
  readonly dynamicResiduals: Float64Array;
  readonly ridge: [number, number];
  /** First row of each block, then the number of rows. */
  readonly blocks: readonly number[];
}

const ridges = [1e-5, 1e-4, 1e-3, 1e-2, 0.03, 0.1, 0.3, 1, 3];
const fewRidges = [1e-3, 1e-2, 0.1, 1];
/** Held-out variance below this (in scales²) earns nothing: it would be trust in the last digit. */
const varianceFloor = 1e-5;

/** Bounds of the blocks: five, or ten for long warm-ups, on whole days where days are covered. */
function blockBounds(rows: number, periodMs: number, manyChannels: boolean): number[] {
  const count = manyChannels || rows < 150 ? 3 : rows >= 2000 ? 8 : 5;
  const dayRows = Math.round(86_400_000 / periodMs);
  const unit = dayRows > 1 && rows / dayRows >= 2 * count ? dayRows : 1;
  const bounds = Array.from({ length: count }, (_, b) => Math.round((b * rows) / count / unit) * unit);
  return [...bounds, rows];
}

export function crossValidate(input: CrossValidateInput): CrossValidated {
  const { z, season, skip, rows, channels, periodMs, dead } = input;
  const terms = season.length / rows;
  const blocks = blockBounds(rows, periodMs, channels > 96);
  const cuts = usualReach(input);
  const clipped = z.map((value, i) => Math.min(Math.max(value, -cuts[i % channels]!), cuts[i % channels]!));
  const size = terms + 2 * channels;
  const all = emptyGram(size);
  const parts: Gram[] = [];
  for (let b = 0; b + 1 < blocks.length; b += 1) {
    const part = emptyGram(size);
    addRows(part, season, terms, clipped, channels, blocks[b]!, blocks[b + 1]!, skip);
    mirror(part);
    for (let i = 0; i < all.sums.length; i += 1) all.sums[i] = all.sums[i]! + part.sums[i]!;
    all.rows += part.rows;
    parts.push(part);
  }
  const wander = wanderOf(parts, fitSeason(all, terms, channels).season, terms, channels);
  const seasonOf = (gram: Gram): SeasonFit => wandering(fitSeason(gram, terms, channels), wander);
  const folds = parts.map((part) => seasonOf(without(all, part)));
  const heldOut = parts.map((part, b) => heldOutCovariance(part, terms, channels, folds[b]!));
  const width = 2 * channels;
  const grid = channels > 96 ? fewRidges : ridges;
  const choose = (wide: boolean): number => {
    const wSize = wide ? width : channels;
    let best = grid[0]!;
    let bestLoss = Number.POSITIVE_INFINITY;
    for (const ridge of grid) {
      const total = new Float64Array(channels);
      for (let b = 0; b < parts.length; b += 1) {
        if (parts[b]!.rows === 0) continue;
        const { weights } = residualWeights(folds[b]!.covariance, width, wSize, channels, ridge);
        const variances = residualVariances(weights, heldOut[b]!, width, wSize, channels);
        for (let c = 0; c < channels; c += 1) total[c] = total[c]! + (variances[c]! * parts[b]!.rows) / all.rows;
      }
      let loss = 0;
      for (let c = 0; c < channels; c += 1) if (dead[c] === 0) loss += Math.log(total[c]! + varianceFloor);
      // A stronger ridge is taken while it costs next to nothing: the stream is always a little beyond the warm-up.
      if (loss < bestLoss + 0.01 * channels) {
        best = ridge;
        bestLoss = Math.min(loss, bestLoss);
      }
    }
    return best;
  };
  const ridge: [number, number] = [choose(false), choose(true)];
  const solve = (found: SeasonFit): LinearModel => {
    const now = residualWeights(found.covariance, width, channels, channels, ridge[0]);
    const both = residualWeights(found.covariance, width, width, channels, ridge[1]);
    return { season: found.season, staticWeights: now.weights, precision: now.precision, dynamicWeights: both.weights };
  };
  const levels = new Float64Array(rows * channels);
  const staticResiduals = new Float64Array(rows * channels);
  const dynamicResiduals = new Float64Array(rows * channels);
  for (let b = 0; b < parts.length; b += 1) {
    const model = solve(folds[b]!);
    const from = blocks[b]!;
    const to = blocks[b + 1]!;
    const start = Math.max(from - 1, 0);
    // The row before the block is levelled by the block's own model, then given its former value back.
    const kept = levels.slice(start * channels, from * channels);
    levelRows(z, season, terms, model.season, channels, start, to, levels);
    zeroDead(levels, dead, channels, start, to);
    const first = levels.slice(start * channels, (start + 1) * channels);
    residualRows(levels, first, model.staticWeights, undefined, input.mask, channels, from, to, staticResiduals);
    const half = channels * channels;
    const now = model.dynamicWeights.subarray(0, half);
    residualRows(
      levels,
      first,
      now,
      model.dynamicWeights.subarray(half),
      input.mask,
      channels,
      from,
      to,
      dynamicResiduals,
    );
    levels.set(kept, start * channels);
  }
  return { model: solve(seasonOf(all)), levels, staticResiduals, dynamicResiduals, ridge, blocks };
}

/** Scales that a value may be off, however rarely it is, before sums of products are formed. */
const leastReach = 8;
/** Part of the rows, and the fewest of them, in which a value must have been seen further off to count as usual. */
const usualShare = 0.001;
const fewestUsualRows = 3;
/** What is usual goes a little further than it was seen to; a value beyond is cut in the fit, and not in the stream. */
const reachMargin = 1.25;

/**
 * How far off each channel is taken for real, in scales. A wild reading or two must not decide what a channel has to do
 * with others; a stand-by pump that runs for a day of a year must, for with its flow cut short, each of its hours would
 * be foretold many times too large in all that leans on it.
 */
function usualReach({ z, mask, skip, rows, channels }: CrossValidateInput): Float64Array {
  const reach = new Float64Array(channels);
  const seen = Math.max(fewestUsualRows, Math.ceil(usualShare * rows));
  const column = new Float64Array(rows);
  for (let c = 0; c < channels; c += 1) {
    let kept = 0;
    for (let t = 0; t < rows; t += 1) {
      if (skip[t] === 0 && mask[t * channels + c] === 1) column[kept++] = Math.abs(z[t * channels + c]!);
    }
    const sorted = column.subarray(0, kept).sort();
    reach[c] = Math.max(leastReach, reachMargin * (sorted[kept - seen] ?? 0));
  }
  return reach;
}

/** How much further than on its way within the warm-up a channel is taken to go after it. */
const wanderFactor = 1.5;

/**
 * Variance by channel that a straight line through the blocks' means explains: a channel on its way, as one that warms
 * up, will be further off after the warm-up. One that only comes and goes has shown how far it does.
 */
function wanderOf(parts: readonly Gram[], season: Float64Array, terms: number, channels: number): Float64Array {
  const used = parts.filter((part) => part.rows > 0);
  const wander = new Float64Array(channels);
  const middle = (used.length - 1) / 2;
  const spread = used.reduce((sum, _, b) => sum + (b - middle) ** 2, 0);
  if (used.length < 2) return wander;
  for (let c = 0; c < channels; c += 1) {
    // The first seasonal term is 1, so its products are plain sums.
    const means = used.map((part) => {
      let sum = part.sums[terms + c]!;
      for (let i = 0; i < terms; i += 1) sum -= part.sums[i]! * season[i * channels + c]!;
      return sum / part.rows;
    });
    const along = means.reduce((sum, value, b) => sum + (b - middle) * value, 0);
    wander[c] = (wanderFactor * along ** 2) / spread / (used.length - 1);
  }
  return wander;
}

/**
 * Adds to each channel's covariance, now and before alike, what it may wander: others then lean less on its level and
 * its own residual leans more on the row before, while differences between rows count as they did.
 */
function wandering(found: SeasonFit, wander: Float64Array): SeasonFit {
  const channels = wander.length;
  const width = 2 * channels;
  for (let c = 0; c < channels; c += 1) {
    for (const i of [c, channels + c]) {
      for (const j of [c, channels + c])
        found.covariance[i * width + j] = found.covariance[i * width + j]! + wander[c]!;
    }
  }
  return found;
}

/** levels = z − season · weights for rows [from, to). */
function levelRows(
  z: Float64Array,
  season: Float64Array,
  terms: number,
  weights: Float64Array,
  channels: number,
  from: number,
  to: number,
  out: Float64Array,
): void {
  for (let t = from; t < to; t += 1) {
    const at = t * channels;
    for (let c = 0; c < channels; c += 1) out[at + c] = z[at + c]!;
    for (let i = 0; i < terms; i += 1) {
      const term = season[t * terms + i]!;
      if (term === 0) continue;
      for (let c = 0; c < channels; c += 1) out[at + c] = out[at + c]! - term * weights[i * channels + c]!;
    }
  }
}

function zeroDead(levels: Float64Array, dead: Uint8Array, channels: number, from: number, to: number): void {
  for (let c = 0; c < channels; c += 1) {
    if (dead[c] === 1) for (let t = from; t < to; t += 1) levels[t * channels + c] = 0;
  }
}

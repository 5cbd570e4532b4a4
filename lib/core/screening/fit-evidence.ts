/** The spread of residuals and evidence over held-out normal rows, and the alarm threshold that follows. */
import type { AlarmThreshold, EvidenceTail } from '../../contracts/calibration.ts';
import { freshCut, freshFrom, freshTo, largestLogP, openTails } from './combine.ts';
import type { CrossValidated } from './cross-validate.ts';
import { graphEvidence, rowEvidence, slowSmoothing, smoothRows, trendOf } from './kernel.ts';
import { quantileOfSorted } from './linear.ts';
import { deviationRows } from './open.ts';
import { fitTail, logP, openTail } from './tail.ts';
import { fitThreshold } from './threshold.ts';
import { viewCaution, viewCount } from './views.ts';

export interface EvidenceInput {
  readonly mask: Uint8Array;
  readonly skip: Uint8Array;
  readonly rows: number;
  readonly channels: number;
  readonly dead: Uint8Array;
  readonly smoothing: number;
  readonly episodesPerRow: number;
  /** The channel that is viewed, where the last channels are its views; else −1. */
  readonly viewed: number;
}

export interface FittedEvidence {
  readonly staticNow: Float32Array;
  readonly dynamicNow: Float32Array;
  readonly dynamicBefore: Float32Array;
  readonly deviations: Float32Array;
  readonly evidence: EvidenceTail[];
  readonly combined: EvidenceTail;
  readonly fresh: EvidenceTail;
  readonly threshold: AlarmThreshold;
}

/** Least deviations, in scales: below, a residual would be trust in a last digit. */
const leastDeviation = 0.01;
const energyPrior = { shape: 0.1, maxShape: 0.7 };
/**
 * −log10 p falls off tenfold a unit by construction, and no faster: it was fitted on the very rows that it is now
 * calibrated on, whose largest look smaller than a fresh row's.
 */
const logPrior = { shape: 0.02, maxShape: 0.25, leastScale: Math.LOG10E };

export function fitEvidence(found: CrossValidated, input: EvidenceInput): FittedEvidence {
  const { rows, channels, dead, mask, skip, smoothing } = input;
  const level = maskRows(found.levels, mask);
  const { deviations: levelDeviation, widening: levelWidening } = normalise(level, input);
  const { deviations: staticDeviation, widening: staticWidening } = normalise(found.staticResiduals, input);
  const { deviations: dynamicDeviation } = normalise(found.dynamicResiduals, input);
  const zeros = new Float64Array(channels);
  const shift = smoothRows(found.staticResiduals, zeros, channels, smoothing);
  const drift = smoothRows(level, zeros, channels, smoothing);
  const trend = trendRows(drift, smoothRows(level, zeros, channels, slowSmoothing(smoothing)), channels, smoothing);
  const everyCell = new Uint8Array(mask.length).fill(1);
  const { deviations: shiftDeviation } = normalise(shift, { ...input, mask: everyCell });
  const { deviations: driftDeviation } = normalise(drift, { ...input, mask: everyCell });
  const trendDeviation = trendDeviations(trend, input, levelWidening);
  if (input.viewed >= 0) {
    const ones = new Array<number>(channels - viewCount).fill(1);
    const own = mask.filter((_, i) => i % channels === input.viewed);
    const caution = [...ones, ...viewCaution(own, skip)];
    widen(shift, shiftDeviation, caution);
    widen(drift, driftDeviation, caution);
    // Views are means already: how these move on, once more against their mean, no warm-up has seen often enough.
    widen(trend, trendDeviation, [...ones, trendless, trendless]);
  }
  const precision = new Float64Array(channels);
  for (let c = 0; c < channels; c += 1) {
    // Level and residual come to the sum over their deviations. What those were widened by stays in: taken out again, the
    // sum would be the one evidence that mistakes a drift, or what is merely rare, for a fault.
    const deviations = (levelDeviation[c]! / levelWidening[c]!) * (staticDeviation[c]! / staticWidening[c]!);
    precision[c] = dead[c] === 1 ? 0 : found.model.precision[c]! * deviations;
  }
  const width = graphEvidence.length;
  const table = new Float64Array(rows * width);
  const alive = channels - dead.reduce((sum, value) => sum + value, 0);
  for (let t = 0; t < rows; t += 1) {
    const from = t * channels;
    const to = from + channels;
    let observed = 0;
    for (let i = from; i < to; i += 1) observed += mask[i]!;
    rowEvidence(
      level.subarray(from, to),
      found.staticResiduals.subarray(from, to),
      found.dynamicResiduals.subarray(from, to),
      shift.subarray(from, to),
      drift.subarray(from, to),
      trend.subarray(from, to),
      precision,
      observed,
      alive,
      table,
      t * width,
    );
  }
  const kept = (_: number, t: number): boolean => skip[t] === 0;
  const evidence = graphEvidence.map((name, k) =>
    fitTail(name, Float64Array.from({ length: rows }, (_, t) => table[t * width + k]!).filter(kept), energyPrior),
  );
  const open = openTails(evidence.map(openTail));
  const raw = new Float64Array(rows);
  const rawFresh = new Float64Array(rows);
  for (let t = 0; t < rows; t += 1) {
    raw[t] = largestLogP(open, table, t * width, 0, width);
    rawFresh[t] = largestLogP(open, table, t * width, freshFrom, freshTo);
  }
  const combined = fitTail('combined', raw.filter(kept), logPrior);
  const fresh = fitTail('fresh', rawFresh.filter(kept), logPrior);
  const combinedTail = openTail(combined);
  const freshTail = openTail(fresh);
  const threshold = fitThreshold(
    raw.map((value) => logP(combinedTail, value)),
    rawFresh.map((value) => Math.min(logP(freshTail, value), freshCut)),
    skip,
    smoothing,
    input.episodesPerRow,
  );
  const half = channels * channels;
  const { staticWeights, dynamicWeights } = found.model;
  const deviations = new Float32Array(deviationRows * channels);
  for (const [r, values] of [
    levelDeviation,
    staticDeviation,
    dynamicDeviation,
    shiftDeviation,
    driftDeviation,
    precision,
    trendDeviation,
  ].entries()) {
    deviations.set(values, r * channels);
  }
  return {
    staticNow: overDeviation(staticWeights, staticDeviation, dead),
    dynamicNow: overDeviation(dynamicWeights.subarray(0, half), dynamicDeviation, dead),
    dynamicBefore: overDeviation(dynamicWeights.subarray(half), dynamicDeviation, dead),
    deviations,
    evidence,
    combined,
    fresh,
    threshold,
  };
}

/** Trends of smoothed and slowly smoothed levels that both began at nought: each over the weight that it has gathered. */
function trendRows(drift: Float64Array, slow: Float64Array, channels: number, smoothing: number): Float64Array {
  let driftLeft = 1;
  let slowLeft = 1;
  const trend = new Float64Array(drift.length);
  for (let from = 0; from < drift.length; from += channels) {
    driftLeft *= 1 - smoothing;
    slowLeft *= 1 - slowSmoothing(smoothing);
    for (let i = from; i < from + channels; i += 1)
      trend[i] = trendOf(drift[i]! / (1 - driftLeft), slow[i]! / (1 - slowLeft));
  }
  return trend;
}

/** A deviation by which nothing is ever news. */
const trendless = 1e6;

/** Divides columns, and multiplies their deviations, in place. */
function widen(values: Float64Array, deviations: Float64Array, by: readonly number[]): void {
  for (let i = 0; i < values.length; i += 1) values[i] = values[i]! / by[i % by.length]!;
  for (const [c, factor] of by.entries()) deviations[c] = deviations[c]! * factor;
}

/** Divides trends by their root mean square, in place: what wanders does so at its usual pace. */
function trendDeviations(
  trend: Float64Array,
  { channels, dead, skip }: EvidenceInput,
  levelWidening: Float64Array,
): Float64Array {
  const deviations = new Float64Array(channels).fill(1);
  for (let c = 0; c < channels; c += 1) {
    if (dead[c] === 1) continue;
    const kept: number[] = [];
    for (let i = c, t = 0; i < trend.length; i += channels, t += 1) if (skip[t] === 0) kept.push(trend[i]!);
    const sorted = Float64Array.from(kept).sort();
    const square = sorted.reduce((sum, value) => sum + value * value, 0) / Math.max(sorted.length, 1);
    const high = quantileOfSorted(sorted, 0.98) / 2.326;
    // Trends are in deviations of the level, which have been widened: the least one is not to grow with that.
    const least = leastDeviation / levelWidening[c]!;
    deviations[c] = Math.max(Math.sqrt(square), Number.isFinite(high) ? high : 0, least);
    for (let i = c; i < trend.length; i += channels) trend[i] = trend[i]! / deviations[c]!;
  }
  return deviations;
}

function maskRows(values: Float64Array, mask: Uint8Array): Float64Array {
  return values.map((value, i) => (mask[i] === 1 ? value : 0));
}

/**
 * Divides each column by its deviation, in place, and gives the deviations: the root mean square of values cut at ten
 * robust deviations, or what the 98th percentile of a normal spread would ask for where that is more, times a factor
 * for wandering and one for rare events, whose product is given beside them.
 */
function normalise(
  values: Float64Array,
  input: EvidenceInput,
): { readonly deviations: Float64Array; readonly widening: Float64Array } {
  const { rows, channels, dead, mask, skip } = input;
  const deviations = new Float64Array(channels).fill(1);
  const widening = new Float64Array(channels).fill(1);
  const column = new Float64Array(rows);
  for (let c = 0; c < channels; c += 1) {
    if (dead[c] === 1) continue;
    let kept = 0;
    for (let t = 0; t < rows; t += 1) {
      const i = t * channels + c;
      if (mask[i] === 1 && skip[t] === 0) column[kept++] = Math.abs(values[i]!);
    }
    const sorted = column.subarray(0, kept).sort();
    const high = quantileOfSorted(sorted, 0.98) / 2.326;
    const cut = 10 * Math.max(high, leastDeviation);
    let square = 0;
    for (const value of sorted) square += Math.min(value, cut) ** 2;
    const rms = Math.sqrt(square / Math.max(sorted.length, 1));
    const usual = Math.max(rms, Number.isFinite(high) ? high : 0, leastDeviation);
    const wander = Math.min((1 + wanderOf(values, input, c)) ** wanderPower, mostWander);
    widening[c] = wander * rarityOf(sorted, usual);
    deviations[c] = usual * widening[c]!;
    for (let i = c; i < values.length; i += channels) values[i] = values[i]! / deviations[c]!;
  }
  return { deviations, widening };
}

/** Shares of rows that rare events are looked for in, with the two-sided normal quantile of each. */
const rareShares = [
  [0.005, 2.807],
  [0.001, 3.291],
  [0.0005, 3.481],
  [0.0002, 3.719],
  [0.0001, 3.891],
] as const;

/** Values of a column without which nothing is said of what is rare: four of them then lie beyond the first share. */
const rarityLeastValues = 800;

/**
 * How many times its usual deviation a column's rarest values ask for, 1 or more. A pump that starts once a month stands
 * hundreds of its usual deviations out when it does. Evidence is the largest of all channels, so such starts would be
 * its tail, and no fault of another channel would ever be rarer than they are. Of few values the rarest are as rare as
 * chance made them: three bumps in 400 would dull their channel.
 */
function rarityOf(sorted: Float64Array, usual: number): number {
  let rarity = 1;
  if (sorted.length < rarityLeastValues) return rarity;
  for (const [share, z] of rareShares) {
    if (sorted.length * share < 1) break;
    rarity = Math.max(rarity, quantileOfSorted(sorted, 1 - share) / (z * usual));
  }
  return rarity;
}

/** Blocks by which wandering is judged. */
const wanderBlocks = 5;
/** 0.5 would take what wandered within the warm-up as all there is; above, it is expected to wander on after it. */
const wanderPower = 1.5;
/** No channel is taken to be off by more times what it was within the warm-up, or nothing it does would be news. */
const mostWander = 6;

/**
 * How much a column wanders: the variance of its means by block over the variance within blocks. A channel that is
 * still warming up, or drifts by nature, will be further off after the warm-up than it ever was within it.
 */
function wanderOf(values: Float64Array, input: EvidenceInput, c: number): number {
  const { rows, channels, mask, skip } = input;
  const means: number[] = [];
  let within = 0;
  let total = 0;
  for (let b = 0; b < wanderBlocks; b += 1) {
    let n = 0;
    let sum = 0;
    let square = 0;
    for (let t = Math.floor((b * rows) / wanderBlocks); t < Math.floor(((b + 1) * rows) / wanderBlocks); t += 1) {
      const i = t * channels + c;
      if (mask[i] !== 1 || skip[t] === 1) continue;
      n += 1;
      sum += values[i]!;
      square += values[i]! ** 2;
    }
    if (n < 8) continue;
    means.push(sum / n);
    within += square - sum ** 2 / n;
    total += n;
  }
  if (means.length < 3 || !(within > 0)) return 0;
  const mean = means.reduce((sum, value) => sum + value, 0) / means.length;
  const between = means.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (means.length - 1);
  return between / (within / total);
}

/** Columns over their channel's deviation, dead columns 0. */
function overDeviation(weights: Float64Array, deviation: Float64Array, dead: Uint8Array): Float32Array {
  const channels = deviation.length;
  return Float32Array.from(weights, (weight, i) => (dead[i % channels] === 1 ? 0 : weight / deviation[i % channels]!));
}

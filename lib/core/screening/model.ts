/**
 * The linear model of an asset from its sums of products. Levels are values less season, in units of scale. The
 * residual of a channel given all others is a column of the inverse covariance over its diagonal (the ridge goes on the
 * diagonal), so that one inversion serves all channels: Lauritzen, Graphical Models, 1996, section 5.1.
 */
import type { Gram } from './gram.ts';
import { invertSpd } from './linear.ts';

/** Residual weights of one fit. */
export interface LinearModel {
  /** [terms × channels] */
  readonly season: Float64Array;
  /** [channels × channels], column c gives the residual of c; 1 on the diagonal. */
  readonly staticWeights: Float64Array;
  /** 1 over the residual's variance as the model sees it, by channel: T² = Σ level × static residual × this. */
  readonly precision: Float64Array;
  /** [2 channels × channels]: weights of the levels now, then of the levels before. */
  readonly dynamicWeights: Float64Array;
}

export interface SeasonFit {
  readonly season: Float64Array;
  /** Seasonal weights of [values now, values before], [terms × 2 channels]; the first half is `season`. */
  readonly coefficients: Float64Array;
  /** Covariance of [levels now, levels before], (2 channels)². */
  readonly covariance: Float64Array;
}

/** Takes the season out by least squares. */
export function fitSeason(gram: Gram, terms: number, channels: number): SeasonFit {
  const { size, sums, rows } = gram;
  const n = Math.max(rows, 1);
  const own = new Float64Array(terms * terms);
  for (let i = 0; i < terms; i += 1) {
    for (let j = 0; j < terms; j += 1) own[i * terms + j] = sums[i * size + j]! / n + (i === j ? 1e-4 : 0);
  }
  const inverse = invertSpd(own, terms);
  const width = 2 * channels;
  const coefficients = new Float64Array(terms * width);
  for (let i = 0; i < terms; i += 1) {
    for (let k = 0; k < terms; k += 1) {
      const weight = inverse[i * terms + k]! / n;
      for (let c = 0; c < width; c += 1) {
        coefficients[i * width + c] = coefficients[i * width + c]! + weight * sums[k * size + terms + c]!;
      }
    }
  }
  const season = new Float64Array(terms * channels);
  for (let i = 0; i < terms; i += 1) {
    for (let c = 0; c < channels; c += 1) season[i * channels + c] = coefficients[i * width + c]!;
  }
  return { season, coefficients, covariance: levelCovariance(gram, terms, channels, coefficients) };
}

/** Covariance of the levels of a stretch under seasonal coefficients [terms × 2 channels]. */
function levelCovariance(gram: Gram, terms: number, channels: number, coefficients: Float64Array): Float64Array {
  const { size, sums, rows } = gram;
  const width = 2 * channels;
  const n = Math.max(rows, 1);
  // half = Ghh D / 2 − Ghw, so that D' half + half' D = D' Ghh D − D' Ghw − Gwh D.
  const half = new Float64Array(terms * width);
  for (let i = 0; i < terms; i += 1) {
    for (let c = 0; c < width; c += 1) {
      let sum = -sums[i * size + terms + c]!;
      for (let k = 0; k < terms; k += 1) sum += 0.5 * sums[i * size + k]! * coefficients[k * width + c]!;
      half[i * width + c] = sum;
    }
  }
  const covariance = new Float64Array(width * width);
  for (let a = 0; a < width; a += 1) {
    for (let b = 0; b <= a; b += 1) {
      let sum = sums[(terms + a) * size + terms + b]!;
      for (let i = 0; i < terms; i += 1) {
        sum +=
          coefficients[i * width + a]! * half[i * width + b]! + half[i * width + a]! * coefficients[i * width + b]!;
      }
      covariance[a * width + b] = sum / n;
      covariance[b * width + a] = sum / n;
    }
  }
  return covariance;
}

/** Covariance of a held-out stretch under the season of another. */
export const heldOutCovariance = (gram: Gram, terms: number, channels: number, fit: SeasonFit): Float64Array =>
  levelCovariance(gram, terms, channels, fit.coefficients);

/** Residual weights by channel, [size × channels]: column c of the damped inverse covariance over its diagonal. */
export function residualWeights(
  covariance: Float64Array,
  width: number,
  size: number,
  channels: number,
  ridge: number,
) {
  const damped = new Float64Array(size * size);
  for (let i = 0; i < size; i += 1) {
    for (let j = 0; j < size; j += 1) damped[i * size + j] = covariance[i * width + j]! + (i === j ? ridge : 0);
  }
  const inverse = invertSpd(damped, size);
  const weights = new Float64Array(size * channels);
  const precision = new Float64Array(channels);
  for (let c = 0; c < channels; c += 1) {
    const own = inverse[c * size + c]!;
    precision[c] = own;
    for (let j = 0; j < size; j += 1) weights[j * channels + c] = inverse[j * size + c]! / own;
  }
  return { weights, precision };
}

/** Mean square of each channel's residual under a covariance [width²], of which the weights use the first `size`. */
export function residualVariances(
  weights: Float64Array,
  covariance: Float64Array,
  width: number,
  size: number,
  channels: number,
): Float64Array {
  const variances = new Float64Array(channels);
  for (let c = 0; c < channels; c += 1) {
    let total = 0;
    for (let i = 0; i < size; i += 1) {
      const wi = weights[i * channels + c]!;
      if (wi === 0) continue;
      let sum = 0;
      const at = i * width;
      for (let j = 0; j < size; j += 1) sum += covariance[at + j]! * weights[j * channels + c]!;
      total += wi * sum;
    }
    variances[c] = Math.max(total, 0);
  }
  return variances;
}

/** Draws that the second family of test data needs beside those of the core. */
import { integerBetween, normal, type Random } from '../../../lib/core/random.ts';

/** A number in [low, high) whose logarithm is uniform. */
export const logBetween = (random: Random, low: number, high: number): number => low * (high / low) ** random();
export const chance = (random: Random, share: number): boolean => random() < share;
export const sign = (random: Random): 1 | -1 => (chance(random, 0.5) ? 1 : -1);
export const pick = <T>(random: Random, list: readonly T[]): T => list[integerBetween(random, 0, list.length - 1)]!;
export const exponential = (random: Random): number => -Math.log(1 - random());
/** At least one; the smaller the shape, the heavier the tail. */
export const pareto = (random: Random, shape: number): number => (1 - random()) ** (-1 / shape);
export const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));

export function shuffled<T>(random: Random, list: readonly T[]): T[] {
  const out = [...list];
  for (let i = out.length - 1; i > 0; i -= 1) {
    const j = integerBetween(random, 0, i);
    [out[i], out[j]] = [out[j]!, out[i]!];
  }
  return out;
}

/** Gamma of scale one, for shapes of one and more (Marsaglia and Tsang 2000). */
export function gamma(random: Random, shape: number): number {
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = normal(random);
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - random()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}

/** A count with this mean; a rounded normal draw where the mean is large (Knuth's product below). */
export function poisson(random: Random, mean: number): number {
  if (mean > 200) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal(random)));
  const floor = Math.exp(-mean);
  let count = 0;
  for (let product = random(); product > floor; product *= random()) count += 1;
  return count;
}

/** A count with this mean whose variance is mean + mean² / size. */
export const overdispersed = (random: Random, mean: number, size: number): number =>
  poisson(random, (mean * gamma(random, size)) / size);

/** First-order autoregression of unit variance that keeps this much of its last value, drawn value by value. */
export function autoregression(random: Random, keep: number): () => number {
  const fresh = Math.sqrt(1 - keep * keep);
  let value = normal(random);
  return () => {
    value = keep * value + fresh * normal(random);
    return value;
  };
}

/** How much of its last value an autoregression keeps whose memory is this many rows. */
export const keepOf = (memoryRows: number): number => Math.exp(-1 / memoryRows);
export const toStep = (value: number, step: number): number => Math.round(value / step) * step;

export const meanOf = (values: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < values.length; i += 1) sum += values[i]!;
  return sum / values.length;
};
export function deviationOf(values: ArrayLike<number>): number {
  const mean = meanOf(values);
  let sum = 0;
  for (let i = 0; i < values.length; i += 1) sum += (values[i]! - mean) ** 2;
  return Math.sqrt(sum / values.length);
}

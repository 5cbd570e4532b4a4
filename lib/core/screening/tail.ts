/**
 * From evidence to p-values: quantile knots of the warm-up's out-of-fold evidence, then a generalised Pareto tail
 * fitted by probability-weighted moments (Hosking and Wallis, Technometrics 29, 1987), whose shape is drawn towards a
 * prior where few rows speak.
 */
import type { EvidenceTail } from '../../contracts/calibration.ts';
import { quantileOfSorted } from './linear.ts';

/** Exceedance probabilities of the knots; the last used is where the tail begins. */
export const knotProbabilities = [0.5, 0.4, 0.3, 0.2, 0.15, 0.1, 0.07, 0.05, 0.03, 0.02, 0.01, 0.005] as const;

/** Rows that a tail is fitted on at least. */
const tailRows = 30;
/** Weight of the prior shape, in rows. */
const priorRows = 30;

export interface TailPrior {
  readonly shape: number;
  readonly maxShape: number;
  /** The tail falls off no faster than with this scale. */
  readonly leastScale?: number;
}

/** Fits knots and tail; `values` may be in any order and must be finite. */
export function fitTail(name: string, values: Float64Array, prior: TailPrior): EvidenceTail {
  const sorted = values.slice().sort();
  const n = sorted.length;
  let used = 2;
  while (used < knotProbabilities.length && knotProbabilities[used]! * n >= tailRows) used += 1;
  const knots = new Array<number>(used);
  for (let i = 0; i < used; i += 1) {
    const value = quantileOfSorted(sorted, 1 - knotProbabilities[i]!);
    // Strictly rising knots keep the interpolation defined where evidence is discrete.
    knots[i] = i === 0 ? value : Math.max(value, knots[i - 1]! + 1e-9 + 1e-9 * Math.abs(value));
  }
  const start = knots[used - 1]!;
  const tailProbability = knotProbabilities[used - 1]!;
  const over: number[] = [];
  for (let i = n - 1; i >= 0 && sorted[i]! > start; i -= 1) over.push(sorted[i]! - start);
  over.reverse();
  const spread = Math.max(start - knots[0]!, 1e-6);
  const { scale, shape } = fitPareto(over, prior, spread / Math.log(knotProbabilities[0] / tailProbability));
  return { name, knots, tailProbability, tailScale: Math.max(scale, prior.leastScale ?? 0), tailShape: shape };
}

function fitPareto(over: readonly number[], prior: TailPrior, fallbackScale: number): { scale: number; shape: number } {
  const n = over.length;
  const mean = over.reduce((sum, value) => sum + value, 0) / Math.max(n, 1);
  if (n < 5 || !(mean > 0)) return { scale: fallbackScale, shape: prior.shape };
  let weighted = 0;
  for (let i = 0; i < n; i += 1) weighted += over[i]! * (1 - (i + 0.65) / n);
  weighted /= n;
  const fitted = 2 - mean / Math.max(mean - 2 * weighted, 1e-9);
  const drawn = (n * Math.min(Math.max(fitted, -0.5), 1) + priorRows * prior.shape) / (n + priorRows);
  const shape = Math.min(Math.max(drawn, 0), prior.maxShape);
  return { scale: Math.max(mean * (1 - shape), 1e-9), shape };
}

/** A tail as flat numbers, for the inner loop. */
export interface OpenTail {
  readonly knots: Float64Array;
  /** −log10 of the knots' exceedance probabilities. */
  readonly logs: Float64Array;
  readonly scale: number;
  readonly shape: number;
}

export function openTail(tail: EvidenceTail): OpenTail {
  return {
    knots: Float64Array.from(tail.knots),
    logs: Float64Array.from(tail.knots, (_, i) => -Math.log10(knotProbabilities[i] ?? tail.tailProbability)),
    scale: tail.tailScale,
    shape: tail.tailShape,
  };
}

/** Largest −log10 p that is told apart. */
export const maxLogP = 300;

/** −log10 of the exceedance probability of `value`, 0 to `maxLogP`; 0 for what is not above everything normal. */
export function logP(tail: OpenTail, value: number): number {
  const { knots, logs } = tail;
  const last = knots.length - 1;
  if (value >= knots[last]!) {
    const over = (value - knots[last]!) / tail.scale;
    const nats = tail.shape < 1e-6 ? over : Math.log1p(tail.shape * over) / tail.shape;
    return Math.min(logs[last]! + nats * Math.LOG10E, maxLogP);
  }
  const first = knots[0]!;
  if (value < first) return first > 0 && value > 0 ? (logs[0]! * value) / first : 0;
  let i = 1;
  while (value >= knots[i]!) i += 1;
  const part = (value - knots[i - 1]!) / (knots[i]! - knots[i - 1]!);
  return logs[i - 1]! + part * (logs[i]! - logs[i - 1]!);
}

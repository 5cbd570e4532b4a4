/**
 * A seeded histogram gradient booster for several classes (softmax), after Friedman 2001 and the second-order
 * leaf values of Chen & Guestrin 2016 (XGBoost, eq. 5). The same rows and seed give the same trees everywhere: all
 * sums run in a fixed order and every threshold and leaf is rounded to float32, as the exported graph holds them.
 */
import { childRandom, type Random } from '../../lib/core/random.ts';
import { binColumns, fitBinning } from './binning.ts';
import { growTree, type Tree } from './tree.ts';

export interface BoosterOptions {
  /** Boosting rounds at most; each grows one tree a class. */
  readonly rounds: number;
  readonly learningRate: number;
  readonly maxDepth: number;
  /** Smallest sum of Hessians in a leaf, in rows of average weight. */
  readonly minChildWeight: number;
  /** L2 penalty on leaf values. */
  readonly lambda: number;
  /** Share of rows that each round sees. */
  readonly rowShare: number;
  /** Share of features that each tree sees. */
  readonly columnShare: number;
  readonly maxBins: number;
  /** Rounds without a better validation loss after which training stops. */
  readonly patience: number;
  readonly seed: number;
}

export const defaultBoosterOptions: BoosterOptions = {
  rounds: 250,
  learningRate: 0.08,
  maxDepth: 5,
  minChildWeight: 3,
  lambda: 2,
  rowShare: 0.7,
  columnShare: 0.5,
  maxBins: 64,
  patience: 25,
  seed: 1,
};

/** Rows for the booster: `features[i]` has one finite number a feature, `labels[i]` is a class index. */
export interface LabelledRows {
  readonly features: readonly Float32Array[];
  readonly labels: readonly number[];
  /** Weight of each row; all equal when left out. */
  readonly weights?: readonly number[];
}

export interface BoostedModel {
  readonly classCount: number;
  readonly featureCount: number;
  /** Log-odds before any tree, one a class. */
  readonly base: Float32Array;
  /** Trees in order of rounds, `classCount` a round. */
  readonly trees: readonly Tree[];
}

/** Told after every round; `validationLoss` is the weighted mean log loss. */
export type RoundListener = (round: number, rounds: number, validationLoss: number) => void;

/**
 * Fits a booster and keeps the rounds up to the best validation loss.
 * @param train rows to learn from, at least one
 * @param validation rows to stop on, at least one
 * @throws RangeError when rows disagree in width, hold a non-finite number, or a label is out of range
 */
export function fitBooster(
  train: LabelledRows,
  validation: LabelledRows,
  classCount: number,
  options: BoosterOptions = defaultBoosterOptions,
  onRound: RoundListener = () => {},
): BoostedModel {
  const featureCount = checkRows(train, classCount);
  if (checkRows(validation, classCount) !== featureCount) throw new RangeError('train and validation differ in width');
  const binning = fitBinning(train.features, options.maxBins);
  const columns = binColumns(train.features, binning);
  const weights = train.weights ?? new Array<number>(train.labels.length).fill(1);
  const base = classLogPriors(train.labels, weights, classCount);
  const scores = startScores(train.labels.length, base);
  const validationScores = startScores(validation.labels.length, base);
  const trees: Tree[] = [];
  let best = { loss: meanLogLoss(validationScores, validation, classCount), trees: 0 };

  for (let round = 0; round < options.rounds; round += 1) {
    const random = childRandom(options.seed, 'round', round);
    const rows = sampleIndices(train.labels.length, options.rowShare, random);
    const gradients = softmaxGradients(scores, train.labels, weights, classCount);
    for (let k = 0; k < classCount; k += 1) {
      const tree = growTree({
        columns,
        binning,
        rows,
        features: sampleIndices(featureCount, options.columnShare, random),
        gradient: gradients.gradient[k]!,
        hessian: gradients.hessian[k]!,
        maxDepth: options.maxDepth,
        minChildWeight: options.minChildWeight,
        lambda: options.lambda,
        learningRate: options.learningRate,
      });
      trees.push(tree);
      addTree(tree, train.features, scores, k, classCount);
      addTree(tree, validation.features, validationScores, k, classCount);
    }
    const loss = meanLogLoss(validationScores, validation, classCount);
    if (loss < best.loss - 1e-6) best = { loss, trees: trees.length };
    onRound(round + 1, options.rounds, loss);
    if (trees.length - best.trees >= options.patience * classCount) break;
  }
  return { classCount, featureCount, base, trees: trees.slice(0, best.trees) };
}

/** Raw scores (log-odds) of one row, before softmax. */
export function rawScores(model: BoostedModel, features: Float32Array): Float64Array {
  const scores = Float64Array.from(model.base);
  model.trees.forEach((tree, index) => {
    scores[index % model.classCount]! += evaluateTree(tree, features);
  });
  return scores;
}

/** Softmax with the largest score taken out first, so that nothing overflows. */
export function softmax(scores: ArrayLike<number>): Float64Array {
  let max = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < scores.length; k += 1) max = Math.max(max, scores[k]!);
  const out = new Float64Array(scores.length);
  let sum = 0;
  for (let k = 0; k < scores.length; k += 1) {
    out[k] = Math.exp(scores[k]! - max);
    sum += out[k]!;
  }
  for (let k = 0; k < scores.length; k += 1) out[k]! /= sum;
  return out;
}

/** The leaf value that a row reaches. */
export function evaluateTree(tree: Tree, features: Float32Array): number {
  let node = 0;
  while (tree.feature[node]! >= 0) {
    node = features[tree.feature[node]!]! <= tree.value[node]! ? tree.left[node]! : tree.right[node]!;
  }
  return tree.value[node]!;
}

/** Split gain summed by feature over all trees, as shares of the whole. */
export function gainShares(model: BoostedModel): Float64Array {
  const shares = new Float64Array(model.featureCount);
  let total = 0;
  for (const tree of model.trees) {
    tree.feature.forEach((feature, node) => {
      if (feature < 0) return;
      shares[feature]! += tree.gain[node]!;
      total += tree.gain[node]!;
    });
  }
  return total > 0 ? shares.map((share) => share / total) : shares;
}

function checkRows(rows: LabelledRows, classCount: number): number {
  const width = rows.features[0]?.length;
  if (width === undefined || rows.labels.length !== rows.features.length) {
    throw new RangeError('needs at least one row, and one label a row');
  }
  for (const row of rows.features) {
    if (row.length !== width || !row.every(Number.isFinite)) {
      throw new RangeError(`every row needs ${width} finite features; encode a missing one with a finite sentinel`);
    }
  }
  const bad = rows.labels.find((label) => !Number.isInteger(label) || label < 0 || label >= classCount);
  if (bad !== undefined) throw new RangeError(`label ${bad} is not one of ${classCount} classes`);
  return width;
}

function classLogPriors(labels: readonly number[], weights: readonly number[], classCount: number): Float32Array {
  const totals = new Float64Array(classCount).fill(1e-3);
  labels.forEach((label, i) => {
    totals[label]! += weights[i]!;
  });
  const sum = totals.reduce((a, b) => a + b, 0);
  return Float32Array.from(totals, (total) => Math.log(total / sum));
}

function startScores(count: number, base: Float32Array): Float64Array {
  const scores = new Float64Array(count * base.length);
  for (let i = 0; i < count; i += 1) scores.set(base, i * base.length);
  return scores;
}

function addTree(tree: Tree, rows: readonly Float32Array[], scores: Float64Array, k: number, classCount: number): void {
  for (let i = 0; i < rows.length; i += 1) scores[i * classCount + k]! += evaluateTree(tree, rows[i]!);
}

function softmaxGradients(
  scores: Float64Array,
  labels: readonly number[],
  weights: readonly number[],
  classCount: number,
): { gradient: Float64Array[]; hessian: Float64Array[] } {
  const make = (): Float64Array[] => Array.from({ length: classCount }, () => new Float64Array(labels.length));
  const gradient = make();
  const hessian = make();
  for (let i = 0; i < labels.length; i += 1) {
    const p = softmax(scores.subarray(i * classCount, (i + 1) * classCount));
    for (let k = 0; k < classCount; k += 1) {
      gradient[k]![i] = (p[k]! - (labels[i] === k ? 1 : 0)) * weights[i]!;
      hessian[k]![i] = Math.max(p[k]! * (1 - p[k]!), 1e-6) * weights[i]!;
    }
  }
  return { gradient, hessian };
}

function meanLogLoss(scores: Float64Array, rows: LabelledRows, classCount: number): number {
  let loss = 0;
  let total = 0;
  rows.labels.forEach((label, i) => {
    const weight = rows.weights?.[i] ?? 1;
    const p = softmax(scores.subarray(i * classCount, (i + 1) * classCount));
    loss -= weight * Math.log(Math.max(p[label]!, 1e-12));
    total += weight;
  });
  return loss / total;
}

/** A sorted sample without replacement, at least one index. */
function sampleIndices(count: number, share: number, random: Random): Int32Array {
  const order = Int32Array.from({ length: count }, (_, i) => i);
  const take = Math.max(1, Math.round(count * share));
  for (let i = 0; i < take; i += 1) {
    const j = i + Math.floor(random() * (count - i));
    const swap = order[i]!;
    order[i] = order[j]!;
    order[j] = swap;
  }
  return order.slice(0, take).sort();
}

export type { Tree };

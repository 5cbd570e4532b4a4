/**
 * What speaks for an answer, by occlusion: the model is asked again with features at their baseline, one by one and by
 * groups that a name stands for, all in the batch that the window itself is scored in.
 */
import { missingFeature } from './conformal.ts';

/** Features that belong to a name which an operator knows. */
export interface FeatureGroup {
  /** As it stands in a sentence behind "without": "the fall of pressure at p-12". */
  readonly name: string;
  /** Positions of its features. */
  readonly features: readonly number[];
}

export interface Contribution {
  readonly feature: string;
  readonly value: number;
  /** Probability of the top class lost when the feature takes its baseline; negative when it speaks against. */
  readonly contribution: number;
}

/** What the top probability is without what these names stand for. */
export interface Without {
  readonly names: readonly string[];
  readonly confidence: number;
}

/** One batch: the window first, then what each further row leaves out. */
export interface OcclusionBatch {
  /** Row-major, rows × features. */
  readonly data: Float32Array;
  readonly rows: number;
  readonly single: readonly { readonly row: number; readonly feature: number }[];
  readonly named: readonly { readonly row: number; readonly names: readonly string[] }[];
}

/** More groups than these say nothing that a person would read. */
const groupLimit = 8;

/**
 * A group takes the baseline only where its features could be computed: an asset without tanks does not get one. Groups
 * also go in twos, because one quantity often shows in two of them.
 * @param baseline each feature's value on a normal day
 */
export function occlusionBatch(
  values: Float32Array,
  baseline: ArrayLike<number>,
  groups: readonly FeatureGroup[],
): OcclusionBatch {
  const width = values.length;
  // At its baseline already: leaving it out changes nothing, and needs no row.
  const single = Array.from(values.keys()).filter((feature) => values[feature] !== Math.fround(baseline[feature]!));
  const changing = new Set(single);
  const usable = groups
    .map(({ name, features }) => ({
      name,
      features: features.filter((one) => changing.has(one) && values[one] !== missingFeature),
    }))
    .filter(({ features }) => features.length > 0)
    .slice(0, groupLimit);
  const named = usable.flatMap((one, at) => [
    { names: [one.name], features: one.features },
    ...usable
      .slice(at + 1)
      .map((other) => ({ names: [one.name, other.name], features: [...one.features, ...other.features] })),
  ]);
  const rows = 1 + single.length + named.length;
  const data = new Float32Array(rows * width);
  for (let row = 0; row < rows; row += 1) data.set(values, row * width);
  const leaveOut = (row: number, feature: number): void => {
    data[row * width + feature] = baseline[feature]!;
  };
  single.forEach((feature, at) => {
    leaveOut(1 + at, feature);
  });
  named.forEach(({ features }, at) => {
    for (const feature of features) leaveOut(1 + single.length + at, feature);
  });
  return {
    data,
    rows,
    single: single.map((feature, at) => ({ row: 1 + at, feature })),
    named: named.map(({ names }, at) => ({ row: 1 + single.length + at, names })),
  };
}

/**
 * Largest first by absolute value, ties by name.
 * @param scoreOf probability of the top class in a row of the batch
 */
export function contributions(
  batch: OcclusionBatch,
  featureNames: readonly string[],
  scoreOf: (row: number) => number,
  limit: number,
): Contribution[] {
  const whole = scoreOf(0);
  return batch.single
    .map(({ row, feature }) => ({
      feature: featureNames[feature]!,
      value: rounded(batch.data[feature]!),
      contribution: rounded(whole - scoreOf(row)),
    }))
    .filter((one) => one.contribution !== 0)
    .sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution) || (a.feature < b.feature ? -1 : 1))
    .slice(0, limit);
}

const singles = 4;
const pairs = 2;

/** A decision is stored with every flag, and digits that say nothing are what compresses least. */
const rounded = (value: number): number => Number(value.toPrecision(4));

/** Names that speak for the answer, alone and in twos, the most important first within each. */
export function withoutNames(batch: OcclusionBatch, scoreOf: (row: number) => number): Without[] {
  const whole = scoreOf(0);
  const sorted = batch.named
    .map(({ row, names }) => ({ names, confidence: rounded(Math.min(1, Math.max(0, scoreOf(row)))) }))
    .filter(({ confidence }) => confidence < whole)
    .sort((a, b) => a.confidence - b.confidence || (a.names.join() < b.names.join() ? -1 : 1));
  return [
    ...sorted.filter(({ names }) => names.length === 1).slice(0, singles),
    ...sorted.filter(({ names }) => names.length === 2).slice(0, pairs),
  ];
}

/**
 * Groups of features whose names begin alike ("flow-main-step", "flow-night-excess"), for a pack that knows no better.
 * @param words what an operator calls a beginning; beginnings of one name are one group
 */
export function groupsByPrefix(
  featureNames: readonly string[],
  words: Readonly<Record<string, string>> = {},
): FeatureGroup[] {
  const groups = new Map<string, number[]>();
  featureNames.forEach((feature, at) => {
    const [prefix = feature] = feature.split(/[-_.:/ ]/);
    const name = Object.hasOwn(words, prefix) ? words[prefix]! : `what ${prefix} shows`;
    groups.set(name, [...(groups.get(name) ?? []), at]);
  });
  return [...groups].map(([name, features]) => ({ name, features }));
}

/**
 * What speaks for an answer, by occlusion: the model is asked again with features at their baseline, one by one and by
 * groups that a name stands for, all in the batch that the window itself is scored in; then by two groups at once.
 */
import { missingFeature } from './conformal.ts';

/** Features that belong to a name which an operator knows. */
export interface FeatureGroup {
  /** As it stands in a sentence behind "without": "the fall of pressure at p-12". */
  readonly name: string;
  /** Positions of its features. */
  readonly features: readonly number[];
  /** Positions of the channels that it is about, where it is about some: the farthest from its profile is said with it. */
  readonly channels?: readonly number[];
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

/** A group alone or two of them, and the features that are left out with it. */
interface Named {
  readonly row: number;
  readonly names: readonly string[];
  readonly features: readonly number[];
}

/** One batch: the window first, then what each further row leaves out. */
export interface OcclusionBatch {
  /** Row-major, rows × features. */
  readonly data: Float32Array;
  readonly rows: number;
  readonly single: readonly { readonly row: number; readonly feature: number }[];
  readonly named: readonly Named[];
}

/** More groups than these are no names any more. */
const groupLimit = 32;
/** Groups that are left out in twos: those that are missed most when they are left out alone. */
const pairedGroups = 6;

/**
 * A group takes the baseline only where its features could be computed: an asset without tanks does not get one.
 * @param baseline each feature's value on a normal day
 */
export function occlusionBatch(
  values: Float32Array,
  baseline: ArrayLike<number>,
  groups: readonly FeatureGroup[],
): OcclusionBatch {
  // At its baseline already: leaving it out changes nothing, and needs no row.
  const single = Array.from(values.keys()).filter((feature) => values[feature] !== Math.fround(baseline[feature]!));
  const changing = new Set(single);
  const usable = groups
    .map(({ name, features }) => ({
      names: [name],
      features: features.filter((one) => changing.has(one) && values[one] !== missingFeature),
    }))
    .filter(({ features }) => features.length > 0)
    .slice(0, groupLimit);
  const leftOut = [[], ...single.map((feature) => [feature]), ...usable.map(({ features }) => features)];
  return {
    data: rowsWithout(values, baseline, leftOut),
    rows: leftOut.length,
    single: single.map((feature, at) => ({ row: 1 + at, feature })),
    named: usable.map((one, at) => ({ ...one, row: 1 + single.length + at })),
  };
}

/**
 * The same window without two groups at once, because one quantity often shows in two of them: the model does not miss
 * one while it has the other. The batch may have no rows.
 * @param scoreOf probability of the top class in a row of the first batch
 */
export function pairBatch(
  { data, rows, named }: OcclusionBatch,
  baseline: ArrayLike<number>,
  scoreOf: (row: number) => number,
): Pick<OcclusionBatch, 'data' | 'rows' | 'named'> {
  const values = data.subarray(0, data.length / rows);
  const missed = [...named].sort((a, b) => scoreOf(a.row) - scoreOf(b.row) || a.row - b.row).slice(0, pairedGroups);
  const pairs = missed.flatMap((one, at) =>
    missed.slice(at + 1).map((other) => ({
      names: [...one.names, ...other.names],
      features: [...one.features, ...other.features],
    })),
  );
  return {
    data: rowsWithout(
      values,
      baseline,
      pairs.map(({ features }) => features),
    ),
    rows: pairs.length,
    named: pairs.map((pair, row) => ({ ...pair, row })),
  };
}

/** A row for each list of features: the values, with these at their baseline. */
function rowsWithout(
  values: Float32Array,
  baseline: ArrayLike<number>,
  leftOut: readonly (readonly number[])[],
): Float32Array {
  const width = values.length;
  const data = new Float32Array(leftOut.length * width);
  for (const [row, features] of leftOut.entries()) {
    data.set(values, row * width);
    for (const feature of features) data[row * width + feature] = baseline[feature]!;
  }
  return data;
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

/**
 * Names that speak for the answer, alone and in twos, the most important first within each.
 * @param whole the top probability with all of them
 * @param scored what is left of it without each
 */
export function withoutNames(
  whole: number,
  scored: readonly { readonly names: readonly string[]; readonly score: number }[],
): Without[] {
  const sorted = scored
    .map(({ names, score }) => ({ names, confidence: rounded(Math.min(1, Math.max(0, score))) }))
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

/**
 * Does a model still work on what it was measured on? Live decisions against the reference of the card: what it saw
 * (features by bins, out-of-distribution p-values) and what it said (kinds, confidence).
 *
 * Flagged windows of one site are no draw from the card's test windows, which come from many plants and as many faults
 * of each kind as were made: features and kinds of a site may differ from them for good. So they alone are no alarm;
 * windows that grow strange to the model are, and a confidence that sinks.
 */
import type { DriftComparison, FeatureDrift, PackDrift } from '../../contracts/api.ts';
import type { Decision } from '../../contracts/decision.ts';
import type { CardReference, ModelCard } from '../../contracts/model-card.ts';
import { isInDistribution, leastOodPValue } from '../guard/rails.ts';
import { binShares, confidenceShares, sharesOf, weightsOf } from './shares.ts';
import { type Compared, compare, leastGroups, type Spread } from './stability.ts';

const dayMs = 86_400_000;
/** What is compared at most: the newest decisions of all packs. The days are many, because one asset has one a day. */
export const driftSpan = { decisions: 200, days: 30 } as const;
/** Share of comparisons without a shift that may be called one; of a model's features: of all of them together. */
const falseAlarms = 0.01;
const mostFeatures = 8;
/** Finer where it matters: the lowest bin holds what counts as out of distribution. */
const oodEdges = [leastOodPValue, 0.05, 0.1, 0.25, 0.5, 0.75] as const;

type Reference = CardReference;
interface Live {
  readonly decisions: readonly Decision[];
  readonly weights: readonly number[];
  readonly groups: number;
}

/**
 * @param decisions of any pack and model: those of the card's model of which it is known what it saw are compared
 * @returns `undefined` where the card keeps no reference
 */
export function driftOf(card: ModelCard, decisions: readonly Decision[]): PackDrift | undefined {
  const { reference } = card;
  if (!reference) return undefined;
  const own = decisions.filter(
    ({ pack, inference }) =>
      pack === card.name &&
      inference.modelHash === card.modelSha256 &&
      card.kinds.includes(inference.kind) &&
      inference.places?.length === reference.features.length,
  );
  const times = own.map(({ atMs }) => atMs);
  // Flags of one asset on one day mostly have one cause, and come as often as screening repeats them.
  const days = own.map(({ asset, atMs }) => `${asset} ${Math.floor(atMs / dayMs)}`);
  const counted = {
    name: card.name,
    modelHash: card.modelSha256,
    decisions: own.length,
    assets: new Set(own.map(({ asset }) => asset)).size,
    assetDays: new Set(days).size,
    leastAssetDays: leastGroups,
    reference: { windows: reference.windows, groups: reference.groups },
  };
  if (own.length === 0) {
    const features = { compared: reference.features.length, shifted: 0, most: [] };
    return { ...counted, verdict: 'too-few', features };
  }
  const live: Live = { decisions: own, ...weightsOf(days) };
  const said = saidOf(card.kinds, reference, live);
  const ood = oodOf(reference, live);
  const features = featuresOf(card.features, reference, live);
  return {
    ...counted,
    fromMs: Math.min(...times),
    toMs: Math.max(...times),
    ...said,
    ood,
    features,
    verdict: verdictOf(live.groups, reference.groups, ood, said.confidence, features.shifted),
  };
}

function verdictOf(
  groups: number,
  referenceGroups: number,
  ood: NonNullable<PackDrift['ood']>,
  confidence: PackDrift['confidence'],
  shifted: number,
): PackDrift['verdict'] {
  if (groups < leastGroups) return 'too-few';
  const stranger = isShift(lowTail(ood, groups, referenceGroups)) && ood.now[0]! + ood.now[1]! > oodEdges[1];
  const lessSure = confidence !== undefined && isShift(confidence) && confidence.meanNow < confidence.meanReference;
  if (stranger || lessSure) return 'strange';
  return shifted > 0 ? 'differs' : 'as-measured';
}

/** The lowest p-values against all others: over all bins a site whose windows are more usual than most would count, too. */
function lowTail({ now, reference }: DriftComparison, groups: number, referenceGroups: number): Compared {
  const split = (shares: readonly number[]): number[] => {
    const low = shares[0]! + shares[1]!;
    return [low, Math.max(0, 1 - low)];
  };
  return compare({ shares: split(now), groups }, { shares: split(reference), groups: referenceGroups }, falseAlarms);
}

const isShift = ({ stability }: Pick<DriftComparison, 'stability'>): boolean =>
  stability === 'moderate' || stability === 'large';

/** What a larger model said is not what this one's card speaks of, and of which windows it is asked is no accident. */
function saidOf(
  kinds: readonly string[],
  reference: Reference,
  { decisions, weights, groups }: Live,
): Pick<PackDrift, 'kinds' | 'confidence'> {
  if (decisions.some(({ inference }) => inference.tier !== 1)) return {};
  const confidences = decisions.map(({ inference }) => inference.confidence);
  const byKind = sharesOf(kinds.length, weights, (at) => kinds.indexOf(decisions[at]!.inference.kind));
  const expected = kinds.map((kind) => reference.kinds[kind] ?? 0);
  return {
    kinds: { labels: [...kinds], ...compared(byKind, expected, groups, reference.groups, falseAlarms) },
    confidence: {
      meanReference: reference.meanConfidence,
      meanNow: rounded(within(confidences.reduce((sum, value, at) => sum + value * weights[at]!, 0))),
      ...compared(confidenceShares(confidences, weights), reference.confidence, groups, reference.groups, falseAlarms),
    },
  };
}

function oodOf(reference: Reference, { decisions, weights, groups }: Live): NonNullable<PackDrift['ood']> {
  // A p-value is below x with probability x, whatever the model: no more is needed of the card.
  const bounds = [0, ...oodEdges, 1];
  const expected = bounds.slice(1).map((bound, bin) => bound - bounds[bin]!);
  const now = sharesOf(expected.length, weights, (at) => {
    const { inference } = decisions[at]!;
    // What is absurd is unknown to the model, whatever its distance to other windows.
    if (!isInDistribution(inference)) return 0;
    const bin = oodEdges.findIndex((edge) => inference.oodPValue < edge);
    return bin < 0 ? oodEdges.length : bin;
  });
  const made = compared(now, expected, groups, reference.groups, falseAlarms);
  return { edges: [...oodEdges], strange: made.now[0]!, strangeExpected: leastOodPValue, ...made };
}

function featuresOf(
  names: readonly string[],
  reference: Reference,
  { decisions, weights, groups }: Live,
): PackDrift['features'] {
  const places = decisions.map(({ inference }) => inference.places ?? '');
  const each = reference.features.map(({ edges, shares }, at): FeatureDrift => {
    const now = binShares(places, at, edges.length + 1, weights);
    return {
      name: names[at] ?? `${at}`,
      edges: [...edges],
      ...compared(now, shares, groups, reference.groups, falseAlarms / reference.features.length),
    };
  });
  return {
    compared: each.length,
    shifted: each.filter(isShift).length,
    most: each.sort((a, b) => b.psi - a.psi).slice(0, mostFeatures),
  };
}

function compared(
  now: readonly number[],
  expected: readonly number[],
  groups: number,
  referenceGroups: number,
  alarms: number,
): DriftComparison {
  const spread: Spread = { shares: now, groups };
  const { psi, noisePsi, stability } = compare(spread, { shares: expected, groups: referenceGroups }, alarms);
  return {
    reference: [...expected],
    now: now.map((share) => rounded(within(share))),
    psi: rounded(psi),
    noisePsi: rounded(noisePsi),
    stability,
  };
}

const within = (share: number): number => Math.min(1, Math.max(0, share));
const rounded = (value: number): number => Number(value.toFixed(4));

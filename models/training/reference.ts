/** How what a model saw and said was spread over its test windows: the part of the card that live decisions are held against. */
import type { CardReference } from '../../lib/contracts/model-card.ts';
import { binShares, confidenceShares, weightsOf } from '../../lib/core/drift/shares.ts';
import type { ConformalReference } from './conformal.ts';
import { argMax } from './metrics.ts';
import { binEdges, placesIn } from './places.ts';
import type { Sample } from './recipe.ts';

/**
 * @param probabilities one row for each sample, in the order of `kinds`
 * @throws RangeError without samples
 */
export function referenceOf(
  samples: readonly Pick<Sample, 'features' | 'event'>[],
  probabilities: readonly ArrayLike<number>[],
  kinds: readonly string[],
  conformal: Pick<ConformalReference, 'quantiles'>,
): CardReference {
  const { weights, groups } = weightsOf(samples.map(({ event }) => event));
  const placesOf = placesIn(conformal);
  const places = samples.map(({ features }) => placesOf(features));
  const tops = probabilities.map((row) => argMax(row));
  const confidences = probabilities.map((row, i) => row[tops[i]!]!);
  const ofKind = kinds.map((_, k) => weights.reduce((sum, weight, i) => (tops[i] === k ? sum + weight : sum), 0));
  return {
    windows: samples.length,
    groups,
    kinds: Object.fromEntries(kinds.map((kind, k) => [kind, rounded(ofKind[k]!)])),
    confidence: confidenceShares(confidences, weights).map(rounded),
    meanConfidence: rounded(confidences.reduce((sum, value, i) => sum + value * weights[i]!, 0)),
    features: conformal.quantiles.map((quantiles, at) => {
      const edges = shownEdges(quantiles);
      return { edges, shares: binShares(places, at, edges.length + 1, weights).map(rounded) };
    }),
  };
}

/** With as many digits as the support points were given; the rest is what float32 made of them. */
export const shownEdges = (quantiles: readonly number[]): number[] =>
  binEdges(quantiles).map((edge) => Number(edge.toPrecision(6)));

const rounded = (share: number): number => Number(Math.min(1, share).toFixed(4));

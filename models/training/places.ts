/** Where a feature lies among those of the model's reference windows, in one character: what drift is told by later. */
import { type ConformalReference, missingFeature } from './conformal.ts';

const bins = 8;
const missing = '-';

/**
 * Upper bounds of all bins of a feature but the last: the eighths of its reference windows. Equal ones are one, so a
 * feature that is mostly one value has fewer bins.
 * @param quantiles ascending support points of its distribution; none for a feature that was always missing
 */
export function binEdges(quantiles: readonly number[]): number[] {
  const last = quantiles.length - 1;
  if (last < bins) return [];
  const eighths = Array.from({ length: bins - 1 }, (_, i) => quantiles[Math.round(((i + 1) / bins) * last)]!);
  return [...new Set(eighths)];
}

/**
 * @returns what gives each feature its place: the digit of its bin, `-` where it is missing
 * @example placesIn(sidecar.conformal)(features) // '0337-…'
 */
export function placesIn({ quantiles }: Pick<ConformalReference, 'quantiles'>): (features: Float32Array) => string {
  const edges = quantiles.map(binEdges);
  return (features) => {
    if (features.length !== edges.length)
      throw new RangeError(`${features.length} features; ${edges.length} are known`);
    let places = '';
    for (const [at, value] of features.entries())
      places += value === missingFeature || Number.isNaN(value) ? missing : binOf(edges[at]!, value);
    return places;
  };
}

function binOf(edges: readonly number[], value: number): number {
  let bin = 0;
  while (bin < edges.length && value > edges[bin]!) bin += 1;
  return bin;
}

/** Quantile bins: the booster looks at 8-bit bin numbers, while thresholds stay in the features' own units. */

export interface Binning {
  /** Ascending float32 upper edges of each feature; bin b holds values ≤ edges[b], the last bin the rest. */
  readonly edges: readonly Float32Array[];
}

/** Largest number of bins that fits the 8-bit columns. */
export const maxBinCount = 255;

/**
 * Chooses at most `maxBins` bins a feature so that each holds about the same number of rows.
 * Edges are midpoints between neighbouring distinct values; where the midpoint rounds onto the upper one in float32,
 * the lower value is the edge, so that `value <= edge` splits the same rows in training and in the graph.
 */
export function fitBinning(rows: readonly Float32Array[], maxBins: number): Binning {
  if (!Number.isInteger(maxBins) || maxBins < 2 || maxBins > maxBinCount) {
    throw new RangeError(`maxBins is ${maxBins}; allowed are 2 to ${maxBinCount}`);
  }
  const width = rows[0]?.length ?? 0;
  const edges = Array.from({ length: width }, (_, feature) => {
    const sorted = Float32Array.from(rows, (row) => row[feature]!).sort();
    return Float32Array.from(columnEdges(sorted, maxBins));
  });
  return { edges };
}

function columnEdges(sorted: Float32Array, maxBins: number): number[] {
  const edges: number[] = [];
  const perBin = sorted.length / maxBins;
  let nextCut = perBin;
  for (let i = 1; i < sorted.length; i += 1) {
    if (i < nextCut || sorted[i] === sorted[i - 1]) continue;
    const low = sorted[i - 1]!;
    const high = sorted[i]!;
    const middle = Math.fround(low + (high - low) / 2);
    edges.push(middle < high ? middle : low);
    while (nextCut <= i) nextCut += perBin;
    if (edges.length === maxBins - 1) break;
  }
  return edges;
}

/** The bin of one value: the first whose edge is not below it. */
export function binOf(edges: Float32Array, value: number): number {
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value <= edges[middle]!) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** One 8-bit column a feature. */
export function binColumns(rows: readonly Float32Array[], binning: Binning): Uint8Array[] {
  return binning.edges.map((edges, feature) => Uint8Array.from(rows, (row) => binOf(edges, row[feature]!)));
}

/** Sums of products of the rows of a stretch: all that the regressions need, so that a fold costs no pass of rows. */

export interface Gram {
  /** Size of a row's vector: seasonal terms, levels now, levels before. */
  readonly size: number;
  readonly sums: Float64Array;
  rows: number;
}

export const emptyGram = (size: number): Gram => ({ size, sums: new Float64Array(size * size), rows: 0 });

/**
 * Adds rows [from, to) with [season(t), z(t), z(t−1)]; the first row of a series has itself as the row before.
 * @param skip rows marked 1 are left out
 */
export function addRows(
  gram: Gram,
  season: Float64Array,
  terms: number,
  z: Float64Array,
  channels: number,
  from: number,
  to: number,
  skip: Uint8Array,
): void {
  const { size, sums } = gram;
  const row = new Float64Array(size);
  for (let t = from; t < to; t += 1) {
    if (skip[t] === 1) continue;
    row.set(season.subarray(t * terms, (t + 1) * terms), 0);
    row.set(z.subarray(t * channels, (t + 1) * channels), terms);
    const before = Math.max(t - 1, 0);
    row.set(z.subarray(before * channels, (before + 1) * channels), terms + channels);
    for (let i = 0; i < size; i += 1) {
      const value = row[i]!;
      if (value === 0) continue;
      const at = i * size;
      for (let j = 0; j <= i; j += 1) sums[at + j] = sums[at + j]! + value * row[j]!;
    }
    gram.rows += 1;
  }
}

/** Copies the lower half to the upper. */
export function mirror(gram: Gram): Gram {
  const { size, sums } = gram;
  for (let i = 0; i < size; i += 1) for (let j = 0; j < i; j += 1) sums[j * size + i] = sums[i * size + j]!;
  return gram;
}

/** `all` without `part`; with no part, a copy of all. */
export function without(all: Gram, part: Gram | undefined): Gram {
  const left = emptyGram(all.size);
  for (let i = 0; i < all.sums.length; i += 1) left.sums[i] = all.sums[i]! - (part?.sums[i] ?? 0);
  left.rows = all.rows - (part?.rows ?? 0);
  return left;
}

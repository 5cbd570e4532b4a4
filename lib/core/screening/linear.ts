/** The little linear algebra that the fit needs, on flat row-major Float64Arrays. */

/**
 * Inverse of a symmetric positive definite matrix by Cholesky. A pivot that is not positive is raised to `floor`, so
 * that a singular matrix gives a usable, damped answer.
 */
export function invertSpd(matrix: Float64Array, size: number, floor = 1e-10): Float64Array {
  const lower = new Float64Array(size * size);
  for (let i = 0; i < size; i += 1) {
    const rowI = i * size;
    for (let j = 0; j <= i; j += 1) {
      const rowJ = j * size;
      let sum = matrix[rowI + j]!;
      for (let k = 0; k < j; k += 1) sum -= lower[rowI + k]! * lower[rowJ + k]!;
      lower[rowI + j] = i === j ? Math.sqrt(Math.max(sum, floor)) : sum / lower[rowJ + j]!;
    }
  }
  // Rows of `upper` are the columns of the inverse of `lower`, so that the product below runs along memory.
  const upper = new Float64Array(size * size);
  for (let j = 0; j < size; j += 1) {
    const rowJ = j * size;
    upper[rowJ + j] = 1 / lower[rowJ + j]!;
    for (let i = j + 1; i < size; i += 1) {
      const rowI = i * size;
      let sum = 0;
      for (let k = j; k < i; k += 1) sum -= lower[rowI + k]! * upper[rowJ + k]!;
      upper[rowJ + i] = sum / lower[rowI + i]!;
    }
  }
  const inverse = new Float64Array(size * size);
  for (let i = 0; i < size; i += 1) {
    for (let j = 0; j <= i; j += 1) {
      let sum = 0;
      for (let k = i; k < size; k += 1) sum += upper[i * size + k]! * upper[j * size + k]!;
      inverse[i * size + j] = sum;
      inverse[j * size + i] = sum;
    }
  }
  return inverse;
}

/** Quantile of ascending values by linear interpolation (type 7); NaN for none. */
export function quantileOfSorted(sorted: Float64Array, probability: number): number {
  if (sorted.length === 0) return Number.NaN;
  const at = Math.min(Math.max(probability, 0), 1) * (sorted.length - 1);
  const below = Math.floor(at);
  const low = sorted[below]!;
  return low + (at - below) * ((sorted[Math.min(below + 1, sorted.length - 1)] ?? low) - low);
}

/**
 * Robust spread of values about a centre: 1.4826 times the median of their distances from it, which is the standard
 * deviation of a normal spread, or 0.3 times the root mean square of these where it is more. NaN for none.
 */
export function robustSpread(values: Float64Array, center: number): number {
  const away = values.map((value) => Math.abs(value - center)).sort();
  const square = away.reduce((sum, value) => sum + value * value, 0) / away.length;
  return Math.max(1.4826 * quantileOfSorted(away, 0.5), 0.3 * Math.sqrt(square));
}

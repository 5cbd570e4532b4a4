/** Small statistics that skip missing cells (NaN) and answer NaN when nothing is left. */

export function mean(values: ArrayLike<number>, from = 0, to = values.length): number {
  let sum = 0;
  let count = 0;
  for (let i = from; i < to; i += 1) {
    if (Number.isNaN(values[i]!)) continue;
    sum += values[i]!;
    count += 1;
  }
  return count > 0 ? sum / count : Number.NaN;
}

/** Root of the mean square. */
export function rms(values: ArrayLike<number>, from = 0, to = values.length): number {
  let sum = 0;
  let count = 0;
  for (let i = from; i < to; i += 1) {
    if (Number.isNaN(values[i]!)) continue;
    sum += values[i]! * values[i]!;
    count += 1;
  }
  return count > 0 ? Math.sqrt(sum / count) : Number.NaN;
}

/** Linear-interpolated quantile of the values that are there. */
export function quantile(values: ArrayLike<number>, q: number): number {
  const there = new Float64Array(values.length);
  let count = 0;
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i]!;
    if (!Number.isNaN(value)) there[count++] = value;
  }
  if (count === 0) return Number.NaN;
  const sorted = there.subarray(0, count).sort();
  const at = q * (count - 1);
  const low = Math.floor(at);
  const high = Math.ceil(at);
  return sorted[low]! + (sorted[high]! - sorted[low]!) * (at - low);
}

/** Least-squares slope of `values` against `x`. */
export function slope(x: ArrayLike<number>, values: ArrayLike<number>, from: number, to: number): number {
  let count = 0;
  let sumX = 0;
  let sumY = 0;
  for (let i = from; i < to; i += 1) {
    if (Number.isNaN(values[i]!)) continue;
    count += 1;
    sumX += x[i]!;
    sumY += values[i]!;
  }
  if (count < 4) return Number.NaN;
  let xx = 0;
  let xy = 0;
  for (let i = from; i < to; i += 1) {
    if (Number.isNaN(values[i]!)) continue;
    const dx = x[i]! - sumX / count;
    xx += dx * dx;
    xy += dx * (values[i]! - sumY / count);
  }
  return xx > 0 ? xy / xx : Number.NaN;
}

/** Mean absolute difference between neighbouring cells that are both there. */
export function roughness(values: ArrayLike<number>, from: number, to: number): number {
  let sum = 0;
  let count = 0;
  for (let i = Math.max(1, from); i < to; i += 1) {
    const difference = Math.abs(values[i]! - values[i - 1]!);
    if (Number.isNaN(difference)) continue;
    sum += difference;
    count += 1;
  }
  return count > 0 ? sum / count : Number.NaN;
}

/** Share of the values (missing ones left out) for which the test holds. */
export function shareOf(values: readonly number[], test: (value: number) => boolean): number {
  const there = values.filter((value) => !Number.isNaN(value));
  return there.length > 0 ? there.filter(test).length / there.length : Number.NaN;
}

/** Largest of the values, NaN when there is none. The same number as `quantile(values, 1)`, without sorting. */
export function largest(values: ArrayLike<number>): number {
  let found = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i += 1) if (values[i]! > found) found = values[i]!;
  return Number.isFinite(found) ? found + 0 : quantile(values, 1);
}

/** Smallest of the values, NaN when there is none. The same number as `quantile(values, 0)`, without sorting. */
export function smallest(values: ArrayLike<number>): number {
  let found = Number.POSITIVE_INFINITY;
  for (let i = 0; i < values.length; i += 1) if (values[i]! < found) found = values[i]!;
  return Number.isFinite(found) ? found + 0 : quantile(values, 0);
}

/** The middle one of three numbers. */
export const medianOfThree = (a: number, b: number, c: number): number =>
  Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));

/** How few of the values carry the sum of squares: 1 when a single one does, 1/n when all do alike. */
export function concentration(values: readonly number[]): number {
  let second = 0;
  let fourth = 0;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    second += value * value;
    fourth += value ** 4;
  }
  return second > 0 ? fourth / (second * second) : Number.NaN;
}

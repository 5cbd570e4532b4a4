/**
 * Conformal evidence beside a classifier: is this window like any that the model has seen, and which classes cannot
 * be excluded? Both are p-values against windows of networks that the trees did not learn from (Vovk et al. 2005).
 */

/** What a decision needs at run time, small enough to lie beside the model as JSON. */
export interface ConformalReference {
  /** Ascending support points of each feature's distribution; a value's place among them is its coordinate. */
  readonly quantiles: readonly (readonly number[])[];
  /** Reference windows as base64 of `rows × features` bytes: coordinates in 1/250, 255 for a missing feature. */
  readonly windows: string;
  readonly windowCount: number;
  readonly neighbours: number;
  /** Ascending distances of held-out windows to the reference. */
  readonly distances: readonly number[];
  /** For each class, ascending nonconformity (1 − probability of the true class) of held-out windows. */
  readonly nonconformity: readonly (readonly number[])[];
}

/** A feature that could not be computed; far below anything that features can be, and finite for the trees. */
export const missingFeature = -1000;

const coordinateSteps = 250;
const missingCode = 255;
const supportPoints = 33;
/** Past the outermost support points a coordinate goes on by half the spread of the feature, up to this many units. */
const overshootLimit = 8;
const maxScores = 250;

/** Distances and class scores from which p-values are read. */
export interface ConformalInput {
  /** Windows that the reference keeps (from training networks). */
  readonly reference: readonly Float32Array[];
  /** Windows of other networks, with the model's probabilities and the true class. */
  readonly heldOut: readonly { features: Float32Array; probabilities: ArrayLike<number>; label: number }[];
  readonly classCount: number;
  readonly neighbours: number;
}

/** @throws RangeError when there is nothing to learn from */
export function fitConformal(input: ConformalInput): ConformalReference {
  const width = input.reference[0]?.length;
  if (width === undefined || input.heldOut.length === 0) throw new RangeError('needs reference and held-out windows');
  const quantiles = Array.from({ length: width }, (_, feature) => supportOf(input.reference, feature));
  const codes = new Uint8Array(input.reference.length * width);
  input.reference.forEach((row, i) => {
    for (let f = 0; f < width; f += 1) {
      const u = coordinate(quantiles[f]!, row[f]!);
      codes[i * width + f] = u === undefined ? missingCode : Math.round(Math.min(1, Math.max(0, u)) * coordinateSteps);
    }
  });
  const draft: ConformalReference = {
    quantiles,
    windows: Buffer.from(codes).toString('base64'),
    windowCount: input.reference.length,
    neighbours: input.neighbours,
    distances: [],
    nonconformity: [],
  };
  const measure = distanceTo(draft);
  return {
    ...draft,
    distances: thin(input.heldOut.map((row) => measure(row.features))),
    nonconformity: Array.from({ length: input.classCount }, (_, k) =>
      thin(input.heldOut.filter((row) => row.label === k).map((row) => 1 - row.probabilities[k]!)),
    ),
  };
}

/** Ready-made tests over one reference: decode once, ask often. */
export interface ConformalTests {
  /** Probability of a window at least this strange where the model was built; small means out of distribution. */
  oodPValue(features: Float32Array): number;
  /** Classes that cannot be excluded at error rate `alpha`; the top class is always kept. */
  classSet(probabilities: ArrayLike<number>, alpha: number): number[];
}

export function conformalTests(reference: ConformalReference): ConformalTests {
  const measure = distanceTo(reference);
  return {
    oodPValue: (features) => upperPValue(reference.distances, measure(features)),
    classSet: (probabilities, alpha) => {
      let top = 0;
      for (let k = 1; k < probabilities.length; k += 1) if (probabilities[k]! > probabilities[top]!) top = k;
      return reference.nonconformity.flatMap((scores, k) =>
        k === top || upperPValue(scores, 1 - probabilities[k]!) > alpha ? [k] : [],
      );
    },
  };
}

/** (1 + how many of the scores are at least `score`) / (n + 1). */
export function upperPValue(ascending: readonly number[], score: number): number {
  if (Number.isNaN(score)) return 1 / (ascending.length + 1);
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle]! < score) low = middle + 1;
    else high = middle;
  }
  return (1 + ascending.length - low) / (ascending.length + 1);
}

/** Mean distance to the nearest reference windows, in units of feature coordinates. */
function distanceTo(reference: ConformalReference): (features: Float32Array) => number {
  const codes = Buffer.from(reference.windows, 'base64');
  const width = reference.quantiles.length;
  return (features) => {
    if (features.length !== width) throw new RangeError(`${features.length} features; the reference has ${width}`);
    const point = Float64Array.from(features, (value, f) => coordinate(reference.quantiles[f]!, value) ?? Number.NaN);
    const nearest: number[] = [];
    // A row that is farther already than the last of the nearest needs no second half: most are after a few features.
    let limit = Number.POSITIVE_INFINITY;
    for (let row = 0; row < reference.windowCount; row += 1) {
      let sum = 0;
      for (let f = 0; f < width && sum < limit; f += 1) {
        const code = codes[row * width + f]!;
        const u = point[f]!;
        // One side missing and the other not is a difference of its own; both missing is none.
        if (code === missingCode || Number.isNaN(u)) sum += (code === missingCode) === Number.isNaN(u) ? 0 : 0.25;
        else sum += (u - code / coordinateSteps) ** 2;
      }
      if (sum >= limit) continue;
      insertSorted(nearest, sum, reference.neighbours);
      if (nearest.length === reference.neighbours) limit = nearest[reference.neighbours - 1]!;
    }
    return nearest.reduce((total, sum) => total + Math.sqrt(sum / width), 0) / Math.max(1, nearest.length);
  };
}

function insertSorted(ascending: number[], value: number, limit: number): void {
  if (ascending.length === limit && value >= ascending[limit - 1]!) return;
  let at = ascending.length;
  while (at > 0 && ascending[at - 1]! > value) at -= 1;
  ascending.splice(at, 0, value);
  if (ascending.length > limit) ascending.pop();
}

function supportOf(rows: readonly Float32Array[], feature: number): number[] {
  const sorted = Float32Array.from(rows, (row) => row[feature]!)
    .filter((value) => value !== missingFeature)
    .sort();
  if (sorted.length === 0) return [];
  return Array.from({ length: supportPoints }, (_, i) => {
    const value = sorted[Math.round((i / (supportPoints - 1)) * (sorted.length - 1))]!;
    return Math.fround(Number(value.toPrecision(6)));
  });
}

/** Place of a value within its feature's distribution: 0 to 1 inside, beyond that outside; undefined when missing. */
function coordinate(quantiles: readonly number[], value: number): number | undefined {
  if (value === missingFeature || Number.isNaN(value)) return undefined;
  if (quantiles.length === 0) return overshootLimit;
  const last = quantiles.length - 1;
  const low = quantiles[0]!;
  const high = quantiles[last]!;
  const halfSpread = Math.max((high - low) / 2, 1e-6 + Math.abs(high) * 1e-3);
  if (value < low) return -Math.min(overshootLimit, (low - value) / halfSpread);
  if (value > high) return 1 + Math.min(overshootLimit, (value - high) / halfSpread);
  // Ties (a feature that is mostly one value) take the middle of their run, so that they lie in the same place.
  let first = 0;
  while (quantiles[first]! < value) first += 1;
  let end = last;
  while (quantiles[end]! > value) end -= 1;
  if (first <= end) return (first + end) / 2 / last;
  const span = quantiles[first]! - quantiles[end]!;
  return (end + (value - quantiles[end]!) / span) / last;
}

/** At most `maxScores` evenly spaced order statistics, rounded to keep the file small. */
function thin(scores: readonly number[]): number[] {
  const sorted = [...scores].sort((a, b) => a - b);
  const count = Math.min(maxScores, sorted.length);
  return Array.from({ length: count }, (_, i) => {
    const at = count === 1 ? 0 : Math.round((i / (count - 1)) * (sorted.length - 1));
    return Number(sorted[at]!.toPrecision(5));
  });
}

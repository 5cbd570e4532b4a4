/** How far two distributions over the same bins lie apart, and how far chance alone takes them. */

/** Added to each bin's count, so that an empty one has a finite part (half a count: Jeffreys). */
const halfCount = 0.5;

/** From these on by convention: N. Siddiqi, Credit Risk Scorecards (2006), p. 137, after Lewis (1992). */
export const moderatePsi = 0.1;
export const largePsi = 0.25;

/** With fewer groups than these chance alone can look like a large shift, and nothing is said. */
export const leastGroups = 20;

export interface Spread {
  /** Share of each bin; they sum to 1, or nearly where they were rounded. */
  readonly shares: readonly number[];
  /** Independent groups that the shares rest on. */
  readonly groups: number;
}

/** `noise`: no farther apart than chance takes them. */
export type Stability = 'too-few' | 'noise' | 'slight' | 'moderate' | 'large';

export interface Compared {
  /** Population stability index, 0 for equal shares. */
  readonly psi: number;
  /** What chance alone stays below, but for `falseAlarms` of the comparisons. */
  readonly noisePsi: number;
  readonly stability: Stability;
}

/**
 * The population stability index Σ (p − q) ln (p / q), the symmetric Kullback-Leibler divergence (Jeffreys 1946), of
 * shares smoothed by half a count a bin. Without a shift it is distributed as (1/n + 1/m) χ² with a degree of freedom
 * less than there are bins (B. Yurdakul, Statistical Properties of Population Stability Index, Western Michigan
 * University 2018), of which `noisePsi` is the quantile: a fixed limit would call every small sample shifted. Groups
 * whose windows differ among themselves spread less than single windows do, so the limit errs to the quiet side.
 * @param falseAlarms share of comparisons without a shift that may be called one, in (0, 1)
 * @throws RangeError where the two have other bins
 * @example compare({ shares: [0.5, 0.5], groups: 400 }, { shares: [0.9, 0.1], groups: 400 }, 0.01).stability // 'large'
 */
export function compare(now: Spread, reference: Spread, falseAlarms: number): Compared {
  if (now.shares.length !== reference.shares.length)
    throw new RangeError(`${now.shares.length} bins are compared with ${reference.shares.length}`);
  const used = reference.shares.flatMap((share, bin) => (share > 0 || now.shares[bin]! > 0 ? [bin] : []));
  const smoothed = ({ shares, groups }: Spread, bin: number): number =>
    (shares[bin]! * groups + halfCount) / (groups + halfCount * used.length);
  const psi = used.reduce((sum, bin) => {
    const [p, q] = [smoothed(now, bin), smoothed(reference, bin)];
    return sum + (p - q) * Math.log(p / q);
  }, 0);
  const noisePsi =
    used.length < 2 ? 0 : (1 / now.groups + 1 / reference.groups) * chiSquareQuantile(falseAlarms, used.length - 1);
  return { psi, noisePsi, stability: stabilityOf(psi, noisePsi, now.groups) };
}

function stabilityOf(psi: number, noisePsi: number, groups: number): Stability {
  if (groups < leastGroups) return 'too-few';
  if (psi <= noisePsi) return 'noise';
  if (psi < moderatePsi) return 'slight';
  return psi < largePsi ? 'moderate' : 'large';
}

/** The value that χ² of so many degrees of freedom exceeds with probability `tail`, by bisection. */
export function chiSquareQuantile(tail: number, degrees: number): number {
  let [low, high] = [0, 10_000];
  for (let step = 0; step < 60; step += 1) {
    const middle = (low + high) / 2;
    if (chiSquareTail(middle, degrees) > tail) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/**
 * P(χ² > value): the incomplete gamma function Q(degrees/2, value/2), from Q(1/2, x) = erfc √x and Q(1, x) = e^−x
 * upwards by Q(a + 1, x) = Q(a, x) + x^a e^−x / Γ(a + 1) (https://dlmf.nist.gov/8.8.E6, 8.4.E6).
 * @param degrees whole, at least 1
 */
export function chiSquareTail(value: number, degrees: number): number {
  const x = value / 2;
  const isEven = degrees % 2 === 0;
  let tail = isEven ? Math.exp(-x) : erfc(Math.sqrt(x));
  let term = isEven ? x * Math.exp(-x) : 2 * Math.sqrt(x / Math.PI) * Math.exp(-x);
  for (let a = isEven ? 1 : 0.5; a < degrees / 2; ) {
    tail += term;
    a += 1;
    term *= x / a;
  }
  return Math.min(1, tail);
}

/** Complementary error function for x ≥ 0, to 1.2e-7 of itself: Chebyshev fit of Numerical Recipes, 2nd ed., 6.2. */
function erfc(x: number): number {
  const t = 1 / (1 + x / 2);
  const fit = [
    -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223,
    0.17087277,
  ];
  return t * Math.exp(-x * x + fit.reduceRight((sum, factor) => sum * t + factor, 0));
}

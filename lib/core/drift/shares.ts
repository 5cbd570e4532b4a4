/** Shares of what windows fall into, where windows of one group (an event, a day of an asset) count as one together. */

export interface Weights {
  /** One for each window; they sum to 1. */
  readonly weights: readonly number[];
  readonly groups: number;
}

/**
 * Windows of one group follow from one cause, so each group has the same weight however many windows it has.
 * @param groupOf the group of each window
 * @throws RangeError without a window
 */
export function weightsOf(groupOf: readonly string[]): Weights {
  if (groupOf.length === 0) throw new RangeError('there is no window');
  const sizes = new Map<string, number>();
  for (const group of groupOf) sizes.set(group, (sizes.get(group) ?? 0) + 1);
  return { weights: groupOf.map((group) => 1 / sizes.get(group)! / sizes.size), groups: sizes.size };
}

/** @param slotOf which of the `count` slots, from 0, a window falls into */
export function sharesOf(count: number, weights: readonly number[], slotOf: (window: number) => number): number[] {
  const shares = Array.from({ length: count }, () => 0);
  // A plain loop: it runs for every feature of every decision.
  for (let window = 0; window < weights.length; window += 1) shares[slotOf(window)]! += weights[window]!;
  return shares;
}

const tenths = 10;
/** By tenths of a probability; the last one has 1 in it. */
export const confidenceShares = (probabilities: readonly number[], weights: readonly number[]): number[] =>
  sharesOf(tenths, weights, (window) => Math.min(tenths - 1, Math.floor(probabilities[window]! * tenths)));

/**
 * Of one feature: its bins, and last those windows that miss it.
 * @param places of each window, a digit or `-` for each feature
 */
export const binShares = (
  places: readonly string[],
  feature: number,
  bins: number,
  weights: readonly number[],
): number[] =>
  sharesOf(bins + 1, weights, (window) => {
    const place = places[window]![feature];
    return place === undefined || place === '-' ? bins : Math.min(bins - 1, Number(place));
  });

/** The numbers at which a model's answer turns into something else: what the card states, and what decisions go by. */
import type { ModelCard } from '../../lib/contracts/model-card.ts';
import { leastOodPValue } from '../../lib/core/guard/rails.ts';
import type { FitResult } from './fit.ts';
import { setAlpha } from './fit.ts';
import type { TrainingRecipe } from './recipe.ts';

export function thresholdsOf(
  { kinds }: TrainingRecipe,
  { conformal, temperature }: FitResult,
): NonNullable<ModelCard['thresholds']> {
  return {
    setErrorRate: setAlpha,
    leastProbability: Object.fromEntries(
      kinds.map((kind, k) => [kind, leastProbability(conformal.nonconformity[k]!, setAlpha)]),
    ),
    leastOodPValue,
    temperature: Number(temperature.toPrecision(6)),
  };
}

/**
 * The probability from which on a class stays in the set: below it, fewer than `alpha` of the windows that were of that
 * class had as little. Zero where so few were of it that none can be excluded.
 * @param ascending nonconformity (1 − probability) of held-out windows of the class
 */
export function leastProbability(ascending: readonly number[], alpha: number): number {
  // It stays while (1 + windows at least as strange) / (n + 1) is above alpha (`upperPValue`).
  const atLeast = Math.floor(alpha * (ascending.length + 1));
  if (atLeast === 0) return 0;
  return Number((1 - ascending[ascending.length - atLeast]!).toFixed(4));
}

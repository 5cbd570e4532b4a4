/**
 * Facts about an inference without which nothing acts, whatever policies say: one kind that alone cannot be excluded,
 * and a window that the model can know.
 */
import type { Inference } from '../../contracts/decision.ts';

/** A p-value below this is out of distribution: one window in a hundred of those that the model was made with. */
export const leastOodPValue = 0.01;

/** The conformal set holds the kind and no other. */
export const isSingleClass = ({ set, kind }: Pick<Inference, 'set' | 'kind'>): boolean =>
  set.length === 1 && set[0] === kind;

/** Neither stranger than what the model was made with, nor absurd, nor mostly missing. */
export const isInDistribution = ({ oodPValue, oodReasons }: Pick<Inference, 'oodPValue' | 'oodReasons'>): boolean =>
  oodPValue >= leastOodPValue && (oodReasons ?? []).length === 0;

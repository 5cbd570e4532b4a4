/** How often the automation is wrong, from what people said without knowing what it had said. */
import type { Sample, StratumCount } from '../../contracts/sample.ts';
import { clopperPearson, type Interval } from './interval.ts';

/** Wrong, where a person names another kind. `anomaly` says that something is new and no class fits: any kind but normal. */
export function isWrong({ said, answer }: Sample): boolean {
  if (!answer) throw new TypeError('it has no answer yet');
  if (said === 'anomaly') return answer.kind === 'normal';
  return answer.kind !== said;
}

export interface StratumEstimate extends StratumCount {
  /** Decisions that it stands for: `selected / rate`. */
  readonly stoodFor: number;
}

export interface ErrorEstimate {
  readonly strata: readonly StratumEstimate[];
  readonly answered: number;
  readonly waiting: number;
  /** Share of wrong decisions, weighted by what each stratum stands for; absent without an answer. */
  readonly errorRate?: number;
  /** At 95 %. */
  readonly interval?: Interval;
  /** Answers that a plain sample would need for the same interval. */
  readonly effectiveAnswers?: number;
}

/**
 * The stratified estimate. Each stratum counts with the number of decisions that it stands for (Horvitz and Thompson,
 * JASA 47, 1952), so that different rates do not bias it. Its interval is Clopper and Pearson's on the effective sample
 * size (Korn and Graubard, Survey Methodology 24, 1998); with one stratum or equal shares that is the plain one. Samples
 * without an answer are taken to be like those with one; how many they are is said.
 */
export function estimateErrors(counts: readonly StratumCount[]): ErrorEstimate {
  const strata = counts
    .filter(({ selected }) => selected > 0)
    .map((count): StratumEstimate => ({ ...count, stoodFor: count.selected / count.rate }))
    // Sums of the same counts are the same to the last digit, in whatever order they were counted.
    .sort((a, b) => (a.stratum === b.stratum ? a.rate - b.rate : a.stratum < b.stratum ? -1 : 1));
  const answered = strata.reduce((sum, each) => sum + each.answered, 0);
  const selected = strata.reduce((sum, each) => sum + each.selected, 0);
  const base = { strata, answered, waiting: selected - answered };
  const known = strata.filter((each) => each.answered > 0);
  if (known.length === 0) return base;
  const total = known.reduce((sum, { stoodFor }) => sum + stoodFor, 0);
  const weighted = known.map((each) => ({ ...each, weight: each.stoodFor / total, share: each.wrong / each.answered }));
  const errorRate = Math.min(
    1,
    weighted.reduce((sum, { weight, share }) => sum + weight * share, 0),
  );
  const variance = weighted.reduce(
    (sum, { weight, share, answered: n }) => sum + (weight ** 2 * share * (1 - share)) / n,
    0,
  );
  const simple = errorRate * (1 - errorRate);
  // Where no stratum varies its variance says nothing; the most cautious size is that of unequal weights alone (Kish).
  const kish = 1 / weighted.reduce((sum, { weight, answered: n }) => sum + weight ** 2 / n, 0);
  const effectiveAnswers = Math.min(
    answered,
    variance > 0 && simple > 0 ? Math.min(simple / variance, answered) : kish,
  );
  return {
    ...base,
    errorRate,
    effectiveAnswers,
    interval: clopperPearson(errorRate * effectiveAnswers, effectiveAnswers),
  };
}

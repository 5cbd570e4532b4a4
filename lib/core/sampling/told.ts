/** What may be said of samples while some of them wait for a look. */
import type { ErrorEstimate, StratumEstimate } from './estimate.ts';

export type ToldStratum = Pick<StratumEstimate, 'stratum' | 'rate' | 'answered' | 'wrong'> & Partial<StratumEstimate>;

/**
 * The strata of an estimate. How many of each were chosen is said only when all of them were looked at: beside how many
 * were, it would say of what still waits what was made of it.
 */
export const toldStrata = ({ strata, waiting }: Pick<ErrorEstimate, 'strata' | 'waiting'>): ToldStratum[] =>
  waiting === 0
    ? [...strata]
    : strata
        .filter(({ answered }) => answered > 0)
        .map(({ stratum, rate, answered, wrong }) => ({ stratum, rate, answered, wrong }));

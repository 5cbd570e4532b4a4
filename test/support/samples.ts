/** Samples as tests need them. */
import type { Sample, StratumCount } from '../../lib/contracts/sample.ts';
import { sha256 } from '../../lib/core/audit/canonical.ts';

/** By the automation called a leak; answered where a kind is given. */
export function sampleOf(n: number, answered?: string, change: Partial<Sample> = {}): Sample {
  return {
    v: 1,
    decisionId: sha256(`sample ${n}`),
    asset: 'plant-1',
    pack: 'water-network',
    window: { bootId: 'b', seq: n, fromMs: 1, toMs: 2, rows: 3, hash: sha256('w') },
    stratum: n % 3 === 0 ? 'act' : 'observe',
    rate: n % 4 === 0 ? 0.02 : 0.5,
    said: 'leak',
    selectedAtMs: n,
    ...(answered !== undefined && { answer: { kind: answered, by: 'person-1', reason: 'so', atMs: n + 1 } }),
    ...change,
  };
}

/** Counts as they are compared: in one order, without strata that have nothing. */
export const inOrder = (counts: readonly StratumCount[] | undefined): StratumCount[] | undefined =>
  counts
    ?.filter(({ selected }) => selected !== 0)
    .sort((a, b) => (`${a.stratum}/${a.rate}` < `${b.stratum}/${b.rate}` ? -1 : 1));

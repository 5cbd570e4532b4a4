import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { StratumEstimate } from '../../../lib/core/sampling/estimate.ts';
import { toldStrata } from '../../../lib/core/sampling/told.ts';

const stratum = (name: StratumEstimate['stratum'], selected: number, answered: number): StratumEstimate => ({
  stratum: name,
  rate: 0.02,
  selected,
  answered,
  wrong: 0,
  stoodFor: selected / 0.02,
});

test('whatever waits, the same is said: nobody can tell of which verdict it is', () => {
  const seen = fc.nat(5);
  fc.assert(
    fc.property(seen, seen, fc.integer({ min: 1, max: 9 }), (acted, observed, waiting) => {
      const ofActs = toldStrata({
        strata: [stratum('act', acted + waiting, acted), stratum('observe', observed, observed)],
        waiting,
      });
      const ofOthers = toldStrata({
        strata: [stratum('act', acted, acted), stratum('observe', observed + waiting, observed)],
        waiting,
      });
      expect(ofActs).toEqual(ofOthers);
    }),
  );
});

test('once all were looked at, all is said', () => {
  const strata = [stratum('act', 2, 2), stratum('observe', 3, 3)];
  expect(toldStrata({ strata, waiting: 0 })).toEqual(strata);
});

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { conformalTests } from '../../../models/training/conformal.ts';
import { leastProbability } from '../../../models/training/thresholds.ts';

/** Two classes; the second is never the top one, which is always kept. */
const setHolds = (scores: readonly number[], probability: number, alpha: number): boolean =>
  conformalTests({
    quantiles: [[0]],
    windows: '',
    windowCount: 0,
    neighbours: 1,
    distances: [0],
    nonconformity: [[], scores],
  })
    .classSet([2, probability], alpha)
    .includes(1);

describe('the least probability of a class that stays in the set', () => {
  test('is where the set itself begins to hold it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 1000 }), { maxLength: 60 }),
        fc.constantFrom(0.02, 0.1, 0.25, 0.5),
        (thousandths, alpha) => {
          const scores = thousandths.sort((a, b) => a - b).map((n) => n / 1000);
          const least = leastProbability(scores, alpha);
          // Rounded to four places on the card.
          expect(setHolds(scores, least + 1e-4, alpha)).toBe(true);
          if (least > 0) expect(setHolds(scores, least - 1e-4, alpha)).toBe(false);
        },
      ),
    );
  });

  test('is zero where too few windows were of the class to exclude any', () => {
    expect(leastProbability([], 0.1)).toBe(0);
    expect(leastProbability([0.1, 0.2, 0.9], 0.1)).toBe(0);
  });
});

import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { largest, medianOfThree, quantile, smallest } from '../../../models/training/features/statistics.ts';

const value = fc.oneof(
  fc.double(),
  fc.constantFrom(0, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
);

test('largest and smallest are the outermost quantiles to the bit', () => {
  fc.assert(
    fc.property(fc.array(value, { maxLength: 6 }), (values) => {
      expect(largest(values)).toBe(quantile(values, 1));
      expect(smallest(values)).toBe(quantile(values, 0));
    }),
  );
});

test('the middle one of three is their median, and missing where one is missing', () => {
  fc.assert(
    fc.property(fc.tuple(fc.double(), fc.double(), fc.double()), ([a, b, c]) => {
      const isMissing = [a, b, c].some(Number.isNaN);
      const middle = [a, b, c].sort((x, y) => x - y)[1]!;
      if (isMissing) expect(medianOfThree(a, b, c)).toBeNaN();
      else expect(medianOfThree(a, b, c) === middle).toBe(true);
    }),
  );
});

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  chiSquareQuantile,
  chiSquareTail,
  compare,
  leastGroups,
  moderatePsi,
} from '../../../lib/core/drift/stability.ts';
import { seededRandom } from '../../../lib/core/random.ts';
import { drawn } from '../../support/drawn.ts';

const spreads = (bins: number) =>
  fc
    .array(fc.double({ min: 0.001, max: 1, noNaN: true }), { minLength: bins, maxLength: bins })
    .map((parts) => parts.map((part) => part / parts.reduce((a, b) => a + b, 0)));
const pairs = fc.integer({ min: 2, max: 9 }).chain((bins) => fc.tuple(spreads(bins), spreads(bins)));
const counts = fc.integer({ min: leastGroups, max: 5_000 });

describe('χ²', () => {
  // https://www.itl.nist.gov/div898/handbook/eda/section3/eda3674.htm
  test.each([
    [1, 0.05, 3.841],
    [2, 0.01, 9.21],
    [5, 0.001, 20.515],
    [8, 0.01, 20.09],
    [16, 0.05, 26.296],
  ])('with %d degrees exceeds with probability %d the value of the tables', (degrees, tail, value) => {
    expect(chiSquareQuantile(tail, degrees)).toBeCloseTo(value, 2);
    expect(chiSquareTail(value, degrees)).toBeCloseTo(tail, 4);
  });

  test('is exceeded less often the larger the value is and the fewer degrees there are', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 200, noNaN: true }), fc.integer({ min: 1, max: 30 }), (value, degrees) => {
        const tail = chiSquareTail(value, degrees);
        expect(tail).toBeGreaterThanOrEqual(0);
        expect(tail).toBeLessThanOrEqual(1);
        // To what erfc is exact to.
        expect(chiSquareTail(value + 1, degrees)).toBeLessThanOrEqual(tail + 2e-7);
        expect(chiSquareTail(value, degrees + 1)).toBeGreaterThanOrEqual(tail - 2e-7);
      }),
    );
  });
});

describe('the stability index', () => {
  test('is 0 for equal shares at any two sizes large enough to forget the half counts, and never below 0', () => {
    fc.assert(
      fc.property(pairs, counts, counts, ([p, q], n, m) => {
        expect(compare({ shares: p, groups: n }, { shares: q, groups: m }, 0.01).psi).toBeGreaterThanOrEqual(0);
        expect(compare({ shares: p, groups: n }, { shares: p, groups: n }, 0.01).psi).toBeCloseTo(0, 12);
      }),
    );
  });

  test('does not depend on the order of bins, nor on which of the two is called the reference', () => {
    fc.assert(
      fc.property(pairs, counts, ([p, q], n) => {
        const there = compare({ shares: p, groups: n }, { shares: q, groups: n }, 0.01);
        const back = compare({ shares: q, groups: n }, { shares: p, groups: n }, 0.01);
        const turned = compare({ shares: [...p].reverse(), groups: n }, { shares: [...q].reverse(), groups: n }, 0.01);
        for (const other of [back, turned]) {
          expect(other.psi).toBeCloseTo(there.psi, 10);
          expect(other.noisePsi).toBeCloseTo(there.noisePsi, 10);
        }
      }),
    );
  });

  test('is that of the textbook where samples are large', () => {
    const { psi } = compare({ shares: [0.5, 0.3, 0.2], groups: 1e7 }, { shares: [0.2, 0.3, 0.5], groups: 1e7 }, 0.01);
    expect(psi).toBeCloseTo(2 * 0.3 * Math.log(2.5), 5);
  });

  test('a bin that neither has, or only one has, makes no infinity', () => {
    const { psi, noisePsi } = compare({ shares: [1, 0, 0], groups: 50 }, { shares: [0, 0, 1], groups: 50 }, 0.01);
    expect(psi).toBeGreaterThan(5);
    expect(Number.isFinite(psi)).toBe(true);
    expect(noisePsi).toBeGreaterThan(0);
    expect(compare({ shares: [1, 0], groups: 50 }, { shares: [1, 0], groups: 50 }, 0.01)).toEqual({
      psi: 0,
      noisePsi: 0,
      stability: 'noise',
    });
  });

  test('other bins cannot be compared', () => {
    expect(() => compare({ shares: [1], groups: 9 }, { shares: [0.5, 0.5], groups: 9 }, 0.01)).toThrow(RangeError);
  });
});

describe('what is called a shift', () => {
  const shapes = {
    even: Array.from({ length: 8 }, () => 1 / 8),
    skewed: [0.7, 0.1, 0.08, 0.05, 0.04, 0.02, 0.01],
    'nearly one value': [0.95, 0.03, 0.01, 0.01],
  };
  const sample = (shares: readonly number[], groups: number, random: () => number): number[] => {
    const counted = shares.map(() => 0);
    for (let n = 0; n < groups; n += 1) counted[drawn(shares, random)]! += 1 / groups;
    return counted;
  };

  test.each(Object.entries(shapes))('chance alone is called one no oftener than was said: %s', (_, shares) => {
    const random = seededRandom(5);
    for (const groups of [leastGroups, 60, 300]) {
      let called = 0;
      const trials = 4_000;
      for (let trial = 0; trial < trials; trial += 1) {
        const now = { shares: sample(shares, groups, random), groups };
        const reference = { shares: sample(shares, 600, random), groups: 600 };
        if (compare(now, reference, 0.05).stability !== 'noise') called += 1;
      }
      // 5 % of 4,000 are 200; their spread by chance is 14.
      expect(called).toBeLessThan(200 + 4 * 14);
    }
  });

  test('a small sample that a fixed limit of 0.1 would call shifted is not', () => {
    const random = seededRandom(6);
    const now = { shares: sample(shapes.even, 40, random), groups: 40 };
    const made = compare(now, { shares: shapes.even, groups: 600 }, 0.01);
    expect(made.psi).toBeGreaterThan(moderatePsi);
    expect(made.stability).toBe('noise');
  });

  test('a true shift is found, and its size is named', () => {
    const reference = { shares: shapes.even, groups: 600 };
    const moved = [0.02, 0.02, 0.06, 0.1, 0.15, 0.2, 0.2, 0.25];
    expect(compare({ shares: moved, groups: 200 }, reference, 0.01).stability).toBe('large');
    const slightly = shapes.even.map((share, bin) => share + (bin % 2 === 0 ? 0.03 : -0.03));
    expect(compare({ shares: slightly, groups: 5_000 }, { shares: shapes.even, groups: 5_000 }, 0.01).stability).toBe(
      'slight',
    );
    expect(compare({ shares: moved, groups: leastGroups - 1 }, reference, 0.01).stability).toBe('too-few');
  });
});

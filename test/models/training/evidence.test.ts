import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { normal, seededRandom } from '../../../lib/core/random.ts';
import { softmax } from '../../../models/training/booster.ts';
import { conformalTests, fitConformal, missingFeature, upperPValue } from '../../../models/training/conformal.ts';
import { evaluate } from '../../../models/training/metrics.ts';
import { fitTemperature } from '../../../models/training/temperature.ts';

/** Two classes of windows in four features, the last of which is missing half of the time. */
function windows(count: number, seed: number) {
  const random = seededRandom(seed);
  return Array.from({ length: count }, (_, i) => {
    const label = i % 2;
    const features = Float32Array.from({ length: 4 }, (_, f) => normal(random) + (f === 0 ? 3 * label : 0));
    if (random() < 0.5) features[3] = missingFeature;
    const p = 1 / (1 + Math.exp(-3 * (features[0]! - 1.5)));
    return { features, label, probabilities: [1 - p, p] };
  });
}

const reference = fitConformal({
  reference: windows(300, 1).map((row) => row.features),
  heldOut: windows(400, 2),
  classCount: 2,
  neighbours: 5,
});
const tests = conformalTests(reference);

describe('conformal evidence', () => {
  test('p-values of fresh windows of the same kind are spread evenly: 5 % lie below 0.05', () => {
    const below = windows(2000, 3).filter((row) => tests.oodPValue(row.features) <= 0.05).length / 2000;
    expect(below).toBeGreaterThan(0.02);
    expect(below).toBeLessThan(0.09);
  });

  test('a window far from all that was seen has the smallest p-value there is', () => {
    const smallest = 1 / (reference.distances.length + 1);
    expect(tests.oodPValue(Float32Array.of(0, 60, 0, 0))).toBeCloseTo(smallest, 2);
    expect(tests.oodPValue(Float32Array.of(0, -60, 0, missingFeature))).toBeCloseTo(smallest, 2);
    expect(tests.oodPValue(Float32Array.of(Number.NaN, Number.NaN, Number.NaN, Number.NaN))).toBeLessThan(0.05);
  });

  test('distances are those to the nearest windows of all, in whatever order these are kept', () => {
    const kept = windows(120, 6).map((row) => row.features);
    const heldOut = windows(60, 7);
    const distancesOf = (rows: Float32Array[]) =>
      fitConformal({ reference: rows, heldOut, classCount: 2, neighbours: 5 }).distances;
    const forward = distancesOf(kept);
    expect(new Set(forward).size).toBeGreaterThan(20);
    // Nearest last, where nothing is left out early, and nearest first, where almost all is.
    const far = (row: Float32Array): number => row.reduce((sum, value) => sum + Math.abs(value), 0);
    const sorted = [...kept].sort((a, b) => far(a) - far(b));
    for (const order of [[...kept].reverse(), sorted, [...sorted].reverse()]) {
      distancesOf(order).forEach((distance, at) => {
        expect(distance).toBeCloseTo(forward[at]!, 12);
      });
    }
  });

  test('sets hold the truth at the stated rate for each class and always the top class', () => {
    const fresh = windows(2000, 4);
    for (const label of [0, 1]) {
      const own = fresh.filter((row) => row.label === label);
      const held = own.filter((row) => tests.classSet(row.probabilities, 0.1).includes(label)).length / own.length;
      expect(held).toBeGreaterThan(0.86);
      // Nor more often than stated: a set that holds everything excludes nothing, and nothing would ever act.
      expect(held).toBeLessThan(0.97);
    }
    expect(tests.classSet([0.5, 0.5], 0.99)).toContain(0);
  });

  test('a reference survives being written as JSON', () => {
    const again = conformalTests(JSON.parse(JSON.stringify(reference)));
    for (const row of windows(20, 5)) expect(again.oodPValue(row.features)).toBe(tests.oodPValue(row.features));
  });

  test('upperPValue is (1 + scores at or above) / (n + 1)', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1 }),
        fc.integer({ min: -1, max: 21 }),
        (scores, score) => {
          const ascending = [...scores].sort((a, b) => a - b);
          const atLeast = scores.filter((value) => value >= score).length;
          expect(upperPValue(ascending, score)).toBeCloseTo((1 + atLeast) / (scores.length + 1), 12);
        },
      ),
    );
    expect(upperPValue([1, 2, 3], Number.NaN)).toBe(0.25);
  });

  test('refuses features of another width and a fit without windows', () => {
    expect(() => tests.oodPValue(Float32Array.of(1))).toThrow('1 features; the reference has 4');
    expect(() => fitConformal({ reference: [], heldOut: windows(2, 1), classCount: 2, neighbours: 1 })).toThrow(
      RangeError,
    );
  });
});

describe('temperature scaling', () => {
  test('finds the factor by which scores were made overconfident', () => {
    const random = seededRandom(9);
    const labels: number[] = [];
    const scores = Array.from({ length: 4000 }, () => {
      const honest = Float64Array.from({ length: 3 }, () => normal(random));
      const p = softmax(honest);
      const draw = random();
      labels.push(draw < p[0]! ? 0 : draw < p[0]! + p[1]! ? 1 : 2);
      return honest.map((value) => value * 2.5);
    });
    expect(
      fitTemperature(
        scores,
        labels,
        labels.map(() => 1),
      ),
    ).toBeCloseTo(2.5, 0);
  });
});

describe('metrics', () => {
  test('agree with a confusion matrix counted by hand', () => {
    const rows = [
      [0.9, 0.1, 0],
      [0.6, 0.4, 0],
      [0.2, 0.8, 0],
      [0.3, 0.7, 0],
    ];
    const metrics = evaluate(rows, [0, 1, 1, 1], ['a', 'b', 'c']);
    expect(metrics.confusion).toEqual([
      [1, 0, 0],
      [1, 2, 0],
      [0, 0, 0],
    ]);
    expect(metrics.classes[0]).toMatchObject({ precision: 0.5, recall: 1 });
    expect(metrics.classes[1]!.f1).toBeCloseTo(0.8, 12);
    // Class c does not occur among the labels and so does not pull the mean down.
    expect(metrics.macroF1).toBeCloseTo((2 / 3 + 0.8) / 2, 12);
    expect(metrics.reliability.reduce((sum, bin) => sum + bin.count, 0)).toBe(4);
  });

  test('say how often each stretch of confidence is right, and how far that is from what it says', () => {
    const rows = [
      [0.95, 0.05],
      [0.91, 0.09],
      [0.38, 0.62],
      [0.34, 0.66],
    ];
    const { reliability, calibrationError } = evaluate(rows, [0, 1, 1, 1], ['a', 'b']);
    const filled = reliability.filter(({ count }) => count > 0);
    expect(reliability).toHaveLength(10);
    expect(filled).toEqual([
      { fromProbability: 0.6, count: 2, meanConfidence: expect.closeTo(0.64, 12), accuracy: 1 },
      { fromProbability: 0.9, count: 2, meanConfidence: expect.closeTo(0.93, 12), accuracy: 0.5 },
    ]);
    expect(calibrationError).toBeCloseTo((2 * 0.36 + 2 * 0.43) / 4, 12);
  });

  test('are defined for no rows and refuse lengths that differ', () => {
    expect(evaluate([], [], ['a']).macroF1).toBe(0);
    expect(() => evaluate([[1]], [], ['a'])).toThrow('1 predictions for 0 labels');
  });
});

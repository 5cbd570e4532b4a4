import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { packNames } from '../../../bin/commands/backtest-pack.ts';
import { modelCard } from '../../../lib/contracts/model-card.ts';
import { seededRandom } from '../../../lib/core/random.ts';
import { missingFeature } from '../../../models/training/conformal.ts';
import { binEdges, placesIn } from '../../../models/training/places.ts';
import { referenceOf, shownEdges } from '../../../models/training/reference.ts';
import { modelSidecar } from '../../../models/training/sidecar.ts';

const quantiles = [Array.from({ length: 33 }, (_, at) => at), [...Array.from({ length: 30 }, () => 0), 1, 2, 3], []];
const placesOf = placesIn({ quantiles });

describe('places', () => {
  test('a feature lies in an eighth of what the model was trained on, or is missing', () => {
    expect(placesOf(Float32Array.of(-5, -1, 3))).toBe('000');
    expect(placesOf(Float32Array.of(4, 0, missingFeature))).toBe('00-');
    expect(placesOf(Float32Array.of(4.5, 0.5, Number.NaN))).toBe('11-');
    expect(placesOf(Float32Array.of(999, 9, 0))).toBe('710');
    expect(() => placesOf(Float32Array.of(1))).toThrow(RangeError);
  });

  test('equal eighths are one bin', () => {
    expect(binEdges(quantiles[0]!)).toEqual([4, 8, 12, 16, 20, 24, 28]);
    expect(binEdges(quantiles[1]!)).toEqual([0]);
    expect(binEdges([])).toEqual([]);
  });

  test('larger values lie in no lower bin', () => {
    fc.assert(
      fc.property(
        fc.array(fc.float({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 33, maxLength: 33 }),
        fc.float({ noNaN: true, min: -999, max: 1e7 }),
        fc.float({ noNaN: true, min: 0, max: 1e6 }),
        (support, value, more) => {
          const one = placesIn({ quantiles: [support.sort((a, b) => a - b)] });
          const [low, high] = [one(Float32Array.of(value)), one(Float32Array.of(value + more))];
          expect(Number(high)).toBeGreaterThanOrEqual(Number(low));
          expect(Number(high)).toBeLessThan(8);
        },
      ),
    );
  });
});

describe('the reference of a card', () => {
  test('counts each event once, by what the model said and not by what was true', () => {
    const made = referenceOf(
      [
        { features: Float32Array.of(1, 0, 0), event: 'a' },
        { features: Float32Array.of(30, 5, missingFeature), event: 'a' },
        { features: Float32Array.of(1, 0, 0), event: 'b' },
      ],
      [
        [0.9, 0.1],
        [0.2, 0.8],
        [0.95, 0.05],
      ],
      ['normal', 'leak'],
      { quantiles },
    );
    expect(made).toMatchObject({ windows: 3, groups: 2, kinds: { normal: 0.75, leak: 0.25 }, meanConfidence: 0.9 });
    expect(made.confidence.slice(8)).toEqual([0.25, 0.75]);
    expect(made.features[0]!.shares).toEqual([0.75, 0, 0, 0, 0, 0, 0, 0.25, 0]);
    expect(made.features[1]).toEqual({ edges: [0], shares: [0.75, 0.25, 0] });
    expect(made.features[2]).toEqual({ edges: [], shares: [0.75, 0.25] });
    expect(() => referenceOf([], [], ['normal'], { quantiles })).toThrow(RangeError);
  });

  test.each(packNames())('that of %s is by the bins that its decisions name', (name) => {
    const read = (file: string): unknown =>
      JSON.parse(readFileSync(new URL(`../../../models/${name}/${file}`, import.meta.url), 'utf8'));
    const sidecar = modelSidecar.parse(read('model.json'));
    const { reference, metrics } = modelCard.parse(read('card.json'));
    expect(reference!.windows).toBe(metrics.testWindows);
    expect(reference!.features.map(({ edges }) => edges)).toEqual(sidecar.conformal.quantiles.map(shownEdges));
    for (const { shares, edges } of reference!.features) {
      expect(shares).toHaveLength(edges.length + 2);
      expect(shares.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 2);
    }
    const random = seededRandom(1);
    const features = Float32Array.from(sidecar.features, () => random() * 10 - 5);
    expect(placesIn(sidecar.conformal)(features)).toMatch(new RegExp(`^[0-7]{${sidecar.features.length}}$`));
  });
});

import { describe, expect, test } from '@jest/globals';
import { childRandom, normal } from '../../../lib/core/random.ts';
import { fitConformal, missingFeature } from '../../../models/training/conformal.ts';
import { featureCheck } from '../../../models/training/plausible.ts';

const names = Array.from({ length: 10 }, (_, at) => `the mean of channel ${at}`);
const random = childRandom(5, 'plausible');
/** The last feature is missing in every second window, as of assets that have no such thing. */
const row = (): Float32Array =>
  Float32Array.from(names, (_, at) => (at === 9 && random() < 0.5 ? missingFeature : at + normal(random)));
const reference = fitConformal({
  reference: Array.from({ length: 300 }, row),
  heldOut: Array.from({ length: 50 }, () => ({ features: row(), probabilities: [0.9, 0.1], label: 0 })),
  classCount: 2,
  neighbours: 5,
});
const check = featureCheck(reference, names);
const changed = (change: (value: number, at: number) => number): Float32Array => row().map(change);

describe('the range and missing checks of features', () => {
  test('let windows of the kind that was trained on pass', () => {
    const refused = Array.from({ length: 500 }, row).filter((features) => check(features).length > 0);
    expect(refused.length).toBeLessThan(5);
  });

  test('name the feature that lies farthest outside of its training range', () => {
    const found = check(changed((value, at) => (at === 3 ? 80 : at === 4 ? -40 : value)));
    expect(found[0]).toMatch(/^the mean of channel 3 lies \d+ times its training range outside of it$/);
  });

  test('see many features a little outside, and many that are missing; not those that often are', () => {
    expect(check(changed((value, at) => (at < 4 ? at + 5 : value))).join()).toMatch(/\d of \d+ features lie outside/);
    expect(check(changed((value, at) => (at < 4 ? missingFeature : value))).join()).toContain('4 features are missing');
    expect(check(changed((value, at) => (at === 9 ? missingFeature : value)))).toEqual([]);
  });

  test('refuse a window in which nothing could be computed, and one of another width', () => {
    expect(check(new Float32Array(10).fill(missingFeature))).toHaveLength(2);
    expect(() => check(new Float32Array(9))).toThrow('9 features; 10 are known');
  });
});

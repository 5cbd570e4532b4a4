import { describe, expect, test } from '@jest/globals';
import { rigNormalRows, rigSeries } from '../../../../models/rotating-equipment/generator/rig.ts';

const seeds = Array.from({ length: 25 }, (_, i) => i + 1);

describe('rig series', () => {
  test('are the same for the same seed', () => {
    expect(rigSeries(7)).toEqual(rigSeries(7));
    expect(rigSeries(7).series.values).not.toEqual(rigSeries(8).series.values);
  });

  test.each(seeds)('seed %i: eight channels a second, normal first, then labelled faults and normal rows', (seed) => {
    const { series, labels, faults } = rigSeries(seed);
    expect(series.channels).toHaveLength(8);
    expect(new Set(series.channels.map(({ name }) => name)).size).toBe(8);
    expect(labels.length).toBe(series.timesMs.length);
    expect(labels.length).toBeGreaterThanOrEqual(1000);
    expect(labels.length).toBeLessThanOrEqual(1200);
    expect(series.timesMs[1]! - series.timesMs[0]!).toBe(1000);
    expect(labels.slice(0, rigNormalRows).every((label) => label === 'normal')).toBe(true);
    const share = labels.filter((label) => label !== 'normal').length / labels.length;
    expect(share).toBeGreaterThan(0.1);
    expect(share).toBeLessThan(0.5);
    expect(faults.length).toBeGreaterThan(0);
    // Nothing absurd, and nothing that never moves.
    for (let c = 0; c < 8; c += 1) {
      const values = Array.from(labels, (_, row) => series.values[row * 8 + c]!).filter(
        (value) => !Number.isNaN(value),
      );
      expect(values.length).toBeGreaterThan(900);
      expect(values.every((value) => Number.isFinite(value) && Math.abs(value) < 1e5)).toBe(true);
      expect(new Set(values).size).toBeGreaterThan(3);
    }
  });

  test('warm up while they are normal: the slow bodies have not settled', () => {
    const rises = seeds.map((seed) => {
      const { series } = rigSeries(seed);
      const c = series.channels.findIndex(({ name }) => /winding|motor.?temp|Temperature 1/i.test(name));
      const mean = (from: number): number => {
        let sum = 0;
        for (let row = from; row < from + 40; row += 1) sum += series.values[row * 8 + c]!;
        return sum / 40;
      };
      return mean(360) - mean(0);
    });
    expect(rises.filter((rise) => rise > 0.3).length).toBeGreaterThan(seeds.length / 2);
  });

  test('show every kind of fault over some seeds, mild and strong ones', () => {
    const faults = seeds.flatMap((seed) => [...rigSeries(seed).faults]);
    expect(new Set(faults.map(({ kind }) => kind)).size).toBe(5);
    expect(faults.some(({ severity }) => severity < 0.35)).toBe(true);
    expect(faults.some(({ severity }) => severity > 0.7)).toBe(true);
  });
});

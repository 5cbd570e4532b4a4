import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { missingFeature } from '../../../models/training/conformal.ts';
import { contributions, groupsByPrefix, occlusionBatch, withoutNames } from '../../../models/training/occlusion.ts';

const names = ['flow-a', 'flow-b', 'level-a'];
const groups = [
  { name: 'the flow', features: [0, 1] },
  { name: 'the level', features: [2] },
];
const rowsOf = ({ data, rows }: { data: Float32Array; rows: number }): number[][] =>
  Array.from({ length: rows }, (_, row) => [
    ...data.subarray((row * data.length) / rows, ((row + 1) * data.length) / rows),
  ]);

describe('an occlusion batch', () => {
  test('holds the window, each feature at its baseline, each group, and groups in twos', () => {
    const batch = occlusionBatch(Float32Array.of(1, 2, 3), [9, 8, 7], groups);
    expect(rowsOf(batch)).toEqual([
      [1, 2, 3],
      [9, 2, 3],
      [1, 8, 3],
      [1, 2, 7],
      [9, 8, 3],
      [9, 8, 7],
      [1, 2, 7],
    ]);
    expect(batch.named.map((one) => one.names)).toEqual([['the flow'], ['the flow', 'the level'], ['the level']]);
  });

  test('spares a row for what is at its baseline, and gives an asset nothing that it has not', () => {
    const batch = occlusionBatch(Float32Array.of(9, 2, missingFeature), [9, 8, 7], groups);
    expect(batch.single.map(({ feature }) => feature)).toEqual([1, 2]);
    expect(batch.named.map((one) => one.names)).toEqual([['the flow']]);
  });

  test('is the window alone where everything is as on a normal day', () => {
    const batch = occlusionBatch(Float32Array.of(9, 8, 7), [9, 8, 7], groups);
    expect(batch).toMatchObject({ rows: 1, single: [], named: [] });
    expect(contributions(batch, names, () => 0.5, 8)).toEqual([]);
    expect(withoutNames(batch, () => 0.5)).toEqual([]);
  });

  test('changes in each row only what the row leaves out, however many groups there are', () => {
    const value = fc.float({ noNaN: true, noDefaultInfinity: true });
    const window = fc.integer({ min: 1, max: 20 }).chain((width) =>
      fc.record({
        values: fc.array(value, { minLength: width, maxLength: width }),
        baseline: fc.array(value, { minLength: width, maxLength: width }),
        groups: fc.array(fc.array(fc.nat(width - 1), { maxLength: width }), { maxLength: 12 }),
      }),
    );
    fc.assert(
      fc.property(window, ({ values, baseline, groups: made }) => {
        const batch = occlusionBatch(
          Float32Array.from(values),
          baseline,
          made.map((features, at) => ({ name: `g${at}`, features })),
        );
        expect(batch.data.length).toBe(batch.rows * values.length);
        // 20 features, 8 groups and 28 pairs of them: the batch cannot grow without bound.
        expect(batch.rows).toBeLessThanOrEqual(1 + values.length + 36);
        for (const row of rowsOf(batch)) {
          for (const [at, cell] of row.entries()) {
            expect([Math.fround(values[at]!), Math.fround(baseline[at]!)]).toContain(cell);
          }
        }
      }),
    );
  });
});

describe('what speaks for an answer', () => {
  const batch = occlusionBatch(Float32Array.of(1, 2, 3), [9, 8, 7], groups);
  const scores = [0.9, 0.8, 0.95, 0.9, 0.7, 0.2, 0.85];
  const scoreOf = (row: number): number => scores[row]!;

  test('are features by how much their absence moves the score, whichever way, and never those that move nothing', () => {
    expect(contributions(batch, names, scoreOf, 8)).toEqual([
      { feature: 'flow-a', value: 1, contribution: expect.closeTo(0.1, 6) },
      { feature: 'flow-b', value: 2, contribution: expect.closeTo(-0.05, 6) },
    ]);
    expect(contributions(batch, names, scoreOf, 1)).toHaveLength(1);
  });

  test('are names by what is left without them, alone first, then in twos', () => {
    expect(withoutNames(batch, scoreOf)).toEqual([
      { names: ['the flow'], confidence: 0.7 },
      { names: ['the level'], confidence: 0.85 },
      { names: ['the flow', 'the level'], confidence: 0.2 },
    ]);
  });

  test('are never names without which the score would be higher', () => {
    expect(withoutNames(batch, (row) => (row === 0 ? 0.1 : 0.5))).toEqual([]);
  });
});

test('a pack that names no groups gets those whose features begin alike', () => {
  expect(groupsByPrefix(['pm25-now', 'pm25-step', 'wind', 'no2_ratio'])).toEqual([
    { name: 'what pm25 shows', features: [0, 1] },
    { name: 'what wind shows', features: [2] },
    { name: 'what no2 shows', features: [3] },
  ]);
});

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { missingFeature } from '../../../models/training/conformal.ts';
import {
  contributions,
  groupsByPrefix,
  occlusionBatch,
  pairBatch,
  withoutNames,
} from '../../../models/training/occlusion.ts';

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
  test('holds the window, each feature at its baseline, and each group', () => {
    const batch = occlusionBatch(Float32Array.of(1, 2, 3), [9, 8, 7], groups);
    expect(rowsOf(batch)).toEqual([
      [1, 2, 3],
      [9, 2, 3],
      [1, 8, 3],
      [1, 2, 7],
      [9, 8, 3],
      [1, 2, 7],
    ]);
    expect(batch.named.map((one) => one.names)).toEqual([['the flow'], ['the level']]);
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
    expect(pairBatch(batch, [9, 8, 7], () => 0.5)).toMatchObject({ rows: 0, named: [] });
  });

  test('changes in each row only what the row leaves out, however many groups there are', () => {
    const value = fc.float({ noNaN: true, noDefaultInfinity: true });
    const window = fc.integer({ min: 1, max: 20 }).chain((width) =>
      fc.record({
        values: fc.array(value, { minLength: width, maxLength: width }),
        baseline: fc.array(value, { minLength: width, maxLength: width }),
        groups: fc.array(fc.array(fc.nat(width - 1), { maxLength: width }), { maxLength: 50 }),
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
        const pairs = pairBatch(batch, baseline, () => 0.5);
        expect(pairs.data.length).toBe(pairs.rows * values.length);
        // 32 groups, and the pairs of six of them: neither batch can grow without bound.
        expect(batch.rows).toBeLessThanOrEqual(1 + values.length + 32);
        expect(pairs.rows).toBeLessThanOrEqual(15);
        for (const row of [...rowsOf(batch), ...rowsOf(pairs)]) {
          for (const [at, cell] of row.entries()) {
            expect([Math.fround(values[at]!), Math.fround(baseline[at]!)]).toContain(cell);
          }
        }
      }),
    );
  });
});

describe('a batch of pairs', () => {
  test('leaves two groups out at once: those that are missed most alone, however late they were named', () => {
    const values = Float32Array.from({ length: 20 }, () => 1);
    const baseline = values.map(() => 0);
    const many = Array.from(values, (_, at) => ({ name: `g${at}`, features: [at] }));
    const batch = occlusionBatch(values, baseline, many);
    expect(batch.named).toHaveLength(20);
    const missedMost = batch.named.slice(14).map(({ row }) => row);
    const pairs = pairBatch(batch, baseline, (row) => (missedMost.includes(row) ? 0.2 : 0.8));
    expect(pairs.named.map(({ names: both }) => both)).toHaveLength(15);
    expect(pairs.named[0]!.names).toEqual(['g14', 'g15']);
    expect(pairs.named.at(-1)!.names).toEqual(['g18', 'g19']);
    expect(rowsOf(pairs)[0]).toEqual(Array.from(values, (value, at) => (at === 14 || at === 15 ? 0 : value)));
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
    const scored = [
      { names: ['the level'], score: 0.85 },
      { names: ['the flow', 'the level'], score: 0.2 },
      { names: ['the flow'], score: 0.7 },
    ];
    expect(withoutNames(0.9, scored)).toEqual([
      { names: ['the flow'], confidence: 0.7 },
      { names: ['the level'], confidence: 0.85 },
      { names: ['the flow', 'the level'], confidence: 0.2 },
    ]);
  });

  test('are never names without which the score would be higher', () => {
    expect(withoutNames(0.1, [{ names: ['the flow'], score: 0.5 }])).toEqual([]);
  });
});

test('a pack that names no groups gets those whose features begin alike', () => {
  expect(groupsByPrefix(['pm25-now', 'pm25-step', 'wind', 'no2_ratio'])).toEqual([
    { name: 'what pm25 shows', features: [0, 1] },
    { name: 'what wind shows', features: [2] },
    { name: 'what no2 shows', features: [3] },
  ]);
});

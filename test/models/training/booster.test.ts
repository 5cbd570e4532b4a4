import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import * as ort from 'onnxruntime-node';
import { normal, seededRandom } from '../../../lib/core/random.ts';
import { binOf, fitBinning } from '../../../models/training/binning.ts';
import {
  type BoosterOptions,
  defaultBoosterOptions,
  fitBooster,
  gainShares,
  rawScores,
  softmax,
} from '../../../models/training/booster.ts';
import { argMax, evaluate } from '../../../models/training/metrics.ts';
import { encodeTreeModel, readMetadata, treeProbabilities } from '../../../models/training/tree-onnx.ts';

const options: BoosterOptions = { ...defaultBoosterOptions, rounds: 40, patience: 10, maxDepth: 3, seed: 7 };

/** Three blobs of which the third is an exclusive-or of two features, and two features of pure noise. */
function blobs(count: number, seed: number): { features: Float32Array[]; labels: number[] } {
  const random = seededRandom(seed);
  const features: Float32Array[] = [];
  const labels: number[] = [];
  for (let i = 0; i < count; i += 1) {
    const row = Float32Array.from({ length: 5 }, () => normal(random));
    features.push(row);
    labels.push(row[0]! * row[1]! > 0.1 ? 2 : row[2]! > 0 ? 1 : 0);
  }
  return { features, labels };
}

describe('the gradient booster', () => {
  test('learns an interaction and generalises to rows it has not seen', () => {
    const model = fitBooster(blobs(1500, 1), blobs(300, 2), 3, options);
    const held = blobs(600, 3);
    const predicted = held.features.map((row) => softmax(rawScores(model, row)));
    expect(evaluate(predicted, held.labels, ['a', 'b', 'c']).macroF1).toBeGreaterThan(0.9);
    const shares = gainShares(model);
    expect(shares[3]! + shares[4]!).toBeLessThan(0.1);
  });

  test('gives the same bytes for the same seed and other bytes for another', () => {
    const bytes = (seed: number): Buffer =>
      Buffer.from(
        encodeTreeModel(fitBooster(blobs(300, 1), blobs(100, 2), 3, { ...options, rounds: 8, seed }), 1.3, {}),
      );
    expect(bytes(7).equals(bytes(7))).toBe(true);
    expect(bytes(7).equals(bytes(8))).toBe(false);
  });

  test('stops early when the validation rows are noise', () => {
    const noise = blobs(200, 5);
    noise.labels.forEach((_, i) => {
      noise.labels[i] = i % 3;
    });
    expect(fitBooster(blobs(300, 1), noise, 3, { ...options, rounds: 200 }).trees.length).toBeLessThan(60);
  });

  test('a class that is absent from the training rows gets a tiny probability, not an error', () => {
    const rows = blobs(200, 1);
    const model = fitBooster(rows, rows, 4, { ...options, rounds: 5 });
    expect(softmax(rawScores(model, rows.features[0]!))[3]).toBeLessThan(0.01);
  });

  test.each([
    ['a missing number', [Float32Array.of(1, Number.NaN)], [0]],
    ['rows of different width', [Float32Array.of(1, 2), Float32Array.of(1)], [0, 0]],
    ['a label that is no class', [Float32Array.of(1, 2)], [3]],
    ['a fractional label', [Float32Array.of(1, 2)], [0.5]],
    ['no rows', [], []],
    ['fewer labels than rows', [Float32Array.of(1, 2), Float32Array.of(1, 3)], [0]],
  ])('refuses %s', (_name, features, labels) => {
    expect(() => fitBooster({ features, labels }, { features, labels }, 3, options)).toThrow(RangeError);
  });
});

describe('binning', () => {
  test('agrees with the float32 comparison that the graph makes, for any values', () => {
    fc.assert(
      fc.property(
        fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 2, maxLength: 60 }),
        (values) => {
          const rows = values.map((value) => Float32Array.of(value));
          const edges = fitBinning(rows, 16).edges[0]!;
          for (const [i, edge] of edges.entries()) {
            expect(i === 0 || edge > edges[i - 1]!).toBe(true);
            for (const row of rows) expect(binOf(edges, row[0]!) <= i).toBe(row[0]! <= edge);
          }
        },
      ),
    );
  });

  test('refuses a number of bins that does not fit a byte', () => {
    expect(() => fitBinning([Float32Array.of(1)], 256)).toThrow('maxBins is 256');
  });
});

describe('the exported graph', () => {
  test('answers as the booster does, in one batched run, with probabilities only', async () => {
    const model = fitBooster(blobs(600, 1), blobs(200, 2), 3, options);
    const bytes = encodeTreeModel(model, 1.7, { version: '1', name: 'blobs' });
    const session = await ort.InferenceSession.create(bytes, { logSeverityLevel: 3 });
    expect(session.outputNames).toEqual(['probabilities']);
    const held = blobs(200, 9).features;
    const flat = new Float32Array(held.length * 5);
    held.forEach((row, i) => {
      flat.set(row, i * 5);
    });
    const answer = await session.run({ features: new ort.Tensor('float32', flat, [held.length, 5]) });
    const got = answer['probabilities']!.data as Float32Array;
    held.forEach((row, i) => {
      const expected = treeProbabilities(model, 1.7, row);
      expected.forEach((p, k) => {
        expect(got[i * 3 + k]).toBeCloseTo(p, 5);
      });
    });
    await session.release();
  });

  test('carries its metadata, whatever order it was given in', () => {
    const model = fitBooster(blobs(100, 1), blobs(50, 2), 3, { ...options, rounds: 2 });
    const one = encodeTreeModel(model, 1, { b: '2', a: '1' });
    const other = encodeTreeModel(model, 1, { a: '1', b: '2' });
    expect(readMetadata(one)).toEqual({ a: '1', b: '2' });
    expect(Buffer.from(one).equals(Buffer.from(other))).toBe(true);
  });
});

test('argMax takes the first of equals', () => {
  expect(argMax([0.2, 0.4, 0.4])).toBe(1);
});

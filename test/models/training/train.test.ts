import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { modelCard } from '../../../lib/contracts/model-card.ts';
import { childRandom, normal } from '../../../lib/core/random.ts';
import { decodePart, encodePart } from '../../../models/training/part-codec.ts';
import type { Part, PartResult, Sample, SensorPlace, TrainingRecipe } from '../../../models/training/recipe.ts';
import { modelSidecar } from '../../../models/training/sidecar.ts';
import { modelFiles, trainModel } from '../../../models/training/train.ts';
import { readMetadata, treeProbabilities } from '../../../models/training/tree-onnx.ts';

const kinds = ['normal', 'leak', 'burst'] as const;

const placeOf = (i: number): SensorPlace => ({
  sensors: 10,
  nearestNamed: i % 2 === 0,
  bestOfThreeM: 100 + (i % 2) * 200,
  nearestM: 80,
  chanceM: 700,
});

/** A plant in which the first feature is the size of a leak and the second is noise. */
async function makePart(part: Part): Promise<PartResult> {
  const random = childRandom(part.seed, 'plant');
  const samples = Array.from({ length: part.scenarios }, (_, i): Sample => {
    const kind = kinds[i % 3]!;
    return {
      features: Float32Array.of(kinds.indexOf(kind) + 0.2 * normal(random), normal(random)),
      kind,
      segment: kind === 'leak' ? 'leak, large' : kind,
      event: `${part.id}/${i}`,
      phase: i % 2 === 0 ? 'onset' : 'later',
      faint: false,
      roles: 'known',
      ...(kind === 'leak' ? { zoneRank: 1 + (i % 5), sensorPlace: placeOf(i) } : {}),
    };
  });
  const events = samples.map(({ event, kind, segment }, i) => ({
    event,
    kind,
    segment,
    ...(i % 4 ? { foundAfterHours: i } : {}),
  }));
  return { samples, events, normalRows: 100, normalRowsAlarmed: 3 };
}

const recipe: TrainingRecipe = {
  name: 'toy',
  version: '1.2.3',
  title: 'Toy',
  kinds,
  featureNames: ['size', 'noise'],
  parts: (_size, seed) =>
    (['train', 'train', 'validation', 'test'] as const).map((split, i) => ({
      id: `part-${i}`,
      split,
      seed: seed + i,
      scenarios: 90,
    })),
  makePart,
  booster: { rounds: 20 },
  dataDescription: 'Made up.',
  intendedUse: 'Tests.',
  limits: ['It knows nothing.'],
  sources: [],
};
const makeParts = async (parts: readonly Part[]): Promise<PartResult[]> => Promise.all(parts.map(makePart));
const commit = 'c0ffee'.padEnd(40, '0');
const run = (seed: number) => trainModel(recipe, 'small', seed, makeParts, () => {}, commit);

describe('the card for people', () => {
  test('says how often the right place is ranked first, and among the first three', async () => {
    const { card } = modelFiles(recipe, 'small', 1, await run(1), '0'.repeat(64));
    // Thirty leaks in the test part, their ranks evenly from 1 to 5.
    expect(card).toContain('Of 30 windows whose place is known');
    expect(card).toContain('is ranked first in 20.0 % and among the first three in 60.0 %');
  });

  test('says how near the first three sensors are to a leak, beside what chance gives', async () => {
    const trained = await run(1);
    const { card } = modelFiles(recipe, 'small', 1, trained, '0'.repeat(64));
    expect(card).toContain('| all, first window | 30 | 50.0 % | 30.0 % | 200 | 200 | 700 | 80 |');
    expect(card).toContain('| leak, large | 30 | 50.0 % | 30.0 % | 200 | 200 | 700 | 80 |');
    expect(JSON.parse(readMetadata(trained.onnx)['metrics']!)).toMatchObject({ nearestSensorInThree: 0.5 });
  });

  test('draws how often each confidence was right, from the windows that were counted', async () => {
    const trained = await run(1);
    const { card } = modelFiles(recipe, 'small', 1, trained, '0'.repeat(64));
    const bins = trained.result.test.reliability.filter(({ count }) => count > 0);
    const rows = [...card.matchAll(/^\| 0\.\d to [01]\.\d \| (\d+) \| ([\d.]+) % \| ([\d.]+) % \| `(█*)(·*)` \|$/gm)];
    expect(rows.map(([, count]) => Number(count))).toEqual(bins.map(({ count }) => count));
    rows.forEach(([, , confidence, right, drawn, rest], i) => {
      expect(Number(confidence)).toBeCloseTo(100 * bins[i]!.meanConfidence, 0);
      expect(Number(right)).toBeCloseTo(100 * bins[i]!.accuracy, 0);
      expect([drawn!.length, drawn!.length + rest!.length]).toEqual([Math.round(20 * bins[i]!.accuracy), 20]);
    });
    expect(bins.reduce((sum, { count }) => sum + count, 0)).toBe(trained.result.test.rows);
  });

  test('says how often the set of kinds holds the truth, and how often it is a single one', async () => {
    const trained = await run(1);
    const { sets } = trained.result;
    const { card } = modelFiles(recipe, 'small', 1, trained, '0'.repeat(64));
    const told =
      /holds the truth in ([\d.]+) % of the windows; it is a\s+single class in ([\d.]+) %, and that class is right in ([\d.]+) %/.exec(
        card,
      )!;
    expect(told.slice(1).map(Number)).toEqual(
      [sets.coverage, sets.single, sets.singleRight].map((share) => Number((100 * share).toFixed(1))),
    );
  });
});

describe('a training run', () => {
  test('gives the same files from the same seed, and others from another', async () => {
    const files = async (seed: number) => {
      const trained = await run(seed);
      return modelFiles(recipe, 'small', seed, trained, trained.sha256);
    };
    const [one, again, other] = [await files(1), await files(1), await files(2)];
    expect(Buffer.from(one.onnx).equals(Buffer.from(again.onnx))).toBe(true);
    expect([one.sidecar, one.card]).toEqual([again.sidecar, again.card]);
    expect(one.sidecar).not.toBe(other.sidecar);
  });

  test('learns what can be learned', async () => {
    expect((await run(1)).result.test.macroF1).toBeGreaterThan(0.95);
  });

  test('says the same in the model, the sidecar and the card', async () => {
    const trained = await run(1);
    const { onnx, sidecar, card } = modelFiles(recipe, 'small', 1, trained, trained.sha256);
    const sha256 = createHash('sha256').update(onnx).digest('hex');
    const metadata = readMetadata(onnx);
    const parsed = modelSidecar.parse(JSON.parse(sidecar));
    expect(parsed).toMatchObject({
      sha256,
      datasetHash: trained.datasetHash,
      kinds: [...kinds],
      features: ['size', 'noise'],
    });
    expect(metadata).toMatchObject({ name: 'toy', version: '1.2.3', seed: '1', dataset_sha256: trained.datasetHash });
    expect(JSON.parse(metadata['features']!)).toEqual(['size', 'noise']);
    expect(JSON.parse(metadata['metrics']!).macroF1).toBeCloseTo(trained.result.test.macroF1, 4);
    for (const text of [
      sha256,
      trained.datasetHash,
      'It knows nothing.',
      'leak, large',
      '3.0 %',
      trained.result.test.macroF1.toFixed(3),
    ]) {
      expect(card).toContain(text);
    }
  });

  test('carries in the model all that its card says', async () => {
    const trained = await run(1);
    const { onnx, cardRecord, card } = modelFiles(recipe, 'small', 1, trained, '0'.repeat(64));
    const record = modelCard.parse(JSON.parse(cardRecord));
    const { modelSha256, ...content } = record;
    expect(JSON.parse(readMetadata(onnx)['card']!)).toEqual(content);
    expect(modelSha256).toBe(trained.sha256);
    expect(record.metrics.segments).toEqual([
      // Events 0, 3, 6 … of 90 are normal; every fourth event was found by nobody, the others after as many hours.
      expect.objectContaining({ segment: 'burst', windows: 30, events: 30, foundWithin24h: 0.2 }),
      expect.objectContaining({ segment: 'leak, large', windows: 30, events: 30, foundWithin24h: 0.2 }),
      expect.objectContaining({ segment: 'normal', windows: 30, events: 30 }),
    ]);
    expect(record.metrics.places).toEqual({ windows: 30, first: 0.2, firstThree: 0.6 });
    expect(record.codeCommit).toBe(commit);
    expect(card).toContain(`commit \`${commit}\``);
    for (const least of Object.values(record.thresholds!.leastProbability)) expect(card).toContain(`| ${least} |`);
  });

  test('says that nobody knows the commit where that is so, and is another file at another commit', async () => {
    const at = (code?: string) => trainModel(recipe, 'small', 1, makeParts, () => {}, code);
    const [known, unknown] = [await at(commit), await at()];
    const { card, cardRecord } = modelFiles(recipe, 'small', 1, unknown, '0'.repeat(64));
    expect(card).toContain('commit not known');
    expect(JSON.parse(cardRecord)).not.toHaveProperty('codeCommit');
    expect(readMetadata(unknown.onnx)).not.toHaveProperty('code_commit');
    expect(known.sha256).not.toBe(unknown.sha256);
    expect(known.result.model).toEqual(unknown.result.model);
  });

  test('leaves faint windows out of learning and in the figures', async () => {
    const faint = async (parts: readonly Part[]): Promise<PartResult[]> =>
      (await makeParts(parts)).map((part) => ({
        ...part,
        samples: part.samples.map((sample, i) => ({ ...sample, faint: i < 30 })),
      }));
    const { result } = await trainModel(recipe, 'small', 1, faint, () => {});
    expect(result.windows).toEqual({ train: 120, validation: 60, test: 90 });
  });

  test('learns from confirmed windows, which change neither the held-out ones nor what is trained without them', async () => {
    // Where the generated plants have nothing, people have seen bursts.
    const confirmed = Array.from({ length: 12 }, (_, i) => ({
      features: Float32Array.of(-2 - i / 12, 0.1 * i),
      kind: 'burst' as const,
      event: `case:${i}`,
    }));
    const learn = (windows: typeof confirmed) => trainModel(recipe, 'small', 1, makeParts, () => {}, commit, windows);
    const [plain, taught, again] = [await run(1), await learn(confirmed), await learn(confirmed)];
    expect(taught.sha256).toBe(again.sha256);
    expect((await learn([])).sha256).toBe(plain.sha256);
    expect(taught.datasetHash).not.toBe(plain.datasetHash);
    expect(taught.heldOut).toEqual(plain.heldOut);
    expect(taught.result.windows).toEqual({ ...plain.result.windows, train: plain.result.windows.train + 12 });
    expect(taught.result.parts).toEqual(plain.result.parts);
    const burst = ({ result }: typeof plain): number =>
      treeProbabilities(result.model, result.temperature, Float32Array.of(-2.5, 0.5))[kinds.indexOf('burst')]!;
    expect(burst(plain)).toBeLessThan(0.5);
    expect(burst(taught)).toBeGreaterThan(0.5);
  });

  test('stops with a word on it when a split has no window', async () => {
    const empty = async (parts: readonly Part[]): Promise<PartResult[]> =>
      (await makeParts(parts)).map((part, i) => (parts[i]!.split === 'test' ? { ...part, samples: [] } : part));
    await expect(trainModel(recipe, 'small', 1, empty, () => {})).rejects.toThrow(
      'the test split has no flagged window',
    );
  });
});

describe('a stored part', () => {
  test('comes back as it was', async () => {
    const part = await makePart({ id: 'part-0', split: 'train', seed: 1, scenarios: 3 });
    const text = encodePart(part);
    expect(encodePart(decodePart(text))).toBe(text);
    expect(decodePart(text)).toEqual(part);
  });

  test.each(['', '{}', '{"samples":[{"features":"AAA="}]}'])('%j is refused', (text) => {
    expect(() => decodePart(text)).toThrow();
  });
});

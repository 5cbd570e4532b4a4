import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { farmParts } from '../../../bin/commands/support/part-farm.ts';
import { readMetadataProps } from '../../../lib/adapters/onnx/metadata.ts';
import { openModel } from '../../../lib/adapters/onnx/session.ts';
import { modelCard } from '../../../lib/contracts/model-card.ts';
import {
  type AlarmContext,
  type Classification,
  checkedPack,
  type PackModel,
  packFit,
} from '../../../lib/core/pack.ts';
import { inferChannels } from '../../../lib/core/roles/infer.ts';
import type { Series } from '../../../lib/core/series.ts';
import { featureNames } from '../../../models/air-quality/features.ts';
import pack from '../../../models/air-quality/index.ts';
import { sidecar } from '../../../models/air-quality/manifest.ts';
import recipe from '../../../models/air-quality/recipe.ts';
import machines from '../../../models/rotating-equipment/index.ts';
import { argMax, evaluate } from '../../../models/training/metrics.ts';
import { modelSidecar } from '../../../models/training/sidecar.ts';
import { treeInputName, treeOutputName } from '../../../models/training/tree-names.ts';
import water from '../../../models/water-network/index.ts';
import {
  calibration,
  city,
  eventMs,
  fullStation,
  hourMs,
  laterRun,
  localEpisode,
  particleChannel,
  regionalEpisode,
  sensorFault,
  until,
} from './support/city.ts';

const folder = new URL('../../../models/air-quality/', import.meta.url);
const seen = (event: Parameters<typeof laterRun>[0], hours: number): Series =>
  until(laterRun(event).series, eventMs + hours * hourMs);
const alarmOf = (window: Series): AlarmContext => {
  const onsetRow = window.timesMs.findIndex((timeMs) => timeMs > eventMs);
  return { onsetRow, rowsSinceOnset: window.timesMs.length - 1 - onsetRow, score: 6, topChannels: [] };
};
let model: PackModel;
const classify = (window: Series) => model.classify(window, calibration, alarmOf(window));

beforeAll(async () => {
  model = await pack.open!(openModel);
});

describe('the pack', () => {
  test('names the features that it computes and the model file that lies beside it', () => {
    expect(pack.manifest.features).toEqual(featureNames);
    expect(pack.manifest.model?.sha256).toBe(sidecar.sha256);
    expect(sidecar.kinds).toEqual(pack.manifest.kinds);
    expect(sidecar.baseline.length).toBe(featureNames.length);
  });

  test('has a manifest and a sidecar that keep their contracts', () => {
    expect(checkedPack(pack).manifest).toEqual(pack.manifest);
    expect(modelSidecar.parse(sidecar)).toEqual(sidecar);
  });

  test('has cards, a sidecar and model metadata that agree', () => {
    const metadata = readMetadataProps(readFileSync(new URL('model.onnx', folder)));
    const card = readFileSync(new URL('card.md', folder), 'utf8');
    const record = modelCard.parse(JSON.parse(readFileSync(new URL('card.json', folder), 'utf8')));
    expect(card).toContain(sidecar.sha256);
    expect(card).toContain(sidecar.datasetHash);
    expect(metadata).toMatchObject({
      name: sidecar.name,
      version: sidecar.version,
      dataset_sha256: sidecar.datasetHash,
      seed: `${sidecar.seed}`,
    });
    expect(JSON.parse(metadata['features']!)).toEqual(featureNames);
    expect(record).toMatchObject({
      name: sidecar.name,
      modelVersion: sidecar.version,
      modelSha256: sidecar.sha256,
      datasetSha256: sidecar.datasetHash,
      seed: sidecar.seed,
      features: featureNames,
      kinds: pack.manifest.kinds,
      limits: JSON.parse(metadata['limits']!),
    });
    expect(record.metrics.macroF1).toBe(JSON.parse(metadata['metrics']!).macroF1);
    // Both are rounded from the same number, not one from the other.
    const shown = /^\| all \| \d+ \| [\d.]+ % \| ([\d.]+) \|$/m.exec(card)?.[1];
    expect(Math.abs(Number(shown) - record.metrics.macroF1)).toBeLessThan(0.0006);
  });

  test('refuses a model of another hash', async () => {
    await expect(pack.open!((file) => openModel({ ...file, sha256: '0'.repeat(64) }))).rejects.toThrow('SHA-256');
  });
});

describe('a network of stations is known by its channels', () => {
  const moving = Float64Array.of(1.5, 2.5, 3.7);
  const fitOf = (names: readonly string[], candidate = pack) =>
    packFit(candidate, inferChannels(names.map((name) => ({ name, values: moving }))));

  test.each([
    [['pm25', 'pm10', 'no2', 'o3', 'temperature', 'humidity']],
    [['Harbour.PM2.5', 'Harbour.PM10', 'North.NO2', 'North.O3']],
    [['PM10 (ug/m3)', 'ozone', 'carbon monoxide']],
    [city.channels.map(({ name }) => name)],
  ])('%j', (names) => {
    expect(fitOf(names)).toBeGreaterThan(0.9);
    expect(fitOf(names)).toBeGreaterThan(fitOf(names, water));
    expect(fitOf(names)).toBeGreaterThan(fitOf(names, machines));
  });

  test.each([
    [['pressure-1', 'flow-1', 'level-1']],
    [['chlorine', 'turbidity', 'ph']],
    [['temperature', 'supply_temp']],
    [['pm25', 'a', 'b', 'c']],
  ])('and %j is none', (names) => {
    expect(fitOf(names)).toBe(0);
  });
});

describe('a classified window', () => {
  test.each([
    [
      'pollution-episode',
      localEpisode('fire'),
      4,
      /PM2\.5 is .* above its profile since .*looks like a source near aq-4/,
    ],
    ['pollution-episode', localEpisode('industry'), 6, /looks like a source near aq-4/],
    ['regional-episode', regionalEpisode('smoke'), 8, /4 of 4 stations are raised; looks like air that comes over/],
    ['regional-episode', regionalEpisode('dust'), 8, /PM10 is .* above its profile/],
    ['regional-episode', regionalEpisode('ozone', 2.4), 10, /O3 is .* ppb above its profile/],
    ['sensor-fault', sensorFault('stuck'), 10, /has not moved .*no other station shows it; looks like a faulty sensor/],
    ['sensor-fault', sensorFault('noise'), 8, /looks like a faulty sensor/],
    ['sensor-fault', sensorFault('dropout'), 8, /misses \d\d % of its readings/],
  ] as const)('%s is told, with a set that holds it and a sentence (%#)', async (kind, event, hours, text) => {
    const found = await classify(seen(event, hours));
    expect(found.kind).toBe(kind);
    expect(Object.values(found.probabilities).reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5);
    expect(found.set).toContain(kind);
    expect(found.oodPValue).toBeGreaterThan(0);
    expect(found.explanation!.sentence).toMatch(text);
    expect(found.explanation!.sentence).toMatch(/since \d\d:\d\d UTC/);
    expect(found.explanation!.contributions.length).toBeGreaterThan(0);
  });

  test('an ordinary day is called one by most of its hours, and can be one by all of them', async () => {
    const hours = Array.from({ length: 23 }, (_, i) => i + 2);
    const found: Classification[] = [];
    for (const hour of hours) found.push(await classify(seen(undefined, hour)));
    // A set that holds "normal" beside another kind lets nothing act.
    expect(found.filter(({ set }) => !set?.includes('normal'))).toEqual([]);
    const normal = found.filter(({ kind }) => kind === 'normal');
    expect(normal.length).toBeGreaterThan(hours.length / 2);
    expect(normal.filter(({ suspect }) => suspect !== undefined)).toEqual([]);
  });

  test('says where: the station beside the source, the channel of the sensor', async () => {
    expect((await classify(seen(localEpisode('fire'), 4))).zones![0]).toBe(fullStation.name);
    expect(await classify(seen(sensorFault('stuck'), 10))).toMatchObject({ suspect: particleChannel });
  });

  test('gets the same answer whenever it is asked again', async () => {
    const window = seen(regionalEpisode('haze'), 12);
    expect(JSON.stringify(await classify(window))).toBe(JSON.stringify(await classify(window)));
  });

  test('is out of distribution when readings are absurd', async () => {
    const window = seen(undefined, 6);
    const absurd = { ...window, values: window.values.map((value, i) => (i % 18 < 9 ? value * 1e6 : -value)) };
    const strange = await classify(absurd);
    expect(strange.oodPValue!).toBeLessThan(0.01);
    expect((await classify(window)).oodPValue!).toBeGreaterThan(strange.oodPValue!);
  });
});

test('cities that no split of training holds are told as well as the card says, within chance', async () => {
  // On a thread, as training makes them.
  const parts = await farmParts(
    recipe,
    [88_001, 88_002, 88_003, 88_004, 88_005].map((seed) => ({ id: `held-${seed}`, split: 'test', seed, scenarios: 9 })),
    { jobs: 1, onPart: () => undefined },
  );
  const samples = parts.flatMap((part) => part.samples);
  const run = await openModel({ path: new URL('model.onnx', folder).pathname, sha256: sidecar.sha256 });
  const data = Float32Array.from(samples.flatMap((sample) => [...sample.features]));
  const answer = await run({ [treeInputName]: { data, dims: [samples.length, featureNames.length] } }, [
    treeOutputName,
  ]);
  const flat = answer[treeOutputName]!.data;
  const width = sidecar.kinds.length;
  const probabilities = samples.map((_, i) => flat.subarray(i * width, (i + 1) * width));
  const labels = samples.map((sample) => sidecar.kinds.indexOf(sample.kind));
  const card = modelCard.parse(JSON.parse(readFileSync(new URL('card.json', folder), 'utf8')));
  const { macroF1 } = evaluate(probabilities, labels, sidecar.kinds);
  expect(samples.length).toBeGreaterThan(100);
  // Windows of one event are alike: five cities hold some forty events.
  expect(Math.abs(macroF1 - card.metrics.macroF1)).toBeLessThan(0.2);
  // A sensor is hardly ever taken for a reason to warn people.
  const warned = labels.filter((label, i) => label === 3 && [1, 2].includes(argMax(probabilities[i]!)));
  expect(warned.length / labels.filter((label) => label === 3).length).toBeLessThan(0.15);
}, 120_000);

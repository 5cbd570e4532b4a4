import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { readMetadataProps } from '../../../lib/adapters/onnx/metadata.ts';
import { openModel } from '../../../lib/adapters/onnx/session.ts';
import { modelCard } from '../../../lib/contracts/model-card.ts';
import { type AlarmContext, checkedPack, type PackModel } from '../../../lib/core/pack.ts';
import { fitCalibration } from '../../../lib/core/screening/fit.ts';
import { modelSidecar } from '../../../models/training/sidecar.ts';
import { featureNames, windowFeatures } from '../../../models/water-network/features.ts';
import pack from '../../../models/water-network/index.ts';
import { rankSensors, rankZones, suspectChannel } from '../../../models/water-network/localise.ts';
import { sidecar } from '../../../models/water-network/manifest.ts';
import { type TownDay, town, townChannels, weekRows } from './support/town.ts';

const folder = new URL('../../../models/water-network/', import.meta.url);
const calibration = fitCalibration(town(0, weekRows));
const rows = 192;
const alarm: AlarmContext = {
  onsetRow: 170,
  rowsSinceOnset: rows - 171,
  score: 6,
  topChannels: [{ channel: 2, share: 0.5 }],
};
const leak: TownDay = { leakLps: 7, fromRow: 168 };
const stuck: TownDay = { tamper: (row, name, value) => (name === 'p-12' && row > 100 ? 46.2 : value) };
const at = (day: TownDay) => town(weekRows, rows, day);
let model: PackModel;

beforeAll(async () => {
  model = await pack.open!(openModel);
});

describe('the pack', () => {
  test('names the features that it computes and the model file that lies beside it', async () => {
    expect(pack.manifest.features).toEqual(featureNames);
    expect(pack.manifest.model?.sha256).toBe(sidecar.sha256);
    expect(sidecar.kinds).toEqual(pack.manifest.kinds);
    expect(sidecar.baseline.length).toBe(featureNames.length);
  });

  test('has a manifest and a sidecar that keep their contracts', () => {
    expect(checkedPack(pack).manifest).toEqual(pack.manifest);
    expect(modelSidecar.parse(sidecar)).toEqual(sidecar);
    expect(() => checkedPack({ ...pack, manifest: { ...pack.manifest, kinds: [] } })).toThrow('kinds');
  });

  test('has a card, a sidecar and model metadata that agree', () => {
    const metadata = readMetadataProps(readFileSync(new URL('model.onnx', folder)));
    const card = readFileSync(new URL('card.md', folder), 'utf8');
    expect(card).toContain(sidecar.sha256);
    expect(card).toContain(sidecar.datasetHash);
    expect(metadata).toMatchObject({
      name: sidecar.name,
      version: sidecar.version,
      dataset_sha256: sidecar.datasetHash,
      seed: `${sidecar.seed}`,
    });
    expect(JSON.parse(metadata['features']!)).toEqual(featureNames);
    expect(card).toContain(JSON.parse(metadata['metrics']!).macroF1.toFixed(3));
  });

  test('has a card for programs that keeps the contract and says the same', () => {
    const metadata = readMetadataProps(readFileSync(new URL('model.onnx', folder)));
    const record = modelCard.parse(JSON.parse(readFileSync(new URL('card.json', folder), 'utf8')));
    expect(record).toMatchObject({
      name: sidecar.name,
      modelVersion: sidecar.version,
      modelSha256: sidecar.sha256,
      datasetSha256: sidecar.datasetHash,
      seed: sidecar.seed,
      features: featureNames,
      kinds: pack.manifest.kinds,
      limits: JSON.parse(metadata['limits']!),
      intendedUse: metadata['intended_use'],
    });
    const { windows, macroF1, f1, calibrationError } = JSON.parse(metadata['metrics']!);
    expect(record.metrics).toMatchObject({ testWindows: windows, macroF1, expectedCalibrationError: calibrationError });
    expect(Object.fromEntries(Object.entries(record.metrics.byKind).map(([kind, of]) => [kind, of.f1]))).toEqual(f1);
  });

  test('refuses a model of another hash', async () => {
    await expect(pack.open!((file) => openModel({ ...file, sha256: '0'.repeat(64) }))).rejects.toThrow('SHA-256');
  });
});

describe('a classified window', () => {
  test('has probabilities that sum to 1, a set that holds the top class, a p-value and a sentence', async () => {
    const found = await model.classify(at(leak), calibration, alarm);
    const total = Object.values(found.probabilities).reduce((a, b) => a + b, 0);
    expect(total).toBeCloseTo(1, 5);
    expect(found.probabilities[found.kind]).toBe(Math.max(...Object.values(found.probabilities)));
    expect(found.set).toContain(found.kind);
    expect(found.oodPValue).toBeGreaterThan(0);
    expect(found.oodPValue).toBeLessThanOrEqual(1);
    expect(found.zones?.[0]).toBe('Z2');
    expect(found.explanation!.sentence).toMatch(/since \d\d:\d\d UTC/);
    expect(found.explanation!.contributions.length).toBeLessThanOrEqual(8);
    expect(found.oodReasons).toEqual([]);
  });

  test('gets the same answer whenever it is asked again', async () => {
    const [one, two] = [
      await model.classify(at(leak), calibration, alarm),
      await model.classify(at(leak), calibration, alarm),
    ];
    expect(JSON.stringify(one)).toBe(JSON.stringify(two));
  });

  test('is out of distribution when readings are absurd', async () => {
    const absurd = await model.classify(
      at({ tamper: (row, _name, value) => (row > 150 ? value * 1e6 : value) }),
      calibration,
      alarm,
    );
    const usual = await model.classify(at({}), calibration, alarm);
    expect(absurd.oodPValue!).toBeLessThan(usual.oodPValue!);
    expect(absurd.oodReasons!.join()).toMatch(/outside/);
    expect(usual.oodReasons).toEqual([]);
  });
});

describe('localisation', () => {
  const features = (day: TownDay) => windowFeatures(at(day), calibration, alarm);

  test('ranks the zone that takes more water first, and the sensor that fell most', () => {
    expect(rankZones(features(leak)).map((zone) => zone.name)).toEqual(['Z2', 'Z1']);
    expect(rankSensors(features(leak))[0]?.name).toBe('p-22');
  });

  test('goes by pressures where no zone is metered', () => {
    const bare = {
      ...at(leak),
      channels: townChannels.map((one) => (one.role === 'flow' ? { ...one, zone: undefined } : one)),
    };
    const channels = bare.channels.map(({ zone, ...one }) => (zone === undefined ? one : { ...one, zone }));
    expect(rankZones(windowFeatures({ ...bare, channels }, calibration, alarm))[0]?.name).toBe('Z2');
  });

  test('names the sensor that stands still', () => {
    expect(suspectChannel(features(stuck))?.view.name).toBe('p-12');
  });
});

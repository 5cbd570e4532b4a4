import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { recipeTools } from '../../../bin/commands/support/recipe-tools.ts';
import { readMetadataProps } from '../../../lib/adapters/onnx/metadata.ts';
import { openModel } from '../../../lib/adapters/onnx/session.ts';
import { modelCard } from '../../../lib/contracts/model-card.ts';
import { type AlarmContext, checkedPack, type PackModel, packFit } from '../../../lib/core/pack.ts';
import { inferChannels } from '../../../lib/core/roles/infer.ts';
import { featureNames } from '../../../models/rotating-equipment/features.ts';
import pack from '../../../models/rotating-equipment/index.ts';
import { sidecar } from '../../../models/rotating-equipment/manifest.ts';
import { makePart } from '../../../models/rotating-equipment/training/make-part.ts';
import { argMax, evaluate } from '../../../models/training/metrics.ts';
import { modelSidecar } from '../../../models/training/sidecar.ts';
import { treeInputName, treeOutputName } from '../../../models/training/tree-names.ts';
import water from '../../../models/water-network/index.ts';
import { calibration, faultRow, faultTime, laterRows, machineFault, rows, warmup } from './support/machine.ts';

const folder = new URL('../../../models/rotating-equipment/', import.meta.url);
const alarm: AlarmContext = { onsetRow: faultRow + 2, rowsSinceOnset: rows - 3 - faultRow, score: 6, topChannels: [] };
let model: PackModel;

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
      modelSha256: sidecar.sha256,
      datasetSha256: sidecar.datasetHash,
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

describe('a machine is known by its channels', () => {
  const moving = Float64Array.of(1.5, 2.5, 3.7);
  const fitOf = (names: readonly string[], candidate = pack) =>
    packFit(candidate, inferChannels(names.map((name) => ({ name, values: moving }))));

  test.each([
    [['Accelerometer1RMS', 'Accelerometer2RMS', 'Current', 'Pressure', 'Temperature', 'Voltage', 'FlowRate']],
    [['vib_de', 'motor_current_a', 'flow', 'rpm']],
    [['Vibration DE (mm/s)', 'Motor current (A)', 'Bearing temperature', 'Speed (rpm)']],
    [['P101.VIB1', 'P101.AMPS', 'P101.TT1', 'P101.FT1', 'P101.PT1', 'P101.RPM']],
    [warmup.channels.map(({ name }) => name)],
  ])('%j', (names) => {
    expect(fitOf(names)).toBeGreaterThan(0.9);
    expect(fitOf(names)).toBeGreaterThan(fitOf(names, water));
  });

  test.each([
    [['pressure-1', 'pressure-2', 'flow-1', 'level-1']],
    [['value']],
    [['temperature', 'humidity']],
    [['vib_de', 'a', 'b', 'c']],
  ])('and %j is none', (names) => {
    expect(fitOf(names)).toBe(0);
  });
});

describe('a classified window', () => {
  test.each([
    ['imbalance', machineFault('imbalance', 0.8), /RMS is \d+ % above .*looks like imbalance/],
    ['cavitation', machineFault('cavitation', 0.9), /looks like cavitation/],
    ['valve-closing', machineFault('valve-closing', 0.7), /FlowRate is \d+ % below .*looks like a valve that closes/],
    ['bearing-wear', machineFault('bearing-wear', 0.9), /looks like a worn bearing/],
  ] as const)('%s is told, with a set that holds it and a sentence', async (kind, fault, text) => {
    const found = await model.classify(laterRows([fault]), calibration, alarm);
    expect(found.kind).toBe(kind);
    expect(Object.values(found.probabilities).reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5);
    expect(found.set).toContain(kind);
    expect(found.oodPValue).toBeGreaterThan(0);
    expect(found.explanation!.sentence).toMatch(text);
    expect(found.explanation!.sentence).toMatch(/since \d\d:\d\d:\d\d UTC/);
    expect(found.explanation!.contributions.length).toBeGreaterThan(0);
  });

  test('a sensor that stands still is named', async () => {
    const channel = warmup.channels.findIndex(({ role }) => role === 'flow');
    const sensor = { channel, form: 'stuck' as const, size: 0, readsZero: false };
    const found = await model.classify(laterRows([{ kind: 'sensor-fault', sensor, ...faultTime }]), calibration, alarm);
    expect(found).toMatchObject({ kind: 'sensor-fault', suspect: warmup.channels[channel]!.name });
    expect(found.explanation!.sentence).toContain('has not moved');
  });

  test('gets the same answer whenever it is asked again', async () => {
    const window = laterRows([machineFault('blockage', 0.6)]);
    const [one, two] = [
      await model.classify(window, calibration, alarm),
      await model.classify(window, calibration, alarm),
    ];
    expect(JSON.stringify(one)).toBe(JSON.stringify(two));
  });

  test('is out of distribution when readings are absurd', async () => {
    const window = laterRows();
    const absurd = { ...window, values: window.values.map((value, i) => (i % 16 < 8 ? value * 1e6 : -value)) };
    const strange = await model.classify(absurd, calibration, alarm);
    const usual = await model.classify(window, calibration, alarm);
    expect(strange.oodPValue!).toBeLessThan(0.01);
    expect(usual.oodPValue!).toBeGreaterThan(strange.oodPValue!);
  });
});

test('machines that no split of training holds are told apart', async () => {
  const tools = await recipeTools();
  const parts = await Promise.all(
    [77_001, 77_002, 77_003, 77_004, 77_005].map((seed) =>
      makePart({ id: `held-${seed}`, split: 'test', seed, scenarios: 9 }, tools),
    ),
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
  expect(samples.length).toBeGreaterThan(100);
  expect(evaluate(probabilities, labels, sidecar.kinds).macroF1).toBeGreaterThan(0.6);
  // A fault is hardly ever called normal with much confidence.
  const missed = probabilities.filter((row, i) => labels[i] !== 0 && argMax(row) === 0 && row[0]! > 0.9);
  expect(missed.length / samples.length).toBeLessThan(0.1);
}, 60_000);

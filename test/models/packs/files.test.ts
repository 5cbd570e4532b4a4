/** What lies in the folder of every pack that is found, and that it says one thing. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { loadPack } from '../../../bin/commands/backtest-pack.ts';
import { readMetadataProps } from '../../../lib/adapters/onnx/metadata.ts';
import { openModel } from '../../../lib/adapters/onnx/session.ts';
import { modelCard } from '../../../lib/contracts/model-card.ts';
import { checkedPack } from '../../../lib/core/pack.ts';
import { modelSidecar } from '../../../models/training/sidecar.ts';
import { foundPacks, modelsFolder } from '../support/description.ts';

const packs = await Promise.all(foundPacks.map(async ({ name }) => [name, await loadPack(name)] as const));

describe.each(packs)('the pack %s', (_, pack) => {
  test('has a manifest that keeps its contract, to the letter, and is refused without kinds', () => {
    expect(checkedPack(pack).manifest).toEqual(pack.manifest);
    expect(() => checkedPack({ ...pack, manifest: { ...pack.manifest, kinds: [] } })).toThrow('kinds');
  });
});

const trained = packs.flatMap(([name, pack]) =>
  pack.manifest.model ? [[name, pack, pack.manifest.model] as const] : [],
);

describe.each(trained)('the trained pack %s', (name, pack, { file, sha256 }) => {
  const text = (wanted: string): string => readFileSync(join(modelsFolder, name, wanted), 'utf8');
  const written: unknown = JSON.parse(text('model.json'));
  const sidecar = modelSidecar.parse(written);
  const metadata = readMetadataProps(readFileSync(join(modelsFolder, name, file)));
  const metrics = JSON.parse(metadata['metrics']!);
  const page = text('card.md');
  const card = modelCard.parse(JSON.parse(text('card.json')));

  test('has a sidecar that keeps its contract, with a value of every feature on a normal day', () => {
    expect(sidecar).toEqual(written);
    expect(sidecar.sha256).toBe(sha256);
    expect(sidecar.kinds).toEqual(pack.manifest.kinds);
    expect(sidecar.features).toEqual(pack.manifest.features);
    expect(sidecar.baseline.length).toBe(pack.manifest.features.length);
  });

  test('has model metadata that agree with the sidecar', () => {
    expect(metadata).toMatchObject({
      name: sidecar.name,
      version: sidecar.version,
      dataset_sha256: sidecar.datasetHash,
      seed: `${sidecar.seed}`,
    });
    expect(JSON.parse(metadata['features']!)).toEqual(sidecar.features);
  });

  test('has a model that carries all of its card', () => {
    const { modelSha256, ...content } = card;
    expect(JSON.parse(metadata['card']!)).toEqual(content);
    expect(modelSha256).toBe(sha256);
  });

  test('has a card for programs that keeps the contract and says the same', () => {
    expect(card).toMatchObject({
      name: sidecar.name,
      modelVersion: sidecar.version,
      modelSha256: sidecar.sha256,
      datasetSha256: sidecar.datasetHash,
      seed: sidecar.seed,
      features: sidecar.features,
      kinds: pack.manifest.kinds,
      limits: JSON.parse(metadata['limits']!),
      intendedUse: metadata['intended_use'],
      metrics: {
        testWindows: metrics.windows,
        macroF1: metrics.macroF1,
        expectedCalibrationError: metrics.calibrationError,
      },
    });
    const f1 = Object.entries(card.metrics.byKind).map(([kind, of]) => [kind, of.f1]);
    expect(Object.fromEntries(f1)).toEqual(metrics.f1);
  });

  test('has a card for people that says the same', () => {
    for (const said of [
      sidecar.sha256,
      sidecar.datasetHash,
      `--seed ${sidecar.seed}\``,
      `commit \`${card.codeCommit}\``,
      card.intendedUse,
      card.data,
      ...card.limits.map((limit) => `- ${limit}`),
      ...Object.entries(card.thresholds!.leastProbability).map(
        ([kind, least]) => `*${kind}* stays in the set | ${least} |`,
      ),
      `error rate of the set of classes | ${card.thresholds!.setErrorRate} |`,
      `p-value of a window that may act | ${card.thresholds!.leastOodPValue} |`,
    ])
      expect(page).toContain(said);
    // Both are rounded from the same number, not one from the other.
    const shown = /^\| all \| \d+ \| [\d.]+ % \| ([\d.]+) \|$/m.exec(page)?.[1];
    expect(Math.abs(Number(shown) - card.metrics.macroF1)).toBeLessThan(0.0006);
    const rows = page
      .split('\n')
      .filter((line) => line.startsWith('| '))
      .map((line) => line.split('|').map((cell) => cell.trim()));
    for (const { segment, windows, right, events } of card.metrics.segments!) {
      const [, , ...cells] = rows.find(([, name]) => name === segment) ?? [];
      expect([segment, cells[0], cells[2]]).toEqual([segment, `${windows}`, `${events ?? ''}`]);
      if (right !== undefined) expect(Math.abs(Number.parseFloat(cells[1]!) / 100 - right)).toBeLessThan(0.0006);
    }
    for (const [kind, { precision, recall, f1, windows }] of Object.entries(card.metrics.byKind)) {
      const row = rows.find((cells) => cells[1] === kind && cells[2] === `${windows}`)!.slice(3, 6);
      row.forEach((cell, i) => {
        expect(Math.abs(Number(cell) - [precision, recall, f1][i]!)).toBeLessThan(0.0006);
      });
    }
  });

  test('refuses a model of another hash', async () => {
    const other = '0'.repeat(64);
    await expect(pack.open!((one) => openModel({ ...one, sha256: other }))).rejects.toThrow('SHA-256');
  });
});

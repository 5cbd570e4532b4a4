import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { Command } from 'commander';
import { registerLabel } from '../../../bin/commands/label.ts';
import {
  committedRival,
  compareModels,
  comparisonMarkdown,
  comparisonText,
  readConfirmed,
  unlabelledRival,
} from '../../../bin/commands/support/confirmed.ts';
import { openOrAttach } from '../../../lib/adapters/aws/case-store.ts';
import { evaluate } from '../../../models/training/metrics.ts';
import type { TrainedModel } from '../../../models/training/train.ts';
import recipe from '../../../models/water-network/recipe.ts';
import { caseFor } from '../../support/remediation-world.ts';
import { dataFolderOfRuntime } from '../../support/runtime-file.ts';
import { startTables, type TestTables } from '../../support/tables.ts';

const folder = mkdtempSync(join(tmpdir(), 'label-'));
const episodes = join(folder, 'episodes.jsonl');
const beside = join(folder, 'episodes.labels.jsonl');
const out = join(folder, 'out.jsonl');
const features = recipe.featureNames.map((_, i) => i / 7);
const line = (number: number, more: object = {}) =>
  `${JSON.stringify({ v: 1, number, file: 'a.csv', pack: 'water-network', fromMs: 1, toMs: 2, said: 'leak', sentence: 's', ...more })}\n`;
let printed = '';

beforeEach(() => {
  printed = '';
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text);
    return true;
  });
  writeFileSync(episodes, line(1, { features }) + line(2));
  rmSync(beside, { force: true });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function run(...words: readonly string[]): Promise<string> {
  const program = new Command().exitOverride();
  registerLabel(program);
  await program.parseAsync(['label', ...words], { from: 'user' });
  return printed;
}

describe('label of a backtest', () => {
  test('lists what waits, keeps every label, and exports the newest with its features', async () => {
    expect(JSON.parse(await run('list', '--episodes', episodes, '--json'))).toHaveLength(2);
    await run('set', `${episodes}:1`, '--kind', 'leak', '--by', 'ann');
    await run('set', `${episodes}:1`, '--kind', 'burst', '--by', 'bob', '--reason', 'dug it up');
    await run('set', `${episodes}:2`, '--kind', 'normal');
    expect(readFileSync(beside, 'utf8').trimEnd().split('\n')).toHaveLength(3);
    printed = '';
    expect(JSON.parse(await run('list', '--episodes', episodes, '--json'))).toEqual([]);
    printed = '';
    const told = JSON.parse(await run('export', '--episodes', episodes, '--out', out, '--json'));
    expect(told).toMatchObject({ windows: 1, left: [expect.stringContaining('episode 2')] });
    const [window] = readConfirmed(out, recipe);
    expect(window).toMatchObject({ kind: 'burst', event: 'episode:a.csv:1' });
    expect([...window!.features]).toEqual([...Float32Array.from(features)]);
  });

  test('imports a CSV, or nothing of it where a line is wrong', async () => {
    const csv = join(folder, 'import.csv');
    writeFileSync(csv, `\ufeffwhat;kind;reason\r\n${episodes}:1;leak;"wet; street"\r\n${episodes}:2;normal;\r\n`);
    await run('import', csv);
    expect(readFileSync(beside, 'utf8')).toContain('wet; street');
    rmSync(beside);
    for (const [text, message] of [
      [`what,kind\n${episodes}:1,leak\n${episodes}:2,leek\n`, ':3: --kind is "leek"'],
      ['case,kind\nx,leak\n', 'the header is'],
      [`what,kind\n${episodes}:1\n`, ':2: 1 cells'],
    ] as const) {
      writeFileSync(csv, text);
      await expect(run('import', csv)).rejects.toMatchObject({
        exitCode: 2,
        message: expect.stringContaining(message),
      });
    }
    expect(() => readFileSync(beside)).toThrow('ENOENT');
  });

  test.each([
    [['set', `${episodes}:3`, '--kind', 'leak'], 'has no episode 3; it has 2'],
    [['set', `${episodes}:1`, '--kind', 'silence'], '--kind is "silence"'],
    [['set', `${folder}/gone.jsonl:1`, '--kind', 'leak'], 'does not exist'],
    [['export', '--episodes', episodes, '--out', out], 'holds no label yet'],
  ])('refuses %j', async (words, message) => {
    await expect(run(...words)).rejects.toMatchObject({ exitCode: 2, message: expect.stringContaining(message) });
  });

  test('names the line of a damaged file', async () => {
    appendFileSync(episodes, '{"v":1,\n');
    await expect(run('list', '--episodes', episodes)).rejects.toThrow('episodes.jsonl:3: not a line of this file');
  });
});

describe('windows for training', () => {
  const window = { v: 1, event: 'case:1', pack: 'water-network', label: 'leak', by: 'ann', reason: 'r', features };
  test.each([
    ['of another pack', { ...window, pack: 'other' }, 'holds no window of pack water-network'],
    ['of a kind that the pack does not know', { ...window, label: 'manual' }, 'holds no window'],
    ['with other features', { ...window, features: [1, 2] }, 'has 2 features where'],
    ['without a label', { ...window, label: undefined }, ':1: not a line of this file'],
  ])('refuse a file with windows %s', (_, content, message) => {
    writeFileSync(out, `${JSON.stringify(content)}\n`);
    expect(() => readConfirmed(out, recipe)).toThrow(message);
  });
});

test('a model is held against the committed one on the windows that it was tested on, or says that there is none', async () => {
  const sidecar = JSON.parse(
    readFileSync(new URL('../../../models/water-network/model.json', import.meta.url), 'utf8'),
  );
  const sample = { segment: 's', event: 'e', phase: 'onset', faint: false, roles: 'known' } as const;
  const heldOut = recipe.kinds.map((kind) => ({ ...sample, kind, features: Float32Array.from(sidecar.baseline) }));
  const wrong = Float64Array.from(recipe.kinds, (_, k) => Number(k === 0));
  const labels = heldOut.map((_, k) => k);
  const test = evaluate(
    heldOut.map(() => wrong),
    labels,
    recipe.kinds,
  );
  const trained = { heldOut, result: { test } } as unknown as TrainedModel;
  const own = new URL('../../../models/water-network/', import.meta.url);
  const confirmed = heldOut.slice(0, 2);
  const against = await compareModels(recipe, await committedRival(recipe, own), trained, confirmed);
  const told = comparisonText(against);
  for (const kind of recipe.kinds) expect(told).toMatch(new RegExp(`${kind} +1 +[01]\\.\\d{3} +[01]\\.\\d{3}`));
  expect(told).toContain(`On the same ${recipe.kinds.length} held-out windows`);
  // A window of a normal day: the model gives both the one answer that it has for it.
  expect(told).toContain('Of your 2 labelled windows the model "old" names 1 as you did');
  expect(comparisonMarkdown('water-network', against)).toContain('| leak | 1 | 0.000 | 0.000 |');
  const nowhere = await committedRival(recipe, new URL(`file://${folder}/`));
  expect(comparisonText(await compareModels(recipe, nowhere, trained, confirmed))).toContain('There is no model');
});

test('a small model is held against a small one without the labels, and its columns say so', async () => {
  const onnx = readFileSync(new URL('../../../models/water-network/model.onnx', import.meta.url));
  const { baseline } = JSON.parse(
    readFileSync(new URL('../../../models/water-network/model.json', import.meta.url), 'utf8'),
  );
  const windows = [{ kind: 'normal', event: 'e', features: Float32Array.from(baseline) }];
  const result = { test: evaluate([Float64Array.from(recipe.kinds, () => 1 / 6)], [0], recipe.kinds) };
  const trained = { onnx, heldOut: windows, result } as unknown as TrainedModel;
  const against = await compareModels(recipe, await unlabelledRival(trained), trained, windows);
  expect(against.head).toEqual(['', 'windows', 'F1 without', 'F1 with', 'recall without', 'recall with']);
  expect(against.notes[0]).toContain('both made from the small data set');
});

describe('label of a case', () => {
  let tables: TestTables;
  let data: string;
  const record = caseFor('labels', { correlationKey: 'labels' });
  beforeAll(async () => {
    tables = await startTables();
    const names = await tables.create('gc');
    data = dataFolderOfRuntime({ dynamodbPort: Number(new URL(tables.url).port) });
    await openOrAttach({ client: tables.client, table: names.cases! }, record, record.openingFlagId);
  });
  afterAll(() => tables.stop());

  test('is ordered of the function that answers reviews, by the start of the id', async () => {
    expect(JSON.parse(await run('list', '--data', data, '--json'))).toMatchObject([{ what: record.caseId }]);
    const lambda = mockClient(LambdaClient);
    lambda.on(InvokeCommand).resolves({ Payload: Buffer.from('{}') as never });
    await run('set', record.caseId.slice(0, 8), '--kind', 'leak', '--by', 'ann', '--data', data);
    const { input } = lambda.commandCalls(InvokeCommand)[0]!.args[0];
    expect(input.FunctionName).toBe('gc-review-answer');
    expect(JSON.parse(Buffer.from(input.Payload as Uint8Array).toString())).toEqual({
      v: 1,
      caseId: record.caseId,
      answer: 'label',
      ordinal: 0,
      label: 'leak',
      by: 'ann',
      reason: 'seen by a person',
    });
  });
});

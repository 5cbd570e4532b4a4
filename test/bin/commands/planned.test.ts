/** Planned work, shelving and blind samples by command, against the tables of a runtime. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { registerPlanned } from '../../../bin/commands/planned.ts';
import { registerSample } from '../../../bin/commands/sample.ts';
import { CommandFailure } from '../../../bin/commands/support/failure.ts';
import { readChain } from '../../../lib/adapters/aws/audit-store.ts';
import { putSample } from '../../../lib/adapters/aws/counted-samples.ts';
import type { StandingOrder } from '../../../lib/contracts/operations.ts';
import { sha256 } from '../../../lib/core/audit/canonical.ts';
import { commandRunner } from '../../support/commands.ts';
import { fakeKms } from '../../support/kms.ts';
import { dataFolderOfRuntime } from '../../support/runtime-file.ts';
import { startTables, type TestTables } from '../../support/tables.ts';

let tables: TestTables;
let data: string;
beforeAll(async () => {
  fakeKms();
  tables = await startTables();
  await tables.create('gc');
  data = dataFolderOfRuntime({ dynamodbPort: Number(new URL(tables.url).port) });
});
afterAll(() => tables.stop());

const run = commandRunner([registerPlanned, registerSample], () => data);
const failure = async (...words: readonly string[]): Promise<[number, string]> => {
  const error = await run(...words).catch((problem: unknown) => problem);
  if (!(error instanceof CommandFailure)) throw error;
  return [error.exitCode, error.message];
};
const chainOf = (name: string) => readChain({ client: tables.client, table: 'gc-audit' }, name);
const why = ['--reason', 'a hydrant is flushed', '--by', 'mara'] as const;

test('what is shelved is listed with who and why, and ended once', async () => {
  const order: StandingOrder = JSON.parse(
    await run('shelve', 'add', 'plant-1', 'leak', '--hours', '4', ...why, '--json'),
  );
  expect(await run('shelve', 'list')).toMatch(/asset#plant-1 leak.*mara.*a hydrant is flushed/s);
  expect(await run('planned', 'list')).toContain('no work is planned');
  await run('shelve', 'end', order.id.slice(0, 10), ...why);
  expect(await run('shelve', 'list')).toContain('nothing is shelved');
  expect(await failure('shelve', 'end', order.id.slice(0, 10), ...why)).toEqual([
    1,
    expect.stringContaining('Nothing that holds'),
  ]);
  const entries = await chainOf('system#orders');
  expect(entries.map(({ type }) => type)).toEqual(['order-given', 'order-ended']);
  expect(JSON.stringify(entries)).not.toMatch(/mara|hydrant/);
});

test('what cannot be ordered is wrong input', async () => {
  const until = ['--to', '2000-01-01T00:00Z'];
  expect(await failure('planned', 'add', '--scope', 'site#town', ...until, ...why)).toEqual([
    2,
    expect.stringContaining('This is no order'),
  ]);
  expect((await failure('shelve', 'add', 'plant-1', 'leak', '--hours', '200', ...why))[0]).toBe(2);
  expect((await failure('planned', 'add', '--scope', 'site#town', '--to', 'tomorrow', ...why))[0]).toBe(2);
});

test('a sample is listed unlabelled, answered once, and counted', async () => {
  const decisionId = sha256('sampled');
  const window = { bootId: 'b1', seq: 9, hash: sha256('w'), fromMs: 1_000, toMs: 2_000, rows: 10 };
  await putSample(
    { client: tables.client, table: 'gc-operations' },
    {
      v: 1,
      decisionId,
      asset: 'plant-1',
      pack: 'water-network',
      window,
      stratum: 'observe',
      rate: 0.02,
      said: 'leak',
      selectedAtMs: 1,
    },
    0,
    1,
  );
  const list = await run('sample', 'list');
  expect(list).toContain('plant-1');
  expect(list).not.toContain('leak');
  expect(await run('sample', 'answer', decisionId.slice(0, 8), '--kind', 'normal', ...why)).toContain(
    'you say normal; the automation said leak',
  );
  expect(await failure('sample', 'answer', decisionId.slice(0, 8), '--kind', 'leak', ...why)).toEqual([
    2,
    expect.stringContaining('has been answered'),
  ]);
  expect(await run('sample', 'estimate')).toContain('wrong:');
  expect((await chainOf('asset#plant-1')).map(({ type }) => type)).toEqual(['sample-answered']);
});

/** What lists and refusals say to people: names, whole sentences, and what to do. */
import { KMSClient } from '@aws-sdk/client-kms';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { registerCase } from '../../../bin/commands/case.ts';
import { registerHandover } from '../../../bin/commands/handover.ts';
import { registerLabel } from '../../../bin/commands/label.ts';
import { readRuntime } from '../../../bin/commands/support/context.ts';
import { openOrAttach } from '../../../lib/adapters/aws/case-store.ts';
import { subjectOf } from '../../../lib/adapters/aws/subject-store.ts';
import { commandRunner } from '../../support/commands.ts';
import { fakeKms } from '../../support/kms.ts';
import { caseFor } from '../../support/remediation-world.ts';
import { dataFolderOfRuntime } from '../../support/runtime-file.ts';
import { startTables, type TestTables } from '../../support/tables.ts';

let tables: TestTables;
let data: string;
let dora: string;
const record = caseFor('listed', { correlationKey: 'listed' });

beforeAll(async () => {
  fakeKms();
  tables = await startTables();
  await tables.create('gc');
  data = dataFolderOfRuntime({ dynamodbPort: Number(new URL(tables.url).port) });
  const subjects = { client: tables.client, table: 'gc-subjects', kms: new KMSClient({}), keyId: 'k' };
  dora = await subjectOf(subjects, 'Dora', 1);
  const sentence = `${dora} reports leak at plant-1: water on the street, more than yesterday.`;
  const at = { client: tables.client, table: 'gc-cases' };
  await openOrAttach(at, { ...record, openedAtMs: Date.now(), sentence }, record.openingFlagId);
});
afterAll(() => tables.stop());

const run = commandRunner([registerCase, registerLabel, registerHandover], () => data);

describe('lists', () => {
  test.each([['case list'], ['label list'], ['handover']])('"%s" names who reported something', async (words) => {
    const shown = await run(...words.split(' '));
    expect(shown).toContain('Dora reports leak');
    expect(shown).not.toContain(dora);
  });

  test('a pipe gets a sentence whole, a terminal as much as one line holds', async () => {
    expect(await run('case', 'list')).toContain('more than yesterday.\n');
    const { columns } = process.stdout;
    try {
      process.stdout.columns = 80;
      const shown = await run('case', 'list');
      expect(Math.max(...shown.split('\n').map((line) => line.length))).toBe(80);
      expect(shown).toMatch(/Dora reports.*…\n/);
    } finally {
      process.stdout.columns = columns;
    }
  });
});

describe('an order of something else', () => {
  const order = (action: string, ...words: readonly string[]) =>
    run(
      'case',
      'override',
      record.caseId,
      '--action',
      action,
      '--target',
      'V1',
      '--reason',
      'x',
      '--by',
      'eva',
      ...words,
    );
  const answered = { Payload: Buffer.from('{"woken":true,"missing":0}') as never };

  test('is refused where no pack knows the action, and nothing is sent', async () => {
    const lambda = mockClient(LambdaClient);
    lambda.on(InvokeCommand).resolves(answered);
    await expect(order('close-valv')).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(/"close-valv", which no pack knows: nothing was ordered.*close-valve.*--unlisted/),
    });
    expect(lambda.commandCalls(InvokeCommand)).toHaveLength(0);
    for (const known of ['close-valve', 'open-valve']) await order(known);
    await order('close-valv', '--unlisted');
    expect(lambda.commandCalls(InvokeCommand)).toHaveLength(3);
  });

  test('that is refused by the deployment says by whose name, and ids by their start', async () => {
    const lambda = mockClient(LambdaClient);
    const errorMessage = `case ${record.caseId}: ${dora} has already answered "override"`;
    lambda
      .on(InvokeCommand)
      .resolves({ FunctionError: 'Unhandled', Payload: Buffer.from(JSON.stringify({ errorMessage })) as never });
    await expect(order('close-valve')).rejects.toThrow(
      `case ${record.caseId.slice(0, 8)}: Dora has already answered "override"`,
    );
  });

  test('says of the start of a proposal that it is too short, and not that something else is proposed', async () => {
    const short = run(
      'case',
      'approve',
      record.caseId,
      '--reason',
      'x',
      '--proposal',
      record.proposalHash!.slice(0, 7),
    );
    await expect(short).rejects.toMatchObject({ exitCode: 2, message: expect.stringContaining('at least 8 digits') });
  });
});

test('where no runtime is, it says how to start one on that folder', () => {
  expect(() => readRuntime('/tmp/nothing-is-here')).toThrow('"npm start -- --serve --data /tmp/nothing-is-here"');
});

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
import { endReview, openReview } from '../../../lib/adapters/aws/review-store.ts';
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

test('questions come first, by when they are due, and what is overdue says so; then the rest by change', async () => {
  const at = { client: tables.client, table: 'gc-cases' };
  const nowMs = Date.now();
  const opened = async (id: string, updatedAgoMs: number, dueInMs?: number): Promise<string> => {
    const one = { ...caseFor(id, { correlationKey: id }), openedAtMs: nowMs, updatedAtMs: nowMs - updatedAgoMs };
    await openOrAttach(at, one, one.openingFlagId);
    const asked = { v: 1 as const, caseId: one.caseId, round: 0, question: 'Shall we?', askedAtMs: nowMs - 600_000 };
    if (dueInMs !== undefined) await openReview(at, { ...asked, dueAtMs: nowMs + dueInMs }, 'token');
    return one.caseId.slice(0, 8);
  };
  const late = await opened('late', 0, -200_000);
  const soon = await opened('soon', 40_000, 600_500);
  const answered = await opened('answered', 30_000, 60_000);
  await endReview(at, caseFor('answered').caseId, 0, { timedOut: true }, nowMs);
  const later = await opened('later', 10_000, 7_200_500);
  const changed = await opened('changed', 20_000);
  const lines = (await run('case', 'list')).trim().split('\n').slice(1);
  const ids = lines.map((line) => line.slice(0, 8));
  expect(ids.filter((id) => id !== record.caseId.slice(0, 8))).toEqual([late, soon, later, changed, answered]);
  const said = (id: string): string => lines.find((line) => line.startsWith(id))!;
  expect(said(late)).toContain('overdue 3 min');
  expect(said(soon)).toContain('in 10 min');
  for (const id of [changed, answered]) expect(said(id)).not.toMatch(/overdue| in \d/);
  const json = JSON.parse(await run('case', 'list', '--json', '--all')) as { caseId: string; dueAtMs?: number }[];
  expect(json.slice(0, 3).map(({ dueAtMs }) => dueAtMs)).toEqual(
    [-200_000, 600_500, 7_200_500].map((ms) => nowMs + ms),
  );
  expect(json[3]).not.toHaveProperty('dueAtMs');
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

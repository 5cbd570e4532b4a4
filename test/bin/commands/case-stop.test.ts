/** The commands for people, against the tables of a runtime. */
import { KMSClient } from '@aws-sdk/client-kms';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { registerCase } from '../../../bin/commands/case.ts';
import { registerStop } from '../../../bin/commands/stop.ts';
import { readChain } from '../../../lib/adapters/aws/audit-store.ts';
import { openOrAttach } from '../../../lib/adapters/aws/case-store.ts';
import { dynamoLedger } from '../../../lib/adapters/aws/ledger-store.ts';
import { endReview, openReview, takeBackEnd } from '../../../lib/adapters/aws/review-store.ts';
import { dynamoStateStore } from '../../../lib/adapters/aws/state-store.ts';
import { openFor, type Subjects } from '../../../lib/adapters/aws/subject-store.ts';
import { sealedPersonal } from '../../../lib/contracts/subject.ts';
import { sha256 } from '../../../lib/core/audit/canonical.ts';
import { Documents } from '../../../lib/core/ingest/documents.ts';
import { newEffect } from '../../../lib/core/ledger/effect.ts';
import { commandRunner } from '../../support/commands.ts';
import { registrationOf } from '../../support/console-data.ts';
import { fakeKms } from '../../support/kms.ts';
import { memoryObjects } from '../../support/memory-objects.ts';
import { caseFor } from '../../support/remediation-world.ts';
import { dataFolderOfRuntime } from '../../support/runtime-file.ts';
import { startTables, type TestTables } from '../../support/tables.ts';

let tables: TestTables;
let data: string;
const effectDraft = {
  caseId: sha256('case'),
  action: 'close-valve',
  target: 'V1',
  remediator: 'webhook',
  inverse: false,
  ordinal: 0,
  generation: 0,
  request: '{}',
};
const record = caseFor('cli', { correlationKey: 'cli' });

const subjects = (): Subjects => ({
  client: tables.client,
  table: 'gc-subjects',
  kms: new KMSClient({}),
  keyId: 'k',
});

beforeAll(async () => {
  fakeKms();
  tables = await startTables();
  const names = await tables.create('gc');
  data = dataFolderOfRuntime({ dynamodbPort: Number(new URL(tables.url).port) });
  const cases = { client: tables.client, table: names.cases! };
  await openOrAttach(cases, record, record.openingFlagId);
  const request = {
    v: 1 as const,
    caseId: record.caseId,
    round: 0,
    question: 'Shall we close V1?',
    askedAtMs: 1,
    dueAtMs: 2,
  };
  await openReview(cases, request, 'the-token');
});
afterAll(() => tables.stop());

const run = commandRunner([registerCase, registerStop], () => data);

describe('case', () => {
  test('lists and shows, by the start of an id, without the token', async () => {
    expect(JSON.parse(await run('case', 'list', '--json'))).toMatchObject([{ caseId: record.caseId }]);
    const shown = await run('case', 'show', record.caseId.slice(0, 8));
    expect(shown).toContain('Shall we close V1?');
    expect(await run('case', 'show', record.caseId, '--json')).not.toContain('the-token');
  });

  test('binds an approval to the proposal that stands', async () => {
    const lambda = mockClient(LambdaClient);
    const answer = { caseId: record.caseId, round: 0, answer: 'approve', woken: true };
    lambda.on(InvokeCommand).resolves({ Payload: Buffer.from(JSON.stringify(answer)) as never });
    await run('case', 'approve', record.caseId.slice(0, 8), '--reason', 'seen on site', '--by', 'ann', '--json');
    const { input } = lambda.commandCalls(InvokeCommand)[0]!.args[0];
    expect(input.FunctionName).toBe('gc-review-answer');
    expect(JSON.parse(Buffer.from(input.Payload as Uint8Array).toString())).toEqual({
      v: 1,
      caseId: record.caseId,
      answer: 'approve',
      by: 'ann',
      reason: 'seen on site',
      proposalHash: record.proposalHash,
      round: 0,
    });
  });

  test('takes back the newest answer that it shows, and says so where there is none', async () => {
    const back = (): Promise<string> => run('case', 'take-back', record.caseId, '--reason', 'wrong', '--by', 'bob');
    await expect(back()).rejects.toThrow(/no answer that could be taken back: its newest question is open/);
    const given = caseFor('cli back', { correlationKey: 'cli back' });
    const cases = { client: tables.client, table: 'gc-cases' };
    await openOrAttach(cases, given, given.openingFlagId);
    const { caseId } = given;
    const asked = { v: 1 as const, caseId, round: 0, question: 'Shall we?', askedAtMs: 1, dueAtMs: 2, thinkAgainS: 10 };
    await openReview(cases, asked, 'the-token');
    const yes = { v: 1 as const, caseId, answer: 'approve' as const, by: 'ann', reason: 'seen' };
    await endReview(cases, caseId, 0, { answer: yes }, 5_000);
    expect(await run('case', 'show', caseId)).toMatch(
      /waits {5}until 1970-01-01T00:00:15.000Z: groundcrew case take-back/,
    );
    const lambda = mockClient(LambdaClient);
    lambda.on(InvokeCommand).resolves({ Payload: Buffer.from('{"round":0,"what":"answer"}') as never });
    const said = await run('case', 'take-back', caseId, '--reason', 'wrong', '--by', 'bob');
    expect(said).toMatch(/approve taken back by bob[\s\S]*stands again/);
    const { input } = lambda.commandCalls(InvokeCommand)[0]!.args[0];
    expect(JSON.parse(Buffer.from(input.Payload as Uint8Array).toString())).toEqual({
      v: 1,
      caseId,
      answer: 'take-back',
      round: 0,
      answeredAtMs: 5_000,
      by: 'bob',
      reason: 'wrong',
    });
    await takeBackEnd(cases, caseId, 0, yes, { by: 'bob', reason: 'wrong', atMs: 6_000 });
    expect(await run('case', 'show', caseId)).toMatch(/back {6}taken back by bob: wrong/);
    await expect(run('case', 'take-back', caseId, '--reason', 'wrong', '--by', 'bob')).rejects.toThrow(/taken-back/);
  });

  test('approves what was seen and nothing else', async () => {
    const lambda = mockClient(LambdaClient);
    lambda.on(InvokeCommand).resolves({ Payload: Buffer.from('{"woken":true}') as never });
    const approve = (proposal: string): Promise<string> =>
      run('case', 'approve', record.caseId, '--reason', 'seen', '--by', 'ann', '--proposal', proposal);
    for (const wrong of ['0123456789', record.proposalHash!.slice(0, 7), ''])
      await expect(approve(wrong)).rejects.toThrow(/nothing was answered/);
    expect(lambda.commandCalls(InvokeCommand)).toHaveLength(0);
    const shown = /proposal {2}([0-9a-f]+)/.exec(await run('case', 'show', record.caseId))![1]!;
    await approve(shown);
    expect(lambda.commandCalls(InvokeCommand)).toHaveLength(1);
  });

  test('says of a first yes of two that nothing happens yet, and who is missing', async () => {
    const lambda = mockClient(LambdaClient);
    lambda.on(InvokeCommand).resolves({ Payload: Buffer.from('{"woken":false,"missing":1}') as never });
    const said = await run('case', 'approve', record.caseId, '--reason', 'seen', '--by', 'ann');
    expect(said).toMatch(/1 of 2.*Another person than ann.*case approve/);
  });

  test('says what to do when there is no such case', async () => {
    await expect(run('case', 'show', 'ffff')).rejects.toThrow(/case list --all/);
    await expect(run('case', 'show', 'XYZ')).rejects.toMatchObject({ exitCode: 2 });
  });
});

describe('stop', () => {
  test('stops, names what may be on its way, resumes by two people, and all of it stands in the audit', async () => {
    const ledger = { client: tables.client, table: 'gc-ledger' };
    const nowMs = Date.now();
    for (const [asset, leaseUntilMs] of [
      ['plant-1', nowMs + 60_000],
      ['plant-2', nowMs + 60_000],
      ['plant-1', nowMs - 1],
    ] as const) {
      const effectKey = sha256(`${asset} ${leaseUntilMs}`);
      await dynamoLedger(ledger).create({
        ...newEffect({ ...effectDraft, asset, effectKey }, nowMs),
        status: 'IN_PROGRESS',
        attempt: { attemptId: 'a', fence: 1, leaseUntilMs },
      });
    }
    const stopped = JSON.parse(
      await run('stop', '--scope', 'asset#plant-1', '--reason', 'works', '--by', 'ann', '--json'),
    );
    expect(stopped).toMatchObject({ stopped: true, mayBeInFlight: [{ asset: 'plant-1', action: 'close-valve' }] });
    expect(stopped.mayBeInFlight).toHaveLength(1);
    expect(await run('stop')).toMatch(/asset#plant-1 +ann /);
    expect(JSON.parse(await run('stop', '--json'))).toMatchObject([
      { scope: 'asset#plant-1', by: expect.stringMatching(/^person-[0-9a-f]{16}$/) },
    ]);
    const resume = (by: string, reason: string) =>
      run('resume', '--scope', 'asset#plant-1', '--reason', reason, '--by', by);
    expect(await resume('ann', 'done')).toMatch(/1 of 2.*\n.*Another person than ann/);
    await expect(resume('Ann', 'done')).rejects.toThrow(/ann has already asked.*another person must complete/);
    expect(await run('stop')).toContain('ann, ');
    expect(await resume('bob', 'seen')).toContain('by ann and bob');
    expect(await run('stop')).toContain('nothing is stopped');
    const entries = await readChain({ client: tables.client, table: 'gc-audit' }, 'system#stop');
    const opened = await Promise.all(
      entries.map(async ({ body, entryId }) => [
        body.stopped,
        await openFor(subjects(), sealedPersonal.parse(body.personal), entryId),
      ]),
    );
    expect(opened).toEqual([
      [true, { name: 'ann', reason: 'works' }],
      [true, { name: 'ann', reason: 'done' }],
      [false, { name: 'bob', reason: 'seen' }],
    ]);
    expect(JSON.stringify(entries)).not.toMatch(/ann|bob|works|done|seen/);
  });

  test('a stop works when the key service does not, and says that it is not recorded', async () => {
    const broken = mockClient(KMSClient);
    broken.rejects(new Error('no key service'));
    await expect(run('stop', '--scope', 'asset#a', '--reason', 'smoke', '--by', 'carl')).rejects.toThrow();
    fakeKms();
    expect(JSON.parse(await run('stop', '--json'))).toMatchObject([{ scope: 'asset#a', by: 'somebody new' }]);
  });

  test('says of a mistyped scope that nothing is there, stops it all the same, and says so of no other', async () => {
    const objects = memoryObjects();
    const s3 = mockClient(S3Client);
    s3.on(GetObjectCommand).callsFake(async ({ Key }) => ({
      Body: { transformToByteArray: async () => await objects.get(Key) },
    }));
    const registrationHash = await new Documents(objects).putRegistration(registrationOf('plant-1'));
    const nothingRead = {
      boots: [],
      readings: 0,
      nextChunk: 0,
      openPart: 0,
      openRows: 0,
      tailRows: 0,
      tail: [],
      holds: [],
    };
    const state = { v: 1 as const, asset: 'plant-1', version: 0, registrationHash, ...nothingRead };
    await dynamoStateStore(tables.client, 'gc-state').put(state);
    const stop = async (scope: string): Promise<{ stopped: boolean; warning?: string }> =>
      JSON.parse(await run('stop', '--scope', scope, '--reason', 'works', '--by', 'ann', '--json'));
    expect(await stop('asset#plant-11')).toMatchObject({
      stopped: true,
      warning: 'No asset is registered at asset#plant-11: there are asset#plant-1. What was meant may still act.',
    });
    expect((await stop('site#twon')).warning).toContain('there are site#town.');
    for (const scope of ['asset#plant-1', 'site#town', 'all']) expect((await stop(scope)).warning).toBeUndefined();
    s3.reset();
    s3.on(GetObjectCommand).rejects(new Error('no access'));
    expect(await stop('site#elsewhere')).toMatchObject({ stopped: true });
  }, 30_000);

  test('wants a scope that exists and a reason', async () => {
    await expect(run('stop', '--scope', 'everything', '--reason', 'x')).rejects.toThrow(/site#ID/);
    await expect(run('stop', '--scope', 'all')).rejects.toThrow(/--reason/);
  });
});

describe('an order with parameters', () => {
  const ordered = caseFor('ordered', {
    correlationKey: 'ordered',
    orderParameters: {
      'reduce-speed': {
        type: 'object',
        properties: { percent: { type: 'integer', minimum: 40, maximum: 99 } },
        required: ['percent'],
        additionalProperties: false,
      },
    },
  });
  const order = (...words: readonly string[]) =>
    run('case', 'override', ordered.caseId, '--action', 'reduce-speed', '--target', 'M1', '--reason', 'hot', ...words);
  beforeAll(async () => {
    await openOrAttach({ client: tables.client, table: 'gc-cases' }, ordered, ordered.openingFlagId);
  });

  test('hands them on, typed as the pack says', async () => {
    const lambda = mockClient(LambdaClient);
    const answer = { caseId: ordered.caseId, round: 0, answer: 'override', woken: true, missing: 1 };
    lambda.on(InvokeCommand).resolves({ Payload: Buffer.from(JSON.stringify(answer)) as never });
    expect(await order('--parameter', 'percent=80')).toContain('--parameter percent=80');
    const [call] = lambda.commandCalls(InvokeCommand);
    const sent = JSON.parse(Buffer.from(call!.args[0].input.Payload as Uint8Array).toString('utf8'));
    expect(sent.override).toEqual({ action: 'reduce-speed', target: 'M1', parameters: { percent: 80 } });
  });

  test.each([
    [[], 'percent is missing: give a whole number from 40 to 99'],
    [['--parameter', 'percent=fast'], 'percent is "fast": give a whole number from 40 to 99'],
    [['--parameter', 'percent=80', '--parameter', 'colour=red'], 'colour is no parameter of it: it takes percent'],
    [['--parameter', 'percent'], '"percent" is not NAME=VALUE'],
  ])('%j is refused before anything is sent', async (words, why) => {
    const lambda = mockClient(LambdaClient);
    await expect(order(...words)).rejects.toThrow(why);
    expect(lambda.commandCalls(InvokeCommand)).toHaveLength(0);
  });
});

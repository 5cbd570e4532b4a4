/** What the audit can do with a run of the stack: prove it, rebuild it, forget a person, and give no secret away. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DeleteItemCommand, PutItemCommand, paginateScan } from '@aws-sdk/client-dynamodb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Command } from 'commander';
import { Stack } from '../../bench/stack/stack.ts';
import { registerAudit } from '../../bin/commands/audit.ts';
import { registerCase } from '../../bin/commands/case.ts';
import { registerErase } from '../../bin/commands/erase.ts';
import { invokeFunction } from '../../bin/commands/support/invoke.ts';
import { subjectsOf } from '../../bin/commands/support/subjects.ts';
import { allChains, auditHead, chainTexts, readChain } from '../../lib/adapters/aws/audit-store.ts';
import { makeCheckpoint } from '../../lib/adapters/aws/checkpoint-run.ts';
import type { RebuildReport } from '../../lib/adapters/aws/rebuild-run.ts';
import { knownSubject, openFor } from '../../lib/adapters/aws/subject-store.ts';
import type { CaseRecord } from '../../lib/contracts/case.ts';
import { deployment } from '../../lib/contracts/deployment.ts';
import { tableNames } from '../../lib/contracts/names.ts';
import { sealedPersonal } from '../../lib/contracts/subject.ts';
import { configurationChain } from '../../lib/core/audit/deployment.ts';
import { bucketMs } from '../../lib/core/audit/entry.ts';
import { effectiveCase } from '../../lib/core/case/effective.ts';
import { expectAuditVerified, expectCallsPermitted } from '../support/stack/invariants.ts';

const name = 'Annabel Quist-Okafor';
const reason = 'Her mother smelt it from the allotment';
const other = 'Bertram Nwosu';

let stack: Stack;
let printed = '';
const records = new Map<string, CaseRecord>();
const tokens = new Set<string>();

beforeAll(async () => {
  stack = await Stack.start();
  for (const asset of ['approved', 'rejected', 'overridden', 'acting']) await stack.plainAsset(asset);
  for (const asset of ['approved', 'rejected', 'overridden']) await stack.trigger(asset, 'manual', 'a bad smell');
  await stack.trigger('acting', 'leak', 'water on the road');
  await answer('approved', 'approve');
  await answer('rejected', 'reject');
  await answer('overridden', 'override', { action: 'close-valve', target: 'V7' });
  for (const asset of ['approved', 'rejected', 'overridden', 'acting']) records.set(asset, await stack.closed(asset));
  await invokeFunction(stack.context, 'checkpoint', {});
}, 180_000);
afterAll(() => stack?.stop(), 30_000);
beforeEach(() => {
  printed = '';
  process.exitCode = undefined;
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text);
    return true;
  });
});
afterEach(() => {
  jest.restoreAllMocks();
  process.exitCode = undefined;
});

async function answer(asset: string, how: 'approve' | 'reject' | 'override', override?: object): Promise<void> {
  const record = await stack.case(asset, ({ status }) => status === 'in-review');
  for (const { token } of await items('cases')) if (token?.S) tokens.add(token.S);
  const { caseId, proposalHash } = effectiveCase(record, await stack.reviews(record.caseId));
  const approval = how === 'approve' && proposalHash !== undefined ? { proposalHash } : {};
  const body = { v: 1, caseId, answer: how, by: name, reason, ...approval, ...(override && { override }) };
  await invokeFunction(stack.context, 'review-answer', body);
}

async function items(table: (typeof tableNames)[number]) {
  const found: Record<string, { S?: string }>[] = [];
  const pages = paginateScan({ client: stack.context.dynamodb() }, { TableName: stack.context.names.table(table) });
  for await (const page of pages) found.push(...((page.Items ?? []) as Record<string, { S?: string }>[]));
  return found;
}

async function run(...words: readonly string[]): Promise<string> {
  printed = '';
  const program = new Command().exitOverride();
  registerAudit(program);
  registerCase(program);
  registerErase(program);
  await program.parseAsync([...words, '--data', stack.data], { from: 'user' });
  return printed;
}
const rebuild = async (...words: readonly string[]): Promise<RebuildReport> =>
  JSON.parse(await run('audit', 'rebuild', ...words, '--json'));

const auditTable = () => ({ client: stack.context.dynamodb(), table: stack.context.names.table('audit') });

/** The schedule has made the checkpoint of these ten minutes when the stack began: this is the next one, made early. */
async function checkpointOfNextBucket(): Promise<void> {
  const { context } = stack;
  const head = await auditHead(auditTable(), configurationChain);
  const bucket = (name: string) => ({ client: context.s3(), bucket: name });
  const made = await makeCheckpoint(
    {
      audit: auditTable(),
      checkpoints: bucket(context.names.auditBucket),
      data: bucket(context.names.dataBucket),
      kms: context.kms(),
      keyId: context.names.signingKeyAlias,
      deployed: deployment.parse(head!.body),
    },
    Date.now() + bucketMs,
  );
  expect(made).toMatchObject({ stored: true });
  expect(made.batches).toBeGreaterThan(0);
}

async function auditText(): Promise<string> {
  let text = '';
  for (const chain of await allChains(auditTable()))
    for await (const line of chainTexts(auditTable(), chain)) text += line;
  return text;
}

/** Everything under a folder of the runtime's data, as text. */
function textsUnder(...folders: readonly string[]): string {
  let text = '';
  for (const folder of folders.map((each) => join(stack.data, each)).filter(existsSync))
    for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true }))
      if (entry.isFile()) text += readFileSync(join(entry.parentPath, entry.name), 'latin1');
  return text;
}

describe('the projections', () => {
  test('are what the chains say, and every type of entry that such a run makes is there', async () => {
    expect(await rebuild('--check')).toMatchObject({ decisions: 4, cases: 4, written: 0, differences: [] });
    const text = await auditText();
    for (const type of [
      'asset-registered',
      'decision-recorded',
      'case-opened',
      'review-requested',
      'review-answered',
      'effect-announced',
      'effect-outcome',
      'case-closed',
      'configuration-changed',
    ])
      expect(text).toContain(`"type":"${type}"`);
    expect(text).toContain('"policies":["');
  });

  test('are made again where they are lost or changed, and the first difference is named', async () => {
    const { client } = auditTable();
    const [cases, decisions] = [stack.context.names.table('cases'), stack.context.names.table('decisions')];
    const before = { cases: await stack.cases(), decisions: await stack.decisions() };
    const lost = records.get('approved')!;
    const changed = records.get('rejected')!;
    for (const { pk, sk } of await items('cases'))
      if (pk?.S === `case#${lost.caseId}`)
        await client.send(new DeleteItemCommand({ TableName: cases, Key: { pk, sk } as never }));
    const forged = { ...changed, resolution: 'verified' };
    await client.send(
      new PutItemCommand({
        TableName: cases,
        Item: {
          pk: { S: `case#${changed.caseId}` },
          sk: { S: 'case' },
          version: { N: String(changed.version) },
          json: { S: JSON.stringify(forged) },
        },
      }),
    );
    for (const { asset, sk } of await items('decisions'))
      if (asset?.S === 'acting')
        await client.send(new DeleteItemCommand({ TableName: decisions, Key: { asset, sk } as never }));
    const { differences } = await rebuild('--check');
    expect(process.exitCode).toBe(1);
    const told = differences.map(({ what, difference }) => `${what}: ${difference}`).join('\n');
    expect(told).toContain(`case ${lost.caseId}: value: the audit has`);
    expect(told).toContain(`case ${changed.caseId}: resolution: the audit has "rejected", the projection "verified"`);
    expect(told).toMatch(/decision [0-9a-f]{64}: value: .* the projection absent/);
    expect((await rebuild()).written).toBeGreaterThan(3);
    expect(await rebuild('--check')).toMatchObject({ differences: [] });
    const plain = (all: readonly CaseRecord[]) => all.map(({ version: _, updatedAtMs: __, ...rest }) => rest);
    expect(plain(await stack.cases())).toEqual(expect.arrayContaining(plain(before.cases)));
    expect(await stack.decisions()).toEqual(expect.arrayContaining(before.decisions));
  });
});

test('a decision is proven by its file alone', async () => {
  const [decision] = await stack.decisions('acting');
  const [proof, folder] = [join(stack.dir, 'proof.json'), join(stack.dir, 'export')];
  await checkpointOfNextBucket();
  await run('audit', 'export', '--out', folder);
  await run('audit', 'prove', decision!.decisionId, '--offline', folder, '--out', proof);
  const script = join(import.meta.dirname, '../../docs/verify-proof.mjs');
  const said = execFileSync(process.execPath, [script, proof, join(folder, 'public-key.pem')], { encoding: 'utf8' });
  expect(said).toContain(`PROVEN: decision-recorded stands at seq`);
  expect(said).toContain(decision!.decisionId);
});

describe('secrets and persons', () => {
  test('task tokens stand in no event, log, object, queue or audit entry; names and reasons neither', async () => {
    expect(tokens.size).toBeGreaterThanOrEqual(3);
    const elsewhere = textsUnder('logs', 'bus', 's3', 'queues', 'streams', 'async') + (await auditText());
    expect(elsewhere).toContain('ReviewAnswered');
    for (const token of tokens) expect(elsewhere.includes(token)).toBe(false);
    expect(elsewhere.includes(name)).toBe(false);
    expect(elsewhere.includes(reason)).toBe(false);
    // Of the tables, only reviews hold a reason in the open, and none a name.
    for (const table of tableNames) expect(JSON.stringify(await items(table)).includes(name)).toBe(false);
    expect(textsUnder('states').includes(name)).toBe(false);
  });

  test('a person under a hold cannot be erased, and the hold is released by somebody else', async () => {
    const id = records.get('approved')!.caseId;
    const held = JSON.parse(await run('audit', 'hold', '--case', id, '--reason', 'a claim', '--by', other, '--json'));
    expect(held).toMatchObject({ held: true, items: 2 });
    const kept = (await items('decisions')).filter(({ asset }) => asset?.S === 'approved');
    expect(kept.map(({ ttl }) => ttl)).toEqual([undefined]);
    await expect(run('erase', '--subject', name, '--reason', 'asked', '--by', other)).rejects.toThrow(/under a hold/);
    const release = (by: string) => run('audit', 'release', '--case', id, '--reason', 'over', '--by', by);
    await expect(release(other)).rejects.toThrow(/somebody else/);
    expect(await release('Carla Ito')).toContain('released');
    await expect(release('Carla Ito')).rejects.toThrow(/not under a hold/);
    expect((await items('decisions')).filter(({ ttl }) => ttl === undefined)).toEqual([]);
  });

  test('an erased person is gone from every table and every copy of the chain, and all of it still verifies', async () => {
    const subjects = subjectsOf(stack.context);
    const subject = (await knownSubject(subjects, name))!;
    expect(subject).toMatch(/^person-[0-9a-f]{16}$/);
    const { caseId } = records.get('overridden')!;
    const answered = (await readChain(auditTable(), `case#${caseId}`)).find(({ type }) => type === 'review-answered')!;
    const sealed = sealedPersonal.parse(answered.body.personal);
    expect(answered.body).toMatchObject({ by: subject });
    expect(await openFor(subjects, sealed, answered.entryId)).toEqual({ name, reason });
    expect(await run('case', 'show', caseId)).toContain(`override by ${name}: ${reason}`);
    const copy = join(stack.dir, 'copy');
    await run('audit', 'export', '--out', copy);

    const done = JSON.parse(await run('erase', '--subject', name, '--reason', 'they asked', '--by', other, '--json'));
    expect(done).toMatchObject({ subject, scrubbed: 3 });

    for (const table of tableNames) {
      const text = JSON.stringify(await items(table));
      expect([table, text.includes(name), text.includes(reason)]).toEqual([table, false, false]);
    }
    // The copy was made when the key was there; the key opens it no more.
    expect(await openFor(subjects, sealed, answered.entryId)).toBeUndefined();
    expect(await run('case', 'show', caseId)).toContain(`override by ${subject}: [erased]`);
    await invokeFunction(stack.context, 'checkpoint', {});
    await expectAuditVerified(stack);
    expect(JSON.parse(await run('audit', 'verify', '--offline', copy, '--json'))).toMatchObject({ verified: true });
    expect(await rebuild('--check')).toMatchObject({ differences: [] });
    const [erasure] = await readChain(auditTable(), 'system#subjects');
    expect(erasure).toMatchObject({ type: 'subject-erased', body: { subject } });
    // A repeat changes nothing; somebody of that name who comes later is somebody new.
    const again = JSON.parse(await run('erase', '--subject', subject, '--reason', 'again', '--by', other, '--json'));
    expect(again).toMatchObject({ scrubbed: 0, erasedAtMs: erasure!.at });
    await expect(run('erase', '--subject', name, '--reason', 'x', '--by', other)).rejects.toThrow(/Nobody of the name/);
    await expect(run('erase', '--subject', 'person-0000000000000000', '--reason', 'x', '--by', other)).rejects.toThrow(
      /nobody recorded/,
    );
  });

  test('every call of a function was permitted', async () => {
    await stack.halt();
    await expectCallsPermitted(stack);
  }, 40_000);
});

/** What must hold of every run of the stack, whatever happened in it. */
import { type AttributeValue, paginateScan } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { expect } from '@jest/globals';
import { deployedAudit } from '../../../bin/commands/support/audit-source.ts';
import { readCases } from '../../../bin/commands/support/figures.ts';
import { allChains, readChain } from '../../../lib/adapters/aws/audit-store.ts';
import { publicKeyPem } from '../../../lib/adapters/aws/signing.ts';
import type { TableName } from '../../../lib/contracts/names.ts';
import { readPublicKey } from '../../../lib/core/audit/checkpoint.ts';
import { collapse } from '../../../lib/core/audit/collapse.ts';
import { verifyAudit } from '../../../lib/core/audit/report.ts';
import { decodeRawBatch } from '../../../lib/core/window/rows.ts';
import type { StackModel } from '../../../local/assembly/model.ts';
import { readStack } from '../../../local/assembly/read-stack.ts';
import { forbiddenCalls, functionGrants } from '../iam.ts';
import { testAssembly } from './assembly.ts';
import type { Stack } from './stack.ts';

type Item = Record<string, AttributeValue>;

async function scan(stack: Stack, table: TableName, index?: string): Promise<Item[]> {
  const items: Item[] = [];
  const TableName = stack.context.names.table(table);
  const pages = paginateScan(
    { client: stack.context.dynamodb() },
    { TableName, ...(index === undefined ? { ConsistentRead: true } : { IndexName: index }) },
  );
  for await (const page of pages) items.push(...(page.Items ?? []));
  return items;
}

const indexes = [
  { table: 'audit', index: 'by-bucket', keys: ['bucket', 'chain', 'seq'] },
  { table: 'decisions', index: 'by-day', keys: ['day', 'sk', 'asset'] },
  { table: 'cases', index: 'by-open', keys: ['open', 'dueAtMs', 'pk', 'sk'] },
  { table: 'ledger', index: 'by-due', keys: ['due', 'dueAtMs', 'pk'] },
] as const;

/** Each index holds exactly the items of its table that have its key. */
export async function expectIndexesTrue(stack: Stack): Promise<void> {
  for (const { table, index, keys } of indexes) {
    const key = (item: Item): string => JSON.stringify(keys.map((name) => item[name]));
    const base = (await scan(stack, table)).filter(
      (item) => item[keys[0]] !== undefined && item[keys[1]] !== undefined,
    );
    const projected = await scan(stack, table, index);
    expect({ table, index, items: projected.map(key).sort() }).toEqual({ table, index, items: base.map(key).sort() });
  }
}

/** Every chain is whole and every checkpoint is signed over it. */
export async function expectAuditVerified(stack: Stack): Promise<void> {
  const key = readPublicKey(await publicKeyPem(stack.context.kms(), stack.context.names.signingKeyAlias));
  const report = await verifyAudit(deployedAudit(stack.context), key);
  expect(report).toMatchObject({ verified: true, faults: [] });
}

/** Each flag has one decision, in the projection and in the audit, and nothing waits. */
export async function expectFlagsDecidedOnce(stack: Stack): Promise<string[]> {
  const items = await scan(stack, 'cases');
  const flags = items.filter(({ pk, sk }) => pk?.S?.startsWith('flag#') && sk?.S === 'flag');
  expect(flags.filter(({ open }) => open !== undefined)).toEqual([]);
  const flagIds = flags.map(({ pk }) => pk!.S!.slice('flag#'.length)).sort();
  const decided = (await stack.decisions()).map(({ flagId }) => flagId).sort();
  expect(decided).toEqual(flagIds);
  const audit = { client: stack.context.dynamodb(), table: stack.context.names.table('audit') };
  const recorded: string[] = [];
  for (const chain of await allChains(audit)) {
    if (!chain.startsWith('asset#')) continue;
    for (const { type, body } of collapse(await readChain(audit, chain)))
      if (type === 'decision-recorded') recorded.push((body as { flagId: string }).flagId);
  }
  expect(recorded.sort()).toEqual(flagIds);
  return flagIds;
}

/** Every case is closed, no slot is held, and every decision that is not just observed belongs to a case. */
export async function expectCasesTerminal(stack: Stack): Promise<void> {
  const { cases } = await readCases(stack.context);
  expect(cases.filter(({ status }) => status !== 'closed')).toEqual([]);
  const items = await scan(stack, 'cases');
  expect(items.filter(({ pk }) => pk?.S?.startsWith('slot#'))).toEqual([]);
  const attached = new Set(
    items.flatMap(({ pk, sk }) =>
      pk?.S?.startsWith('case#') && sk?.S?.startsWith('flag#') ? [sk.S.slice('flag#'.length)] : [],
    ),
  );
  const routed = (await stack.decisions()).filter(({ guard }) => guard.verdict !== 'observe');
  expect(routed.filter(({ flagId }) => !attached.has(flagId))).toEqual([]);
}

/** Whatever was asked how often, the plant did it once; and what the ledger calls done, the plant did. */
export async function expectEffectsSingle(stack: Stack): Promise<void> {
  const perKey = new Map<string, number>();
  for (const { key } of stack.plant.effects()) perKey.set(key, (perKey.get(key) ?? 0) + 1);
  expect([...perKey].filter(([, count]) => count !== 1)).toEqual([]);
  const ledger = (await scan(stack, 'ledger')).filter(({ pk }) => pk?.S?.startsWith('effect#'));
  const succeeded = ledger
    .filter(({ status }) => status?.S === 'SUCCEEDED')
    .map(({ pk }) => pk!.S!.slice('effect#'.length));
  expect([...perKey.keys()].sort()).toEqual(succeeded.sort());
}

/** Sequence numbers of an asset's readings in the raw batches, by boot. */
export async function storedReadings(stack: Stack, asset: string): Promise<Map<string, Set<number>>> {
  const bucket = stack.context.names.dataBucket;
  const found = new Map<string, Set<number>>();
  let ContinuationToken: string | undefined;
  do {
    const page = await stack.context
      .s3()
      .send(
        new ListObjectsV2Command({ Bucket: bucket, Prefix: 'raw/', ...(ContinuationToken && { ContinuationToken }) }),
      );
    for (const { Key } of page.Contents ?? []) {
      const { Body } = await stack.context.s3().send(new GetObjectCommand({ Bucket: bucket, Key }));
      for (const segment of decodeRawBatch(await Body!.transformToByteArray()).get(asset) ?? []) {
        const seqs = found.get(segment.bootId) ?? new Set();
        found.set(segment.bootId, seqs);
        segment.rows.forEach((_, at) => {
          seqs.add(segment.seq + at);
        });
      }
    }
    ContinuationToken = page.NextContinuationToken;
  } while (ContinuationToken !== undefined);
  return found;
}

/** The stack as it is deployed, with its roles. */
export async function testStackModel(): Promise<StackModel> {
  const { folder } = await testAssembly();
  const place = { account: '000000000000', region: 'eu-central-1' };
  return readStack({ assemblyDir: folder, endpointUrl: 'http://127.0.0.1:1', ...place });
}

/** Every call that a function made is one that its role permits. The runtime must have been halted. */
export async function expectCallsPermitted(stack: Stack): Promise<StackModel> {
  const model = await testStackModel();
  const calls = stack.calls();
  expect(calls.length).toBeGreaterThan(10);
  expect(forbiddenCalls(functionGrants(model), calls)).toEqual([]);
  return model;
}

/** What must hold of every run of the stack, whatever happened in it. Each gives what does not hold; nothing is good. */
import { type AttributeValue, paginateScan } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { z } from 'zod';
import { deployedAudit } from '../../bin/commands/support/audit-source.ts';
import { readCases, readDecisions } from '../../bin/commands/support/figures.ts';
import { allChains, readChain } from '../../lib/adapters/aws/audit-store.ts';
import { publicKeyPem } from '../../lib/adapters/aws/signing.ts';
import type { AuditEntry } from '../../lib/contracts/audit.ts';
import { type Effect, effect } from '../../lib/contracts/ledger.ts';
import type { TableName } from '../../lib/contracts/names.ts';
import { telemetry } from '../../lib/contracts/telemetry.ts';
import { readPublicKey } from '../../lib/core/audit/checkpoint.ts';
import { collapse } from '../../lib/core/audit/collapse.ts';
import { type AuditReport, verifyAudit } from '../../lib/core/audit/report.ts';
import { decodeRawBatch } from '../../lib/core/window/rows.ts';
import type { Stack } from './stack.ts';

type Item = Record<string, AttributeValue>;

export async function scan(stack: Stack, table: TableName, index?: string): Promise<Item[]> {
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
export async function wrongIndexEntries(stack: Stack): Promise<string[]> {
  const wrong: string[] = [];
  for (const { table, index, keys } of indexes) {
    const key = (item: Item): string => JSON.stringify(keys.map((name) => item[name]));
    const base = (await scan(stack, table))
      .filter((item) => item[keys[0]] !== undefined && item[keys[1]] !== undefined)
      .map(key);
    const projected = (await scan(stack, table, index)).map(key);
    wrong.push(...differences(base, projected).map((entry) => `${table}/${index}: ${entry}`));
  }
  return wrong;
}

/** Every chain is whole and every checkpoint is signed over it. */
export async function auditReport(stack: Stack): Promise<AuditReport> {
  const key = readPublicKey(await publicKeyPem(stack.context.kms(), stack.context.names.signingKeyAlias));
  return await verifyAudit(deployedAudit(stack.context), key);
}

/** Entries of all chains whose name begins so, with repeated facts collapsed, by chain. */
export async function auditEntries(stack: Stack, prefix: string): Promise<ReadonlyMap<string, readonly AuditEntry[]>> {
  const audit = { client: stack.context.dynamodb(), table: stack.context.names.table('audit') };
  const entries = new Map<string, readonly AuditEntry[]>();
  for (const chain of await allChains(audit))
    if (chain.startsWith(prefix)) entries.set(chain, collapse(await readChain(audit, chain)));
  return entries;
}

/** Each flag has one decision, in the projection and in the audit, and nothing waits. */
export async function undecidedFlags(stack: Stack): Promise<{ flagIds: string[]; wrong: string[] }> {
  const items = await scan(stack, 'cases');
  const flags = items.filter(({ pk, sk }) => pk?.S?.startsWith('flag#') && sk?.S === 'flag');
  const flagIds = flags.map(({ pk }) => pk!.S!.slice('flag#'.length)).sort();
  const decided = (await readDecisions(stack.context)).map(({ flagId }) => flagId);
  const recorded = [...(await auditEntries(stack, 'asset#')).values()]
    .flat()
    .filter(({ type }) => type === 'decision-recorded')
    .map(({ body }) => (body as { flagId: string }).flagId);
  const wrong = [
    ...flags.filter(({ open }) => open !== undefined).map(({ pk }) => `pending: ${pk!.S}`),
    ...differences(flagIds, decided).map((flagId) => `projection: ${flagId}`),
    ...differences(flagIds, recorded).map((flagId) => `audit: ${flagId}`),
  ];
  return { flagIds, wrong };
}

/** Every case is closed, no slot is held, and every decision that is not just observed belongs to a case. */
export async function unfinishedCases(stack: Stack): Promise<string[]> {
  const { cases } = await readCases(stack.context);
  const items = await scan(stack, 'cases');
  const attached = new Set(
    items.flatMap(({ pk, sk }) =>
      pk?.S?.startsWith('case#') && sk?.S?.startsWith('flag#') ? [sk.S.slice('flag#'.length)] : [],
    ),
  );
  const routed = (await readDecisions(stack.context)).filter(({ guard }) => guard.verdict !== 'observe');
  return [
    ...cases.filter(({ status }) => status !== 'closed').map(({ caseId, status }) => `case ${caseId} is ${status}`),
    ...items.filter(({ pk }) => pk?.S?.startsWith('slot#')).map(({ pk }) => `${pk!.S} is held`),
    ...routed.filter(({ flagId }) => !attached.has(flagId)).map(({ flagId }) => `flag ${flagId} belongs to no case`),
  ];
}

/** Whatever was asked how often, the plant did it once; and what the ledger calls done, the plant did. */
export async function wrongEffects(stack: Stack): Promise<string[]> {
  const perKey = new Map<string, number>();
  for (const { key } of stack.plant.effects()) perKey.set(key, (perKey.get(key) ?? 0) + 1);
  const succeeded = (await scan(stack, 'ledger'))
    .filter(({ pk, status }) => pk?.S?.startsWith('effect#') && status?.S === 'SUCCEEDED')
    .map(({ pk }) => pk!.S!.slice('effect#'.length));
  return [
    ...[...perKey].filter(([, count]) => count !== 1).map(([key, count]) => `${key} happened ${count} times`),
    ...differences([...perKey.keys()], succeeded).map((key) => `plant and ledger disagree about ${key}`),
  ];
}

/** Effects whose outcome is not known, or not written down everywhere yet. */
export async function openEffects(stack: Stack): Promise<Effect[]> {
  const effects = (await scan(stack, 'ledger'))
    .filter(({ pk }) => pk?.S?.startsWith('effect#'))
    .map((item) => effect.parse(JSON.parse(item.json?.S ?? 'null')));
  // What nobody sent, because the case was handed over before, is no open question.
  return effects.filter(({ status, completed }) => status !== 'PENDING' && !completed);
}

/** Sequence numbers of readings, by asset and boot. */
export type ReadingNumbers = Map<string, Map<string, Set<number>>>;

function note(numbers: ReadingNumbers, asset: string, bootId: string, seq: number, rows: number): void {
  const boots = numbers.get(asset) ?? new Map<string, Set<number>>();
  numbers.set(asset, boots);
  const seqs = boots.get(bootId) ?? new Set();
  boots.set(bootId, seqs);
  for (let at = 0; at < rows; at += 1) seqs.add(seq + at);
}

/** Readings in the raw batches. */
export async function storedReadings(stack: Stack): Promise<ReadingNumbers> {
  const found: ReadingNumbers = new Map();
  for await (const bytes of objectsUnder(stack, 'raw/'))
    for (const [asset, segments] of decodeRawBatch(bytes))
      for (const { bootId, seq, rows } of segments) note(found, asset, bootId, seq, rows.length);
  return found;
}

const ingestError = z.object({ base64OriginalPayload: z.string() });

/** Readings that the stream could not take; the topic rule keeps their messages. */
export async function readingsKeptAside(stack: Stack): Promise<ReadingNumbers> {
  const found: ReadingNumbers = new Map();
  for await (const bytes of objectsUnder(stack, 'ingest-errors/')) {
    const { base64OriginalPayload } = ingestError.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
    const { asset, bootId, seq, rows } = telemetry.parse(
      JSON.parse(Buffer.from(base64OriginalPayload, 'base64').toString('utf8')),
    );
    note(found, asset, bootId, seq, rows.length);
  }
  return found;
}

async function* objectsUnder(stack: Stack, prefix: string): AsyncIterable<Uint8Array> {
  const bucket = stack.context.names.dataBucket;
  let ContinuationToken: string | undefined;
  do {
    const page = await stack.context
      .s3()
      .send(
        new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ...(ContinuationToken && { ContinuationToken }) }),
      );
    for (const { Key } of page.Contents ?? []) {
      const { Body } = await stack.context.s3().send(new GetObjectCommand({ Bucket: bucket, Key }));
      yield await Body!.transformToByteArray();
    }
    ContinuationToken = page.NextContinuationToken;
  } while (ContinuationToken !== undefined);
}

/** What is in one of two lists more often than in the other. */
function differences(left: readonly string[], right: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const one of left) counts.set(one, (counts.get(one) ?? 0) + 1);
  for (const one of right) counts.set(one, (counts.get(one) ?? 0) - 1);
  return [...counts].filter(([, count]) => count !== 0).map(([one]) => one);
}

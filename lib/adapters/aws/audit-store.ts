/**
 * The audit table: hash chains that are only ever appended to, each entry by one conditional put. No function role may
 * update or delete an entry; what happens to a table behind the application's back is found by verification.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  paginateQuery,
  paginateScan,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import { type AuditEntry, auditEntry } from '../../contracts/audit.ts';
import type { Personal } from '../../contracts/subject.ts';
import { canonical } from '../../core/audit/canonical.ts';
import { type AuditDraft, bucketOf, entryIdOf, genesisHash, sealEntry } from '../../core/audit/entry.ts';
import { ConflictError, CorruptDataError } from '../../core/errors.ts';

/** Where the chains are. */
export interface AuditTable {
  readonly client: DynamoDBClient;
  readonly table: string;
  /** Encrypts what is personal; needed only by those who record it. */
  readonly seal?: (personal: NonNullable<AuditDraft['personal']>, entryId: string) => Promise<Personal>;
}

/** Entries before the head that are looked through for a repeat, so that a retried caller appends nothing twice. */
const lookBackEntries = 8;
/**
 * A case's chain is looked through to its start: it is short, and what a person did may be completed long after others
 * have appended to it. An asset's grows without an end.
 */
const isLookedThrough = (chain: string): boolean => chain.startsWith('case#');
const maxAttempts = 24;

/** A chain was so busy that an append lost every race. Retryable: nothing was written. */
export class AuditContentionError extends ConflictError {}

/**
 * Appends one fact to its chain and returns the entry that stands there. The same fact (chain, type, key) appended
 * again returns the entry of the first time, so it is safe to repeat after any failure.
 * @param nowMs wall clock, milliseconds since the epoch
 * @throws AuditContentionError after 24 lost races; anything that DynamoDB throws
 * @example await appendAudit({ client, table }, { chain: `case#${id}`, type: 'case-opened', key: [id], correlationId, body }, Date.now());
 */
export async function appendAudit(
  at: AuditTable,
  draft: AuditDraft,
  nowMs: number,
  random: () => number = Math.random,
): Promise<AuditEntry> {
  const entryId = entryIdOf(draft);
  let sealed: AuditDraft | undefined;
  let unknownFrom = isLookedThrough(draft.chain) ? 0 : undefined;
  for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
    const recent = await lastItems(at, draft.chain, lookBackEntries);
    const repeat =
      recent.find((item) => item.entryId?.S === entryId) ??
      (await repeatBefore(at, draft.chain, entryId, recent, unknownFrom));
    if (repeat) return parseItem(repeat);
    const head = recent[0] && parseItem(recent[0]);
    unknownFrom = head ? head.seq + 1 : 0;
    sealed ??= await withPersonal(at, draft, entryId);
    const entry = sealEntry(sealed, head ? head.seq + 1 : 0, head?.hash ?? genesisHash, nowMs);
    if (await putEntry(at, entry)) return entry;
    const winner = await entryAt(at, entry.chain, entry.seq);
    if (!winner)
      throw new CorruptDataError(`${entry.chain} seq ${entry.seq}: a put was refused but nothing is there`, {
        code: 'audit-entry-vanished',
      });
    if (winner.entryId === entryId) return winner;
    // Others append to this chain right now: spread the tries, and go on from wherever the head is by then.
    await sleep(random() * Math.min(200, 4 * 2 ** attempt));
  }
  throw new AuditContentionError(
    `${draft.chain}: ${maxAttempts} appends lost their race; the chain is too hot, try again later`,
    { code: 'audit-contention' },
  );
}

async function withPersonal(at: AuditTable, draft: AuditDraft, entryId: string): Promise<AuditDraft> {
  const { personal, ...rest } = draft;
  if (!personal) return draft;
  if (!at.seal) throw new TypeError(`${draft.chain} ${draft.type} is about a person: nothing here can encrypt it`);
  return { ...rest, body: { ...draft.body, personal: await at.seal(personal, entryId) } };
}

/** The newest entry, by a consistent read; `undefined` for a chain without entries. */
export const auditHead = async (at: AuditTable, chain: string): Promise<AuditEntry | undefined> =>
  (await lastItems(at, chain, 1)).map(parseItem)[0];

/** One entry by its place, read consistently. */
export async function entryAt(at: AuditTable, chain: string, seq: number): Promise<AuditEntry | undefined> {
  const { Item } = await at.client.send(
    new GetItemCommand({
      TableName: at.table,
      Key: { chain: { S: chain }, seq: { N: String(seq) } },
      ConsistentRead: true,
    }),
  );
  return Item && parseItem(Item);
}

/** Entries of a chain from `fromSeq` (its start) on, read consistently, as the JSON text that is stored. */
export async function* chainTexts(at: AuditTable, chain: string, fromSeq = 0): AsyncGenerator<string> {
  const pages = paginateQuery(
    { client: at.client },
    {
      TableName: at.table,
      ConsistentRead: true,
      KeyConditionExpression: fromSeq === 0 ? '#chain = :chain' : '#chain = :chain AND #seq >= :seq',
      ExpressionAttributeNames: { '#chain': 'chain', ...(fromSeq > 0 && { '#seq': 'seq' }) },
      ExpressionAttributeValues: {
        ':chain': { S: chain },
        ...(fromSeq > 0 && { ':seq': { N: String(fromSeq) } }),
      },
    },
  );
  for await (const page of pages) for (const item of page.Items ?? []) yield textOf(item);
}

/** All entries of a chain, parsed. */
export async function readChain(at: AuditTable, chain: string): Promise<AuditEntry[]> {
  const entries: AuditEntry[] = [];
  for await (const text of chainTexts(at, chain)) entries.push(auditEntry.parse(JSON.parse(text)));
  return entries;
}

/**
 * Chains that were appended to in a bucket, by the index: candidates only, heads are then read consistently.
 * @returns by chain the lowest seq of the bucket
 */
export async function chainsInBucket(at: AuditTable, bucket: string): Promise<Map<string, number>> {
  const chains = new Map<string, number>();
  const pages = paginateQuery(
    { client: at.client },
    {
      TableName: at.table,
      IndexName: 'by-bucket',
      KeyConditionExpression: '#bucket = :bucket',
      ExpressionAttributeNames: { '#bucket': 'bucket' },
      ExpressionAttributeValues: { ':bucket': { S: bucket } },
    },
  );
  for await (const page of pages)
    for (const { chain, seq } of page.Items ?? [])
      if (chain?.S) chains.set(chain.S, Math.min(Number(seq?.N), chains.get(chain.S) ?? Number.POSITIVE_INFINITY));
  return chains;
}

/** Names of all chains, by a scan of the keys: for exports, not for functions. */
export async function allChains(at: AuditTable): Promise<string[]> {
  const chains = new Set<string>();
  const pages = paginateScan(
    { client: at.client },
    {
      TableName: at.table,
      ConsistentRead: true,
      ProjectionExpression: '#chain',
      ExpressionAttributeNames: { '#chain': 'chain' },
    },
  );
  for await (const page of pages) for (const item of page.Items ?? []) if (item.chain?.S) chains.add(item.chain.S);
  return [...chains].sort();
}

/** The newest items of a chain, newest first: looking for a repeat needs their ids, not all that they say. */
async function lastItems(at: AuditTable, chain: string, limit: number): Promise<Record<string, AttributeValue>[]> {
  const { Items } = await at.client.send(
    new QueryCommand({
      TableName: at.table,
      ConsistentRead: true,
      ScanIndexForward: false,
      Limit: limit,
      KeyConditionExpression: '#chain = :chain',
      ExpressionAttributeNames: { '#chain': 'chain' },
      ExpressionAttributeValues: { ':chain': { S: chain } },
    }),
  );
  return Items ?? [];
}

/**
 * The entry of that id older than `recent`, at `fromSeq` or later; `undefined` where there is none, and where nothing is
 * to be looked for.
 */
async function repeatBefore(
  at: AuditTable,
  chain: string,
  entryId: string,
  recent: readonly Record<string, AttributeValue>[],
  fromSeq: number | undefined,
): Promise<Record<string, AttributeValue> | undefined> {
  const toSeq = Number(recent.at(-1)?.seq?.N ?? 0) - 1;
  if (fromSeq === undefined || fromSeq > toSeq) return undefined;
  const pages = paginateQuery(
    { client: at.client },
    {
      TableName: at.table,
      ConsistentRead: true,
      KeyConditionExpression: '#chain = :chain AND #seq BETWEEN :from AND :to',
      FilterExpression: 'entryId = :id',
      ExpressionAttributeNames: { '#chain': 'chain', '#seq': 'seq' },
      ExpressionAttributeValues: {
        ':chain': { S: chain },
        ':from': { N: String(fromSeq) },
        ':to': { N: String(toSeq) },
        ':id': { S: entryId },
      },
    },
  );
  for await (const { Items } of pages) if (Items?.[0]) return Items[0];
  return undefined;
}

/** Puts an entry where nothing stands. `false`: something stands there (perhaps this very entry, after a lost answer). */
async function putEntry(at: AuditTable, entry: AuditEntry): Promise<boolean> {
  try {
    await at.client.send(
      new PutItemCommand({
        TableName: at.table,
        Item: {
          chain: { S: entry.chain },
          seq: { N: String(entry.seq) },
          entryId: { S: entry.entryId },
          bucket: { S: bucketOf(entry.at) },
          entry: { S: canonical(entry) },
        },
        ConditionExpression: 'attribute_not_exists(#chain)',
        ExpressionAttributeNames: { '#chain': 'chain' },
      }),
    );
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}

function textOf(item: Record<string, AttributeValue>): string {
  if (!item.entry?.S)
    throw new CorruptDataError(`audit item ${item.chain?.S} ${item.seq?.N} has no entry text`, {
      code: 'audit-entry-empty',
    });
  return item.entry.S;
}

const parseItem = (item: Record<string, AttributeValue>): AuditEntry => auditEntry.parse(JSON.parse(textOf(item)));

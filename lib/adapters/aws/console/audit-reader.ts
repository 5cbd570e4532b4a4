/** The audit as the console reads it: entries and checkpoints byte for byte. */
import { QueryCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { NoSuchKey } from '@aws-sdk/client-s3';
import { z } from 'zod';
import type {
  AnswerOf,
  ChainEntries,
  ChainQuery,
  ChainsQuery,
  CheckpointText,
  PageQuery,
} from '../../../contracts/api.ts';
import { chainName } from '../../../contracts/audit.ts';
import { lazily } from '../../../contracts/lazily.ts';
import { bucketOf } from '../../../core/audit/entry.ts';
import { decodeCursor, encodeCursor } from '../../../core/console/cursor.ts';
import { NotFoundError } from '../../../core/errors.ts';
import { auditHead } from '../audit-store.ts';
import type { Item } from '../batch-get.ts';
import { checkpointKey, describeCheckpoints, type ListedCheckpoint, readCheckpointText } from '../checkpoint-store.ts';
import { type ConsoleWorld, tableAt } from './world.ts';

/** Pages of the table that one call looks through for the start of a chain. */
const maxScans = 10;
const chainsCursor = lazily(() => z.strictObject({ chain: z.string().max(80), seq: z.number().int().min(0) }));

/**
 * Chains by the start of their name, in the order of the table. It is a bounded look through the table: a page may be
 * short or empty and go on by its cursor. A whole name is looked up by itself.
 */
export async function chainsPage(world: ConsoleWorld, query: ChainsQuery): Promise<AnswerOf<'chains'>> {
  const at = tableAt(world, 'audit');
  const whole = chainName.safeParse(query.prefix);
  const head = whole.success && query.cursor === undefined ? await auditHead(at, whole.data) : undefined;
  if (head) return { items: [{ chain: head.chain, entries: head.seq + 1 }] };
  const start = decodeCursor(chainsCursor, query.cursor);
  let from: Item | undefined = start && { chain: { S: start.chain }, seq: { N: String(start.seq) } };
  let chains: string[] = [];
  for (let scans = 0; scans < maxScans && chains.length === 0; scans += 1) {
    const { Items, LastEvaluatedKey } = await at.client.send(
      new ScanCommand({
        TableName: at.table,
        Limit: query.limit,
        FilterExpression: `seq = :first${query.prefix === '' ? '' : ' AND begins_with(#chain, :prefix)'}`,
        ProjectionExpression: '#chain',
        ExpressionAttributeNames: { '#chain': 'chain' },
        ExpressionAttributeValues: {
          ':first': { N: '0' },
          ...(query.prefix !== '' && { ':prefix': { S: query.prefix } }),
        },
        ...(from && { ExclusiveStartKey: from }),
      }),
    );
    chains = (Items ?? []).map(({ chain }) => chain!.S!);
    from = LastEvaluatedKey;
    if (!from) break;
  }
  return {
    items: chains.map((chain) => ({ chain })),
    ...(from && { nextCursor: encodeCursor({ chain: from.chain!.S!, seq: Number(from.seq!.N) }) }),
  };
}

/** @throws NotFoundError for a chain without entries */
export async function chainPage(world: ConsoleWorld, chain: string, query: ChainQuery): Promise<ChainEntries> {
  const at = tableAt(world, 'audit');
  const { Items, LastEvaluatedKey } = await at.client.send(
    new QueryCommand({
      TableName: at.table,
      ConsistentRead: true,
      Limit: query.limit,
      KeyConditionExpression: '#chain = :chain AND seq >= :seq',
      ExpressionAttributeNames: { '#chain': 'chain' },
      ExpressionAttributeValues: { ':chain': { S: chain }, ':seq': { N: String(query.fromSeq) } },
    }),
  );
  const items = Items ?? [];
  if (items.length === 0 && query.fromSeq === 0)
    throw new NotFoundError(`There is no chain ${chain}.`, { code: 'chain-not-found' });
  const last = items.at(-1);
  return {
    chain,
    entries: items.map(({ entry }) => entry?.S ?? ''),
    ...(LastEvaluatedKey && last && { nextSeq: Number(last.seq!.N) + 1 }),
  };
}

const bucketCursor = lazily(() => z.strictObject({ before: z.number().int().min(0) }));
/** Days of checkpoints, by their buckets, that are listed at once. */
const listedBuckets = 1_440;

/** Newest first: some days at a time, because a bucket lists its oldest first. */
export async function checkpointsPage(world: ConsoleWorld, query: PageQuery): Promise<AnswerOf<'checkpoints'>> {
  const at = world.checkpoints;
  const before = decodeCursor(bucketCursor, query.cursor)?.before ?? Number(bucketOf(world.now())) + 2;
  const listed = async (from: number): Promise<ListedCheckpoint[]> =>
    (await describeCheckpoints(at, from)).filter(({ key }) => key < checkpointKey(before));
  const near = await listed(Math.max(0, before - listedBuckets));
  // A deployment that rested for longer: everything that is older, at once.
  const found = near.length > 0 ? near : await listed(0);
  const shown = found.slice(-query.limit).reverse();
  const last = shown.at(-1);
  const [oldest] = await describeCheckpoints(at, 0, 1);
  const isMore = last !== undefined && oldest !== undefined && oldest.key < last.key;
  return {
    items: shown.map(({ key, bytes, storedAtMs }) => ({
      name: nameOf(key),
      bytes,
      ...(storedAtMs !== undefined && { storedAtMs }),
    })),
    ...(isMore && { nextCursor: encodeCursor({ before: Number(nameOf(last.key)) }) }),
  };
}

const nameOf = (key: string): string => /(\d{12})\.json$/.exec(key)?.[1] ?? '';

/** @throws NotFoundError */
export async function checkpointText(world: ConsoleWorld, name: string): Promise<CheckpointText> {
  try {
    return { name, text: await readCheckpointText(world.checkpoints, checkpointKey(Number(name))) };
  } catch (error) {
    if (!(error instanceof NoSuchKey)) throw error;
    throw new NotFoundError(`There is no checkpoint ${name}.`, { code: 'checkpoint-not-found' });
  }
}

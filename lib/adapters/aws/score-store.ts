/**
 * What weeks of scores are drawn from: the parts of full chunks, 32 chunks an item. They stand beside the decisions in a
 * table that is a projection, too, under keys that no asset has and without a day, so that no question about decisions
 * meets them. A chunk's parts are one attribute, written over by whoever writes the chunk again, unless a newer batch has
 * written to the item: a process that stood still for long has nothing to say any more.
 */
import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { decodeParts, type ScorePart } from '../../core/scores/parts.ts';
import type { ScoreBook } from '../../core/window/compact.ts';

export interface ScoreTable {
  readonly client: DynamoDBClient;
  readonly table: string;
}

const chunksOfItem = 32;
/** Pages of 1 MB that are read at once: at a reading a second, a page is some ten weeks. */
const mostPages = 6;
const keyPrefix = 'scores#';

const keyOf = (asset: string): AttributeValue.SMember => ({ S: `${keyPrefix}${asset}` });

/** Whether an item of the table holds scores, and no decision. */
export const isScoreItem = (item: Readonly<Record<string, AttributeValue>>): boolean =>
  item.asset?.S?.startsWith(keyPrefix) ?? false;

/**
 * @param keptDays days after which an item that got nothing new is gone
 * @example const scores = dynamoScoreBook({ client: dynamoDb(), table: env.TABLE_DECISIONS }, env.SCORE_RETENTION_DAYS);
 */
export function dynamoScoreBook({ client, table }: ScoreTable, keptDays: number): ScoreBook {
  return {
    async put(asset, chunk, parts, atMs) {
      const update = new UpdateItemCommand({
        TableName: table,
        Key: { asset: keyOf(asset), sk: { S: String(Math.floor(chunk / chunksOfItem)).padStart(8, '0') } },
        UpdateExpression: 'SET #chunk = :parts, #ttl = :ttl, atMs = :at',
        ConditionExpression: 'attribute_not_exists(atMs) OR atMs <= :at',
        ExpressionAttributeNames: { '#chunk': `c${chunk % chunksOfItem}`, '#ttl': 'ttl' },
        ExpressionAttributeValues: {
          ':parts': { B: parts },
          ':ttl': { N: String(Math.floor(atMs / 1000) + keptDays * 86_400) },
          ':at': { N: String(atMs) },
        },
      });
      try {
        await client.send(update);
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
      }
    },
  };
}

export interface ScoredChunk {
  readonly chunk: number;
  readonly parts: readonly ScorePart[];
}

/**
 * Chunks with readings of the span, oldest first; whatever else the newest items back to it hold is read with them.
 * @returns `partial` where the span reaches farther back than is read at once
 * @throws CorruptDataError when an item does not read back
 */
export async function scoredChunks(
  { client, table }: ScoreTable,
  asset: string,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
  pages = mostPages,
): Promise<{ readonly chunks: ScoredChunk[]; readonly partial: boolean }> {
  const chunks: ScoredChunk[] = [];
  let start: Record<string, AttributeValue> | undefined;
  for (let page = 0; page < pages; page += 1) {
    const { Items, LastEvaluatedKey } = await client.send(
      new QueryCommand({
        TableName: table,
        ConsistentRead: true,
        ScanIndexForward: false,
        KeyConditionExpression: 'asset = :asset',
        ExpressionAttributeValues: { ':asset': keyOf(asset) },
        ...(start && { ExclusiveStartKey: start }),
      }),
    );
    let isBefore = false;
    for (const item of Items ?? []) {
      const all = chunksOf(item);
      // Scored rows are in the order of time, chunk after chunk.
      isBefore = all.every(({ parts }) => parts.at(-1)!.toMs < fromMs);
      if (isBefore) break;
      chunks.push(...all.filter(({ parts }) => parts.at(-1)!.toMs >= fromMs && parts[0]!.fromMs <= toMs));
    }
    start = LastEvaluatedKey;
    if (start === undefined || isBefore) break;
    if (page === pages - 1) return { chunks: inOrder(chunks), partial: true };
  }
  return { chunks: inOrder(chunks), partial: false };
}

const inOrder = (chunks: ScoredChunk[]): ScoredChunk[] => chunks.sort((a, b) => a.chunk - b.chunk);

function chunksOf(item: Record<string, AttributeValue>): ScoredChunk[] {
  const first = Number(item.sk?.S) * chunksOfItem;
  const found: ScoredChunk[] = [];
  for (let at = 0; at < chunksOfItem; at += 1) {
    const bytes = item[`c${at}`]?.B;
    if (bytes) found.push({ chunk: first + at, parts: decodeParts(bytes) });
  }
  return found;
}

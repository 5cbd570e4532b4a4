/** Decisions from their projection. */
import { GetItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { z } from 'zod';
import type { DecisionSummary, DecisionsQuery, Page } from '../../../contracts/api.ts';
import type { CaseRecord } from '../../../contracts/case.ts';
import type { Decision } from '../../../contracts/decision.ts';
import { lazily } from '../../../contracts/lazily.ts';
import { decodeCursor, encodeCursor } from '../../../core/console/cursor.ts';
import { decisionSummaryOf } from '../../../core/console/decision-view.ts';
import { batchGet } from '../batch-get.ts';
import { dayShards } from '../decision-store.ts';
import { unpackDecision } from '../packed-decision.ts';
import { type ConsoleWorld, tableAt } from './world.ts';

const dayMs = 86_400_000;
const skOf = (atMs: number): string => String(Math.max(0, atMs)).padStart(13, '0');
/** Sorts after every key that begins with a time. */
const after = '~';
const skCursor = lazily(() => z.string().max(100));

/** The decision that a `ref` names; `undefined` where its projection has been cleared. */
export async function decisionByRef(world: ConsoleWorld, ref: string): Promise<Decision | undefined> {
  const [asset = '', atMs = '', decisionId = ''] = ref.split('.');
  const { client, table } = tableAt(world, 'decisions');
  const { Item } = await client.send(
    new GetItemCommand({
      TableName: table,
      Key: { asset: { S: asset }, sk: { S: `${atMs}#${decisionId}` } },
      ConsistentRead: true,
    }),
  );
  return Item && unpackDecision(Item.packed?.B);
}

/** Looked through for a case's decision: it was made shortly before the case was opened. */
const maxLooked = 200;

/** The decision that opened a case. */
export async function decisionOf(world: ConsoleWorld, record: CaseRecord): Promise<Decision | undefined> {
  const found = await ofAsset(
    world,
    record.asset,
    skOf(record.openedAtMs - dayMs),
    skOf(record.openedAtMs) + after,
    maxLooked,
  );
  return found.find(({ decisionId }) => decisionId === record.decisionId);
}

/** Newest first. */
async function ofAsset(
  world: ConsoleWorld,
  asset: string,
  fromSk: string,
  toSk: string,
  limit: number,
): Promise<Decision[]> {
  const { client, table } = tableAt(world, 'decisions');
  const { Items } = await client.send(
    new QueryCommand({
      TableName: table,
      ScanIndexForward: false,
      Limit: limit,
      KeyConditionExpression: 'asset = :asset AND sk BETWEEN :from AND :to',
      ExpressionAttributeValues: { ':asset': { S: asset }, ':from': { S: fromSk }, ':to': { S: toSk } },
    }),
  );
  return (Items ?? []).map((item) => unpackDecision(item.packed?.B));
}

export async function decisionsPage(world: ConsoleWorld, query: DecisionsQuery): Promise<Page<DecisionSummary>> {
  const before = decodeCursor(skCursor, query.cursor);
  const day = query.day ?? (query.asset === undefined ? new Date(world.now()).toISOString().slice(0, 10) : undefined);
  const found =
    query.asset === undefined
      ? await ofDay(world, day!, query.limit, before)
      : await ofAssetAndDay(world, query.asset, day, query.limit, before);
  const items = found.map(decisionSummaryOf);
  const last = found.at(-1);
  const isMore = found.length === query.limit && last !== undefined;
  return { items, ...(isMore && { nextCursor: encodeCursor(`${skOf(last.atMs)}#${last.decisionId}`) }) };
}

async function ofAssetAndDay(
  world: ConsoleWorld,
  asset: string,
  day: string | undefined,
  limit: number,
  before: string | undefined,
): Promise<Decision[]> {
  const fromMs = day === undefined ? 0 : Date.parse(day);
  const to = before ?? (day === undefined ? after : skOf(fromMs + dayMs - 1) + after);
  // `BETWEEN` has the cursor's own decision in it.
  const found = await ofAsset(world, asset, skOf(fromMs), to, limit + 1);
  return found.filter(({ atMs, decisionId }) => `${skOf(atMs)}#${decisionId}` !== before).slice(0, limit);
}

/** The newest of a day, before a key: the shards of its index, merged. */
async function ofDay(world: ConsoleWorld, day: string, limit: number, before: string = after): Promise<Decision[]> {
  const { client, table } = tableAt(world, 'decisions');
  const shards = Array.from({ length: dayShards }, async (_, shard) => {
    const { Items } = await client.send(
      new QueryCommand({
        TableName: table,
        IndexName: 'by-day',
        ScanIndexForward: false,
        Limit: limit,
        KeyConditionExpression: '#day = :day AND sk < :before',
        ExpressionAttributeNames: { '#day': 'day' },
        ExpressionAttributeValues: { ':day': { S: `${day}#${shard}` }, ':before': { S: before } },
      }),
    );
    return (Items ?? []).map((item) => ({ asset: item.asset!, sk: item.sk! }));
  });
  const keys = (await Promise.all(shards)).flat().sort((a, b) => (a.sk.S! < b.sk.S! ? 1 : -1));
  const items = await batchGet(client, table, keys.slice(0, limit));
  return items.sort((a, b) => (a.sk!.S! < b.sk!.S! ? 1 : -1)).map((item) => unpackDecision(item.packed?.B));
}

/**
 * The newest decisions of a span, day by day from its end.
 * @returns whether all of the span was read, too
 */
export async function newestDecisions(
  world: ConsoleWorld,
  fromMs: number,
  toMs: number,
  limit: number,
): Promise<{ readonly decisions: Decision[]; readonly complete: boolean }> {
  const decisions: Decision[] = [];
  for (let dayAtMs = toMs; dayAtMs > fromMs - dayMs && dayAtMs >= 0; dayAtMs -= dayMs) {
    const day = new Date(dayAtMs).toISOString().slice(0, 10);
    const before = dayAtMs === toMs ? skOf(toMs) : undefined;
    const left = limit - decisions.length;
    const found = await ofDay(world, day, left, before);
    decisions.push(...found.filter(({ atMs }) => atMs >= fromMs));
    if (found.length >= left) return { decisions, complete: false };
  }
  return { decisions, complete: true };
}

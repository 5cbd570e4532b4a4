/** Decisions from their projection. */
import { GetItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { z } from 'zod';
import type { DecisionSummary, DecisionsQuery, Page } from '../../../contracts/api.ts';
import type { CaseRecord } from '../../../contracts/case.ts';
import type { Decision } from '../../../contracts/decision.ts';
import { lazily } from '../../../contracts/lazily.ts';
import { personsInText } from '../../../core/console/case-view.ts';
import { decodeCursor, encodeCursor } from '../../../core/console/cursor.ts';
import { decisionSummaryOf } from '../../../core/console/decision-view.ts';
import { batchGet } from '../batch-get.ts';
import { dayShards } from '../decision-store.ts';
import { unpackDecision } from '../packed-decision.ts';
import { namesOf } from './names.ts';
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
  const { decisions, more } =
    query.asset === undefined
      ? await ofDay(world, day!, query.limit, before)
      : await ofAssetAndDay(world, query.asset, day, query.limit, before);
  const last = decisions.at(-1);
  const persons = decisions.flatMap(({ inference }) => personsInText(inference.explanation.sentence));
  const nameOf = await namesOf(world, persons);
  return {
    items: decisions.map((decision) => decisionSummaryOf(decision, nameOf)),
    ...(more && last && { nextCursor: encodeCursor(`${skOf(last.atMs)}#${last.decisionId}`) }),
  };
}

interface Found {
  readonly decisions: Decision[];
  readonly more: boolean;
}

async function ofAssetAndDay(
  world: ConsoleWorld,
  asset: string,
  day: string | undefined,
  limit: number,
  before: string | undefined,
): Promise<Found> {
  const fromMs = day === undefined ? 0 : Date.parse(day);
  const to = before ?? (day === undefined ? after : skOf(fromMs + dayMs - 1) + after);
  // `BETWEEN` has the cursor's own decision in it.
  const found = await ofAsset(world, asset, skOf(fromMs), to, limit + 2);
  const decisions = found.filter(({ atMs, decisionId }) => `${skOf(atMs)}#${decisionId}` !== before);
  return { decisions: decisions.slice(0, limit), more: decisions.length > limit };
}

/**
 * The newest of a day, before a key: the shards of its index, merged. Of each shard somewhat more than its part is read;
 * what lies behind the place that all of them have reached waits for the next page, so a page may be short.
 */
async function ofDay(world: ConsoleWorld, day: string, limit: number, before: string = after): Promise<Found> {
  const { client, table } = tableAt(world, 'decisions');
  const perShard = Math.min(limit, Math.ceil((1.5 * limit) / dayShards) + 2);
  const shards = await Promise.all(
    Array.from({ length: dayShards }, async (_, shard) => {
      const { Items, LastEvaluatedKey } = await client.send(
        new QueryCommand({
          TableName: table,
          IndexName: 'by-day',
          ScanIndexForward: false,
          Limit: perShard,
          KeyConditionExpression: '#day = :day AND sk < :before',
          ExpressionAttributeNames: { '#day': 'day' },
          ExpressionAttributeValues: { ':day': { S: `${day}#${shard}` }, ':before': { S: before } },
        }),
      );
      const keys = (Items ?? []).map((item) => ({ asset: item.asset!, sk: item.sk! }));
      return { keys, reached: LastEvaluatedKey ? (keys.at(-1)?.sk.S ?? '') : '' };
    }),
  );
  const reached = shards
    .map((shard) => shard.reached)
    .sort()
    .at(-1)!;
  const all = shards.flatMap(({ keys }) => keys).sort((a, b) => (a.sk.S! < b.sk.S! ? 1 : -1));
  const taken = all.filter(({ sk }) => sk.S! >= reached).slice(0, limit);
  const items = await batchGet(client, table, taken);
  return {
    decisions: items.sort((a, b) => (a.sk!.S! < b.sk!.S! ? 1 : -1)).map((item) => unpackDecision(item.packed?.B)),
    more: reached !== '' || taken.length < all.length,
  };
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
    let before = dayAtMs === toMs ? skOf(toMs) : undefined;
    for (let more = true; more; ) {
      const left = limit - decisions.length;
      if (left <= 0) return { decisions, complete: false };
      const found = await ofDay(world, day, left, before);
      decisions.push(...found.decisions.filter(({ atMs }) => atMs >= fromMs));
      const last = found.decisions.at(-1);
      more = found.more && last !== undefined && last.atMs >= fromMs;
      if (last) before = `${skOf(last.atMs)}#${last.decisionId}`;
    }
  }
  return { decisions, complete: true };
}

/** Decisions from their projection. */
import { GetItemCommand, QueryCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { z } from 'zod';
import type { DecisionSummary, DecisionsQuery, Page } from '../../../contracts/api.ts';
import type { CaseRecord } from '../../../contracts/case.ts';
import type { Decision } from '../../../contracts/decision.ts';
import { lazily } from '../../../contracts/lazily.ts';
import { personsInText } from '../../../core/console/case-view.ts';
import { decodeCursor, encodeCursor } from '../../../core/console/cursor.ts';
import { decisionSummaryOf } from '../../../core/console/decision-view.ts';
import { batchGet, type Item } from '../batch-get.ts';
import { dayShards, keptDays } from '../decision-store.ts';
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

interface DecisionKey {
  readonly asset: string;
  readonly sk: string;
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

async function ofDay(world: ConsoleWorld, day: string, limit: number, before: string = after): Promise<Found> {
  const { keys, more } = await keysOfDay(world, day, limit, before);
  return { decisions: await decisionsAt(world, keys), more };
}

/**
 * The newest of a day, before a key: the shards of its index, merged. Of each shard somewhat more than its part is read;
 * what lies behind the place that all of them have reached waits for the next page, so a page may be short.
 */
async function keysOfDay(
  world: ConsoleWorld,
  day: string,
  limit: number,
  before: string,
): Promise<{ readonly keys: DecisionKey[]; readonly more: boolean }> {
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
      const keys = (Items ?? []).map(keyOf);
      return { keys, reached: LastEvaluatedKey ? (keys.at(-1)?.sk ?? '') : '' };
    }),
  );
  const reached = shards
    .map((shard) => shard.reached)
    .sort()
    .at(-1)!;
  const all = shards.flatMap(({ keys }) => keys).sort((a, b) => (a.sk < b.sk ? 1 : -1));
  const taken = all.filter(({ sk }) => sk >= reached).slice(0, limit);
  return { keys: taken, more: reached !== '' || taken.length < all.length };
}

/** Newest first. */
async function decisionsAt(world: ConsoleWorld, keys: readonly DecisionKey[]): Promise<Decision[]> {
  const { client, table } = tableAt(world, 'decisions');
  const items = await batchGet(
    client,
    table,
    keys.map(({ asset, sk }) => ({ asset: { S: asset }, sk: { S: sk } })),
  );
  return items.sort((a, b) => (a.sk!.S! < b.sk!.S! ? 1 : -1)).map((item) => unpackDecision(item.packed?.B));
}

/** Where so many days had so few of them, the whole index is read if that takes no more than this. */
const fewDays = 3;
const mostScanned = 2_000;

/**
 * The newest decisions of a span. The index has a partition a day and shard, so days are asked one by one; but twice as
 * many at once each time, because where one had few, those before it may have few as well. Where all that are kept can be
 * expected to be few, one read of them takes the place of some hundred.
 * @returns whether all of the span was read, too
 */
export async function newestDecisions(
  world: ConsoleWorld,
  fromMs: number,
  toMs: number,
  limit: number,
): Promise<{ readonly decisions: Decision[]; readonly complete: boolean }> {
  const firstDay = Math.floor(fromMs / dayMs);
  const lastDay = Math.floor(toMs / dayMs);
  const span = [skOf(fromMs), skOf(toMs)] as const;
  let keys: DecisionKey[] = [];
  let day = lastDay;
  // One more than is wanted tells whether there are more.
  for (let atOnce = 1; day >= firstDay && keys.length <= limit; atOnce *= 2) {
    const days = Array.from({ length: Math.min(atOnce, day - firstDay + 1) }, (_, n) => day - n);
    day -= days.length;
    const left = limit + 1 - keys.length;
    const found = await Promise.all(days.map((each) => newestOfDay(world, each, span, left)));
    keys.push(...found.flat());
    const isFew = lastDay - day === fewDays && (keys.length / fewDays) * keptDays <= mostScanned;
    const all = isFew && day - firstDay >= fewDays ? await allKeys(world) : undefined;
    if (!all) continue;
    keys = all.filter(({ sk }) => sk >= span[0] && sk < span[1]).sort((a, b) => (a.sk < b.sk ? 1 : -1));
    break;
  }
  return { decisions: await decisionsAt(world, keys.slice(0, limit)), complete: keys.length <= limit };
}

/** Keys of all decisions that are kept, in no order; `undefined` where they are more than are read for it. */
async function allKeys(world: ConsoleWorld): Promise<DecisionKey[] | undefined> {
  const { client, table } = tableAt(world, 'decisions');
  const { Items, LastEvaluatedKey } = await client.send(
    new ScanCommand({ TableName: table, IndexName: 'by-day', Limit: mostScanned }),
  );
  return LastEvaluatedKey ? undefined : (Items ?? []).map(keyOf);
}

const keyOf = (item: Item): DecisionKey => ({ asset: item.asset?.S ?? '', sk: item.sk?.S ?? '' });

/** At most `limit` keys of a day, by as many pages as that takes. */
async function newestOfDay(
  world: ConsoleWorld,
  day: number,
  [fromSk, toSk]: readonly [string, string],
  limit: number,
): Promise<DecisionKey[]> {
  const name = new Date(day * dayMs).toISOString().slice(0, 10);
  const keys: DecisionKey[] = [];
  let before = toSk;
  for (let more = true; more && keys.length < limit; ) {
    const page = await keysOfDay(world, name, limit - keys.length, before);
    keys.push(...page.keys.filter(({ sk }) => sk >= fromSk));
    const last = page.keys.at(-1);
    more = page.more && last !== undefined && last.sk >= fromSk;
    if (last) before = last.sk;
  }
  return keys;
}

/** What the first page shows, what is being done, and what is stopped. */
import { type AttributeValue, QueryCommand } from '@aws-sdk/client-dynamodb';
import type { Doing, Now, StopState } from '../../../contracts/api.ts';
import { type Effect, effect as effectSchema } from '../../../contracts/ledger.ts';
import type { StopState as StoredStop } from '../../../contracts/stop.ts';
import { midnightBefore } from '../../../core/console/midnight.ts';
import { resumeAskMs } from '../../../core/guard/stop.ts';
import { batchGet } from '../batch-get.ts';
import { listStops } from '../stop-store.ts';
import { someAssets } from './asset-reader.ts';
import { urgentCases } from './case-reader.ts';
import { indexCount } from './index-pages.ts';
import { namesOf } from './names.ts';
import { readSettings } from './settings.ts';
import { type ConsoleWorld, tableAt } from './world.ts';

const maxAssets = 500;
const maxCases = 50;
export const maxDoing = 200;
/** Counted up to this; a number that is equal to it says "at least". */
const maxCounted = 100;

export async function now(world: ConsoleWorld): Promise<Now> {
  const at = tableAt(world, 'cases');
  const { timeZone } = await readSettings(world);
  const nowMs = world.now();
  const today = { fromMs: midnightBefore(nowMs, timeZone) };
  const count = (mark: Parameters<typeof indexCount>[1], range = {}): Promise<number> =>
    indexCount(at, mark, maxCounted, range);
  const [{ assets, more }, cases, stops, doing, waiting, inReview, acting, verifying, automatedToday] =
    await Promise.all([
      someAssets(world, maxAssets),
      urgentCases(world, maxCases),
      activeStops(world),
      effectsAtWork(world),
      count('case'),
      count('case#in-review'),
      count('case#acting'),
      count('case#verifying'),
      count('closed#automated', today),
    ]);
  const open = new Map<string, string[]>();
  for (const { asset, caseId } of cases) open.set(asset, [...(open.get(asset) ?? []), caseId]);
  return {
    atMs: nowMs,
    assets: assets.map((each) => ({ ...each, openCaseIds: open.get(each.asset) ?? [] })),
    assetsMore: more,
    cases,
    stops,
    doing: doing.map(doingOf).slice(0, maxDoing),
    counts: {
      open: Math.min(maxCounted, waiting + inReview + acting + verifying),
      inReview,
      acting,
      verifying,
      automatedToday,
      limit: maxCounted,
    },
  };
}

/** Effects that are not finished, found by the index, each read consistently. */
export async function effectsAtWork(world: ConsoleWorld): Promise<Effect[]> {
  const { client, table } = tableAt(world, 'ledger');
  const { Items } = await client.send(
    new QueryCommand({
      TableName: table,
      IndexName: 'by-due',
      Limit: maxDoing,
      KeyConditionExpression: 'due = :due',
      ExpressionAttributeValues: { ':due': { S: 'effect' } },
    }),
  );
  const keys = (Items ?? []).map((item): Record<string, AttributeValue> => ({ pk: item.pk! }));
  const items = await batchGet(client, table, keys);
  return items
    .map((item) => effectSchema.parse(JSON.parse(item.json?.S ?? 'null')))
    .filter(({ completed }) => !completed)
    .sort((a, b) => a.createdAtMs - b.createdAtMs);
}

export const doingOf = ({ caseId, asset, action, target, status, updatedAtMs }: Effect): Doing => ({
  caseId,
  asset,
  action,
  target,
  state: status,
  sinceMs: updatedAtMs,
});

export async function activeStops(world: ConsoleWorld): Promise<StopState[]> {
  const stops = (await listStops(tableAt(world, 'stop'))).filter(({ stopped }) => stopped);
  return shownStops(world, stops);
}

export async function shownStops(world: ConsoleWorld, stops: readonly StoredStop[]): Promise<StopState[]> {
  const nameOf = await namesOf(
    world,
    stops.flatMap(({ by, resumeAsked }) => [by, resumeAsked?.by]),
  );
  return stops.map(({ scope, reason, by, atMs, resumeAsked }) => {
    const asked = resumeAsked && world.now() - resumeAsked.atMs <= resumeAskMs ? resumeAsked : undefined;
    return {
      scope: scope as StopState['scope'],
      reason,
      by: nameOf(by),
      atMs,
      ...(asked && { resumeRequestedBy: nameOf(asked.by), resumeRequestedUntilMs: asked.atMs + resumeAskMs }),
    };
  });
}

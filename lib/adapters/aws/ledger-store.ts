/**
 * The ledger table: effects, quotas, breakers. Each write is one item, conditional on what was read, so that of two
 * writers with the same reading exactly one succeeds.
 */
import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { type BreakerState, breakerState, type Effect, effect as effectSchema } from '../../contracts/ledger.ts';
import { ConflictError } from '../../core/errors.ts';
import { dueAtMs } from '../../core/ledger/effect.ts';
import type { LedgerPort } from '../../core/remediation/ports.ts';

/** Where the ledger is. */
export interface LedgerTable {
  readonly client: DynamoDBClient;
  readonly table: string;
}

type Item = NonNullable<ConstructorParameters<typeof PutItemCommand>[0]['Item']>;

/** The ledger's effects behind the port of lib/core/remediation. */
export function dynamoLedger(at: LedgerTable): LedgerPort {
  return {
    get: (effectKey) => getEffect(at, effectKey),
    async create(effect) {
      const written = await putIf(at, effectItem(effect), 'attribute_not_exists(pk)', {});
      if (written) return effect;
      const there = await getEffect(at, effect.effectKey);
      if (!there) throw new ConflictError(`effect ${effect.effectKey} vanished`, { code: 'ledger-conflict' });
      return there;
    },
    async replace(before, next) {
      // The attempt stands in the condition beside the version: only its holder moves an effect on.
      return await putIf(
        at,
        effectItem(next),
        before.attempt
          ? '#version = :version AND #status = :status AND attemptId = :attemptId'
          : '#version = :version AND #status = :status AND attribute_not_exists(attemptId)',
        {
          ':version': { N: String(before.version) },
          ':status': { S: before.status },
          ...(before.attempt && { ':attemptId': { S: before.attempt.attemptId } }),
        },
        { '#version': 'version', '#status': 'status' },
      );
    },
  };
}

/** One effect, read consistently. */
export async function getEffect(at: LedgerTable, effectKey: string): Promise<Effect | undefined> {
  const item = await getItem(at, `effect#${effectKey}`);
  return item && effectSchema.parse(JSON.parse(item.json?.S ?? 'null'));
}

/** Effects that are due for the sweeper: found by the index, each then read consistently. */
export async function dueEffects(at: LedgerTable, nowMs: number, limit = 50): Promise<Effect[]> {
  const { Items } = await at.client.send(
    new QueryCommand({
      TableName: at.table,
      IndexName: 'by-due',
      KeyConditionExpression: 'due = :due AND dueAtMs <= :now',
      ExpressionAttributeValues: { ':due': { S: 'effect' }, ':now': { N: String(nowMs) } },
      Limit: limit,
    }),
  );
  const effects: Effect[] = [];
  for (const item of Items ?? []) {
    const effect = await getEffect(at, (item.pk?.S ?? '').slice('effect#'.length));
    if (effect && (dueAtMs(effect) ?? Number.POSITIVE_INFINITY) <= nowMs) effects.push(effect);
  }
  return effects;
}

/**
 * Takes one from the quota of an asset and hour; the same `user` asking again takes nothing more.
 * @returns false when the quota is used up
 */
export async function takeQuota(
  at: LedgerTable,
  quota: { readonly scope: string; readonly limit: number; readonly user: string },
  nowMs: number,
): Promise<boolean> {
  if (quota.limit <= 0) return false;
  const pk = quotaKey(quota.scope, nowMs);
  try {
    await at.client.send(
      new UpdateItemCommand({
        TableName: at.table,
        Key: { pk: { S: pk } },
        UpdateExpression: 'ADD #used :one, #users :user',
        ConditionExpression: '(attribute_not_exists(#used) OR #used < :limit) AND NOT contains(#users, :name)',
        ExpressionAttributeNames: { '#used': 'used', '#users': 'users' },
        ExpressionAttributeValues: {
          ':one': { N: '1' },
          ':limit': { N: String(quota.limit) },
          ':user': { SS: [quota.user] },
          ':name': { S: quota.user },
        },
      }),
    );
    return true;
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    const item = await getItem(at, pk);
    return item?.users?.SS?.includes(quota.user) ?? false;
  }
}

/** Effects that were taken from the quota of this hour, read consistently. */
export async function quotaUsed(at: LedgerTable, scope: string, nowMs: number): Promise<number> {
  const item = await getItem(at, quotaKey(scope, nowMs));
  return Number(item?.used?.N ?? 0);
}

const hourMs = 3_600_000;
const quotaKey = (scope: string, nowMs: number): string =>
  `quota#${scope}#${new Date(Math.floor(nowMs / hourMs) * hourMs).toISOString().slice(0, 13)}`;

/** The breaker of an endpoint, read consistently; `undefined` where nothing ever failed. */
export async function getBreaker(at: LedgerTable, endpoint: string): Promise<BreakerState | undefined> {
  const item = await getItem(at, `breaker#${endpoint}`);
  return item && breakerState.parse(JSON.parse(item.json?.S ?? 'null'));
}

/** Stores a breaker if nobody changed it since version `next.version - 1`. */
export async function putBreaker(at: LedgerTable, next: BreakerState): Promise<boolean> {
  const item = {
    pk: { S: `breaker#${next.endpoint}` },
    version: { N: String(next.version) },
    json: { S: JSON.stringify(next) },
  };
  return await putIf(
    at,
    item,
    'attribute_not_exists(pk) OR #version = :before',
    { ':before': { N: String(next.version - 1) } },
    { '#version': 'version' },
  );
}

const effectItem = (effect: Effect): Item => {
  const due = dueAtMs(effect);
  return {
    pk: { S: `effect#${effect.effectKey}` },
    json: { S: JSON.stringify(effectSchema.parse(effect)) },
    status: { S: effect.status },
    version: { N: String(effect.version) },
    ...(effect.attempt && { attemptId: { S: effect.attempt.attemptId } }),
    ...(due !== undefined && { due: { S: 'effect' }, dueAtMs: { N: String(due) } }),
  };
};

async function getItem(at: LedgerTable, pk: string): Promise<Item | undefined> {
  const { Item } = await at.client.send(
    new GetItemCommand({ TableName: at.table, Key: { pk: { S: pk } }, ConsistentRead: true }),
  );
  return Item;
}

async function putIf(
  at: LedgerTable,
  item: Item,
  condition: string,
  values: Item,
  names?: Record<string, string>,
): Promise<boolean> {
  try {
    await at.client.send(
      new PutItemCommand({
        TableName: at.table,
        Item: item,
        ConditionExpression: condition,
        ...(Object.keys(values).length > 0 && { ExpressionAttributeValues: values }),
        ...(names && { ExpressionAttributeNames: names }),
      }),
    );
    return true;
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    // After a lost answer the SDK sends the put again and our own write refuses it: then our item stands there. The
    // attempt's random id and the version make it unmistakable.
    return (await getItem(at, item.pk?.S ?? ''))?.json?.S === item.json?.S;
  }
}

/**
 * Flags in the cases table: `flag#ID`/`flag`, in the sparse index `by-open` while they are pending. A flag holds its
 * decision from the claim until it is decided; the audit and the projection hold it from then on.
 */
import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { verdict } from '../../contracts/common.ts';
import { type FlaggedSignal, flaggedSignal } from '../../contracts/flag.ts';
import type { FlagBook, FlagEnd, StoredFlag } from '../../core/decision/ports.ts';
import { ConflictError, CorruptDataError, NotFoundError } from '../../core/errors.ts';
import { packDecision, unpackDecision } from './packed-decision.ts';

/** Days that a decided flag stays. Only a matter of cost: a flag that has gone is not decided again, it is refused. */
const keptDays = 90;

/** Where a flag stands in the cases table. */
export const flagKey = (flagId: string) => ({ pk: { S: `flag#${flagId}` }, sk: { S: 'flag' } });

/** @throws where the item is none */
export const flagOfItem = (item: Record<string, AttributeValue>): FlaggedSignal =>
  flaggedSignal.parse(JSON.parse(item.json?.S ?? ''));

const endOf = (item: Record<string, AttributeValue>): FlagEnd => ({
  verdict: verdict.parse(item.verdict?.S),
  ...(item.caseId?.S === undefined ? {} : { caseId: item.caseId.S }),
});

/** @example const flags = dynamoFlagStore(dynamoDb(), env.TABLE_CASES); */
export function dynamoFlagStore(client: DynamoDBClient, table: string): FlagBook {
  async function get(flagId: string): Promise<StoredFlag | undefined> {
    const { Item } = await client.send(
      new GetItemCommand({ TableName: table, Key: flagKey(flagId), ConsistentRead: true }),
    );
    if (!Item) return undefined;
    try {
      const isPending = Item.open !== undefined;
      return {
        flag: flagOfItem(Item),
        status: isPending ? 'pending' : 'decided',
        ...(isPending ? {} : { end: endOf(Item) }),
        ...(Item.decision === undefined ? {} : { decision: unpackDecision(Item.decision.B) }),
        publishedTimes: Number(Item.publishedTimes?.N ?? 1),
      };
    } catch (cause) {
      throw new CorruptDataError(`Flag ${flagId} does not read back as it was written.`, {
        code: 'flag-corrupt',
        cause,
      });
    }
  }

  /** False when the condition does not hold. */
  async function update(
    input: Omit<ConstructorParameters<typeof UpdateItemCommand>[0], 'TableName'>,
  ): Promise<boolean> {
    try {
      await client.send(new UpdateItemCommand({ TableName: table, ...input }));
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  }

  return {
    get,

    async putIfAbsent(flag, nowMs) {
      try {
        await client.send(
          new PutItemCommand({
            TableName: table,
            Item: {
              ...flagKey(flag.flagId),
              json: { S: JSON.stringify(flaggedSignal.parse(flag)) },
              open: { S: 'flag' },
              dueAtMs: { N: String(nowMs) },
            },
            ConditionExpression: 'attribute_not_exists(pk)',
          }),
        );
        return true;
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return false;
        throw error;
      }
    },

    async claimDecision(decision) {
      const claimed = await update({
        Key: flagKey(decision.flagId),
        UpdateExpression: 'SET decision = :decision',
        ConditionExpression: '#open = :flag AND attribute_not_exists(decision)',
        ExpressionAttributeNames: { '#open': 'open' },
        ExpressionAttributeValues: { ':decision': { B: packDecision(decision) }, ':flag': { S: 'flag' } },
      });
      if (claimed) return decision;
      const stored = await get(decision.flagId);
      if (stored?.decision) return stored.decision;
      if (stored) {
        throw new ConflictError(`Flag ${decision.flagId} was decided meanwhile: read it again.`, {
          code: 'flag-decided',
        });
      }
      throw new NotFoundError(`There is no flag ${decision.flagId} to decide on.`, { code: 'flag-unknown' });
    },

    async markDecided(flagId, { verdict: said, caseId }, nowMs) {
      await update({
        Key: flagKey(flagId),
        UpdateExpression: `SET verdict = :verdict, #ttl = :ttl${caseId === undefined ? '' : ', caseId = :caseId'} REMOVE #open, dueAtMs, decision`,
        ConditionExpression: 'attribute_exists(decision)',
        ExpressionAttributeNames: { '#open': 'open', '#ttl': 'ttl' },
        ExpressionAttributeValues: {
          ':verdict': { S: said },
          ':ttl': { N: String(Math.floor(nowMs / 1000) + keptDays * 86_400) },
          ...(caseId === undefined ? {} : { ':caseId': { S: caseId } }),
        },
      });
    },

    async pending(dueBeforeMs, limit) {
      const { Items } = await client.send(
        new QueryCommand({
          TableName: table,
          IndexName: 'by-open',
          Limit: limit,
          KeyConditionExpression: '#open = :flag AND dueAtMs < :due',
          ExpressionAttributeNames: { '#open': 'open' },
          ExpressionAttributeValues: { ':flag': { S: 'flag' }, ':due': { N: String(dueBeforeMs) } },
        }),
      );
      return (Items ?? []).map((item) => item.pk!.S!.slice('flag#'.length));
    },

    async postpone(flagId, dueAtMs) {
      await update({
        Key: flagKey(flagId),
        UpdateExpression: 'SET dueAtMs = :due, publishedTimes = if_not_exists(publishedTimes, :one) + :one',
        ConditionExpression: '#open = :flag',
        ExpressionAttributeNames: { '#open': 'open' },
        ExpressionAttributeValues: { ':due': { N: String(dueAtMs) }, ':one': { N: '1' }, ':flag': { S: 'flag' } },
      });
    },
  };
}

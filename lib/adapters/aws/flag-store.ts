/** Flags in the cases table: `flag#ID`/`flag`, in the sparse index `by-open` while they are pending. */
import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { decision as decisionSchema } from '../../contracts/decision.ts';
import { flaggedSignal } from '../../contracts/flag.ts';
import type { FlagBook, StoredFlag } from '../../core/decision/ports.ts';
import { CorruptDataError, NotFoundError } from '../../core/errors.ts';

const keyOf = (flagId: string) => ({ pk: { S: `flag#${flagId}` }, sk: { S: 'flag' } });

/** @example const flags = dynamoFlagStore(dynamoDb(), env.TABLE_CASES); */
export function dynamoFlagStore(client: DynamoDBClient, table: string): FlagBook {
  async function get(flagId: string): Promise<StoredFlag | undefined> {
    const { Item } = await client.send(
      new GetItemCommand({ TableName: table, Key: keyOf(flagId), ConsistentRead: true }),
    );
    if (!Item) return undefined;
    try {
      const decision = Item.decision?.S;
      return {
        flag: flaggedSignal.parse(JSON.parse(Item.json?.S ?? '')),
        status: Item.open === undefined ? 'decided' : 'pending',
        ...(decision === undefined ? {} : { decision: decisionSchema.parse(JSON.parse(decision)) }),
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
              ...keyOf(flag.flagId),
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
      const text = JSON.stringify(decisionSchema.parse(decision));
      const claimed = await update({
        Key: keyOf(decision.flagId),
        UpdateExpression: 'SET decision = :decision',
        ConditionExpression: 'attribute_exists(pk) AND attribute_not_exists(decision)',
        ExpressionAttributeValues: { ':decision': { S: text } },
      });
      if (claimed) return decision;
      const stored = await get(decision.flagId);
      if (stored?.decision) return stored.decision;
      throw new NotFoundError(`There is no flag ${decision.flagId} to decide on.`, { code: 'flag-unknown' });
    },

    async markDecided(flagId) {
      await update({
        Key: keyOf(flagId),
        UpdateExpression: 'REMOVE #open, dueAtMs',
        ConditionExpression: 'attribute_exists(decision)',
        ExpressionAttributeNames: { '#open': 'open' },
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
        Key: keyOf(flagId),
        UpdateExpression: 'SET dueAtMs = :due, publishedTimes = if_not_exists(publishedTimes, :one) + :one',
        ConditionExpression: '#open = :flag',
        ExpressionAttributeNames: { '#open': 'open' },
        ExpressionAttributeValues: { ':due': { N: String(dueAtMs) }, ':one': { N: '1' }, ':flag': { S: 'flag' } },
      });
    },
  };
}

/** Decisions as a projection for queries; it can be rebuilt from the audit. */
import { type DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { Decision } from '../../contracts/decision.ts';
import type { DecisionBook } from '../../core/decision/ports.ts';
import { packDecision, unpackDecision } from './packed-decision.ts';

/** Shards of a day's index partition, so that a busy day does not heat one. */
export const dayShards = 8;
/** Days that a projection is kept, for what is asked of it daily; the audit keeps the record. Nothing relies on its end. */
export const keptDays = 90;

/** When a decision leaves the projection, seconds since the epoch. */
export const decisionTtlS = ({ atMs }: Decision): number => Math.floor(atMs / 1000) + keptDays * 86_400;

const keyOf = ({ asset, atMs, decisionId }: Pick<Decision, 'asset' | 'atMs' | 'decisionId'>) => ({
  asset: { S: asset },
  sk: { S: `${String(atMs).padStart(13, '0')}#${decisionId}` },
});

/** The projection of a decision that the audit has; `undefined` once it has left its table. @throws CorruptDataError */
export async function projectionOf(
  client: DynamoDBClient,
  table: string,
  decision: Decision,
): Promise<Decision | undefined> {
  const { Item } = await client.send(
    new GetItemCommand({ TableName: table, Key: keyOf(decision), ConsistentRead: true }),
  );
  return Item && unpackDecision(Item.packed?.B);
}

/** @example const decisions = dynamoDecisionStore(dynamoDb(), env.TABLE_DECISIONS); */
export function dynamoDecisionStore(client: DynamoDBClient, table: string): DecisionBook {
  return {
    async put(decision) {
      const { asset, atMs, decisionId } = decision;
      const day = new Date(atMs).toISOString().slice(0, 10);
      const shard = Number.parseInt(decisionId.slice(0, 8), 16) % dayShards;
      await client.send(
        new PutItemCommand({
          TableName: table,
          Item: {
            ...keyOf({ asset, atMs, decisionId }),
            day: { S: `${day}#${shard}` },
            packed: { B: packDecision(decision) },
            ttl: { N: String(decisionTtlS(decision)) },
          },
        }),
      );
    },
  };
}

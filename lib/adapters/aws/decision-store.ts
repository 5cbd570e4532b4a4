/** Decisions as a projection for queries; it can be rebuilt from the audit. */
import { type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { Decision } from '../../contracts/decision.ts';
import type { DecisionBook } from '../../core/decision/ports.ts';
import { packDecision } from './packed-decision.ts';

/** Shards of a day's index partition, so that a busy day does not heat one. */
export const dayShards = 8;
/** Days that a projection is kept, for what is asked of it daily; the audit keeps the record. Nothing relies on its end. */
export const keptDays = 90;

/** When a decision leaves the projection, seconds since the epoch. */
export const decisionTtlS = ({ atMs }: Decision): number => Math.floor(atMs / 1000) + keptDays * 86_400;

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
            asset: { S: asset },
            sk: { S: `${String(atMs).padStart(13, '0')}#${decisionId}` },
            day: { S: `${day}#${shard}` },
            packed: { B: packDecision(decision) },
            ttl: { N: String(decisionTtlS(decision)) },
          },
        }),
      );
    },
  };
}

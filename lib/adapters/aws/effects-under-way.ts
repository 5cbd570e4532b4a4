/** Effects whose call may be on its way now: for the one who has just stopped them. */
import { type DynamoDBClient, paginateQuery } from '@aws-sdk/client-dynamodb';
import type { Effect } from '../../contracts/ledger.ts';
import { getEffect } from './ledger-store.ts';

/** Looked at in one go; more are being sent at once nowhere. */
const maxListed = 1000;

/**
 * Effects with an attempt that holds its lease still, a first sending or a repeated one. The index only names
 * candidates, each read consistently; what began in the very last moment may be missing from it for about a second.
 */
export async function effectsUnderWay(
  at: { readonly client: DynamoDBClient; readonly table: string },
  nowMs: number,
): Promise<Effect[]> {
  const pages = paginateQuery(
    { client: at.client },
    {
      TableName: at.table,
      IndexName: 'by-due',
      KeyConditionExpression: 'due = :due',
      ExpressionAttributeValues: { ':due': { S: 'effect' } },
    },
  );
  const found: Effect[] = [];
  for await (const page of pages) {
    for (const item of page.Items ?? []) {
      const effect = await getEffect(at, (item.pk?.S ?? '').slice('effect#'.length));
      if (effect?.attempt && effect.attempt.leaseUntilMs > nowMs) found.push(effect);
      if (found.length >= maxListed) return found;
    }
  }
  return found;
}

/**
 * Claims: who is at a case, for some minutes. One item a case beside the sessions, conditional on nobody else holding it;
 * it decides nothing about a case, so it stands in no table that a flow reads.
 */
import { ConditionalCheckFailedException, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { Claim } from '../../../contracts/api.ts';
import { batchGet, type Item } from '../batch-get.ts';
import { type ConsoleWorld, tableAt } from './world.ts';

const keyOf = (caseId: string) => ({ pk: { S: `claim#${caseId}` } });
const claimOf = (item: Item): Claim => ({ by: item.by?.S ?? '', untilMs: Number(item.untilMs?.N) });

/** As it stands, also where its time is over. `by` is a pseudonym. */
export async function readClaim(world: ConsoleWorld, caseId: string): Promise<Claim | undefined> {
  const { client, table } = tableAt(world, 'sessions');
  const { Item } = await client.send(
    new GetItemCommand({ TableName: table, Key: keyOf(caseId), ConsistentRead: true }),
  );
  return Item && claimOf(Item);
}

/** Claims of many cases by their id. */
export async function readClaims(world: ConsoleWorld, caseIds: readonly string[]): Promise<ReadonlyMap<string, Claim>> {
  const { client, table } = tableAt(world, 'sessions');
  const items = await batchGet(client, table, [...new Set(caseIds)].map(keyOf));
  return new Map(items.map((item) => [item.pk!.S!.slice('claim#'.length), claimOf(item)]));
}

/**
 * Takes or renews a claim; with `untilMs` 0 gives it back.
 * @returns false where somebody else holds it
 */
export async function putClaim(world: ConsoleWorld, caseId: string, { by, untilMs }: Claim): Promise<boolean> {
  const { client, table } = tableAt(world, 'sessions');
  const nowMs = world.now();
  try {
    await client.send(
      new PutItemCommand({
        TableName: table,
        Item: {
          ...keyOf(caseId),
          by: { S: by },
          untilMs: { N: String(untilMs) },
          ttl: { N: String(Math.ceil(Math.max(untilMs, nowMs) / 1000) + 86_400) },
        },
        ConditionExpression: 'attribute_not_exists(pk) OR #by = :by OR untilMs <= :now',
        ExpressionAttributeNames: { '#by': 'by' },
        ExpressionAttributeValues: { ':by': { S: by }, ':now': { N: String(nowMs) } },
      }),
    );
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}

/** Many items by their keys, read consistently. */
import { type AttributeValue, BatchGetItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DependencyError } from '../../core/errors.ts';

export type Item = Record<string, AttributeValue>;

/** BatchGetItem takes so many keys. */
const maxKeys = 100;
const maxRounds = 8;

/**
 * The items that are there, in no order.
 * @param keys each once
 * @throws DependencyError when the table does not give all of them in eight rounds
 */
export async function batchGet(client: DynamoDBClient, table: string, keys: readonly Item[]): Promise<Item[]> {
  const groups = Array.from({ length: Math.ceil(keys.length / maxKeys) }, (_, at) =>
    keys.slice(at * maxKeys, (at + 1) * maxKeys),
  );
  return (await Promise.all(groups.map((group) => readSome(client, table, group)))).flat();
}

async function readSome(client: DynamoDBClient, table: string, group: readonly Item[]): Promise<Item[]> {
  const items: Item[] = [];
  let keys = [...group];
  for (let round = 0; keys.length > 0; round += 1) {
    if (round === maxRounds)
      throw new DependencyError(`${keys.length} items of ${table} were not read in ${maxRounds} rounds.`, {
        code: 'items-unread',
      });
    if (round > 0) await new Promise((resolve) => setTimeout(resolve, 10 * 2 ** round));
    const answer = await client.send(
      new BatchGetItemCommand({ RequestItems: { [table]: { Keys: keys, ConsistentRead: true } } }),
    );
    items.push(...(answer.Responses?.[table] ?? []));
    keys = answer.UnprocessedKeys?.[table]?.Keys ?? [];
  }
  return items;
}

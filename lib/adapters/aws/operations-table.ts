/**
 * The operations table: what people are told and what they have set for a while. Single items with the JSON of a contract
 * and a version; `by-due` finds what a clock must look at, which is then read consistently.
 */
import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import { CorruptDataError } from '../../core/errors.ts';

export interface OperationsTable {
  readonly client: DynamoDBClient;
  readonly table: string;
}

export interface VersionedItem {
  readonly json: string;
  readonly version: number;
}

export interface ItemKey {
  readonly pk: string;
  readonly sk: string;
}

const keyed = ({ pk, sk }: ItemKey) => ({ pk: { S: pk }, sk: { S: sk } });

/** `undefined` only where there is none. */
export async function getItem(at: OperationsTable, key: ItemKey): Promise<VersionedItem | undefined> {
  const { Item } = await at.client.send(
    new GetItemCommand({ TableName: at.table, Key: keyed(key), ConsistentRead: true }),
  );
  return Item && versioned(Item);
}

export const versioned = (item: Record<string, AttributeValue>): VersionedItem => ({
  json: item.json?.S ?? 'null',
  version: Number(item.version?.N ?? 0),
});

/**
 * Writes an item of which `version` stands there: 0 where none does. The item then has the next version.
 * @returns false when somebody was faster
 */
export async function putItem(
  at: OperationsTable,
  key: ItemKey,
  item: VersionedItem,
  more: Record<string, AttributeValue> = {},
): Promise<boolean> {
  try {
    await at.client.send(
      new PutItemCommand({
        TableName: at.table,
        Item: { ...keyed(key), json: { S: item.json }, version: { N: String(item.version + 1) }, ...more },
        ...(item.version === 0
          ? { ConditionExpression: 'attribute_not_exists(pk)' }
          : {
              ConditionExpression: '#version = :version',
              ExpressionAttributeNames: { '#version': 'version' },
              ExpressionAttributeValues: { ':version': { N: String(item.version) } },
            }),
      }),
    );
    return true;
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    // The SDK may have sent it twice after a lost answer: then our own item stands there.
    const there = await getItem(at, key);
    return there?.version === item.version + 1 && there.json === item.json;
  }
}

/** Keys of what is due under one name: candidates, oldest first. */
export async function dueKeys(at: OperationsTable, due: string, nowMs: number, limit: number): Promise<ItemKey[]> {
  const { Items } = await at.client.send(
    new QueryCommand({
      TableName: at.table,
      IndexName: 'by-due',
      KeyConditionExpression: 'due = :due AND dueAtMs <= :now',
      ExpressionAttributeValues: { ':due': { S: due }, ':now': { N: String(nowMs) } },
      Limit: limit,
    }),
  );
  return (Items ?? []).map((item) => ({ pk: item.pk?.S ?? '', sk: item.sk?.S ?? '' }));
}

/** Reads what was written as JSON of a contract. @throws CorruptDataError */
export function readJsonOf<T>(schema: { parse(value: unknown): T }, { json }: VersionedItem, what: string): T {
  try {
    return schema.parse(JSON.parse(json));
  } catch (cause) {
    throw new CorruptDataError(`${what} does not read back as it was written.`, { code: 'operations-corrupt', cause });
  }
}

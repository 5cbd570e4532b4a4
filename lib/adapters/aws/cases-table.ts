/** Conditional writes of single items of the cases table. */
import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';

/** Where the cases are. */
export interface CaseTable {
  readonly client: DynamoDBClient;
  readonly table: string;
}

/** Marks of the sparse index `by-open`; under each, items stand by `dueAtMs`. */
export const openCaseMarks = ['case', 'case#in-review', 'case#acting', 'case#verifying'] as const;
/** Closed cases by when they were closed; those that ended without a person's answer apart. */
export const closedCaseMarks = ['closed', 'closed#automated'] as const;
export type OpenMark =
  | 'flag'
  | 'slot'
  | 'review'
  | 'answer'
  | (typeof openCaseMarks)[number]
  | (typeof closedCaseMarks)[number];

export type Item = NonNullable<ConstructorParameters<typeof PutItemCommand>[0]['Item']>;
export interface Expression {
  readonly values: Item;
  readonly names?: Record<string, string>;
}

/** One conditional put; false when the condition does not hold (and the item is not already the very same). */
export async function putIf(
  at: CaseTable,
  condition: string | undefined,
  item: Item,
  expression?: Expression,
): Promise<boolean> {
  try {
    await at.client.send(
      new PutItemCommand({
        TableName: at.table,
        Item: item,
        ...(condition && { ConditionExpression: condition }),
        ...(expression && { ExpressionAttributeValues: expression.values, ExpressionAttributeNames: expression.names }),
      }),
    );
    return true;
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    // The SDK may have sent it twice after a lost answer: then our own item stands there.
    const { Item: there } = await at.client.send(
      new GetItemCommand({
        TableName: at.table,
        Key: { pk: item.pk ?? { S: '' }, sk: item.sk ?? { S: '' } },
        ConsistentRead: true,
      }),
    );
    return item.json?.S !== undefined && there?.json?.S === item.json.S && there.version?.N === item.version?.N;
  }
}

/** One conditional update: the item as the write left it; `undefined` where the condition does not hold. */
export async function updateIf(
  at: CaseTable,
  key: Item,
  condition: string,
  update: string,
  expression: Expression,
): Promise<Item | undefined> {
  try {
    const { Attributes = {} } = await at.client.send(
      new UpdateItemCommand({
        TableName: at.table,
        Key: key,
        ConditionExpression: condition,
        UpdateExpression: update,
        ExpressionAttributeValues: expression.values,
        ExpressionAttributeNames: expression.names,
        ReturnValues: 'ALL_NEW',
      }),
    );
    return Attributes;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return undefined;
    throw error;
  }
}

/** Standing orders, in one partition by their end: what is over is passed over by reading from now on. */
import { paginateQuery } from '@aws-sdk/client-dynamodb';
import { type StandingOrder, standingOrder } from '../../contracts/operations.ts';
import { type OperationsTable, putItem, readJsonOf, versioned } from './operations-table.ts';

/** Only a matter of cost: what is over is read no more. */
const keptS = 90 * 86_400;
const partition = 'standing-orders';
const keyOf = ({ toMs, id }: StandingOrder) => ({ pk: partition, sk: `${String(toMs).padStart(13, '0')}#${id}` });

export interface StoredOrder {
  readonly order: StandingOrder;
  readonly version: number;
}

/** Orders whose time is not over at a moment, read consistently; those that begin later and were ended early with them. */
export async function ordersFrom(at: OperationsTable, atMs: number): Promise<StoredOrder[]> {
  const pages = paginateQuery(
    { client: at.client },
    {
      TableName: at.table,
      ConsistentRead: true,
      KeyConditionExpression: 'pk = :pk AND sk >= :from',
      ExpressionAttributeValues: { ':pk': { S: partition }, ':from': { S: String(atMs).padStart(13, '0') } },
    },
  );
  const found: StoredOrder[] = [];
  for await (const page of pages)
    for (const item of page.Items ?? []) {
      const read = versioned(item);
      found.push({ order: readJsonOf(standingOrder, read, `Order ${item.sk?.S}`), version: read.version });
    }
  return found;
}

/** @param version of what stands there; 0 for a new one @returns false when somebody was faster */
export const putOrder = (at: OperationsTable, order: StandingOrder, version: number): Promise<boolean> =>
  putItem(
    at,
    keyOf(order),
    { json: JSON.stringify(standingOrder.parse(order)), version },
    { ttl: { N: String(Math.floor(order.toMs / 1000) + keptS) } },
  );

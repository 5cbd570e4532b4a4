/** Notes from shift to shift, in one partition by when they were written. */
import { QueryCommand } from '@aws-sdk/client-dynamodb';
import { type HandoverNote, handoverNote } from '../../contracts/operations.ts';
import { type OperationsTable, putItem, readJsonOf, versioned } from './operations-table.ts';

/** Only a matter of cost. The audit has them for ever. */
const keptS = 400 * 86_400;
const partition = 'handovers';
const keyOf = ({ toMs, id }: HandoverNote) => ({ pk: partition, sk: `${String(toMs).padStart(13, '0')}#${id}` });

export interface StoredHandover {
  readonly note: HandoverNote;
  readonly version: number;
}

/** The newest first, read consistently. */
export async function newestHandovers(at: OperationsTable, limit: number): Promise<StoredHandover[]> {
  const { Items } = await at.client.send(
    new QueryCommand({
      TableName: at.table,
      ConsistentRead: true,
      ScanIndexForward: false,
      Limit: limit,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': { S: partition } },
    }),
  );
  return (Items ?? []).map((item) => {
    const read = versioned(item);
    return { note: readJsonOf(handoverNote, read, `Handover ${item.sk?.S}`), version: read.version };
  });
}

/** @param version of what stands there; 0 for a new one @returns false when somebody was faster */
export const putHandover = (at: OperationsTable, note: HandoverNote, version: number): Promise<boolean> =>
  putItem(
    at,
    keyOf(note),
    { json: JSON.stringify(handoverNote.parse(note)), version },
    { ttl: { N: String(Math.floor(note.toMs / 1000) + keptS) } },
  );

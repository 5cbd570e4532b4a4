/** Samples, as items of the operations table; those that wait for an answer stand in `by-due`. */
import { paginateScan } from '@aws-sdk/client-dynamodb';
import { type Sample, sample } from '../../contracts/sample.ts';
import { getItem, type OperationsTable, putItem, readJsonOf, versioned } from './operations-table.ts';

const keyOf = (decisionId: string) => ({ pk: `sample#${decisionId}`, sk: 'sample' });

export interface StoredSample {
  readonly sample: Sample;
  readonly version: number;
}

/** @param version of what stands there; 0 for a new one @returns false when it is there, or somebody was faster */
export async function putSample(at: OperationsTable, each: Sample, version: number): Promise<boolean> {
  const json = JSON.stringify(sample.parse(each));
  const waits = { due: { S: 'sample' }, dueAtMs: { N: String(each.selectedAtMs) } };
  return await putItem(at, keyOf(each.decisionId), { json, version }, each.answer ? {} : waits);
}

export async function getSample(at: OperationsTable, decisionId: string): Promise<StoredSample | undefined> {
  const item = await getItem(at, keyOf(decisionId));
  return item && { sample: readJsonOf(sample, item, `Sample ${decisionId}`), version: item.version };
}

/** All samples, oldest first. */
export async function listSamples(at: OperationsTable, most = 100_000): Promise<Sample[]> {
  const found: Sample[] = [];
  const pages = paginateScan(
    { client: at.client },
    {
      TableName: at.table,
      ConsistentRead: true,
      FilterExpression: 'sk = :sk',
      ExpressionAttributeValues: { ':sk': { S: 'sample' } },
    },
  );
  for await (const page of pages) {
    for (const item of page.Items ?? []) found.push(readJsonOf(sample, versioned(item), `${item.pk?.S}`));
    if (found.length >= most) break;
  }
  return found.sort((a, b) => a.selectedAtMs - b.selectedAtMs);
}

/** Samples, as items of the operations table; those that wait for an answer stand in `by-due`. */
import { paginateScan } from '@aws-sdk/client-dynamodb';
import { type Sample, sample } from '../../contracts/sample.ts';
import type { SampleAt } from '../../core/sampling/tally.ts';
import { batchGet } from './batch-get.ts';
import {
  getItem,
  type OperationsTable,
  putItem,
  readJsonOf,
  type VersionedItem,
  versioned,
} from './operations-table.ts';

const keyOf = (decisionId: string) => ({ pk: `sample#${decisionId}`, sk: 'sample' });
const storedOf = (item: VersionedItem, what: string): SampleAt => ({
  sample: readJsonOf(sample, item, what),
  version: item.version,
});

/**
 * Writes the item alone, which leaves the tally as it is: whoever changes where a sample stands takes `putSample` of
 * `counted-samples.ts`.
 * @param version of what stands there; 0 for a new one @returns false when it is there, or somebody was faster
 */
export async function putSampleItem(at: OperationsTable, each: Sample, version: number): Promise<boolean> {
  const json = JSON.stringify(sample.parse(each));
  const waits = { due: { S: 'sample' }, dueAtMs: { N: String(each.selectedAtMs) } };
  return await putItem(at, keyOf(each.decisionId), { json, version }, each.answer ? {} : waits);
}

export async function getSample(at: OperationsTable, decisionId: string): Promise<SampleAt | undefined> {
  const item = await getItem(at, keyOf(decisionId));
  return item && storedOf(item, `Sample ${decisionId}`);
}

/** Those that are there, in no order, read consistently. */
export async function getSamples(at: OperationsTable, decisionIds: readonly string[]): Promise<SampleAt[]> {
  const keys = decisionIds.map((id) => ({ pk: { S: keyOf(id).pk }, sk: { S: keyOf(id).sk } }));
  return (await batchGet(at.client, at.table, keys)).map((item) => storedOf(versioned(item), `${item.pk?.S}`));
}

/** All samples, oldest first. */
export async function listSamples(at: OperationsTable, most = 100_000): Promise<Sample[]> {
  const found: Sample[] = [];
  for await (const each of eachSample(at)) {
    if (found.length >= most) break;
    found.push(each);
  }
  return found.sort((a, b) => a.selectedAtMs - b.selectedAtMs);
}

/** All samples in no order, each as it stood at some time meanwhile. */
export async function* eachSample(at: OperationsTable): AsyncGenerator<Sample> {
  const pages = paginateScan(
    { client: at.client },
    {
      TableName: at.table,
      ConsistentRead: true,
      FilterExpression: 'sk = :sk',
      ExpressionAttributeValues: { ':sk': { S: 'sample' } },
    },
  );
  for await (const page of pages)
    for (const item of page.Items ?? []) yield readJsonOf(sample, versioned(item), `${item.pk?.S}`);
}

/** Samples and their count on a real engine: retries, take-backs, calls that fail before and after they are done. */

import { type DynamoDBClient, GetItemCommand, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { putSample, sampleCounts } from '../../../lib/adapters/aws/counted-samples.ts';
import type { OperationsTable } from '../../../lib/adapters/aws/operations-table.ts';
import { getSample, listSamples, putSampleItem } from '../../../lib/adapters/aws/sample-store.ts';
import { countSamples } from '../../../lib/core/sampling/tally.ts';
import { inOrder, sampleOf } from '../../support/samples.ts';
import { startTables, type TestTables } from '../../support/tables.ts';

let tables: TestTables;
let at: OperationsTable;
let made = 0;
const startMs = Date.UTC(2026, 4, 4);
const laterMs = startMs + 16 * 60_000;

const fresh = async (): Promise<OperationsTable> => {
  made += 1;
  return { client: tables.client, table: (await tables.create(`c${made}`))['operations']! };
};
beforeAll(async () => {
  tables = await startTables();
});
afterAll(async () => await tables.stop());
beforeEach(async () => {
  at = await fresh();
});

/** The table of somebody whose calls fail now and then, before or after they have been carried out. */
function failing(table: OperationsTable, draws: readonly number[]): OperationsTable {
  let call = 0;
  const send = async (command: never): Promise<unknown> => {
    const draw = draws[call++ % draws.length]!;
    if (draw === 1) throw new Error('not sent');
    const answer = await table.client.send(command);
    if (draw === 2) throw new Error('answer lost');
    return answer;
  };
  return { table: table.table, client: { send, config: table.client.config } as unknown as DynamoDBClient };
}

/** Calls that counting takes, by their names. */
function watched(table: OperationsTable): OperationsTable & { readonly calls: string[] } {
  const calls: string[] = [];
  const send = (command: object): unknown => {
    calls.push(command.constructor.name);
    return table.client.send(command as never);
  };
  // `paginateScan` asks for a real client; whoever scans is seen by its command.
  const client = Object.assign(Object.create(table.client), { send }) as DynamoDBClient;
  return { table: table.table, client, calls };
}

const counts = async (table = at, nowMs = laterMs) => inOrder(await sampleCounts(table, () => nowMs));
const truth = async () => inOrder(countSamples(await listSamples(at)));
const kinds = { waiting: undefined, right: 'leak', wrong: 'normal' } as const;

test('any order of answers, retries and take-backs, at once and with failing calls, counts as the samples stand', async () => {
  const write = fc.record({
    n: fc.nat(4),
    to: fc.constantFrom('waiting', 'right', 'wrong'),
    tries: fc.integer({ min: 1, max: 3 }),
    fails: fc.array(fc.constantFrom(0, 0, 0, 0, 0, 1, 2), { minLength: 1, maxLength: 12 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(write, { minLength: 1, maxLength: 4 }), { maxLength: 4 }), async (rounds) => {
      at = await fresh();
      await counts(at, startMs);
      expect(await counts()).toEqual([]);
      for (const round of rounds) {
        await Promise.all(
          round.map(async ({ n, to, tries, fails }) => {
            for (let turn = 0; turn < tries; turn += 1) {
              // As an event that comes again, and a person who tries again.
              const version = (await getSample(at, sampleOf(n).decisionId))?.version ?? 0;
              const sample = sampleOf(n, kinds[to]);
              await putSample(failing(at, fails), sample, version, laterMs).catch(() => false);
            }
          }),
        );
        expect(await counts()).toEqual(await truth());
      }
      // What is left of those that died is settled by who looked.
      expect(await counts()).toEqual(await truth());
    }),
    { numRuns: 25 },
  );
});

describe('a table that had samples before they were counted', () => {
  beforeEach(async () => {
    for (let n = 0; n < 12; n += 1) await putSampleItem(at, sampleOf(n, n % 3 === 0 ? 'leak' : undefined), 0);
  });

  test('is read until nobody writes without saying so, then once more', async () => {
    expect(await counts(at, startMs)).toEqual(await truth());
    // As a function of the version before, which still runs.
    await putSampleItem(at, sampleOf(50), 0);
    expect(await counts(at, startMs + 60_000)).toEqual(await truth());
    const looking = watched(at);
    expect(await counts(looking)).toEqual(await truth());
    expect(looking.calls).toContain(ScanCommand.name);
    looking.calls.length = 0;
    expect(await counts(looking)).toEqual(await truth());
    expect(looking.calls).toEqual([GetItemCommand.name]);
    await putSample(at, sampleOf(1, 'normal'), 1, laterMs);
    await putSample(at, sampleOf(51), 0, laterMs);
    expect(await counts()).toEqual(await truth());
  });

  test('is right whatever is answered while it is read, and by however many', async () => {
    await counts(at, startMs);
    const writes = Array.from({ length: 12 }, (_, n) =>
      putSample(at, sampleOf(n, n % 2 ? 'leak' : 'normal'), 1, laterMs),
    );
    const looks = await Promise.all([counts(), counts(), counts(), ...writes]);
    for (const look of looks.slice(0, 3)) expect((look as { selected: number }[])[0]).toBeDefined();
    expect(await counts()).toEqual(await truth());
  });
});

test('a sample that died before its write is looked at, and counts once it is there', async () => {
  await counts(at, startMs);
  await counts();
  // Reads the tally and the sample, announces, and dies.
  const dying = failing(at, [0, 0, 0, 1]);
  await expect(putSample(dying, sampleOf(1), 0, laterMs)).rejects.toThrow('not sent');
  expect(await counts()).toEqual([]);
  const looking = watched(at);
  await counts(looking);
  expect(looking.calls).toEqual([GetItemCommand.name, GetItemCommand.name]);
  expect(await putSample(at, sampleOf(1), 0, laterMs)).toBe(true);
  expect(await putSample(at, sampleOf(1), 0, laterMs)).toBe(true);
  expect(await putSample(at, sampleOf(1, 'leak'), 0, laterMs)).toBe(false);
  expect(await counts()).toEqual([{ stratum: 'observe', rate: 0.5, selected: 1, answered: 0, wrong: 0 }]);
});

test('a tally that does not read back is an error, and nothing is written', async () => {
  const tally = { pk: { S: 'sample-tally' }, sk: { S: 'tally' }, json: { S: '{"v":1}' }, version: { N: '1' } };
  await at.client.send(new PutItemCommand({ TableName: at.table, Item: tally }));
  await expect(putSample(at, sampleOf(1), 0, laterMs)).rejects.toMatchObject({ code: 'operations-corrupt' });
  await expect(counts()).rejects.toMatchObject({ code: 'operations-corrupt' });
  expect(await getSample(at, sampleOf(1).decisionId)).toBeUndefined();
});

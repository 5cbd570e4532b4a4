/** Pages of an index over several marks: nothing is left out or comes twice, however unevenly the marks are filled. */

import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type CaseTable, openCaseMarks } from '../../../lib/adapters/aws/cases-table.ts';
import { type IndexKey, indexPage, type Places } from '../../../lib/adapters/aws/console/index-pages.ts';
import { startTables, type TestTables } from '../../support/tables.ts';

let tables: TestTables;
let made = 0;
beforeAll(async () => {
  tables = await startTables();
}, 30_000);
afterAll(async () => await tables.stop());

/** An item for each, by the number of its mark and its time. */
async function tableWith(entries: readonly (readonly [mark: number, atMs: number])[]): Promise<CaseTable> {
  made += 1;
  const at = { client: tables.client, table: (await tables.create(`i${made}`))['cases']! };
  for (const [n, [mark, atMs]] of entries.entries())
    await at.client.send(
      new PutItemCommand({
        TableName: at.table,
        Item: {
          pk: { S: `case#${n}` },
          sk: { S: 'case' },
          open: { S: openCaseMarks[mark]! },
          dueAtMs: { N: String(atMs) },
        },
      }),
    );
  return at;
}

test('one after the other they are all keys in order of time, by however many a page, and to part of a page', async () => {
  const entry = fc.tuple(fc.oneof(fc.constant(0), fc.nat(3)), fc.nat(30));
  await fc.assert(
    fc.asyncProperty(
      fc.array(entry, { maxLength: 30 }),
      fc.integer({ min: 1, max: 12 }),
      fc.nat(11),
      fc.boolean(),
      async (entries, limit, lessBy, descending) => {
        const at = await tableWith(entries);
        const count = Math.max(1, limit - lessBy);
        const taken: IndexKey[] = [];
        let place: Places | undefined = {};
        for (let page = 0; place; page += 1) {
          expect(page).toBeLessThanOrEqual(entries.length);
          const found = await indexPage(at, openCaseMarks, limit, place, { descending });
          expect(found.keys.length).toBeLessThanOrEqual(limit);
          expect(found.next).toEqual(found.nextAfter(limit));
          taken.push(...found.keys.slice(0, count));
          place = found.nextAfter(count);
        }
        expect(taken.map(({ pk }) => pk).sort()).toEqual(entries.map((_, n) => `case#${n}`).sort());
        const times = entries.map(([, atMs]) => atMs).sort((a, b) => (descending ? b - a : a - b));
        expect(taken.map(({ dueAtMs }) => dueAtMs)).toEqual(times);
      },
    ),
    { numRuns: 30 },
  );
}, 60_000);

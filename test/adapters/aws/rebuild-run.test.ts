import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { chainTexts } from '../../../lib/adapters/aws/audit-store.ts';
import { rebuild } from '../../../lib/adapters/aws/rebuild-run.ts';
import type { CaseSummary, Page } from '../../../lib/contracts/api.ts';
import { type ConsoleTest, consoleTest } from '../../support/console-world.ts';
import { startTables, type TestTables } from '../../support/tables.ts';

let tables: TestTables;
let given: ConsoleTest;
beforeAll(async () => {
  tables = await startTables();
  given = await consoleTest(tables, 'rebuild');
});
afterAll(() => tables.stop());

async function closedOnes(): Promise<string[]> {
  const answer = await given.api.ask('GET', '/cases?state=closed', { cookie: await given.cookie('viewer') });
  return ((await answer.json()) as Page<CaseSummary>).items.map(({ caseId }) => caseId).sort();
}

describe('closed cases of older versions', () => {
  test('are told of and listed, without a change of what their record says; a second run finds nothing', async () => {
    const old = await given.closed(await given.opened('old'), 'verified');
    const fresh = await given.closed(await given.opened('fresh'), 'verified');
    const { client } = given.world;
    await client.send(
      new UpdateItemCommand({
        TableName: given.world.tables.cases,
        Key: { pk: { S: `case#${old.caseId}` }, sk: { S: 'case' } },
        UpdateExpression: 'REMOVE #open, dueAtMs',
        ExpressionAttributeNames: { '#open': 'open' },
      }),
    );
    expect(await closedOnes()).toEqual([fresh.caseId]);
    const source = {
      chains: async () => [old, fresh].map(({ caseId }) => `case#${caseId}`),
      lines: (chain: string) => chainTexts({ client, table: given.world.tables.audit }, chain),
      checkpoints: async () => [],
    };
    const { cases, decisions } = given.world.tables;
    const world = { client, cases, decisions, subjects: given.world.subjects, nowMs: given.api.nowMs() };
    const unlisted = { what: `case ${old.caseId}`, difference: expect.stringContaining('not among the closed ones') };
    const told = await rebuild(world, source, false);
    expect(told).toMatchObject({ cases: 2, written: 0 });
    expect(told.differences).toContainEqual(unlisted);
    expect(await closedOnes()).toEqual([fresh.caseId]);

    expect((await rebuild(world, source, true)).written).toBeGreaterThan(0);
    expect(await closedOnes()).toEqual([fresh.caseId, old.caseId].sort());
    expect((await rebuild(world, source, true)).differences).not.toContainEqual(unlisted);
  });
});

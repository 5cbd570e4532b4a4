import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { workQueues } from '../../../lib/adapters/aws/console/work-queues.ts';
import { tableAt } from '../../../lib/adapters/aws/console/world.ts';
import { replaceNotification } from '../../../lib/adapters/aws/notification-store.ts';
import type { NotificationRecord } from '../../../lib/contracts/notification.ts';
import { sha256 } from '../../../lib/core/audit/canonical.ts';
import { type ConsoleTest, consoleTest } from '../../support/console-world.ts';
import { startTables, type TestTables } from '../../support/tables.ts';

let tables: TestTables;
let at: ConsoleTest;
beforeAll(async () => {
  tables = await startTables();
  at = await consoleTest(tables, 'queues');
}, 60_000);
afterAll(async () => tables?.stop(), 30_000);

const message = (id: string, createdAtMs: number, change: Partial<NotificationRecord> = {}): NotificationRecord => ({
  message: {
    v: 1,
    id: sha256(id),
    topic: 'question',
    urgency: 'normal',
    channel: 'ops',
    route: 'all',
    title: 'A person is asked',
    text: 'x',
    link: 'x',
    createdAtMs,
  },
  status: 'waiting',
  dueAtMs: createdAtMs + 60_000,
  attempts: 0,
  ...change,
});
const put = (record: NotificationRecord) => replaceNotification(tableAt(at.world, 'operations'), undefined, record);
const queue = async (name: string) => (await workQueues(at.world)).find((each) => each.name === name);

test('what is empty has no age', async () => {
  const found = await workQueues(at.world);
  expect(found.map(({ name }) => name)).toEqual(['dead-letters', 'flags', 'answers', 'effects', 'messages']);
  for (const each of found) expect(each).toEqual({ name: each.name, waiting: 0, complete: true });
});

test('messages wait until they are sent or given up, by when they were written and not by when they are due', async () => {
  const nowMs = at.world.now();
  // Tried again late, though it is the oldest.
  await put(message('oldest', nowMs - 90_000, { dueAtMs: nowMs + 3_600_000, attempts: 5 }));
  await put(message('younger', nowMs - 10_000));
  await put(message('sent', nowMs - 900_000, { status: 'sent' }));
  await put(message('given up', nowMs - 900_000, { status: 'failed' }));
  expect(await queue('messages')).toEqual({ name: 'messages', waiting: 2, oldestAgeMs: 90_000, complete: true });
  for (let n = 0; n < 100; n += 1) await put(message(`many ${n}`, nowMs));
  expect(await queue('messages')).toMatchObject({ waiting: 100, complete: false });
});

test('answers wait while their flow may not have heard them', async () => {
  const item = { pk: { S: 'case#x' }, sk: { S: 'review#0' }, open: { S: 'answer' } };
  await tables.client.send(
    new PutItemCommand({
      TableName: at.world.tables.cases,
      Item: { ...item, dueAtMs: { N: String(at.world.now() - 61_000) } },
    }),
  );
  expect(await queue('answers')).toEqual({ name: 'answers', waiting: 1, oldestAgeMs: 61_000, complete: true });
});

test('flags wait until they are decided, by when their reading came', async () => {
  await at.opened('waits');
  // As the sweeper leaves it: due later, and no younger for that.
  at.api.pass(120_000);
  expect(await queue('flags')).toMatchObject({ waiting: 1, oldestAgeMs: expect.any(Number), complete: true });
  expect((await queue('flags'))!.oldestAgeMs).toBeGreaterThanOrEqual(120_000);
});

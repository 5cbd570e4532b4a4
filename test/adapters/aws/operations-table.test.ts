/** The operations table on a real engine: conditional writes, what is due, windows that count, orders by their end. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  getNotification,
  listNotifications,
  notificationPorts,
  readSettings,
  replaceNotification,
  writeSettings,
} from '../../../lib/adapters/aws/notification-store.ts';
import { scrubOperations } from '../../../lib/adapters/aws/operations-scrub.ts';
import type { OperationsTable } from '../../../lib/adapters/aws/operations-table.ts';
import { getSample, listSamples, putSampleItem } from '../../../lib/adapters/aws/sample-store.ts';
import { ordersFrom, putOrder } from '../../../lib/adapters/aws/standing-order-store.ts';
import type { Sample } from '../../../lib/contracts/sample.ts';
import { defaultSettings, plan } from '../../../lib/core/notification/plan.ts';
import { flowFailed } from '../../../lib/core/notification/told.ts';
import { endedOrder, newOrder } from '../../../lib/core/operations/orders.ts';
import { startTables, type TestTables } from '../../support/tables.ts';

let tables: TestTables;
let at: OperationsTable;
let made = 0;
beforeAll(async () => {
  tables = await startTables();
});
afterAll(async () => await tables.stop());
beforeEach(async () => {
  made += 1;
  at = { client: tables.client, table: (await tables.create(`o${made}`))['operations']! };
});

const nowMs = Date.UTC(2026, 4, 4);
const recordOf = (n: number) =>
  plan(
    defaultSettings,
    flowFailed({ executionArn: `arn:${n}`, name: 'x', status: 'FAILED' }),
    undefined,
    nowMs + n,
  )[0]!;

describe('notifications', () => {
  test('are put once, changed only as they were read, and due until they are over', async () => {
    const ports = notificationPorts(at);
    const record = recordOf(1);
    const { id } = record.message;
    expect([await ports.putIfAbsent(record), await ports.putIfAbsent({ ...record, attempts: 3 })]).toEqual([
      true,
      false,
    ]);
    const stored = (await getNotification(at, id))!;
    expect(stored.record).toEqual(record);
    expect(await ports.due(nowMs, 10)).toEqual([]);
    expect(await ports.due(nowMs + 1, 10)).toEqual([id]);
    const sent = { ...record, status: 'sent' as const, sentAtMs: nowMs };
    expect(await replaceNotification(at, stored, sent)).toBe(true);
    // The same write again, as after a lost answer, is the same; another one of the same version is too late.
    expect(await replaceNotification(at, stored, sent)).toBe(true);
    expect(await replaceNotification(at, stored, { ...sent, attempts: 9 })).toBe(false);
    expect(await ports.due(nowMs + 1, 10)).toEqual([]);
    await ports.putIfAbsent(recordOf(2));
    expect((await listNotifications(at)).map(({ status }) => status)).toEqual(['waiting', 'sent']);
  });

  test('settings: the default until somebody sets them, and nobody overwrites what he has not read', async () => {
    expect(await readSettings(at)).toEqual({ settings: defaultSettings, version: 0 });
    expect(await writeSettings(at, { ...defaultSettings, routes: [] }, 0)).toBe(true);
    expect(await writeSettings(at, defaultSettings, 0)).toBe(false);
    expect(await readSettings(at)).toMatchObject({ settings: { routes: [] }, version: 1 });
  });

  test('windows count every addition once, also those at the same time, and are due until they are done', async () => {
    const ports = notificationPorts(at);
    const key = { channel: 'ops', lane: 'other' } as const;
    await ports.count(key, 6, { topic: 'closed', count: 2 }, 700);
    await Promise.all(Array.from({ length: 8 }, () => ports.count(key, 7, { topic: 'question', count: 1 }, 800)));
    expect(await ports.readWindow(key, 7)).toEqual({ current: 8, previous: 2, byTopic: { question: 8 } });
    expect(await ports.readWindow({ ...key, lane: 'urgent' }, 7)).toEqual({ current: 0, previous: 0, byTopic: {} });
    expect(await ports.dueWindows(799, 10)).toEqual([{ key, window: 6 }]);
    await ports.windowDone(key, 6);
    expect(await ports.dueWindows(800, 10)).toEqual([{ key, window: 7 }]);
    await ports.watchWindow(key, 8, 900);
    expect(await ports.readWindow(key, 8)).toMatchObject({ current: 0, previous: 8 });
  });
});

describe('standing orders', () => {
  test('are found until their end and not after it; ending one is conditional on what was read', async () => {
    const give = (toMs: number, scope = 'asset#a') =>
      newOrder({ what: 'planned-work', scope, fromMs: nowMs, toMs, by: 'p', reason: 'r' }, nowMs).order;
    const [short, long] = [give(nowMs + 1_000), give(nowMs + 9_000)];
    for (const order of [long, short]) expect(await putOrder(at, order, 0)).toBe(true);
    expect((await ordersFrom(at, nowMs)).map(({ order }) => order)).toEqual([short, long]);
    expect((await ordersFrom(at, nowMs + 1_001)).map(({ order }) => order)).toEqual([long]);
    const [, stored] = await ordersFrom(at, nowMs);
    const { order } = endedOrder(long, { by: 'q', reason: 'done' }, nowMs + 5);
    expect(await putOrder(at, order, stored!.version)).toBe(true);
    expect(await putOrder(at, { ...order, ended: { atMs: 9, by: 'z', reason: 'z' } }, stored!.version)).toBe(false);
    expect((await ordersFrom(at, nowMs)).at(-1)).toMatchObject({ order: { ended: { by: 'q' } }, version: 2 });
  });
});

describe('erasing a person', () => {
  test('takes their words out of what they set and said, not those of others, and once', async () => {
    const [me, other] = ['person-0123456789abcdef', 'person-fedcba9876543210'];
    const give = (by: string, reason: string, toMs: number) =>
      newOrder({ what: 'planned-work', scope: 'asset#a', fromMs: nowMs, toMs, by, reason }, nowMs).order;
    const own = give(me, 'my words', nowMs + 1_000);
    await putOrder(at, own, 0);
    await putOrder(at, endedOrder(own, { by: other, reason: 'their words' }, nowMs + 1).order, 1);
    const theirs = give(other, 'their words', nowMs + 2_000);
    await putOrder(at, theirs, 0);
    await putOrder(at, endedOrder(theirs, { by: me, reason: 'my words' }, nowMs + 1).order, 1);
    const window = { bootId: 'b', seq: 9, fromMs: 0, toMs: 9, rows: 10, hash: 'a'.repeat(64) };
    for (const [n, by] of [me, other].entries())
      await putSampleItem(
        at,
        {
          v: 1,
          decisionId: String(n).repeat(64),
          asset: 'a',
          pack: 'p',
          window,
          stratum: 'act',
          rate: 1,
          said: 'leak',
          selectedAtMs: n,
          answer: { kind: 'leak', by, reason: by === me ? 'my words' : 'their words', atMs: 1 },
        },
        0,
      );
    expect(await scrubOperations(at, me)).toBe(3);
    const left = JSON.stringify([await ordersFrom(at, 0), await listSamples(at)]);
    expect(left).not.toContain('my words');
    expect(left.match(/their words/g)).toHaveLength(3);
    expect(await scrubOperations(at, me)).toBe(0);
  });
});

describe('samples', () => {
  test('are chosen once and answered once', async () => {
    const window = { bootId: 'b', seq: 9, fromMs: 0, toMs: 9, rows: 10, hash: 'a'.repeat(64) };
    const sample: Sample = {
      v: 1,
      decisionId: 'd'.repeat(64),
      asset: 'a',
      pack: 'p',
      window,
      stratum: 'act',
      rate: 0.02,
      said: 'leak',
      selectedAtMs: nowMs,
    };
    expect([await putSampleItem(at, sample, 0), await putSampleItem(at, { ...sample, selectedAtMs: 1 }, 0)]).toEqual([
      true,
      false,
    ]);
    const answered = { ...sample, answer: { kind: 'leak', by: 'p', reason: 'r', atMs: 1 } };
    expect(await putSampleItem(at, answered, 1)).toBe(true);
    expect(await putSampleItem(at, { ...answered, said: 'burst' }, 1)).toBe(false);
    expect(await getSample(at, sample.decisionId)).toEqual({ sample: answered, version: 2 });
    expect(await listSamples(at)).toEqual([answered]);
    expect(await getSample(at, 'e'.repeat(64))).toBeUndefined();
  });
});

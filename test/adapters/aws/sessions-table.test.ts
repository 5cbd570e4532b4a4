import { PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { dynamoAttempts, dynamoOnce, dynamoSessions } from '../../../lib/adapters/aws/sessions-table.ts';
import type { Session } from '../../../lib/core/console/session.ts';
import { startTables, type TestTables } from '../../support/tables.ts';

let tables: TestTables;
let at: { client: TestTables['client']; table: string };
beforeAll(async () => {
  tables = await startTables();
  at = { client: tables.client, table: (await tables.create('web')).sessions! };
}, 30_000);
afterAll(() => tables.stop());

const nowMs = 1_800_000_000_000;
const session: Session = {
  username: 'anna',
  groups: ['viewer'],
  expiresAtMs: nowMs + 1000,
  seenAtMs: nowMs,
  checkedAtMs: nowMs,
};

describe('sessions', () => {
  test('are there until they end, and one that was ended does not come back by a late renewal', async () => {
    const sessions = dynamoSessions(at);
    expect(await sessions.get('a')).toBeUndefined();
    await sessions.put('a', session);
    await sessions.renew('a', { ...session, seenAtMs: nowMs + 5 });
    expect(await sessions.get('a')).toEqual({ ...session, seenAtMs: nowMs + 5 });
    await sessions.end('a');
    await sessions.renew('a', session);
    expect(await sessions.get('a')).toBeUndefined();
    await sessions.end('a');
  });

  test('that do not read back as written are an error, not nobody', async () => {
    const json = JSON.stringify({ ...session, groups: ['root'] });
    await at.client.send(
      new PutItemCommand({ TableName: at.table, Item: { pk: { S: 'session#bad' }, json: { S: json } } }),
    );
    await expect(dynamoSessions(at).get('bad')).rejects.toThrow();
  });
});

describe('writes that are made once', () => {
  const answer = { status: 201, body: '{"ok":true}' };

  test('of many that ask at once one is told to do it, and afterwards all are told what came of it', async () => {
    const once = dynamoOnce(at);
    const claims = await Promise.all(Array.from({ length: 20 }, () => once.claim('p#k1', 'r', nowMs)));
    expect(claims.filter(({ state }) => state === 'claimed')).toHaveLength(1);
    expect(claims.filter(({ state }) => state === 'running')).toHaveLength(19);
    await once.finish('p#k1', 'r', answer, nowMs);
    expect(await once.claim('p#k1', 'r', nowMs + 3_600_000)).toEqual({ state: 'answered', answer });
    expect(await once.claim('p#k1', 'other', nowMs)).toEqual({ state: 'other-request' });
  });

  test('one that was released or abandoned is given again, to the same request only', async () => {
    const once = dynamoOnce(at);
    expect((await once.claim('p#k2', 'r', nowMs)).state).toBe('claimed');
    await once.release('p#k2', 'other');
    expect((await once.claim('p#k2', 'r', nowMs)).state).toBe('running');
    await once.release('p#k2', 'r');
    expect((await once.claim('p#k2', 'r', nowMs)).state).toBe('claimed');
    expect((await once.claim('p#k2', 'other', nowMs + 61_000)).state).toBe('other-request');
    expect((await once.claim('p#k2', 'r', nowMs + 59_000)).state).toBe('running');
    expect((await once.claim('p#k2', 'r', nowMs + 61_000)).state).toBe('claimed');
  });

  test('what was answered is not taken away by a late release', async () => {
    const once = dynamoOnce(at);
    await once.claim('p#k3', 'r', nowMs);
    await once.finish('p#k3', 'r', answer, nowMs);
    await once.release('p#k3', 'r');
    expect((await once.claim('p#k3', 'r', nowMs)).state).toBe('answered');
  });
});

test('attempts are counted exactly, by name and window', async () => {
  const attempts = dynamoAttempts(at);
  const count = (key: string, at: number) => attempts.count(key, 3, 1000, at);
  const first = await Promise.all(Array.from({ length: 8 }, () => count('a', 5_000)));
  expect(first.filter(Boolean)).toHaveLength(3);
  expect(await count('b', 5_000)).toBe(true);
  expect(await count('a', 6_000)).toBe(true);
});

test('everything has an end, and no id or key of a person stands in the table', async () => {
  const { Items = [] } = await at.client.send(new ScanCommand({ TableName: at.table }));
  for (const item of Items.filter(({ pk }) => pk?.S !== 'session#bad')) {
    expect(Number(item.ttl?.N)).toBeGreaterThan(0);
    expect(item.pk?.S).not.toContain('p#k');
  }
});

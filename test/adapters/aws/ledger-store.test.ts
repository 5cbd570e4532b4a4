import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  dueEffects,
  dynamoLedger,
  getBreaker,
  type LedgerTable,
  putBreaker,
  takeQuota,
} from '../../../lib/adapters/aws/ledger-store.ts';
import { setStop, stoppedScopes } from '../../../lib/adapters/aws/stop-store.ts';
import type { Effect } from '../../../lib/contracts/ledger.ts';
import { sha256 } from '../../../lib/core/audit/canonical.ts';
import { afterFailure, closedBreaker } from '../../../lib/core/ledger/breaker.ts';
import { claim, effectKeyOf, leaseMs, newEffect } from '../../../lib/core/ledger/effect.ts';
import { startTables, type TestTables } from '../../support/tables.ts';

let tables: TestTables;
let at: LedgerTable;
let stop: string;
beforeAll(async () => {
  tables = await startTables();
  const names = await tables.create('ledger-test');
  at = { client: tables.client, table: names.ledger! };
  stop = names.stop!;
});
afterAll(() => tables.stop());

const fresh = (id: string): Effect => {
  const caseId = sha256(id);
  return newEffect(
    {
      effectKey: effectKeyOf(caseId, 'close-valve', 'V1', 0),
      caseId,
      asset: 'a',
      action: 'close-valve',
      target: 'V1',
      remediator: 'webhook',
      inverse: false,
      ordinal: 0,
      generation: 0,
      request: '{}',
    },
    1_000,
  );
};

describe('the ledger', () => {
  test('of many claims at once exactly one is written', async () => {
    const ledger = dynamoLedger(at);
    const effect = await ledger.create(fresh('race'));
    const won = await Promise.all(
      Array.from({ length: 10 }, (_, n) => {
        const step = claim(effect, `attempt-${n}`, 2_000);
        return 'next' in step ? ledger.replace(effect, step.next) : false;
      }),
    );
    expect(won.filter(Boolean)).toHaveLength(1);
    expect(await ledger.get(effect.effectKey)).toMatchObject({ status: 'IN_PROGRESS', fence: 1 });
  });

  test('creating twice keeps the first bytes', async () => {
    const ledger = dynamoLedger(at);
    await ledger.create(fresh('twice'));
    expect(await ledger.create({ ...fresh('twice'), request: '{"other":1}' })).toMatchObject({ request: '{}' });
  });

  test('a write that was sent twice by the SDK counts as written', async () => {
    const ledger = dynamoLedger(at);
    const effect = await ledger.create(fresh('sent-twice'));
    const step = claim(effect, 'mine', 2_000) as { next: Effect };
    expect(await ledger.replace(effect, step.next)).toBe(true);
    expect(await ledger.replace(effect, step.next)).toBe(true);
  });

  test('stale leases are due, pending and live ones are not', async () => {
    const ledger = dynamoLedger(at);
    const effect = await ledger.create(fresh('due'));
    await ledger.replace(effect, (claim(effect, 'a', 9_000_000) as { next: Effect }).next);
    const keys = async (nowMs: number) => (await dueEffects(at, nowMs)).map(({ effectKey }) => effectKey);
    expect(await keys(9_000_000 + leaseMs - 1)).not.toContain(effect.effectKey);
    expect(await keys(9_000_000 + leaseMs)).toContain(effect.effectKey);
  });
});

describe('quotas', () => {
  test('give out no more than the limit, and the same user takes one', async () => {
    const take = (user: string) => takeQuota(at, { scope: 'asset/q', limit: 3, user }, 5_000);
    const taken = await Promise.all(['a', 'b', 'c', 'd', 'e', 'a', 'b'].map(take));
    expect(taken.filter(Boolean).length).toBeLessThanOrEqual(5);
    const users = ['a', 'b', 'c', 'd', 'e'];
    const again = await Promise.all(users.map(take));
    expect(again.filter(Boolean)).toHaveLength(3);
    expect(await takeQuota(at, { scope: 'asset/q', limit: 3, user: 'z' }, 5_000 + 3_600_000)).toBe(true);
    expect(await takeQuota(at, { scope: 'asset/none', limit: 0, user: 'z' }, 5_000)).toBe(false);
  });
});

test('a breaker is written on the version that was read', async () => {
  const first = afterFailure(closedBreaker('webhook:x'), 1)!;
  expect(await putBreaker(at, first)).toBe(true);
  expect(await putBreaker(at, { ...first, failures: 9 })).toBe(false);
  expect(await putBreaker(at, afterFailure(first, 2)!)).toBe(true);
  expect(await getBreaker(at, 'webhook:x')).toMatchObject({ failures: 2, version: 2 });
  expect(await getBreaker(at, 'webhook:y')).toBeUndefined();
});

test('the stop switch names every scope that is stopped', async () => {
  const table = { client: tables.client, table: stop };
  const state = { v: 1 as const, by: 'ann', reason: 'test', atMs: 1 };
  await setStop(table, { ...state, scope: 'site#s', stopped: true });
  await setStop(table, { ...state, scope: 'all', stopped: false });
  expect((await stoppedScopes(table, ['all', 'site#s', 'asset#a'])).map(({ scope }) => scope)).toEqual(['site#s']);
  await expect(stoppedScopes({ ...table, table: 'nowhere' }, ['all'])).rejects.toThrow();
});

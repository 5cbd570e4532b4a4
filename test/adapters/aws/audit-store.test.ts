import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  type AuditTable,
  allChains,
  appendAudit,
  auditHead,
  chainsInBucket,
  chainTexts,
  readChain,
} from '../../../lib/adapters/aws/audit-store.ts';
import type { AuditDraft } from '../../../lib/core/audit/entry.ts';
import { verifyChain } from '../../../lib/core/audit/verify.ts';
import { startTables, type TestTables } from '../../support/tables.ts';

let tables: TestTables;
let at: AuditTable;
beforeAll(async () => {
  tables = await startTables();
  at = { client: tables.client, table: (await tables.create('audit-test')).audit! };
});
afterAll(() => tables.stop());

const draft = (chain: string, key: string): AuditDraft => ({
  chain,
  type: 'case-opened',
  key: [key],
  correlationId: 'c',
  body: { key, missing: undefined },
});

describe('the audit table', () => {
  test('many appends at once make one chain without gaps', async () => {
    const chain = 'case#race';
    await Promise.all(Array.from({ length: 16 }, (_, n) => appendAudit(at, draft(chain, `k${n}`), 1_000 + n)));
    const report = await verifyChain(chain, chainTexts(at, chain));
    expect(report).toMatchObject({ entries: 16, facts: 16 });
    expect(report.fault).toBeUndefined();
  }, 20_000);

  test('the same fact appended again, also at once, stands once and is given back', async () => {
    const chain = 'case#repeat';
    const [first, ...others] = await Promise.all([1, 2, 3, 4].map((n) => appendAudit(at, draft(chain, 'same'), n)));
    for (const other of others) expect(other).toEqual(first);
    await appendAudit(at, draft(chain, 'other'), 9);
    expect(await appendAudit(at, draft(chain, 'same'), 10)).toEqual(first);
    expect(await readChain(at, chain)).toHaveLength(2);
  });

  test('an answer that was lost after the write is recognised', async () => {
    const chain = 'case#lost';
    const losing = Object.create(tables.client) as typeof tables.client;
    let lost = 0;
    losing.send = (async (command: never) => {
      const answer = await tables.client.send(command);
      if ((command as object).constructor.name === 'PutItemCommand' && lost === 0) {
        lost += 1;
        // What the SDK does after a lost answer: it sends the put again, whose condition now fails.
        return await tables.client.send(command);
      }
      return answer;
    }) as typeof tables.client.send;
    const entry = await appendAudit({ ...at, client: losing }, draft(chain, 'a'), 5);
    expect(lost).toBe(1);
    expect(await readChain(at, chain)).toEqual([entry]);
  });

  test('a fact of a case stands once however much was appended to its chain since', async () => {
    const chain = 'case#long';
    const first = await appendAudit(at, draft(chain, 'same'), 1);
    for (let n = 0; n < 20; n += 1) await appendAudit(at, draft(chain, `k${n}`), 2 + n);
    expect(await appendAudit(at, draft(chain, 'same'), 50)).toEqual(first);
    expect(await appendAudit(at, draft(chain, 'k0'), 51)).toMatchObject({ seq: 1 });
    expect(await readChain(at, chain)).toHaveLength(21);
  });

  test('the same fact appended by another process in a crowd, between looking and putting, stands once', async () => {
    const chain = 'asset#crowd';
    const late = Object.create(tables.client) as typeof tables.client;
    let crowded = false;
    late.send = (async (command: never) => {
      if ((command as object).constructor.name === 'PutItemCommand' && !crowded) {
        crowded = true;
        for (const key of ['other', 'same', ...Array.from({ length: 12 }, (_, n) => `k${n}`)])
          await appendAudit(at, draft(chain, key), 5);
      }
      return await tables.client.send(command);
    }) as typeof tables.client.send;
    expect(await appendAudit({ ...at, client: late }, draft(chain, 'same'), 9)).toMatchObject({ seq: 1, at: 5 });
    expect(await readChain(at, chain)).toHaveLength(14);
  });

  test('changed chains are found by their bucket', async () => {
    await appendAudit(at, draft('asset#x', 'b'), 77 * 600_000 + 5);
    expect([...(await chainsInBucket(at, '77'))]).toEqual([['asset#x', 0]]);
    expect(await auditHead(at, 'asset#x')).toMatchObject({ seq: 0 });
    expect(await auditHead(at, 'asset#none')).toBeUndefined();
    expect(await allChains(at)).toContain('asset#x');
  });
});

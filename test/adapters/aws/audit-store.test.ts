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

  test('changed chains are found by their bucket', async () => {
    await appendAudit(at, draft('asset#x', 'b'), 77 * 600_000 + 5);
    expect([...(await chainsInBucket(at, '77'))]).toEqual([['asset#x', 0]]);
    expect(await auditHead(at, 'asset#x')).toMatchObject({ seq: 0 });
    expect(await auditHead(at, 'asset#none')).toBeUndefined();
    expect(await allChains(at)).toContain('asset#x');
  });
});

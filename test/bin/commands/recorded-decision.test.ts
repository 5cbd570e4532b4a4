/** A decision by the start of its id, out of the chains of assets. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { findRecorded } from '../../../bin/commands/support/recorded-decision.ts';
import type { AuditEntry } from '../../../lib/contracts/audit.ts';
import type { Decision } from '../../../lib/contracts/decision.ts';
import { canonical } from '../../../lib/core/audit/canonical.ts';
import { genesisHash, sealEntry } from '../../../lib/core/audit/entry.ts';
import type { AuditSource } from '../../../lib/core/audit/report.ts';
import { flagAtMs, flagOf, inferenceOf } from '../../support/decision-data.ts';

const guard = { verdict: 'observe' as const, policies: [], policyHash: '1'.repeat(64), reasons: [] };
const decisionOf = (decisionId: string, asset = 'town-1'): Decision => ({
  v: 1,
  decisionId,
  flagId: flagOf().flagId,
  correlationId: flagOf().correlationId,
  asset,
  pack: 'water-network',
  atMs: flagAtMs,
  inference: inferenceOf(),
  guard,
});
const idOf = (start: string): string => start.padEnd(64, '0');
const chains = new Map<string, AuditEntry[]>();
const record = (chain: string, body: object, type: AuditEntry['type'] = 'decision-recorded'): void => {
  const entries = chains.get(chain) ?? [];
  const [key, correlationId] = [[String(entries.length)], flagOf().correlationId];
  const draft = { chain, type, key, correlationId, body: { ...body } };
  chains.set(chain, [...entries, sealEntry(draft, entries.length, entries.at(-1)?.hash ?? genesisHash, flagAtMs)]);
};
const read: string[] = [];
let extra = '';
const source: AuditSource = {
  chains: async () => [...chains.keys()],
  async *lines(chain) {
    read.push(chain);
    for (const entry of chains.get(chain) ?? []) yield canonical(entry);
    if (chain === 'asset#town-2' && extra !== '') yield extra;
  },
  checkpoints: async () => [],
};

beforeAll(() => {
  record('asset#town-1', decisionOf(idOf('aaaaaaaa1')));
  record('asset#town-1', decisionOf(idOf('aaaaaaaa2')));
  record('asset#town-2', decisionOf(idOf('bbbbbbbb'), 'town-2'));
  record('asset#town-2', { ...decisionOf(idOf('cccccccc'), 'town-2'), inference: 'none' });
  record('asset#town-2', { decisionId: idOf('ffffffff') }, 'flag-attached');
  // Says the id and is no decision.
  record(`case#${idOf('bbbbbbbb')}`, { decisionId: idOf('bbbbbbbb') }, 'case-opened');
});

describe('a recorded decision', () => {
  test('is found by the start of its id, among the chains of assets or in one of them', async () => {
    expect(await findRecorded(source, 'bbbbbbbb')).toMatchObject({ decision: { asset: 'town-2' }, entry: { seq: 0 } });
    expect(read).not.toContain(`case#${idOf('bbbbbbbb')}`);
    read.length = 0;
    expect((await findRecorded(source, 'aaaaaaaa2', 'town-1')).fault).toBeUndefined();
    expect(read).toEqual(['asset#town-1']);
  });

  test.each<[string, string, string | undefined, object]>([
    [
      'no id',
      'A-LEAK',
      undefined,
      { exitCode: 2, message: expect.stringContaining('"A-LEAK" is no id of a decision') },
    ],
    ['too little of one', 'bbbbbbb', undefined, { exitCode: 2, message: expect.stringContaining('8 to 64') }],
    ['of two', 'aaaaaaaa', undefined, { exitCode: 2, message: expect.stringContaining('give more of its id') }],
    ['of none', 'eeeeeeee', undefined, { exitCode: 1, message: expect.stringContaining('has no decision eeeeeeee') }],
    [
      'of another sort of entry',
      'ffffffff',
      undefined,
      { exitCode: 1, message: expect.stringContaining('has no decision ffffffff') },
    ],
    [
      'of another asset',
      'bbbbbbbb',
      'town-1',
      { exitCode: 1, message: expect.stringContaining('of asset town-1 has') },
    ],
    [
      'of what is no decision',
      'cccccccc',
      undefined,
      { exitCode: 1, message: expect.stringContaining('asset#town-2 seq 1') },
    ],
  ])('is not given for %s', async (_, id, asset, failure) => {
    await expect(findRecorded(source, id, asset)).rejects.toMatchObject(failure);
  });

  test('comes with the first fault of its chain, also where that is no entry at all', async () => {
    extra = `not JSON, but says ${idOf('bbbbbbbb')}`;
    expect(await findRecorded(source, 'bbbbbbbb')).toMatchObject({ fault: { line: 4, problem: 'unreadable' } });
    extra = '';
  });
});

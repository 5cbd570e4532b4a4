/** A small plant for tests of the console alone: assets, cases and their records, held to the shapes of the API. */
import { generateKeyPairSync, sign } from 'node:crypto';
import type { Change, ContactList, HandoverNoteView, OrderView, PushView } from '../../../lib/contracts/api.ts';
import type { AuditEntry } from '../../../lib/contracts/audit.ts';
import { canonical } from '../../../lib/core/audit/canonical.ts';
import { checkpointOver, signedBytes } from '../../../lib/core/audit/checkpoint.ts';
import { genesisHash, sealEntry } from '../../../lib/core/audit/entry.ts';
import { ago, firstCases, hashed, summaryOf } from './fake-cases.ts';
import { minuteMs } from './fake-plans.ts';

const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
export const spki = keys.publicKey.export({ type: 'spki', format: 'der' }).toString('base64');

function seal(
  chain: string,
  drafts: readonly { type: AuditEntry['type']; atMs: number; body: Record<string, unknown> }[],
): AuditEntry[] {
  let prev = genesisHash;
  return drafts.map(({ type, atMs, body }, seq) => {
    const entry = sealEntry(
      { chain, type, key: [String(seq)], correlationId: 'north-loop/b1/4711', body },
      seq,
      prev,
      atMs,
    );
    prev = entry.hash;
    return entry;
  });
}

/** Everything that the fake server answers from. Writes of its routes change it in place. */
export function fakeWorld() {
  const cases = firstCases();
  for (const one of cases)
    one.similar = cases
      .filter((other) => other.status === 'closed' && other.kind === one.kind && other !== one)
      .map((other) => ({ ...summaryOf(other), shared: ['night minimum of the zone'] }));
  const chains = new Map<string, string[]>();
  for (const one of cases) {
    const chain = `case#${one.caseId}`;
    chains.set(
      chain,
      seal(
        chain,
        [
          { type: 'case-opened', atMs: one.openedAtMs, body: { kind: one.kind, flagId: one.record.openingFlagId } },
          { type: 'review-requested', atMs: one.openedAtMs + 2_000, body: { round: 0, question: one.question ?? '' } },
          { type: 'case-closed', atMs: one.openedAtMs + 120_000, body: { resolution: one.resolution ?? 'verified' } },
        ].slice(0, one.status === 'closed' ? 3 : 2) as never,
      ).map((entry) => canonical(entry)),
    );
  }
  const heads = [...chains]
    .map(([, texts]) => JSON.parse(texts.at(-1) ?? '') as AuditEntry)
    .map(({ chain, seq, hash }) => ({ chain, seq, hash }))
    .sort((a, b) => (a.chain < b.chain ? -1 : 1));
  const statement = checkpointOver(heads, { fromBucket: 1, toBucket: 2, atMs: ago(3 * minuteMs) }, undefined);
  const checkpoint = JSON.stringify({
    statement,
    heads,
    algorithm: 'ECDSA_SHA_256',
    keyId: 'local',
    signature: sign('sha256', signedBytes(statement), keys.privateKey).toString('base64'),
  });
  const changes: Change[] = [];
  return {
    cases,
    chains,
    checkpoint,
    changes,
    /** How long an answer can be taken back; 0: not at all. */
    thinkAgainMs: 0,
    orders: [] as OrderView[],
    handovers: [] as HandoverNoteView[],
    samples: ['sample one', 'sample two'].map((name) => ({ id: hashed(name), said: 'leak', answered: false })),
    contacts: {
      items: [
        { role: 'Network engineer on duty', name: 'Mara Lindholm', phone: '+49 30 5550 101', scope: 'site#demo-town' },
        { role: 'Control room', phone: '+49 30 5550 100', scope: 'all' },
        {
          role: 'Head of operations',
          name: 'Ole Brandt',
          phone: '+49 30 5550 102',
          scope: 'all',
          hours: { from: '07:00', to: '15:30', days: [1, 2, 3, 4, 5] },
        },
      ],
      version: 1,
    } as ContactList,
    push: { browsers: [] } as PushView,
    stops: [] as { scope: string; reason: string; by: string; atMs: number; resumeRequestedBy?: string }[],
  };
}
export type FakeWorld = ReturnType<typeof fakeWorld>;

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type CaseLabel, labelVersion } from '../../../lib/contracts/label.ts';
import { type AuditDraft, genesisHash, sealEntry } from '../../../lib/core/audit/entry.ts';
import type { Review } from '../../../lib/core/case/effective.ts';
import { knownLabel, labelCase, labelsIn } from '../../../lib/core/case/label.ts';
import { NotFoundError } from '../../../lib/core/errors.ts';
import { caseFor, proposalFor } from '../../support/remediation-world.ts';

const record = caseFor('label', { correlationKey: 'label' });
const labelOf = (label: CaseLabel['label'], ordinal: number, by = 'ann'): CaseLabel => ({
  v: labelVersion,
  caseId: record.caseId,
  answer: 'label',
  ordinal,
  label,
  by,
  reason: 'seen',
});

/** A chain as the store keeps it: appended only, repeats of an entry included. */
function world() {
  const drafts: AuditDraft[] = [];
  const chain = () => drafts.map((draft, seq) => sealEntry(draft, seq, genesisHash, 5_000 + seq));
  const ports = {
    loadCase: async (caseId: string) => {
      if (caseId !== record.caseId) throw new NotFoundError(`no case ${caseId}`, { code: 'case-unknown' });
      return record;
    },
    audit: async (draft: AuditDraft) => {
      drafts.push(draft);
      return chain().at(-1)!;
    },
  };
  return { ports, chain };
}

const answered = (answer: 'approve' | 'reject' | 'override'): Review => ({
  request: { v: 1, caseId: record.caseId, round: 0, question: '?', askedAtMs: 1, dueAtMs: 2 },
  end: {
    state: 'answered',
    atMs: 3,
    answer: { v: 1, caseId: record.caseId, answer, by: 'bob', reason: 'went there' },
  },
});

describe('labels of cases', () => {
  test('the newest counts, the same order twice is one label, and going back to an old one is a new one', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom('leak', 'burst', 'normal'), fc.integer({ min: 1, max: 3 })), {
          maxLength: 6,
        }),
        async (orders) => {
          const { ports, chain } = world();
          for (const [ordinal, [label, times]] of orders.entries())
            for (let i = 0; i < times; i += 1) await labelCase(ports, labelOf(label as CaseLabel['label'], ordinal));
          expect(labelsIn(chain()).map(({ label }) => label)).toEqual(orders.map(([label]) => label));
          expect(knownLabel(record, chain(), [])?.label).toBe(orders.at(-1)?.[0]);
        },
      ),
      { numRuns: 40 },
    );
  });

  test('of two people who label at the same moment neither is lost', async () => {
    const { ports, chain } = world();
    await labelCase(ports, labelOf('leak', 0, 'ann'));
    await labelCase(ports, labelOf('burst', 0, 'bob'));
    expect(labelsIn(chain())).toHaveLength(2);
  });

  test('a case that is not there is refused', async () => {
    const { ports } = world();
    await expect(labelCase(ports, { ...labelOf('leak', 0), caseId: 'f'.repeat(64) })).rejects.toThrow('no case');
  });

  test('an approval of a proposal confirms the kind; a rejection, an override, or a bare yes does not', () => {
    const proposing = { ...record, proposal: proposalFor() };
    expect(knownLabel(proposing, [], [answered('approve')])).toEqual({
      label: record.kind,
      by: 'bob',
      reason: 'went there',
      source: 'approved',
    });
    const { proposal: _, ...bare } = proposing;
    expect(knownLabel(bare, [], [answered('approve')])).toBeUndefined();
    for (const no of ['reject', 'override'] as const) {
      expect(knownLabel(proposing, [], [answered(no)])).toBeUndefined();
      expect(knownLabel(proposing, [], [answered('approve'), answered(no)])).toBeUndefined();
    }
  });
});

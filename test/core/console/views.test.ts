import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { z } from 'zod';
import type { CaseSummary } from '../../../lib/contracts/api.ts';
import type { AuditEntry } from '../../../lib/contracts/audit.ts';
import type { Decision } from '../../../lib/contracts/decision.ts';
import { hashOf } from '../../../lib/core/audit/canonical.ts';
import { refusalOf } from '../../../lib/core/console/answer.ts';
import {
  byUrgency,
  namedDecision,
  namedProposal,
  personsInText,
  reviewViewOf,
  summaryOf,
  worded,
} from '../../../lib/core/console/case-view.ts';
import { changeOf, firstCursor, nextCursor, overlapMs, personsOf } from '../../../lib/core/console/changes.ts';
import { decodeCursor, encodeCursor } from '../../../lib/core/console/cursor.ts';
import { decisionSummaryOf } from '../../../lib/core/console/decision-view.ts';
import { caseFor, newerFor, proposalFor } from '../../support/remediation-world.ts';

const nameOf = (person: string): string => person;
const record = caseFor('viewed', { status: 'in-review', rounds: 1 });
const request = {
  v: 1 as const,
  caseId: record.caseId,
  round: 0,
  question: 'Shall we?',
  proposalHash: record.proposalHash,
  askedAtMs: 1,
  dueAtMs: 9,
};
const open = { request, end: { state: 'open' as const } };

describe('the order of urgency', () => {
  const item = (dueAtMs: number | undefined, impact: 'high' | 'normal', openedAtMs: number): CaseSummary => ({
    ...summaryOf({ record, reviews: [] }, nameOf, 0),
    openedAtMs,
    ...(dueAtMs !== undefined && { dueAtMs }),
    proposal: { action: 'close-valve', target: 'V1', impact },
  });

  test('due first, then impact, then age; what asks nobody comes last', () => {
    const [soon, lateHigh, lateOld, lateNew, never] = [
      item(1, 'normal', 5),
      item(2, 'high', 9),
      item(2, 'normal', 1),
      item(2, 'normal', 2),
      item(undefined, 'high', 0),
    ];
    const sorted = [never, lateNew, lateOld, lateHigh, soon].sort(byUrgency);
    expect(sorted).toEqual([soon, lateHigh, lateOld, lateNew, never]);
  });

  test('is an order', () => {
    const any = fc
      .tuple(fc.option(fc.nat(3), { nil: undefined }), fc.constantFrom('high' as const, 'normal' as const), fc.nat(3))
      .map(([due, impact, opened]) => item(due, impact, opened));
    fc.assert(
      fc.property(any, any, any, (a, b, c) => {
        if (byUrgency(a, b) < 0 && byUrgency(b, c) < 0) expect(byUrgency(a, c)).toBeLessThan(0);
      }),
    );
  });
});

describe('an open question', () => {
  const parts = (round: number) => ({ record, reviews: [{ ...open, request: { ...request, round } }] });

  test('says at which level it is and what follows; a closed case is at none', () => {
    expect(summaryOf(parts(0), nameOf, 0).escalation).toEqual({ level: 1, sinceMs: 1, next: 'level-2', nextAtMs: 9 });
    for (const round of [1, 2, 5])
      expect(summaryOf(parts(round), nameOf, 0).escalation).toMatchObject({ level: 2, next: 'safe-hold' });
    expect(summaryOf({ ...parts(1), record: { ...record, status: 'closed' } }, nameOf, 0).escalation).toBeUndefined();
  });

  test('names who reported it, where the name can be read, and nobody else', () => {
    const person = `person-${'a'.repeat(16)}`;
    const sentence = `${person} reports leak at plant-1: seen with person-${'b'.repeat(16)}`;
    const named = (who: string): string => (who === person ? 'mara' : who);
    const { sentence: shown } = summaryOf({ record: { ...record, sentence }, reviews: [] }, named, 0);
    expect(shown).toBe(`mara reports leak at plant-1: seen with person-${'b'.repeat(16)}`);
    expect(personsInText(sentence)).toHaveLength(2);
    const long = { ...record, sentence: `${person} ${'x'.repeat(970)}` };
    expect(summaryOf({ record: long, reviews: [] }, () => 'n'.repeat(128), 0).sentence).toHaveLength(1000);
  });
});

describe('a change', () => {
  const [reporter, erased] = [`person-${'a'.repeat(16)}`, `person-${'b'.repeat(16)}`];
  const named = (who: string): string => (who === reporter ? 'mara' : who);
  const entry = (body: AuditEntry['body']): AuditEntry => ({
    contractVersion: 1,
    correlationId: 'plant-1/boot/1',
    entryId: 'e'.repeat(64),
    chain: `case#${record.caseId}`,
    seq: 0,
    type: 'case-opened',
    at: 5,
    body,
    prevHash: '0'.repeat(64),
    hash: 'f'.repeat(64),
  });

  test('names persons in its sentence and who did it, and keeps the pseudonym of whoever has no name', () => {
    const told = entry({ by: reporter, sentence: `${reporter} reports leak, seen with ${erased}` });
    expect(personsOf(told)).toEqual([reporter, reporter, erased]);
    expect(changeOf(told, named, true)).toMatchObject({
      by: 'mara',
      sentence: `mara reports leak, seen with ${erased}`,
    });
    const decided = entry({ inference: { explanation: { sentence: `${reporter} reports leak` } } });
    expect(changeOf(decided, named, true).sentence).toBe('mara reports leak');
  });

  test('stays within its contract with long names, and says nothing where nothing readable is said', () => {
    const long = entry({ sentence: `${reporter} ${'x'.repeat(970)}` });
    expect(changeOf(long, () => 'n'.repeat(128), true).sentence).toHaveLength(1000);
    const odd = entry({ by: 7, sentence: { text: reporter } });
    expect(personsOf(odd).filter(Boolean)).toEqual([]);
    expect(changeOf(odd, named, true)).not.toHaveProperty('sentence');
  });

  test('a decision in a list names them, too', () => {
    const decision = {
      decisionId: 'd'.repeat(64),
      asset: 'plant-1',
      atMs: 1,
      inference: { explanation: { sentence: `${reporter} reports leak` } },
      guard: {},
    } as unknown as Decision;
    expect(decisionSummaryOf(decision, named).sentence).toBe('mara reports leak');
  });
});

describe('whether an answer may be given', () => {
  const at = { record, reviews: [open], claim: undefined, me: 'person-1', nowMs: 100 };
  const yes = { answer: 'approve' as const, reason: 'r', proposalHash: record.proposalHash };
  const codeOf = (change: Partial<Parameters<typeof refusalOf>[0]>, body: Parameters<typeof refusalOf>[1] = yes) =>
    refusalOf({ ...at, ...change }, body)?.code;

  test('yes, where nothing stands against it', () => expect(codeOf({})).toBeUndefined());

  test('not where another holds the case, and again when that is over or is oneself', () => {
    expect(codeOf({ claim: { by: 'person-2', untilMs: 101 } })).toBe('claimed-by-other');
    expect(codeOf({ claim: { by: 'person-2', untilMs: 101 }, me: undefined })).toBe('claimed-by-other');
    expect(codeOf({ claim: { by: 'person-2', untilMs: 100 } })).toBeUndefined();
    expect(codeOf({ claim: { by: 'person-1', untilMs: 101 } })).toBeUndefined();
  });

  test('not to what is not proposed any more: by the record, by an override, by the round', () => {
    const other = hashOf(proposalFor('plant-1', 'raise-ticket'));
    expect(codeOf({ record: { ...record, proposalHash: other } })).toBe('stale-proposal');
    expect(codeOf({}, { ...yes, proposalHash: other })).toBe('stale-proposal');
    expect(codeOf({}, { answer: 'reject', reason: 'r', proposalHash: other })).toBe('stale-proposal');
    expect(codeOf({}, { answer: 'reject', reason: 'r' })).toBeUndefined();
    expect(codeOf({ reviews: [{ ...open, request: { ...request, proposalHash: other } }] })).toBe('stale-proposal');
  });

  test('not to a question that is over, whatever is proposed: the next one means something else by a yes', () => {
    const over = { request, end: { state: 'timed-out' as const, atMs: 5 } };
    const next = { ...open, request: { ...request, round: 1, after: 'handover' as const } };
    for (const answer of ['approve', 'reject'] as const) {
      expect(codeOf({ reviews: [over, next] }, { ...yes, answer, round: 0 })).toBe('stale-proposal');
      expect(codeOf({ reviews: [over, next] }, { ...yes, answer, round: 1 })).toBeUndefined();
    }
  });

  test('not to a question whose place a surer decision took', () => {
    const over = { request, end: { state: 'superseded' as const, atMs: 5, newer: newerFor() } };
    expect(codeOf({ reviews: [over] })).toBe('stale-proposal');
    const next = { ...open, request: { ...request, round: 1, proposalHash: newerFor().proposalHash } };
    expect(codeOf({ reviews: [over, next] })).toBe('stale-proposal');
    expect(codeOf({ reviews: [over, next] }, { ...yes, proposalHash: newerFor().proposalHash })).toBeUndefined();
    expect(summaryOf({ record, reviews: [over, next] }, nameOf, 0)).toMatchObject({
      kind: 'burst',
      sentence: 'A burst in zone A.',
      proposal: { action: 'close-valve', target: 'V1' },
    });
    expect(reviewViewOf(over, nameOf)).toMatchObject({
      state: 'superseded',
      answers: [],
      newer: { decisionId: newerFor().decisionId, sentence: 'A burst in zone A.', atMs: 5 },
    });
  });

  test('not where it is answered, timed out, closed or never was asked', () => {
    const answer = { v: 1 as const, caseId: record.caseId, answer: 'reject' as const, by: 'person-2', reason: 'r' };
    expect(codeOf({ reviews: [{ request, end: { state: 'answered', answer, atMs: 5 } }] })).toBe('already-answered');
    expect(codeOf({ reviews: [{ request, end: { state: 'timed-out', atMs: 5 } }] })).toBe('no-review');
    expect(codeOf({ reviews: [] })).toBe('no-review');
    expect(codeOf({ record: { ...record, status: 'closed', resolution: 'expired' } })).toBe('case-closed');
  });
});

describe('cursors', () => {
  test('come back as they were given, and nothing else does', () => {
    const schema = z.strictObject({ at: z.number().int() });
    fc.assert(fc.property(fc.integer(), (at) => expect(decodeCursor(schema, encodeCursor({ at }))).toEqual({ at })));
    fc.assert(
      fc.property(fc.base64String({ maxLength: 60 }), (text) => {
        try {
          expect(decodeCursor(schema, text)).toMatchObject({ at: expect.any(Number) });
        } catch (error) {
          expect((error as { code?: string }).code).toBe('cursor-invalid');
        }
      }),
    );
  });

  test('of changes look back over the overlap, and name so many chains at most', () => {
    expect(firstCursor(1_000_000)).toEqual({ f: 1_000_000 - overlapMs, s: {} });
    const seen = new Map(Array.from({ length: 1_000 }, (_, n) => [`case#${n}`, n] as const));
    const cursor = encodeCursor(nextCursor(1_000_000, seen));
    expect(cursor.length).toBeLessThan(8_000);
    expect(cursor).toMatch(/^[A-Za-z0-9_-]{1,8192}$/);
  });
});

describe('a case that a person reported', () => {
  const person = 'person-0123456789abcdef';
  const named = (name: string): string => (name === person ? 'ann' : name);
  test('is told with the name everywhere, and the record itself is left as it is', () => {
    const sentence = `${person} reports something at x: wet street`;
    const decision = { inference: { explanation: { sentence, contributions: [] } } } as unknown as Decision;
    const proposal = { ...proposalFor(), why: sentence };
    expect(namedDecision(decision, named, worded()).inference.explanation.sentence).toBe(
      'ann reports something at x: wet street',
    );
    expect(namedProposal(proposal, named).why).toBe('ann reports something at x: wet street');
    expect(decision.inference.explanation.sentence).toBe(sentence);
    expect(proposal.why).toBe(sentence);
    // Somebody who was erased has no name any more.
    expect(namedProposal(proposal, nameOf).why).toBe(sentence);
  });
});

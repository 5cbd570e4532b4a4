import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { afterQuota, judgePermit, type PermitFacts, refusedByError } from '../../../lib/core/case/permit.ts';
import { caseFor, proposalFor } from '../../support/remediation-world.ts';

const nowMs = 2_000_000;
const facts = (change: Partial<PermitFacts> = {}): PermitFacts => ({
  nowMs,
  record: caseFor('p', { openedAtMs: nowMs - 1_000 }),
  stopReasons: [],
  lastReceivedMs: nowMs - 1_000,
  maxAgeMs: 60_000,
  clockRate: 1,
  lastApprovalMs: undefined,
  approvedBy: 0,
  remediatorKnown: true,
  breaker: { pass: true },
  ...change,
});

describe('a permit', () => {
  test('is given where nothing speaks against it', () => {
    expect(judgePermit(facts())).toBe('take-quota');
    expect(afterQuota(undefined, nowMs, false)).toMatchObject({ permitted: true });
  });

  test.each<[string, Partial<PermitFacts>]>([
    ['stop switch', { stopReasons: ['all by ann: test'] }],
    ['remediator', { remediatorKnown: false }],
    ['high impact', { record: caseFor('p', { openedAtMs: nowMs, proposal: { ...proposalFor(), highImpact: true } }) }],
    ['evidence is', { record: caseFor('p', { openedAtMs: nowMs - 60_001 }) }],
    ['last heard', { lastReceivedMs: nowMs - 60_001 }],
    ['never been heard', { lastReceivedMs: undefined }],
    ['closed', { record: caseFor('p', { status: 'closed', openedAtMs: nowMs }) }],
  ])('is refused with its reason: %s', (reason, change) => {
    const judged = judgePermit(facts(change));
    expect(judged).toMatchObject({ permitted: false, refused: expect.any(Array) });
    expect(judged === 'take-quota' ? '' : judged.refused?.join()).toContain(reason);
  });

  test('a person who has just said yes stands for fresh evidence', () => {
    expect(judgePermit(facts({ lastReceivedMs: undefined, lastApprovalMs: nowMs - 10 }))).toBe('take-quota');
    expect(judgePermit(facts({ lastReceivedMs: undefined, lastApprovalMs: nowMs - 60_001 }))).toMatchObject({
      refused: expect.any(Array),
    });
  });

  test('a high impact wants two people, and one is not two', () => {
    const record = caseFor('p', { openedAtMs: nowMs, proposal: { ...proposalFor(), highImpact: true } });
    const lastApprovalMs = nowMs - 10;
    expect(judgePermit(facts({ record, lastApprovalMs, approvedBy: 1 }))).toMatchObject({ refused: expect.any(Array) });
    expect(judgePermit(facts({ record, lastApprovalMs, approvedBy: 2 }))).toBe('take-quota');
  });

  test('evidence is as old as its event time says, and an action may have a limit of its own', () => {
    const at = (ageMs: number, sentLateMs: number, maxEvidenceAgeMs?: number) =>
      judgePermit(
        facts({
          clockRate: 10,
          record: caseFor('p', {
            openedAtMs: nowMs,
            proposal: { ...proposalFor(), ...(maxEvidenceAgeMs !== undefined && { maxEvidenceAgeMs }) },
            evidence: { atMs: 0, sentAtMs: sentLateMs, receivedAtMs: nowMs - ageMs },
          }),
        }),
      );
    expect(at(60_000, 0)).toBe('take-quota');
    expect(at(60_001, 0)).toMatchObject({ refused: expect.any(Array) });
    // A gateway that kept it for ten minutes of its own clock, which runs ten times as fast.
    expect(at(0, 600_000)).toBe('take-quota');
    expect(at(1, 600_000)).toMatchObject({ refused: expect.any(Array) });
    expect(at(5_000, 0, 4_000)).toMatchObject({ refused: expect.any(Array) });
    expect(at(70_000, 0, 90_000)).toBe('take-quota');
  });

  test('an open breaker and a used-up quota wait or ask, and never permit', () => {
    expect(judgePermit(facts({ breaker: { pass: false, waitMs: 4_200 } }))).toMatchObject({
      permitted: false,
      waitS: 5,
    });
    expect(afterQuota('asset/a', nowMs, false)).toMatchObject({ permitted: false, refused: expect.any(Array) });
    expect(afterQuota('zone/s/z', nowMs, true)).toMatchObject({ permitted: false });
    expect(refusedByError(new Error('throttled'))).toMatchObject({ permitted: false, refused: expect.any(Array) });
  });

  test('whatever else holds, nothing passes a stop switch, a closed case or stale evidence', () => {
    fc.assert(
      fc.property(
        fc.boolean(),
        fc.integer({ min: 0, max: 200_000 }),
        fc.option(fc.integer({ min: 0, max: 200_000 }), { nil: undefined }),
        fc.option(fc.integer({ min: 0, max: 200_000 }), { nil: undefined }),
        (stopped, openedAgo, heardAgo, approvedAgo) => {
          const judged = judgePermit(
            facts({
              stopReasons: stopped ? ['all'] : [],
              record: caseFor('p', { openedAtMs: nowMs - openedAgo }),
              lastReceivedMs: heardAgo === undefined ? undefined : nowMs - heardAgo,
              lastApprovalMs: approvedAgo === undefined ? undefined : nowMs - approvedAgo,
            }),
          );
          const isApproved = approvedAgo !== undefined && approvedAgo <= 60_000;
          const isFresh = openedAgo <= 60_000 && heardAgo !== undefined && heardAgo <= 60_000;
          expect(judged === 'take-quota').toBe(!stopped && (isApproved || isFresh));
        },
      ),
    );
  });
});

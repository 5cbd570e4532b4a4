import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { CaseRecord, NewerDecision, ReviewRequest } from '../../../lib/contracts/case.ts';
import type { Proposal } from '../../../lib/contracts/remediation.ts';
import { hashOf, sha256 } from '../../../lib/core/audit/canonical.ts';
import { firstDifference, rebuildCase, unprovenFields } from '../../../lib/core/audit/rebuild.ts';
import { effectiveCase, standingYes } from '../../../lib/core/case/effective.ts';
import { loadCase } from '../../../lib/core/case/load.ts';
import { answerReview, RoundOverError, requestReview, timeOutReview } from '../../../lib/core/case/review.ts';
import { askingMs, questionToReplace, supersede } from '../../../lib/core/case/supersede.ts';
import { hearingMs, sweepAnswers } from '../../../lib/core/case/sweep-answers.ts';
import { settleAnswer, takeBack } from '../../../lib/core/case/take-back.ts';
import { caseFor, newerFor, proposalFor } from '../../support/remediation-world.ts';
import { asking, reviewWorld } from '../../support/review-world.ts';

const verification = { settleMs: 1_800_000, deadlineMs: 21_600_000, minRows: 2 };
const ticket: Proposal = { ...proposalFor('plant-1', 'raise-ticket', 'plant-1'), expectedChannels: [] };
const valve: Proposal = { ...proposalFor(), verification };

/** A case that asks whether to raise a ticket, because its first decision was unsure. */
const unsure = (change: Partial<CaseRecord> = {}) =>
  caseFor('unsure', {
    verdict: 'ask',
    sentence: 'Probably a leak.',
    proposal: ticket,
    proposalHash: hashOf(ticket),
    evidence: { atMs: 1, sentAtMs: 2, receivedAtMs: 3 },
    ...change,
  });

const newerOf = (proposal: Proposal = valve, change: Partial<NewerDecision> = {}): NewerDecision =>
  newerFor({ decisionId: sha256(`decision on ${proposal.target}`), proposal, ...change });

const world = async (record = unsure()) => {
  const made = await asking(record, 10, 600);
  return { ...made, caseId: record.caseId };
};

describe('an open question and a surer decision', () => {
  test('it asks anew: what the newer one proposes, in the next round, at the same level, with the chain saying why', async () => {
    const { state, ports, caseId, types, chain } = await world();
    const { dueAtMs } = state.reviews[0]!.request;
    state.nowMs += 60_000;
    const newer = newerOf();
    expect(await supersede(ports, caseId, newer)).toBe('asked-anew');
    expect(state.reviews[0]!.end).toEqual({ state: 'superseded', atMs: state.nowMs, newer });
    expect(state.reviews[1]).toEqual({
      request: {
        v: 1,
        caseId,
        round: 1,
        level: 1,
        question: 'A burst in zone A. Shall we close valve V1?',
        proposalHash: newer.proposalHash,
        thinkAgainS: 10,
        askedAtMs: state.nowMs,
        // Going up to others is put off by nothing.
        dueAtMs,
      },
      end: { state: 'open' },
    });
    expect(state.record).toMatchObject({
      kind: 'burst',
      zone: 'A',
      sentence: 'A burst in zone A.',
      proposal: valve,
      proposalHash: newer.proposalHash,
      verdict: 'ask',
      status: 'in-review',
      rounds: 2,
      decisionId: sha256('decision unsure'),
      newer: { decisionId: newer.decisionId, atMs: newer.atMs },
    });
    expect(types()).toEqual(['review-requested', 'review-superseded', 'review-requested']);
    expect([...state.audit.values()][1]!.body).toEqual({ round: 0, newer });
    expect(state.events.at(-1)).toMatchObject({ type: 'ReviewRequested', detail: { data: { round: 1, newer: true } } });
    expect(state.events.at(-1)!.detail.data).not.toHaveProperty('again');
    const { record: rebuilt, reviews } = rebuildCase(chain());
    expect(firstDifference(rebuilt, state.record, unprovenFields)).toBeUndefined();
    expect(reviews.map(({ request }) => request)).toEqual(state.reviews.map(({ request }) => request));
    expect(reviews.map(({ end }) => end.state)).toEqual(['superseded', 'open']);
  });

  test('the flow is told by the sweep, loads what is proposed now, and asks it in that round', async () => {
    const { state, ports, caseId } = await world();
    await supersede(ports, caseId, newerOf());
    expect(state.woken).toEqual([]);
    expect(await sweepAnswers(ports)).toEqual({ completed: 0, failed: [] });
    state.nowMs += hearingMs;
    const heard = { superseded: true, timedOut: false, round: 0, againS: 595 };
    expect(await sweepAnswers(ports)).toEqual({ completed: 1, failed: [] });
    expect(state.woken).toEqual([heard]);
    expect(state.unheard.size).toBe(0);
    expect(await timeOutReview(ports, { caseId, round: 0 })).toEqual(heard);
    expect(await loadCase(ports, caseId)).toMatchObject({
      verdict: 'ask',
      proposal: valve,
      question: 'A burst in zone A. Shall we close valve V1?',
    });
    await requestReview(ports, { caseId, round: 1, level: 1, token: 'second', timeoutS: 600, question: 'other' });
    expect(state.reviews).toHaveLength(2);
    expect(state.tokens.get(1)).toBe('second');
    expect([...state.audit.values()].filter(({ type }) => type === 'review-requested')).toHaveLength(2);
  });

  test('a yes to the former proposal is refused as out of date; a yes to the newer one stands', async () => {
    const { state, ports, caseId, answer } = await world();
    const stale = answer();
    await supersede(ports, caseId, newerOf());
    await expect(answerReview(ports, stale)).rejects.toMatchObject({ code: 'proposal-changed' });
    await expect(answerReview(ports, answer({ round: 0 }))).rejects.toMatchObject({ code: 'review-over' });
    expect(await answerReview(ports, answer({ round: 1 }))).toMatchObject({ round: 1, missing: 0 });
    expect(standingYes(effectiveCase(state.record, state.reviews), state.reviews)).toMatchObject({ people: 1 });
  });

  test('whoever answers before the flow has heard wakes it from the former question, and it comes to the answer', async () => {
    const { state, ports, caseId, answer } = await world();
    await supersede(ports, caseId, newerOf());
    await answerReview(ports, answer());
    expect(state.woken).toMatchObject([
      { superseded: true, round: 0 },
      { answer: 'approve', round: 1 },
    ]);
    expect(state.unheard.size).toBe(0);
    const asks = { caseId, round: 1, level: 1 as const, token: 'late', timeoutS: 600 };
    await expect(requestReview(ports, asks)).rejects.toBeInstanceOf(RoundOverError);
    expect(await timeOutReview(ports, { caseId, round: 1 })).toMatchObject({ answer: 'approve', thinkS: 10 });
  });

  test('a high impact of the newer proposal needs two people, and whatever is ordered instead does, too', async () => {
    const { state, ports, caseId, answer } = await world();
    await supersede(ports, caseId, newerOf({ ...valve, highImpact: true }));
    expect(state.reviews[1]!.request.people).toBe(2);
    const instead = { answer: 'override' as const, override: { action: 'flush', target: 'H1' } };
    expect(await answerReview(ports, answer(instead))).toMatchObject({ missing: 1 });
    expect(await answerReview(ports, answer({ by: 'bob' })).catch(({ code }) => code)).toBe('approvals-differ');
  });

  test('a newer decision that may act by itself only changes what is asked', async () => {
    const { state, ports, caseId } = await world();
    await supersede(ports, caseId, newerOf());
    expect(state.record.verdict).toBe('ask');
    expect(standingYes(state.record, state.reviews)).toBeUndefined();
    expect(state.record.effectKeys).toEqual([]);
  });

  test('at the last level it has the whole time of its own, because nobody comes after', async () => {
    const { state, ports, caseId } = await world();
    await timeOutReview(ports, { caseId, round: 0 });
    await requestReview(ports, { caseId, round: 1, level: 2, token: 'up', timeoutS: 900 });
    state.nowMs += 890_000;
    expect(await supersede(ports, caseId, newerOf())).toBe('asked-anew');
    expect(state.reviews[2]!.request).toMatchObject({ round: 2, level: 2, dueAtMs: state.nowMs + 900_000 });
  });
});

describe('the question stays', () => {
  const end = (of: 'supersede' | 'stays', record: CaseRecord, newer: NewerDecision) =>
    expect(questionToReplace(record, [openIn(record)], newer) ? 'supersede' : 'stays').toBe(of);
  const openIn = (record: CaseRecord, change: Partial<ReviewRequest> = {}) => ({
    request: { v: 1 as const, caseId: record.caseId, round: 0, question: '?', askedAtMs: 1, dueAtMs: 2, ...change },
    end: { state: 'open' as const },
  });
  const { proposal: _, proposalHash: __, ...nothing } = unsure();
  const named = unsure({ proposal: valve, proposalHash: hashOf(valve) });
  const otherValve: Proposal = { ...valve, target: 'V2' };

  test.each<[string, 'supersede' | 'stays', CaseRecord, Proposal]>([
    ['a valve in place of a ticket', 'supersede', unsure(), valve],
    ['a valve in place of nothing', 'supersede', nothing, valve],
    ['a ticket in place of nothing', 'supersede', nothing, ticket],
    ['another ticket', 'stays', unsure(), { ...ticket, target: 'Z1' }],
    ['a ticket in place of a valve', 'stays', named, ticket],
    ['another valve', 'stays', named, otherValve],
    ['the same valve, in other words', 'stays', named, { ...valve, why: 'surer' }],
    ['another asset', 'stays', unsure(), { ...valve, asset: 'plant-2' }],
    ['a person’s report', 'stays', { ...unsure(), evidence: undefined } as unknown as CaseRecord, valve],
    ['a case that acts', 'stays', unsure({ status: 'acting' }), valve],
    ['a case that is checked', 'stays', unsure({ status: 'verifying' }), valve],
    ['a case whose endpoint was asked', 'stays', unsure({ effectKeys: [sha256('effect')] }), valve],
    ['a closed case', 'stays', unsure({ status: 'closed', resolution: 'rejected' }), valve],
  ])('%s: %s', (_name, of, record, proposal) => end(of, record, newerOf(proposal)));

  test('where it is not asked whether to do what is proposed', () => {
    const record = unsure();
    expect(questionToReplace(record, [openIn(record, { after: 'handover' })], newerOf())).toBeUndefined();
  });

  test('once somebody has answered, also where that was taken back', async () => {
    const { state, ports, caseId, answer } = await world();
    const { answeredAtMs } = await answerReview(ports, answer());
    expect(await supersede(ports, caseId, newerOf())).toBe('stays');
    const order = { v: 1 as const, caseId, answer: 'take-back' as const, round: 0, by: 'ann', reason: 'no' };
    await takeBack(ports, { ...order, answeredAtMs });
    expect(await supersede(ports, caseId, newerOf())).toBe('stays');
    expect(state.record.proposal).toEqual(ticket);
    expect(state.reviews.map(({ end: { state: how } }) => how)).toEqual(['taken-back', 'open']);
  });

  test('with one yes of two, also where that was taken back', async () => {
    const heavy = { ...ticket, highImpact: true };
    const { state, ports, caseId, answer } = await world(
      unsure({ proposal: heavy, proposalHash: hashOf(heavy), impact: 'high' }),
    );
    const { answeredAtMs } = await answerReview(ports, answer());
    expect(await supersede(ports, caseId, newerOf())).toBe('stays');
    const order = { v: 1 as const, caseId, answer: 'take-back' as const, round: 0, by: 'ann', reason: 'no' };
    await takeBack(ports, { ...order, answeredAtMs });
    expect(await supersede(ports, caseId, newerOf())).toBe('stays');
    expect(state.reviews).toHaveLength(1);
    expect(await answerReview(ports, answer())).toMatchObject({ missing: 1 });
    expect(await answerReview(ports, answer({ by: 'bob' }))).toMatchObject({ missing: 0 });
  });

  test('nothing flaps: of any decisions, one after the other, at most two change the question, and each says more', async () => {
    const proposals = [ticket, { ...ticket, target: 'Z1' }, valve, otherValve, { ...valve, target: 'V3' }];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom<CaseRecord>(nothing, unsure()),
        fc.array(fc.constantFrom(...proposals), { maxLength: 8 }),
        async (record, coming) => {
          const { state, ports, caseId, chain } = await world(record);
          const asked: (Proposal | undefined)[] = [record.proposal];
          for (const [at, proposal] of coming.entries()) {
            state.nowMs += 1_000;
            const decisionId = sha256(String(at));
            const result = await supersede(ports, caseId, newerOf(proposal, { decisionId, atMs: state.nowMs }));
            if (result === 'asked-anew') asked.push(proposal);
          }
          const rank = (proposal?: Proposal) => (!proposal ? 0 : proposal.verification ? 2 : 1);
          expect(asked.map(rank)).toEqual([...new Set(asked.map(rank))].sort());
          expect(state.record.proposal).toEqual(asked.at(-1));
          expect(state.reviews).toHaveLength(asked.length);
          expect(firstDifference(rebuildCase(chain()).record, state.record, unprovenFields)).toBeUndefined();
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('superseding and what comes between', () => {
  test('an answer and a surer decision at once: exactly one of them ends the round', async () => {
    for (const first of ['answer', 'newer'] as const) {
      const { state, ports, caseId, answer } = await world();
      const slow: typeof ports = {
        ...ports,
        supersede: async (...of) => {
          if (first === 'answer') await answerReview(ports, answer());
          return await ports.supersede(...of);
        },
        endReview: async (...of) => {
          if (first === 'newer') await supersede(ports, caseId, newerOf());
          return await ports.endReview(...of);
        },
      };
      if (first === 'answer') expect(await supersede(slow, caseId, newerOf())).toBe('stays');
      else await expect(answerReview(slow, answer())).rejects.toMatchObject({ code: 'review-over' });
      expect(state.reviews[0]!.end.state).toBe(first === 'answer' ? 'answered' : 'superseded');
      expect(state.record.proposal?.action).toBe(first === 'answer' ? 'raise-ticket' : 'close-valve');
    }
  });

  test('killed at any step, the same flag or the sweep completes it, once', async () => {
    for (const completes of ['flag', 'sweep'] as const)
      for (let steps = 0; steps < 9; steps += 1) {
        const { state, ports, caseId, types } = await world();
        let left = steps;
        const until =
          <A extends unknown[], R>(work: (...of: A) => Promise<R>) =>
          async (...of: A): Promise<R> => {
            left -= 1;
            if (left < 0) throw new Error('killed');
            return await work(...of);
          };
        const dies: typeof ports = {
          ...ports,
          supersede: until(ports.supersede),
          audit: until(ports.audit),
          changeCase: until(ports.changeCase),
          openReview: until(ports.openReview),
          publish: until(ports.publish),
        };
        await supersede(dies, caseId, newerOf()).catch(() => undefined);
        if (completes === 'flag') await supersede(ports, caseId, newerOf());
        else if (steps === 0) continue;
        state.nowMs += hearingMs;
        expect(await sweepAnswers(ports)).toEqual({ completed: 1, failed: [] });
        expect(types()).toEqual(['review-requested', 'review-superseded', 'review-requested']);
        expect(state.record.proposal).toEqual(valve);
        expect(state.reviews.map(({ end: { state: how } }) => how)).toEqual(['superseded', 'open']);
        expect(state.unheard.size).toBe(0);
        expect(await sweepAnswers(ports)).toEqual({ completed: 0, failed: [] });
      }
  });

  test('completed late, after the newer question was answered by another order, it changes nothing of that', async () => {
    const { state, ports, caseId, answer } = await world();
    const unheard: typeof ports = { ...ports, wake: async () => 'unreachable' };
    await supersede(ports, caseId, newerOf());
    await answerReview(unheard, answer({ answer: 'override', override: { action: 'close-valve', target: 'V9' } }));
    await settleAnswer(ports, { caseId, round: 1 });
    state.nowMs += hearingMs;
    expect(await sweepAnswers(ports)).toEqual({ completed: 2, failed: [] });
    expect(state.record.proposal?.target).toBe('V9');
    expect(effectiveCase(state.record, state.reviews).proposal?.target).toBe('V9');
    expect(state.reviews).toHaveLength(2);
  });

  test('a question that was stored and not yet recorded is recorded before it ends', async () => {
    const record = unsure();
    const { state, ports } = reviewWorld(record);
    const dies = { ...ports, audit: () => Promise.reject(new Error('killed')) };
    const first = { caseId: record.caseId, round: 0, token: 'first', timeoutS: 600 };
    await expect(requestReview(dies, first)).rejects.toThrow('killed');
    expect(await supersede(ports, record.caseId, newerOf())).toBe('asked-anew');
    expect([...state.audit.values()].map(({ type, body }) => [type, body.round])).toEqual([
      ['review-requested', 0],
      ['review-superseded', 0],
      ['review-requested', 1],
    ]);
  });

  test('a flag that comes before the first question is put off; of a case that never asked it is not for ever', async () => {
    const record = unsure();
    const { state, ports } = reviewWorld(record);
    state.nowMs = record.openedAtMs + 1_000;
    await expect(supersede(ports, record.caseId, newerOf())).rejects.toMatchObject({
      code: 'not-asked-yet',
      retryable: true,
    });
    expect(await supersede(ports, record.caseId, newerOf({ ...ticket, target: 'Z1' }))).toBe('stays');
    state.nowMs = record.openedAtMs + askingMs;
    expect(await supersede(ports, record.caseId, newerOf())).toBe('stays');
    expect(state.audit.size).toBe(0);
  });
});

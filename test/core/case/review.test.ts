import { describe, expect, test } from '@jest/globals';
import type { CaseRecord } from '../../../lib/contracts/case.ts';
import { hashOf, sha256 } from '../../../lib/core/audit/canonical.ts';
import { closeCase } from '../../../lib/core/case/close.ts';
import { approvalsIn, effectiveCase, type Review, standingYes } from '../../../lib/core/case/effective.ts';
import { answerReview, requestReview, timeOutReview } from '../../../lib/core/case/review.ts';
import { hearingMs, overdueMs, sweepAnswers } from '../../../lib/core/case/sweep-answers.ts';
import { caseFor, proposalFor } from '../../support/remediation-world.ts';
import { asking, reviewWorld } from '../../support/review-world.ts';

describe('a review', () => {
  test('asks, is answered, and wakes the flow; the token stands in no event, audit or answer', async () => {
    const { state, ports, answer } = await asking();
    expect(state.record.status).toBe('in-review');
    const result = await answerReview(ports, answer());
    expect(result).toMatchObject({ answer: 'approve', round: 0, woken: true });
    expect(state.woken).toEqual([{ answer: 'approve', by: 'ann', round: 0, timedOut: false }]);
    expect(state.events.map(({ type }) => type)).toEqual(['ReviewRequested', 'ReviewAnswered']);
    expect(JSON.stringify([state.events, [...state.audit.values()], result])).not.toContain('secret-token');
  });

  test('an approval of another proposal is refused, before anything is stored', async () => {
    const { state, ports, answer } = await asking();
    const changed = { ...proposalFor(), target: 'V2' };
    state.record = { ...state.record, proposal: changed, proposalHash: hashOf(changed) };
    await expect(answerReview(ports, answer())).rejects.toMatchObject({ code: 'proposal-changed' });
    const { state: fresh, ports: freshPorts, answer: freshAnswer } = await asking();
    await expect(answerReview(freshPorts, freshAnswer({ proposalHash: hashOf('other') }))).rejects.toMatchObject({
      code: 'proposal-changed',
    });
    expect(fresh.reviews[0]!.end.state).toBe('open');
    expect(state.reviews[0]!.end.state).toBe('open');
  });

  test('the second person learns who was faster; the same answer again only completes', async () => {
    const { state, ports, answer } = await asking();
    await answerReview(ports, answer());
    await expect(answerReview(ports, answer({ answer: 'reject', by: 'bob' }))).rejects.toThrow(
      /ann has already answered/,
    );
    await answerReview(ports, answer());
    expect(approvalsIn(state.reviews)).toBe(1);
    expect([...state.audit.values()].filter(({ type }) => type === 'review-answered')).toHaveLength(1);
  });

  test.each(['audit', 'changeCase', 'publish', 'wake', 'markHeard'] as const)(
    'killed before %s: the sweep completes the stored answer once its flow has had time to hear it',
    async (step) => {
      const { ports, answer, state } = await asking();
      const killed = { ...ports, [step]: () => Promise.reject(new Error('killed')) };
      await expect(answerReview(killed, answer())).rejects.toThrow('killed');
      expect(await sweepAnswers(ports)).toEqual({ completed: 0, failed: [] });
      state.nowMs += hearingMs;
      expect(await sweepAnswers(ports)).toEqual({ completed: 1, failed: [] });
      expect(state.woken.at(-1)).toEqual({ answer: 'approve', by: 'ann', round: 0, timedOut: false });
      expect([...state.audit.values()].filter(({ type }) => type === 'review-answered')).toHaveLength(1);
      expect(approvalsIn(state.reviews)).toBe(1);
      expect(await sweepAnswers(ports)).toEqual({ completed: 0, failed: [] });
    },
  );

  test('a flow that cannot be reached is tried again, one that waits no more is left alone; one problem stops no other', async () => {
    const { ports, answer, state } = await asking();
    const result = await answerReview({ ...ports, wake: async () => 'unreachable' }, answer());
    expect(result.woken).toBe(false);
    state.nowMs += hearingMs;
    expect(await sweepAnswers({ ...ports, wake: async () => 'unreachable' })).toMatchObject({ completed: 1 });
    const { caseId } = state.record;
    const both = { ...ports, unheard: async () => [7, 0].map((round) => ({ caseId, round })) };
    expect(await sweepAnswers({ ...both, audit: () => Promise.reject(new Error('no table')) })).toEqual({
      completed: 0,
      failed: [{ caseId, message: 'no table' }],
    });
    expect(await sweepAnswers({ ...both, wake: async () => 'gone' })).toEqual({ completed: 1, failed: [] });
    expect(state.unheard.size).toBe(0);
  });

  test('the timeout learns of a stored answer, and ends the round where there is none', async () => {
    const { ports, answer, state } = await asking();
    await answerReview(ports, answer({ answer: 'reject' }));
    const at = { caseId: state.record.caseId, round: 0 };
    expect(await timeOutReview(ports, at)).toMatchObject({ answer: 'reject', timedOut: false });
    const silent = await asking();
    expect(await timeOutReview(silent.ports, at)).toEqual({ timedOut: true, round: 0 });
    await expect(answerReview(silent.ports, silent.answer())).rejects.toThrow(/time for an answer is over/);
    expect(await timeOutReview(silent.ports, { ...at, round: 5 })).toEqual({ timedOut: true, round: 5 });
  });

  test('a question asked again after its end sends the flow to the stored answer', async () => {
    const { ports, answer, state } = await asking();
    await answerReview(ports, answer());
    const again = { caseId: state.record.caseId, round: 0, token: 'newer', timeoutS: 60 };
    await expect(requestReview(ports, again)).rejects.toMatchObject({ code: 'review-over', retryable: false });
    expect(state.events).toHaveLength(2);
  });

  test('an override is what is done, also while the stored record lags behind', async () => {
    const { ports, answer, state } = await asking();
    const stale = state.record;
    await answerReview(ports, answer({ answer: 'override', override: { action: 'open-valve', target: 'V9' } }));
    expect(effectiveCase(stale, state.reviews).proposal).toMatchObject({ action: 'open-valve', target: 'V9' });
    expect(effectiveCase(stale, state.reviews).proposalHash).toBe(state.record.proposalHash);
    expect(state.record.proposal).not.toHaveProperty('inverse');
  });

  test.each([
    ['no action', { answer: 'override' as const }, 'override-empty'],
    [
      'a wrong action',
      { answer: 'override' as const, override: { action: 'Rm -rf', target: 'V1' } },
      'override-invalid',
    ],
  ])('an override with %s is refused', async (_what, change, code) => {
    const { ports, answer, state } = await asking();
    await expect(answerReview(ports, answer(change))).rejects.toMatchObject({ code });
    expect(state.reviews[0]!.end.state).toBe('open');
  });

  test('where nothing is proposed a yes takes the case over, but never an approval of something; nothing is answered where nothing is asked', async () => {
    const { proposal: _p, proposalHash: _h, ...bare } = caseFor('bare');
    const { ports, answer } = await asking(bare);
    await expect(answerReview(ports, answer({ proposalHash: 'a'.repeat(64) }))).rejects.toMatchObject({
      code: 'proposal-changed',
    });
    await expect(answerReview(ports, answer())).resolves.toMatchObject({ answer: 'approve' });
    const { ports: quiet } = reviewWorld(caseFor('quiet'));
    await expect(answerReview(quiet, answer())).rejects.toMatchObject({ code: 'no-review' });
  });
});

describe('closing', () => {
  test('counts flags that arrive meanwhile, frees the slot on its version, and keeps its first resolution', async () => {
    const { state, ports } = reviewWorld(caseFor('c'));
    const slot: { version: number | undefined; flags: number } = { version: 0, flags: 1 };
    const close = {
      ...ports,
      slotVersion: async () => slot.version,
      flagsOf: async () => Array.from({ length: slot.flags }, (_, n) => sha256(`flag ${n}`)),
      freeSlot: async (_record: CaseRecord, version: number) => {
        if (slot.flags === 1) {
          slot.flags = 2;
          slot.version = 1;
        }
        if (slot.version !== version) return 'changed' as const;
        slot.version = undefined;
        return 'freed' as const;
      },
    };
    const { caseId } = state.record;
    expect(await closeCase(close, { caseId, resolution: 'verified' })).toMatchObject({ resolution: 'verified' });
    expect(state.record).toMatchObject({ status: 'closed', resolution: 'verified', flags: 2, closedAtMs: state.nowMs });
    expect(await closeCase(close, { caseId, resolution: 'failed' })).toMatchObject({ resolution: 'verified' });
    expect(state.record.resolution).toBe('verified');
    expect(new Set(state.events.map(({ detail }) => detail.id)).size).toBe(1);
  });
});

describe('who edits the policies', () => {
  test('lets nothing act alone, whatever its impact; another person says the same', async () => {
    const { state, ports, answer } = await asking();
    expect(await answerReview(ports, answer(), true)).toMatchObject({ missing: 1, woken: false });
    expect(approvalsIn(state.reviews)).toBe(0);
    for (const by of ['ann', 'Ann '])
      for (const isAuthor of [true, false])
        await expect(answerReview(ports, answer({ by }), isAuthor)).rejects.toMatchObject({ code: 'same-person' });
    expect(await answerReview(ports, answer({ by: 'bob' }))).toMatchObject({ missing: 0, woken: true });
    expect(standingYes(state.record, state.reviews)?.people).toBe(2);
  });

  test('orders nothing else alone either', async () => {
    const { ports, answer } = await asking();
    const instead = { answer: 'override' as const, override: { action: 'raise-ticket', target: 'V1' } };
    expect(await answerReview(ports, answer({ ...instead, proposalHash: undefined }), true)).toMatchObject({
      missing: 1,
    });
  });

  test('says no alone, and takes over alone what nothing acts on', async () => {
    const one = await asking();
    expect(await answerReview(one.ports, one.answer({ answer: 'reject' }), true)).toMatchObject({ missing: 0 });
    const { state, ports } = reviewWorld(caseFor('over'));
    const { caseId, proposalHash } = state.record;
    const asked = { caseId, round: 0, token: 'secret-token', after: 'handover' as const, timeoutS: 60 };
    await requestReview(ports, asked);
    expect(await answerReview(ports, one.answer({ caseId, proposalHash }), true)).toMatchObject({ missing: 0 });
  });
});

describe('an action with a high impact', () => {
  const heavy = () => {
    const proposal = { ...proposalFor(), highImpact: true };
    return caseFor('heavy', { proposal, proposalHash: hashOf(proposal), verdict: 'ask', impact: 'high' });
  };
  const standing = (state: { record: CaseRecord; reviews: Review[] }) =>
    standingYes(effectiveCase(state.record, state.reviews), state.reviews);

  test('needs two people: the first yes is kept and recorded, the second wakes the flow', async () => {
    const { state, ports, answer } = await asking(heavy());
    expect(state.reviews[0]!.request.people).toBe(2);
    expect(await answerReview(ports, answer())).toMatchObject({ missing: 1, woken: false });
    expect([state.woken, standing(state)]).toEqual([[], undefined]);
    expect(await answerReview(ports, answer({ by: 'bob' }))).toMatchObject({ missing: 0, woken: true });
    expect(state.woken).toHaveLength(1);
    expect(standing(state)).toMatchObject({ people: 2 });
    expect([...state.audit.values()].map(({ type, body }) => [type, body.by])).toEqual([
      ['review-requested', undefined],
      ['approval-given', 'ann'],
      ['review-answered', 'bob'],
    ]);
  });

  test.each(['ann', 'Ann', ' ann '])('is not approved by one person twice, also as "%s"', async (by) => {
    const { state, ports, answer } = await asking(heavy());
    await answerReview(ports, answer());
    await expect(answerReview(ports, answer({ by }))).rejects.toMatchObject({ code: 'same-person' });
    expect(state.reviews[0]!.end.state).toBe('open');
  });

  test.each(['ann', 'bob'])('a no of %s ends it, whoever said yes before', async (by) => {
    const { state, ports, answer } = await asking(heavy());
    await answerReview(ports, answer());
    expect(await answerReview(ports, answer({ answer: 'reject', by }))).toMatchObject({ missing: 0, woken: true });
    expect(standing(state)).toBeUndefined();
    await expect(answerReview(ports, answer({ by: 'mia' }))).rejects.toMatchObject({ code: 'review-over' });
  });

  test('one yes by the end of the time is none', async () => {
    const { state, ports, answer } = await asking(heavy());
    await answerReview(ports, answer());
    expect(await timeOutReview(ports, { caseId: state.record.caseId, round: 0 })).toMatchObject({ timedOut: true });
    await expect(answerReview(ports, answer({ by: 'bob' }))).rejects.toMatchObject({ code: 'review-over' });
    expect(standing(state)).toBeUndefined();
  });

  test('both must mean the same; a first yes to what is no longer proposed binds nobody', async () => {
    const { state, ports, answer } = await asking(heavy());
    await answerReview(ports, answer());
    const other = { answer: 'override' as const, by: 'bob', override: { action: 'open-valve', target: 'V9' } };
    await expect(answerReview(ports, answer(other))).rejects.toMatchObject({ code: 'approvals-differ' });
    const changed = { ...proposalFor(), highImpact: true, target: 'V2' };
    const proposalHash = hashOf(changed);
    state.record = { ...state.record, proposal: changed, proposalHash };
    state.reviews[0] = { ...state.reviews[0]!, request: { ...state.reviews[0]!.request, proposalHash } };
    expect(await answerReview(ports, answer({ by: 'bob', proposalHash }))).toMatchObject({ missing: 1 });
    await expect(answerReview(ports, answer({ by: 'bob', proposalHash }))).rejects.toMatchObject({
      code: 'same-person',
    });
    expect(await answerReview(ports, answer({ by: 'ann', proposalHash }))).toMatchObject({ missing: 0 });
  });

  test('ordering something else instead needs two people, too; taking over needs one', async () => {
    const { state, ports, answer } = await asking(heavy());
    const other = { answer: 'override' as const, override: { action: 'close-valve', target: 'V9' } };
    expect(await answerReview(ports, answer(other))).toMatchObject({ missing: 1 });
    expect(await answerReview(ports, answer({ ...other, by: 'bob' }))).toMatchObject({ missing: 0 });
    expect(standing(state)).toMatchObject({ people: 2 });
    const { state: taken, ports: takenPorts } = reviewWorld(heavy());
    const asked = { caseId: taken.record.caseId, round: 0, token: 't', timeoutS: 60, after: 'handover' as const };
    await requestReview(takenPorts, asked);
    expect(taken.reviews[0]!.request.people).toBeUndefined();
  });

  test('an order that the pack marks needs two people also where the proposal did not', async () => {
    const { ports, answer } = await asking(caseFor('light', { highImpactActions: ['close-main'] }));
    const order = { answer: 'override' as const, override: { action: 'close-main', target: 'V9' } };
    expect(await answerReview(ports, answer(order))).toMatchObject({ missing: 1 });
    expect(await answerReview(ports, answer({ ...order, by: 'bob' }))).toMatchObject({ missing: 0 });
  });

  test('what a crash left unrecorded of the first yes is recorded with the second', async () => {
    const { state, ports, answer } = await asking(heavy());
    const dying = { ...ports, audit: () => Promise.reject(new Error('killed')) };
    await expect(answerReview(dying, answer())).rejects.toThrow('killed');
    await answerReview(ports, answer({ by: 'bob' }));
    expect([...state.audit.values()].map(({ type }) => type)).toContain('approval-given');
  });

  test.each([false, true])('so it is when nobody else answers in time, once; recorded before: %s', async (recorded) => {
    const { state, ports, answer } = await asking(heavy());
    const dying = { ...ports, audit: () => Promise.reject(new Error('killed')) };
    if (recorded) await answerReview(ports, answer());
    else await expect(answerReview(dying, answer())).rejects.toThrow('killed');
    const over = { caseId: state.record.caseId, round: 0 };
    // The first try of the timeout dies, too: the round is over then, and the entry still missing.
    await expect(timeOutReview({ ...ports, audit: dying.audit }, over)).rejects.toThrow('killed');
    for (let repeat = 0; repeat < 2; repeat += 1) await timeOutReview(ports, over);
    expect([...state.audit.values()].map(({ type, body }) => [type, body.by])).toEqual([
      ['review-requested', undefined],
      ['approval-given', 'ann'],
      ['review-timed-out', undefined],
    ]);
  });

  test('so it is when its flow was stopped and nothing ends the round, once; a yes still ends it then', async () => {
    const { state, ports, answer } = await asking(heavy());
    const dying = { ...ports, audit: () => Promise.reject(new Error('killed')) };
    await expect(answerReview(dying, answer())).rejects.toThrow('killed');
    const recorded = () => [...state.audit.values()].map(({ type }) => type);
    state.nowMs = state.reviews[0]!.request.dueAtMs + overdueMs - 1;
    expect(await sweepAnswers(ports)).toEqual({ completed: 0, failed: [] });
    expect(recorded()).toEqual(['review-requested']);
    state.nowMs += 1;
    expect(await sweepAnswers(dying)).toMatchObject({ completed: 0, failed: [{ message: 'killed' }] });
    for (let repeat = 0; repeat < 2; repeat += 1) await sweepAnswers(ports);
    expect(recorded()).toEqual(['review-requested', 'approval-given']);
    expect(await answerReview(ports, answer({ by: 'bob' }))).toMatchObject({ missing: 0 });
    expect(recorded()).toEqual(['review-requested', 'approval-given', 'review-answered']);
  });

  test('so it is when its place is taken by a first yes to what is proposed now', async () => {
    const { state, ports, answer } = await asking(heavy());
    const dying = { ...ports, audit: () => Promise.reject(new Error('killed')) };
    await expect(answerReview(dying, answer())).rejects.toThrow('killed');
    const proposal = { ...proposalFor(), highImpact: true, target: 'V2' };
    const proposalHash = hashOf(proposal);
    state.record = { ...state.record, proposal, proposalHash };
    state.reviews[0] = { ...state.reviews[0]!, request: { ...state.reviews[0]!.request, proposalHash } };
    // Without the entry of what is replaced nothing is replaced.
    await expect(answerReview(dying, answer({ by: 'bob', proposalHash }))).rejects.toThrow('killed');
    expect(state.reviews[0]!.first?.answer.by).toBe('ann');
    expect(await answerReview(ports, answer({ by: 'bob', proposalHash }))).toMatchObject({ missing: 1 });
    const given = [...state.audit.values()].filter(({ type }) => type === 'approval-given');
    expect(given.map(({ body }) => body.by)).toEqual(['ann', 'bob']);
  });
});

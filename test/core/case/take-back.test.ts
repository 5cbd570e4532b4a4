import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { hashOf } from '../../../lib/core/audit/canonical.ts';
import { rebuildCase } from '../../../lib/core/audit/rebuild.ts';
import { approvalsIn, effectiveCase, standingYes } from '../../../lib/core/case/effective.ts';
import { knownLabel, labelCase, labelsGiven, labelsIn } from '../../../lib/core/case/label.ts';
import { answerReview, requestReview, timeOutReview } from '../../../lib/core/case/review.ts';
import { hearingMs, sweepAnswers } from '../../../lib/core/case/sweep-answers.ts';
import { settleAnswer, takeBack } from '../../../lib/core/case/take-back.ts';
import { maxTakeBacks } from '../../../lib/core/case/think-again.ts';
import { factsOf } from '../../../lib/core/console/figures.ts';
import { caseFor, proposalFor } from '../../support/remediation-world.ts';
import { asking } from '../../support/review-world.ts';

const thinkAgainS = 10;
const instead = { answer: 'override' as const, override: { action: 'close-valve', target: 'V9' } };

const thinking = async (record = caseFor('r')) => {
  const world = await asking(record, thinkAgainS, 600);
  const { ports } = world;
  const back = (answeredAtMs: number, change: { round?: number; by?: string; reason?: string } = {}) =>
    takeBack(ports, {
      v: 1,
      caseId: record.caseId,
      answer: 'take-back',
      round: 0,
      answeredAtMs,
      by: 'bob',
      reason: 'the wrong valve',
      ...change,
    });
  return { ...world, back };
};

describe('taking an answer back', () => {
  test('while the flow waits: the question stands again with its time, its level and its proposal, and all of it is kept', async () => {
    const { state, ports, answer, back, types } = await thinking();
    const { dueAtMs } = state.reviews[0]!.request;
    const given = await answerReview(ports, answer());
    expect(given).toMatchObject({ woken: true, takeBackUntilMs: given.answeredAtMs + thinkAgainS * 1000 });
    const { caseId } = state.record;
    expect(await timeOutReview(ports, { caseId, round: 0 })).toMatchObject({ answer: 'approve', thinkS: thinkAgainS });
    state.nowMs += 4_000;
    expect(await back(given.answeredAtMs)).toEqual({ caseId, round: 0, what: 'answer' });
    expect(state.reviews[0]!.end).toMatchObject({
      state: 'taken-back',
      answer: { by: 'ann' },
      takenBack: { by: 'bob', reason: 'the wrong valve', atMs: state.nowMs },
    });
    expect(state.reviews[1]).toMatchObject({
      request: { round: 1, level: 1, dueAtMs, proposalHash: state.record.proposalHash, thinkAgainS },
      end: { state: 'open' },
    });
    expect(types()).toEqual(['review-requested', 'review-answered', 'answer-taken-back', 'review-requested']);
    expect(state.events.at(-1)).toMatchObject({ type: 'ReviewRequested', detail: { data: { round: 1, again: true } } });
    // What the flow finds out when its time is over: ask in the next round, for the rest of the time.
    expect(await settleAnswer(ports, { caseId, round: 0 })).toEqual({
      takenBack: true,
      timedOut: false,
      round: 0,
      againS: (dueAtMs - state.nowMs) / 1000,
    });
    await requestReview(ports, { caseId, round: 1, level: 1, token: 'second', timeoutS: 596, thinkAgainS });
    expect(state.reviews).toHaveLength(2);
    expect(types()).toHaveLength(4);
    expect(await answerReview(ports, answer({ by: 'bob' }))).toMatchObject({ round: 1, answer: 'approve' });
  });

  test('nothing counts of it: no yes, no ordinal, no order in its place, no label', async () => {
    const { state, ports, answer, back, chain } = await thinking();
    const proposed = state.record.proposalHash;
    const given = await answerReview(ports, answer(instead));
    expect(effectiveCase(state.record, state.reviews).proposal?.target).toBe('V9');
    // Not written over what was proposed as long as it may be taken back.
    expect(state.record.proposalHash).toBe(proposed);
    await labelCase(ports, {
      v: 1,
      caseId: state.record.caseId,
      answer: 'label',
      ordinal: 0,
      label: 'pump-failure',
      by: 'ann',
      reason: 'it hums',
      round: 0,
    });
    expect(labelsIn(chain()).map(({ label }) => label)).toEqual(['pump-failure']);
    await back(given.answeredAtMs);
    expect(effectiveCase(state.record, state.reviews).proposalHash).toBe(proposed);
    expect(approvalsIn(state.reviews)).toBe(0);
    expect(standingYes(state.record, state.reviews)).toBeUndefined();
    expect(labelsIn(chain())).toEqual([]);
    expect(labelsGiven(chain())).toBe(1);
    expect(knownLabel(state.record, chain(), state.reviews)).toBeUndefined();
    expect(factsOf(state.record, chain())).toMatchObject({ overridden: false, takenBack: 1 });
    expect(factsOf(state.record, chain()).judged).toBeUndefined();
    const again = await answerReview(ports, answer({ shownForMs: 4_000 }));
    expect(again).toMatchObject({ round: 1 });
    expect(await settleAnswer(ports, { caseId: state.record.caseId, round: 1 })).toMatchObject({ answer: 'approve' });
    expect(approvalsIn(state.reviews)).toBe(1);
    expect(knownLabel(state.record, chain(), state.reviews)).toMatchObject({ source: 'approved', by: 'ann' });
    expect(factsOf(state.record, chain())).toMatchObject({ overridden: false, takenBack: 1, shownForMs: [4_000] });
  });

  test('an order stands in the record once it can be taken back no more, and the audit rebuilds what stands', async () => {
    const { state, ports, answer, back, chain } = await thinking();
    const wrong = await answerReview(ports, answer({ ...instead, override: { action: 'open-valve', target: 'V1' } }));
    await back(wrong.answeredAtMs);
    await answerReview(ports, answer(instead));
    const { caseId } = state.record;
    expect(await settleAnswer(ports, { caseId, round: 1 })).toEqual({
      answer: 'override',
      by: 'ann',
      round: 1,
      timedOut: false,
    });
    expect(state.record.proposal?.target).toBe('V9');
    const rebuilt = rebuildCase(chain(), () => 'words');
    expect(rebuilt.record.proposalHash).toBe(state.record.proposalHash);
    expect(rebuilt.reviews.map(({ end }) => end.state)).toEqual(['taken-back', 'answered']);
    expect(rebuilt.reviews[1]!.request).toEqual(state.reviews[1]!.request);
  });

  test('is refused once the flow goes on, for another answer, in another round, and where nobody answered', async () => {
    const { state, ports, answer, back } = await thinking();
    await expect(back(state.nowMs)).rejects.toMatchObject({ code: 'no-answer' });
    const given = await answerReview(ports, answer());
    await expect(back(given.answeredAtMs + 1)).rejects.toMatchObject({ code: 'no-answer' });
    await expect(back(given.answeredAtMs, { round: 1 })).rejects.toMatchObject({ code: 'no-answer' });
    await settleAnswer(ports, { caseId: state.record.caseId, round: 0 });
    await expect(back(given.answeredAtMs)).rejects.toMatchObject({ code: 'answer-stands' });
    expect(state.reviews).toHaveLength(1);
    const { state: late, ports: latePorts, back: lateBack } = await thinking(caseFor('late'));
    await timeOutReview(latePorts, { caseId: late.record.caseId, round: 0 });
    await expect(lateBack(late.nowMs)).rejects.toMatchObject({ code: 'no-answer' });
    await expect(settleAnswer(ports, { caseId: state.record.caseId, round: 5 })).rejects.toThrow('no answer');
  });

  test('without time to think again an answer stands at once', async () => {
    const { state, ports, answer } = await asking();
    const given = await answerReview(ports, answer());
    expect(given.takeBackUntilMs).toBeUndefined();
    const { caseId } = state.record;
    expect(await timeOutReview(ports, { caseId, round: 0 })).not.toHaveProperty('thinkS');
    const order = { v: 1 as const, caseId, answer: 'take-back' as const, round: 0, by: 'bob', reason: 'no' };
    await expect(takeBack(ports, { ...order, answeredAtMs: given.answeredAtMs })).rejects.toMatchObject({
      code: 'answer-stands',
    });
  });

  test('the same order twice is one; another person’s says that it was taken back already', async () => {
    const { state, ports, answer, back, types } = await thinking();
    const { answeredAtMs } = await answerReview(ports, answer());
    await back(answeredAtMs);
    state.nowMs += 1_000;
    expect(await back(answeredAtMs)).toMatchObject({ what: 'answer' });
    await expect(back(answeredAtMs, { by: 'cleo' })).rejects.toMatchObject({ code: 'taken-back' });
    expect(types().filter((type) => type === 'answer-taken-back')).toHaveLength(1);
    expect(state.reviews).toHaveLength(2);
  });

  test('a call that is repeated after its answer was taken back does not answer the question that stands again', async () => {
    const { state, ports, answer, back } = await thinking();
    const call = answer({ round: 0 });
    const { answeredAtMs } = await answerReview(ports, call);
    await back(answeredAtMs);
    await expect(answerReview(ports, call)).rejects.toMatchObject({ code: 'review-over' });
    expect(state.reviews[1]!.end.state).toBe('open');
  });

  test('what a process that died left out is completed by the sweep, once', async () => {
    const { state, ports, answer, types } = await thinking();
    const { answeredAtMs } = await answerReview(ports, answer());
    const dies = { ...ports, audit: () => Promise.reject(new Error('no table')) };
    const { caseId } = state.record;
    const order = { v: 1 as const, caseId, answer: 'take-back' as const, round: 0, by: 'bob', reason: 'no' };
    await expect(takeBack(dies, { ...order, answeredAtMs })).rejects.toThrow('no table');
    expect(state.reviews).toHaveLength(1);
    state.nowMs += hearingMs;
    expect(await sweepAnswers(ports)).toEqual({ completed: 1, failed: [] });
    expect(types()).toEqual(['review-requested', 'review-answered', 'answer-taken-back', 'review-requested']);
    expect(state.reviews[1]!.end.state).toBe('open');
    expect(await sweepAnswers(ports)).toEqual({ completed: 0, failed: [] });
  });

  test('is completed by the sweep also where the slow process that answered comes last', async () => {
    const { state, ports, answer, types } = await thinking();
    const { caseId } = state.record;
    const order = { v: 1 as const, caseId, answer: 'take-back' as const, round: 0, by: 'bob', reason: 'no' };
    const dies = { ...ports, audit: () => Promise.reject(new Error('no table')) };
    const slow = {
      ...ports,
      // Taken back by a process that dies, between waking the flow and writing down that it has heard.
      wake: async (...of: Parameters<typeof ports.wake>) => {
        const woken = await ports.wake(...of);
        const { atMs: answeredAtMs } = state.reviews[0]!.end as { atMs: number };
        await expect(takeBack(dies, { ...order, answeredAtMs })).rejects.toThrow('no table');
        return woken;
      },
    };
    await answerReview(slow, answer());
    state.nowMs += hearingMs;
    expect(await sweepAnswers(ports)).toEqual({ completed: 1, failed: [] });
    expect(types()).toEqual(['review-requested', 'review-answered', 'answer-taken-back', 'review-requested']);
    expect(await sweepAnswers(ports)).toEqual({ completed: 0, failed: [] });
  });

  test(`works ${maxTakeBacks} times in a case; the next answer stands at once`, async () => {
    const { state, ports, answer, back } = await thinking();
    for (let round = 0; round < maxTakeBacks; round += 1) {
      const given = await answerReview(ports, answer({ by: `p${round}` }));
      expect(given.takeBackUntilMs).toBeDefined();
      await back(given.answeredAtMs, { round });
    }
    const last = await answerReview(ports, answer());
    expect(last).toMatchObject({ round: maxTakeBacks });
    expect(last.takeBackUntilMs).toBeUndefined();
    await expect(back(last.answeredAtMs, { round: maxTakeBacks })).rejects.toMatchObject({ code: 'answer-stands' });
    expect(state.reviews).toHaveLength(maxTakeBacks + 1);
  });

  test('a question whose time is nearly over stands again for a minute, or as long as at first', async () => {
    const { state, ports, answer, back } = await thinking();
    state.nowMs = state.reviews[0]!.request.dueAtMs - 1;
    const { answeredAtMs } = await answerReview(ports, answer());
    await back(answeredAtMs);
    expect(state.reviews[1]!.request.dueAtMs).toBe(state.nowMs + 60_000);
  });

  test('in any order of taking back and going on exactly one happens', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('back', 'settle', 'read', 'sweep'), { minLength: 1, maxLength: 8 }),
        async (steps) => {
          const { state, ports, answer, back } = await thinking();
          const { caseId } = state.record;
          const { answeredAtMs } = await answerReview(ports, answer());
          const settled: string[] = [];
          const results = await Promise.all(
            steps.map(async (step) => {
              if (step === 'back')
                return await back(answeredAtMs).then(
                  () => 'back',
                  () => 'refused',
                );
              if (step === 'read') await timeOutReview(ports, { caseId, round: 0 });
              else if (step === 'sweep') await sweepAnswers(ports);
              else settled.push('takenBack' in (await settleAnswer(ports, { caseId, round: 0 })) ? 'asked' : 'acts');
              return step;
            }),
          );
          const isBack = results.includes('back');
          expect(settled).toEqual(settled.map(() => (isBack ? 'asked' : 'acts')));
          expect(state.reviews[0]!.end.state).toBe(isBack ? 'taken-back' : 'answered');
          expect(state.reviews.length).toBe(isBack ? 2 : 1);
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe('the first yes of two', () => {
  const heavy = () => {
    const proposal = { ...proposalFor(), highImpact: true };
    return caseFor('heavy', { proposal, proposalHash: hashOf(proposal), verdict: 'ask', impact: 'high' });
  };

  test('is taken back while the second has not spoken; the same person may say it again', async () => {
    const { state, ports, answer, back, types } = await thinking(heavy());
    const first = await answerReview(ports, answer());
    expect(first).toMatchObject({ missing: 1, answeredAtMs: state.nowMs });
    expect(await back(first.answeredAtMs, { by: 'ann' })).toMatchObject({ what: 'first' });
    expect(state.reviews[0]).toMatchObject({ end: { state: 'open' }, withdrawn: [{ takenBack: { by: 'ann' } }] });
    expect(state.reviews[0]!.first).toBeUndefined();
    state.nowMs += 1_000;
    expect(await answerReview(ports, answer({ by: 'bob' }))).toMatchObject({ missing: 1 });
    await back(state.nowMs, { by: 'bob' });
    state.nowMs += 1_000;
    // The same yes as the very first: an entry of its own.
    expect(await answerReview(ports, answer())).toMatchObject({ missing: 1 });
    expect(types()).toEqual([
      'review-requested',
      'approval-given',
      'answer-taken-back',
      'approval-given',
      'answer-taken-back',
      'approval-given',
    ]);
    expect(await answerReview(ports, answer({ by: 'bob' }))).toMatchObject({ missing: 0 });
    expect(standingYes(state.record, state.reviews)).toMatchObject({ people: 2 });
  });

  test.each([false, true])(
    'stands once in the record also where another was taken back just before it was kept; taken back itself: %s',
    async (again) => {
      const { state, ports, answer, back, types } = await thinking(heavy());
      const between: typeof ports = {
        ...ports,
        keepFirst: async (...args) => {
          const other = await answerReview(ports, answer({ by: 'bob' }));
          await back(other.answeredAtMs, { by: 'bob' });
          state.nowMs += 1_000;
          return await ports.keepFirst(...args);
        },
      };
      const { answeredAtMs } = await answerReview(between, answer());
      expect(answeredAtMs).toBe(state.nowMs);
      if (again) await back(answeredAtMs);
      else await answerReview(ports, answer({ by: 'bob' }));
      const given = ['approval-given', 'answer-taken-back', 'approval-given'];
      expect(types()).toEqual(['review-requested', ...given, again ? 'answer-taken-back' : 'review-answered']);
    },
  );

  test('is recorded with its taking back at the end of the time, where both processes died before they had', async () => {
    const { state, ports, answer, back, types } = await thinking(heavy());
    const first = await answerReview(ports, answer());
    const record = ports.audit;
    ports.audit = () => Promise.reject(new Error('killed'));
    await expect(back(first.answeredAtMs)).rejects.toThrow('killed');
    await expect(answerReview(ports, answer({ by: 'bob' }))).rejects.toThrow('killed');
    ports.audit = record;
    await timeOutReview(ports, { caseId: state.record.caseId, round: 0 });
    expect(types()).toEqual([
      'review-requested',
      'approval-given',
      'answer-taken-back',
      'approval-given',
      'review-timed-out',
    ]);
  });

  test('after the second yes it takes both back, and the next round needs two again', async () => {
    const { state, ports, answer, back } = await thinking(heavy());
    const first = await answerReview(ports, answer());
    state.nowMs += 1_000;
    await answerReview(ports, answer({ by: 'bob' }));
    expect(await back(first.answeredAtMs, { by: 'ann' })).toMatchObject({ what: 'answer' });
    expect(state.reviews[1]).toMatchObject({ request: { people: 2 }, end: { state: 'open' } });
    expect(standingYes(state.record, state.reviews)).toBeUndefined();
  });

  test('a label that came with it counts no more, one of somebody else’s does', async () => {
    const { state, ports, answer, back, chain } = await thinking(heavy());
    const first = await answerReview(ports, answer());
    const label = { v: 1 as const, caseId: state.record.caseId, answer: 'label' as const, reason: 'it is', round: 0 };
    await labelCase(ports, { ...label, ordinal: 0, label: 'leak', by: 'cleo' });
    await labelCase(ports, { ...label, ordinal: 1, label: 'pump-failure', by: 'ann' });
    await back(first.answeredAtMs);
    expect(labelsIn(chain()).map(({ by }) => by)).toEqual(['cleo']);
  });
});

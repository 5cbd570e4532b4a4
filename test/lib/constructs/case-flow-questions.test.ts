import { describe, expect, test } from '@jest/globals';
import { RoundOverError } from '../../../lib/core/case/review.ts';
import type { MockAnswer } from '../../../local/flow/simulate.ts';
import {
  answers,
  asks,
  caseId,
  closed,
  done,
  fails,
  noAnswer,
  permitted,
  runCase,
  times,
} from '../../support/flows.ts';

describe('CaseFlow asks people', () => {
  test('asks first where a person must say yes, and acts only after the yes', async () => {
    const run = await runCase({
      Load: answers(asks),
      Review: answers({}),
      ReadAnswer: answers({ answer: 'approve' }),
      Permit: answers(permitted),
      Remediate: answers(done),
      Verify: answers({ result: 'recovered' }),
      Close: answers(closed),
    });
    expect(run.entered.indexOf('Review')).toBeLessThan(run.entered.indexOf('Remediate'));
    expect(run.calls('review-request')[0]).toMatchObject({ caseId, round: 0 });
    expect(run.resolution).toBe('verified');
  });

  test('waits before anything follows from an answer, and acts only if it still stands', async () => {
    const run = await runCase({
      Load: answers(asks),
      Review: answers({}),
      ReadAnswer: answers({ answer: 'approve', thinkS: 10 }),
      StandsStill: answers({ answer: 'approve' }),
      Permit: answers(permitted),
      Remediate: answers(done),
      Verify: answers({ result: 'recovered' }),
      Close: answers(closed),
    });
    expect(run.entered.slice(2, 9)).toEqual([
      'Review',
      'ReadAnswer',
      'Answer',
      'ThinkAgain',
      'StandsStill',
      'Answer',
      'Permit',
    ]);
    expect(run.calls('review-timeout')).toEqual([
      { caseId, round: 0 },
      { caseId, round: 0, settle: true },
    ]);
    expect(run.resolution).toBe('verified');
  });

  test.each(['approve', 'override', 'reject'])(
    'asks again after "%s" was taken back, at its level and for the rest of its time',
    async (answer) => {
      const run = await runCase({
        Load: answers(asks),
        Review: [...answers({}, {}), noAnswer, noAnswer],
        ReadAnswer: answers(
          { answer, thinkS: 10 },
          // Taken back before the flow heard of the answer at all.
          { takenBack: true, timedOut: false, againS: 31 },
          { timedOut: true },
          { timedOut: true },
        ),
        StandsStill: answers({ takenBack: true, timedOut: false, againS: 47 }),
        Close: answers(closed),
      });
      expect(run.calls('review-request')).toMatchObject([
        { round: 0, level: 1, timeoutS: 60 },
        { round: 1, level: 1, timeoutS: 47 },
        { round: 2, level: 1, timeoutS: 31 },
        { round: 3, level: 2, timeoutS: 120 },
      ]);
      expect(run.entered).not.toContain('Permit');
      expect(run.resolution).toBe('expired');
    },
  );

  test('questions that stand again are none of those that a case may put', async () => {
    const back = { takenBack: true, timedOut: false, againS: 5 };
    const run = await runCase({
      Load: answers(asks),
      Review: answers(...times(10, {})),
      ReadAnswer: answers(back, back, back, ...times(7, { answer: 'approve' })),
      Permit: answers(...times(7, { permitted: false, refused: ['stopped'] })),
      Close: answers(closed),
    });
    expect(run.calls('review-request').map(({ round }) => round)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(run.resolution).toBe('handed-over');
  });

  test('asks what a surer decision proposes, for the rest of the time, and goes by that one from there', async () => {
    const { proposal: _, ...unsure } = asks;
    const run = await runCase({
      // Nothing was proposed at first; what is proposed now can be checked and undone.
      Load: answers({ ...unsure, question: 'What shall be done?' }),
      AskNewer: answers({ ...asks, question: 'Shall we close V1?' }),
      Review: [...answers({}, {}), noAnswer],
      ReadAnswer: answers(
        { superseded: true, timedOut: false, round: 0, againS: 40 },
        { answer: 'approve' },
        { timedOut: true },
      ),
      Permit: answers(permitted),
      Remediate: answers(done, done),
      Verify: answers({ result: 'not-recovered' }),
      Compensate: answers(done),
      Close: answers(closed),
    });
    expect(run.calls('review-request').slice(0, 2)).toMatchObject([
      { round: 0, level: 1, timeoutS: 60, question: 'What shall be done?' },
      { round: 1, level: 1, timeoutS: 40, question: 'Shall we close V1?', after: 'permit' },
    ]);
    expect(run.entered).toEqual(expect.arrayContaining(['Permit', 'Remediate', 'Verify', 'Compensate']));
  });

  test('finds the answer to a surer decision’s question that was given before it could ask', async () => {
    const run = await runCase({
      Load: answers(asks),
      AskNewer: answers(asks),
      Review: [...answers({}), fails(RoundOverError.name)],
      ReadAnswer: answers(
        { superseded: true, timedOut: false, round: 0, againS: 40 },
        { answer: 'approve', thinkS: 10 },
      ),
      StandsStill: answers({ answer: 'approve' }),
      Permit: answers(permitted),
      Remediate: answers(done),
      Verify: answers({ result: 'recovered' }),
      Close: answers(closed),
    });
    expect(run.calls('review-timeout')).toEqual([
      { caseId, round: 0 },
      { caseId, round: 1 },
      { caseId, round: 1, settle: true },
    ]);
    expect(run.resolution).toBe('verified');
  });

  test('does nothing after a no', async () => {
    const run = await runCase({
      Load: answers(asks),
      Review: answers({}),
      ReadAnswer: answers({ answer: 'reject' }),
      Close: answers(closed),
    });
    expect(run.calls('remediate')).toEqual([]);
    expect(run.resolution).toBe('rejected');
  });

  test('escalates when nobody answers, then holds safely: no answer is never a yes', async () => {
    const run = await runCase({
      Load: answers(asks),
      Review: [noAnswer, noAnswer],
      ReadAnswer: answers({ timedOut: true }, { timedOut: true }),
      Close: answers(closed),
    });
    expect(run.calls('review-request').map((call) => call.round)).toEqual([0, 1]);
    expect(run.calls('remediate')).toEqual([]);
    expect(run.resolution).toBe('expired');
  });

  test('takes the stored answer even when the timeout woke it', async () => {
    const run = await runCase({
      Load: answers(asks),
      Review: [noAnswer],
      ReadAnswer: answers({ answer: 'approve' }),
      Permit: answers(permitted),
      Remediate: answers(done),
      Verify: answers({ result: 'recovered' }),
      Close: answers(closed),
    });
    expect(run.resolution).toBe('verified');
  });

  test('where nothing is proposed a yes takes the case over, and an override acts without a success test', async () => {
    const bare = { caseId, verdict: 'ask', reviewTimeoutS: 60, escalationTimeoutS: 120 };
    const seen = await runCase({
      Load: answers(bare),
      Review: answers({}),
      ReadAnswer: answers({ answer: 'approve' }),
      Close: answers(closed),
    });
    expect(seen.calls('remediate')).toEqual([]);
    expect(seen.resolution).toBe('handed-over');
    const ordered = await runCase({
      Load: answers(bare),
      Review: answers({}),
      ReadAnswer: answers({ answer: 'override' }),
      Permit: answers(permitted),
      Remediate: answers(done),
      Close: answers(closed),
    });
    expect(ordered.calls('remediate')).toHaveLength(1);
    expect(ordered.resolution).toBe('acted-unverified');
  });

  test.each(['Load', 'Review', 'ReadAnswer', 'Close'])(
    '%s is tried again until it is done, whatever it fails with',
    async (state) => {
      const patiently = (...done: MockAnswer[]) => [
        ...times(6, fails('RetryableError')),
        ...times(20, fails('NobodyKnowsThisError')),
        ...done,
      ];
      const mocks: Record<string, MockAnswer[]> = {
        Load: answers(asks),
        Review: answers({}),
        ReadAnswer: answers({ answer: 'reject' }),
        Close: answers(closed),
      };
      const run = await runCase({ ...mocks, [state]: patiently(...mocks[state]!) });
      expect({ status: run.status, resolution: run.resolution }).toEqual({
        status: 'SUCCEEDED',
        resolution: 'rejected',
      });
    },
  );

  test('a question that was answered between two tries to ask it is not asked again: the answer is read at once', async () => {
    const run = await runCase({
      Load: answers(asks),
      Review: [fails('Lambda.Unknown'), fails(RoundOverError.name)],
      ReadAnswer: answers({ answer: 'reject' }),
      Close: answers(closed),
    });
    expect(run.calls('review-request')).toHaveLength(2);
    expect(run.resolution).toBe('rejected');
  });

  test('a question that nobody answers in time is not asked again by mistake', async () => {
    const run = await runCase({
      Load: answers(asks),
      Review: [noAnswer, noAnswer],
      ReadAnswer: answers({ timedOut: true }, { timedOut: true }),
      Close: answers(closed),
    });
    expect(run.calls('review-request').map(({ round }) => round)).toEqual([0, 1]);
    expect(run.resolution).toBe('expired');
  });
});

import { describe, expect, test } from '@jest/globals';
import { caseFlowDefinition } from '../../../lib/constructs/case-flow.ts';
import { decideFlowDefinition } from '../../../lib/constructs/decide-flow.ts';
import { RoundOverError } from '../../../lib/core/case/review.ts';
import { loadDefinition } from '../../../local/flow/definition.ts';
import { type MockAnswer, simulate } from '../../../local/flow/simulate.ts';
import type { Json, JsonObject } from '../../../local/flow/types.ts';

const arn = (name: string): string => `arn:aws:lambda:eu-central-1:000000000000:function:groundcrew-${name}`;
const caseFlow = caseFlowDefinition({
  caseLoad: arn('case-load'),
  reviewRequest: arn('review-request'),
  reviewTimeout: arn('review-timeout'),
  permit: arn('permit'),
  remediate: arn('remediate'),
  reconcile: arn('reconcile'),
  verify: arn('verify'),
  close: arn('close'),
});
const decideFlow = decideFlowDefinition({
  infer: arn('infer'),
  guard: arn('guard'),
  record: arn('record'),
  route: arn('route'),
});

const caseId = 'c'.repeat(64);
const answers = (...payloads: Json[]): MockAnswer[] =>
  payloads.map((Payload) => ({ return: { Payload, StatusCode: 200, ExecutedVersion: '$LATEST' } }));
const fails = (error: string): MockAnswer => ({ throw: { error, cause: 'because' } });
const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

const verification = { settleMs: 1000, deadlineMs: 60_000, minRows: 3 };
const proposal = { action: 'close-valve', target: 'v-2', inverse: 'open-valve', verification };
const act = { caseId, verdict: 'act', proposal, reviewTimeoutS: 60, escalationTimeoutS: 120 };
const asks = { ...act, verdict: 'ask' };
const permitted = { permitted: true };
const done = { status: 'SUCCEEDED', effectKey: 'e'.repeat(64), waitS: 2 };
const unknown = { ...done, status: 'UNKNOWN' };
const closed = { closed: true };
/** A review that nobody answers within its time. */
const noAnswer = { throw: { error: 'States.Timeout', cause: '' } };

async function runCase(mocks: Record<string, readonly MockAnswer[]>) {
  const result = await simulate({ definition: loadDefinition(caseFlow as JsonObject), input: { caseId }, mocks });
  const entered = result.events
    .filter((event) => event.type.endsWith('StateEntered'))
    .map((event) => (event.details as { name: string }).name);
  const scheduled = result.events
    .filter((event) => event.type === 'TaskScheduled')
    .map(
      (event) =>
        JSON.parse((event.details as { parameters: string }).parameters) as {
          FunctionName: string;
          Payload: Record<string, Json>;
        },
    );
  const calls = (name: string) =>
    scheduled.filter((call) => call.FunctionName === arn(name)).map((call) => call.Payload);
  return { status: result.status, entered, calls, resolution: calls('close')[0]?.resolution };
}

describe('CaseFlow', () => {
  test('acts, waits, verifies and closes where the policy permits it', async () => {
    const run = await runCase({
      Load: answers(act),
      Permit: answers(permitted),
      Remediate: answers(done),
      Verify: answers({ result: 'not-yet', waitS: 3 }, { result: 'recovered' }),
      Close: answers(closed),
    });
    expect(run.entered).toEqual([
      'Load',
      'ActOrAsk',
      'Permit',
      'Permitted',
      'Remediate',
      'Outcome',
      'Settle',
      'Verify',
      'DidItHelp',
      'Settle',
      'Verify',
      'DidItHelp',
      'Close',
    ]);
    expect(run.resolution).toBe('verified');
    expect(run.status).toBe('SUCCEEDED');
  });

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

  test('waits while it is not permitted yet, and asks a person when it is refused', async () => {
    const run = await runCase({
      Load: answers(act),
      Permit: answers({ permitted: false, waitS: 5 }, { permitted: false, refused: ['stopped by all'] }),
      Review: answers({}),
      ReadAnswer: answers({ answer: 'reject' }),
      Close: answers(closed),
    });
    expect(run.entered).toContain('Backoff');
    expect(run.calls('review-request')[0]!.question).toContain('stopped by all');
    expect(run.calls('remediate')).toEqual([]);
  });

  test('an error while checking means no action, and a person is asked', async () => {
    const run = await runCase({
      Load: answers(act),
      Permit: [fails('TypeError')],
      Review: answers({}),
      ReadAnswer: answers({ answer: 'reject' }),
      Close: answers(closed),
    });
    expect(run.calls('remediate')).toEqual([]);
    expect(run.calls('review-request')[0]!.question).toContain('TypeError');
  });

  test('reconciles what is unknown, and never calls it again by itself', async () => {
    const run = await runCase({
      Load: answers(act),
      Permit: answers(permitted),
      Remediate: answers(unknown),
      Reconcile: answers(unknown, done),
      Verify: answers({ result: 'recovered' }),
      Close: answers(closed),
    });
    expect(run.calls('remediate')).toHaveLength(1);
    expect(run.calls('reconcile')).toHaveLength(2);
    expect(run.resolution).toBe('verified');
  });

  test('hands what stays unknown to a person', async () => {
    const run = await runCase({
      Load: answers(act),
      Permit: answers(permitted),
      Remediate: answers(unknown),
      Reconcile: answers(...times(30, unknown)),
      Review: answers({}),
      ReadAnswer: answers({ answer: 'approve' }),
      Close: answers(closed),
    });
    expect(run.calls('remediate')).toHaveLength(1);
    expect(run.resolution).toBe('acted-unverified');
  });

  test('undoes what did not help, once, and asks a person', async () => {
    const run = await runCase({
      Load: answers(act),
      Permit: answers(permitted),
      Remediate: answers(done),
      Verify: answers({ result: 'not-recovered' }),
      Compensate: answers(done),
      Review: answers({}),
      ReadAnswer: answers({ answer: 'approve' }),
      Close: answers(closed),
    });
    expect(run.calls('remediate')).toEqual([{ caseId }, { caseId, inverse: true }]);
    expect(run.resolution).toBe('handed-over');
  });

  test.each([
    ['is found done', [done], 'was undone', 'handed-over'],
    ['is found refused', [{ ...done, status: 'FAILED' }], 'undoing it failed: it still holds', 'handed-over'],
    ['cannot be found out', [{ ...unknown, exhausted: true }], 'not known whether it was undone', 'acted-unverified'],
  ])('an undoing whose answer was lost is asked about until it %s', async (_what, found, question, resolution) => {
    const run = await runCase({
      Load: answers(act),
      Permit: answers(permitted),
      Remediate: answers(done),
      Verify: answers({ result: 'not-recovered' }),
      Compensate: answers(unknown),
      Reconcile: answers(unknown, ...found),
      Review: answers({}),
      ReadAnswer: answers({ answer: 'approve' }),
      Close: answers(closed),
    });
    expect(run.calls('reconcile')).toHaveLength(2);
    expect(run.calls('review-request')[0]!.question).toContain(question);
    expect(run.calls('remediate')).toEqual([{ caseId }, { caseId, inverse: true }]);
    expect(run.resolution).toBe(resolution);
  });

  test.each([
    [
      'the endpoint refused it',
      { Remediate: answers({ ...done, status: 'FAILED' }) },
      'handed-over',
      'The action failed.',
    ],
    ['it may not be known to act', { Permit: [fails('Broken')] }, 'handed-over', 'Nothing was done.'],
    ['sending it broke off', { Remediate: [fails('Broken')] }, 'acted-unverified', 'It is not known'],
    ['judging it broke off', { Verify: [fails('Broken')] }, 'acted-unverified', 'Please look'],
  ])('a yes after %s says no more than what is known', async (_what, broken, resolution, question) => {
    const run = await runCase({
      Load: answers(act),
      Permit: answers(permitted),
      Remediate: answers(done),
      Review: answers({}),
      ReadAnswer: answers({ answer: 'approve' }),
      Close: answers(closed),
      ...(broken as Record<string, readonly MockAnswer[]>),
    });
    expect(run.calls('review-request')[0]!.question).toContain(question);
    expect(run.resolution).toBe(resolution);
  });

  test('asks when the readings cannot tell', async () => {
    const run = await runCase({
      Load: answers(act),
      Permit: answers(permitted),
      Remediate: answers(done),
      Verify: answers({ result: 'unknown' }),
      Review: [noAnswer],
      ReadAnswer: answers({ timedOut: true }),
      Close: answers(closed),
    });
    expect(run.calls('review-request')[0]!.question).toContain('Too few readings');
    expect(run.resolution).toBe('expired');
  });

  test('a ticket is done when it is raised', async () => {
    const run = await runCase({
      Load: answers({ ...act, proposal: { action: 'raise-ticket', target: 'p-1' } }),
      Permit: answers(permitted),
      Remediate: answers(done),
      Close: answers(closed),
    });
    expect(run.entered).not.toContain('Verify');
    expect(run.resolution).toBe('acted-unverified');
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

  test('what an endpoint cannot tell is not asked again', async () => {
    const run = await runCase({
      Load: answers(act),
      Permit: answers(permitted),
      Remediate: answers({ ...unknown, exhausted: true }),
      Review: answers({}),
      ReadAnswer: answers({ answer: 'approve' }),
      Close: answers(closed),
    });
    expect(run.calls('reconcile')).toEqual([]);
    expect(run.resolution).toBe('acted-unverified');
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

describe('DecideFlow', () => {
  const flag = { flagId: 'f'.repeat(64), asset: 'district-1' };
  const run = (verdict: string, more: Record<string, readonly MockAnswer[]> = {}) =>
    simulate({
      definition: loadDefinition(decideFlow as JsonObject),
      input: { data: flag },
      mocks: {
        Infer: answers({ inference: { kind: 'leak' }, pack: 'water-network' }),
        Guard: answers({ guard: { verdict } }),
        Record: answers({ decisionId: 'd'.repeat(64), verdict }),
        Route: answers({ caseId, opened: true }),
        ...more,
      },
    });

  test('opens a case for what may act or must ask, and only records the rest', async () => {
    expect((await run('act')).output).toEqual({ caseId, opened: true });
    expect((await run('ask')).output).toEqual({ caseId, opened: true });
    expect((await run('observe', { Route: [] })).output).toEqual({ decisionId: 'd'.repeat(64), verdict: 'observe' });
  });

  test('hands everything known so far to each step', async () => {
    const result = await run('act');
    const payloads = result.events
      .filter((event) => event.type === 'TaskScheduled')
      .map((event) =>
        Object.keys(
          (JSON.parse((event.details as { parameters: string }).parameters) as { Payload: object }).Payload,
        ).sort(),
      );
    expect(payloads).toEqual([
      ['flag'],
      ['flag', 'inference', 'pack'],
      ['flag', 'guard', 'inference', 'pack'],
      ['decisionId', 'flag', 'guard', 'inference', 'pack', 'verdict'],
    ]);
  });

  test('fails when a step fails, so that the flag stays pending', async () => {
    expect((await run('act', { Guard: [fails('TypeError')] })).status).toBe('FAILED');
  });
});

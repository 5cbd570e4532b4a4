import { describe, expect, test } from '@jest/globals';
import type { MockAnswer } from '../../../local/flow/simulate.ts';
import {
  act,
  answers,
  caseId,
  closed,
  done,
  fails,
  noAnswer,
  permitted,
  runCase,
  times,
  unknown,
} from '../../support/flows.ts';

describe('CaseFlow acts', () => {
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
});

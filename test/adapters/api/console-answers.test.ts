/** What the routes of the console do, on real tables, with answers to what a case asks. */
import { describe, expect, test } from '@jest/globals';
import { readChain } from '../../../lib/adapters/aws/audit-store.ts';
import { getCase } from '../../../lib/adapters/aws/case-store.ts';
import { tableAt } from '../../../lib/adapters/aws/console/world.ts';
import type { CaseDetail, Page, Problem, ReviewItem } from '../../../lib/contracts/api.ts';
import type { CaseRecord } from '../../../lib/contracts/case.ts';
import { hashOf, sha256 } from '../../../lib/core/audit/canonical.ts';
import { requestReview, timeOutReview } from '../../../lib/core/case/review.ts';
import { type AskOptions, codeOf, consoleOnTables } from '../../support/console-requests.ts';
import { proposalFor } from '../../support/remediation-world.ts';

const { ask, answerBy, shared } = consoleOnTables();
const high = { ...proposalFor('plant-1'), highImpact: true };
const highImpact = { proposal: high, proposalHash: hashOf(high), impact: 'high' as const };

describe('answering', () => {
  test('an approval is bound to what was shown, wakes the flow once, and is recorded under the name of the session', async () => {
    const record = await shared().asked('approved');
    const before = shared().woken();
    const first = await answerBy('approver', record, {
      answer: 'approve',
      proposalHash: record.proposalHash,
      shownForMs: 4_000,
    });
    expect([first.status, first.body]).toMatchObject([202, { round: 0, state: 'answered' }]);
    expect(shared().woken()).toBe(before + 1);
    const { body } = await ask<CaseDetail>('viewer', 'GET', `/cases/${record.caseId}`);
    expect(body.reviews[0]).toMatchObject({ state: 'answered', answers: [{ by: 'approver', answer: 'approve' }] });
    const chain = await readChain(tableAt(shared().world, 'audit'), `case#${record.caseId}`);
    const entry = chain.find(({ type }) => type === 'review-answered')!;
    expect(entry.body).toMatchObject({ by: expect.stringMatching(/^person-/), shownForMs: 4_000 });
    expect(JSON.stringify(entry)).not.toContain('looked at it');
    expect(codeOf(await answerBy('admin', record, { answer: 'reject' }))).toEqual([409, 'already-answered']);
  });

  test('nobody answers under another name', async () => {
    const record = await shared().asked('forged');
    const forged = { answer: 'reject', by: 'somebody-else' };
    expect(codeOf(await answerBy('approver', record, forged))).toEqual([422, 'body-invalid']);
  });

  test('a stale page is refused: no hash, another hash, and a proposal that changes on the way', async () => {
    const record = await shared().asked('stale');
    const other = sha256('another proposal');
    expect(codeOf(await answerBy('approver', record, { answer: 'approve' }))).toEqual([409, 'stale-proposal']);
    for (const answer of ['approve', 'reject'])
      expect(codeOf(await answerBy('approver', record, { answer, proposalHash: other }))).toEqual([
        409,
        'stale-proposal',
      ]);
    shared().beforeInvoke = async () => {
      shared().beforeInvoke = undefined;
      const proposal = proposalFor('plant-1', 'raise-ticket');
      await shared().reviews.changeCase(record.caseId, (is) => ({ ...is, proposal, proposalHash: hashOf(proposal) }));
    };
    expect(
      codeOf(await answerBy('approver', record, { answer: 'approve', proposalHash: record.proposalHash })),
    ).toEqual([409, 'stale-proposal']);
    expect((await getCase(tableAt(shared().world, 'cases'), record.caseId))?.status).toBe('in-review');
  });

  test('a page that still shows the question before is refused, though the same is proposed', async () => {
    const record = await shared().asked('asked anew');
    const { caseId, proposalHash } = record;
    await timeOutReview(shared().reviews, { caseId, round: 0 });
    const question = 'The action failed. Please take over; approve when it is done.';
    const asked = { caseId, round: 1, token: 'token-of-anew', question, after: 'handover' as const, timeoutS: 60 };
    await requestReview(shared().reviews, asked);
    for (const answer of ['approve', 'reject'])
      expect(codeOf(await answerBy('approver', record, { answer, proposalHash, round: 0 }))).toEqual([
        409,
        'stale-proposal',
      ]);
    const { body } = await ask<CaseDetail>('viewer', 'GET', `/cases/${caseId}`);
    expect(body.reviews.map(({ state }) => state)).toEqual(['timed-out', 'open']);
    const seen = await answerBy('approver', record, { answer: 'approve', proposalHash, round: 1 });
    expect([seen.status, seen.body]).toMatchObject([202, { round: 1, state: 'answered' }]);
  });

  test('of two who answer at once one is told that it was answered', async () => {
    const record = await shared().asked('raced');
    shared().beforeInvoke = async () => {
      shared().beforeInvoke = undefined;
      await answerBy('admin', record, { answer: 'reject' });
    };
    expect(codeOf(await answerBy('approver', record, { answer: 'reject', reason: 'another' }))).toEqual([
      409,
      'already-answered',
    ]);
  });

  test('an answer is taken back while its time runs, by anybody who may act, whoever has claimed the case', async () => {
    const record = await shared().asked('taken back', {}, 3_600, 60);
    const path = `/cases/${record.caseId}/take-back`;
    const back = (who: string, body: object, more: AskOptions = {}) =>
      ask(who, 'POST', path, { body: { reason: 'the wrong valve', ...body }, ...more });
    expect(codeOf(await back('operator', { round: 0, answeredAtMs: 1 }))).toEqual([409, 'no-answer']);
    const yes = { answer: 'approve', proposalHash: record.proposalHash };
    const { body: said } = await answerBy('approver', record, yes);
    const { round, answeredAtMs } = said as { round: number; answeredAtMs: number };
    expect(said).toMatchObject({ state: 'answered', takeBackUntilMs: answeredAtMs + 60_000 });
    const shown = await ask<CaseDetail>('viewer', 'GET', `/cases/${record.caseId}`);
    expect(shown.body.takeBack).toEqual({
      round,
      answer: 'approve',
      by: 'approver',
      answeredAtMs,
      untilMs: answeredAtMs + 60_000,
    });
    expect((await ask('approver', 'POST', `/cases/${record.caseId}/claim`, { body: { leaseS: 60 } })).status).toBe(200);
    for (const wrong of [
      { round: 1, answeredAtMs },
      { round, answeredAtMs: answeredAtMs - 1 },
    ])
      expect(codeOf(await back('operator', wrong))).toEqual([409, 'no-answer']);
    for (const invalid of [{ round, answeredAtMs, reason: '' }, { round: 10, answeredAtMs }, { round }])
      expect(codeOf(await back('operator', invalid))).toEqual([422, 'body-invalid']);
    expect((await back('operator', { round, answeredAtMs })).body).toEqual({ round, what: 'answer' });
    expect(codeOf(await back('admin', { round, answeredAtMs }))).toEqual([409, 'taken-back']);
    const { body } = await ask<CaseDetail>('viewer', 'GET', `/cases/${record.caseId}`);
    expect(body.takeBack).toBeUndefined();
    expect(body.reviews).toMatchObject([
      { state: 'taken-back', takenBack: [{ of: 'approver', by: 'operator', reason: 'the wrong valve' }] },
      { round: 1, state: 'open', answers: [] },
    ]);
    expect(body.escalation).toMatchObject({ level: 1, next: 'level-2' });
    const chain = await readChain(tableAt(shared().world, 'audit'), `case#${record.caseId}`);
    const entry = chain.find(({ type }) => type === 'answer-taken-back')!;
    expect(entry.body).toMatchObject({ round: 0, answer: 'approve', by: expect.stringMatching(/^person-/) });
    expect(JSON.stringify(entry)).not.toContain('the wrong valve');
    expect((await answerBy('approver', record, yes)).body).toMatchObject({ round: 1, state: 'answered' });
  });

  test('the first yes of two is taken back while the second has not spoken', async () => {
    const record = await shared().asked('first back', highImpact);
    const yes = { answer: 'approve', proposalHash: record.proposalHash };
    const { round, answeredAtMs } = (await answerBy('approver', record, yes)).body as Record<string, number>;
    const path = `/cases/${record.caseId}/take-back`;
    const back = await ask('approver', 'POST', path, { body: { round, answeredAtMs, reason: 'not yet' } });
    expect(back.body).toEqual({ round, what: 'first' });
    const { body } = await ask<CaseDetail>('viewer', 'GET', `/cases/${record.caseId}`);
    expect(body.people).toEqual({ needed: 2, approved: 0 });
    expect((await answerBy('approver', record, yes)).body).toMatchObject({ state: 'waiting-for-second' });
  });

  test('a high impact takes two people, and the first is told so', async () => {
    const record = await shared().asked('two people', highImpact);
    const yes = { answer: 'approve', proposalHash: record.proposalHash };
    expect((await answerBy('approver', record, yes)).body).toMatchObject({ round: 0, state: 'waiting-for-second' });
    expect(codeOf(await answerBy('approver', record, yes))).toEqual([409, 'same-person']);
    const queue = await ask<Page<ReviewItem>>('viewer', 'GET', '/reviews?limit=200');
    expect(queue.body.items.find(({ caseId }) => caseId === record.caseId)).toMatchObject({
      people: { needed: 2, approved: 1 },
      approvedBy: ['approver'],
      proposal: { impact: 'high' },
    });
    expect((await answerBy('admin', record, yes)).body).toMatchObject({ round: 0, state: 'answered' });
  });

  test('who edits the policies approves nothing alone', async () => {
    const record = await shared().asked('edited');
    const yes = { answer: 'approve', proposalHash: record.proposalHash };
    shared().policyAuthors = ['approver'];
    try {
      expect((await answerBy('approver', record, yes)).body).toMatchObject({ state: 'waiting-for-second' });
      expect(codeOf(await answerBy('approver', record, yes))).toEqual([409, 'same-person']);
      const { body } = await ask<CaseDetail>('viewer', 'GET', `/cases/${record.caseId}`);
      expect([body.people, body.status]).toEqual([{ needed: 2, approved: 1 }, 'in-review']);
      expect((await answerBy('admin', record, yes)).body).toMatchObject({ state: 'answered' });
    } finally {
      shared().policyAuthors = [];
    }
  });

  test('an override orders something else; without saying what it is refused', async () => {
    const record = await shared().asked('overridden');
    expect(codeOf(await answerBy('approver', record, { answer: 'override' }))).toEqual([422, 'body-invalid']);
    const override = { action: 'raise-ticket', target: 'V1' };
    expect((await answerBy('approver', record, { answer: 'override', override })).status).toBe(202);
    const { body } = await ask<CaseDetail>('viewer', 'GET', `/cases/${record.caseId}`);
    expect(body.proposal).toMatchObject({ action: 'raise-ticket' });
  });

  test('an override carries the parameters that the pack takes, and is refused with one sentence where they are wrong', async () => {
    const orderParameters: NonNullable<CaseRecord['orderParameters']> = {
      'raise-ticket': {
        type: 'object',
        properties: { crew: { type: 'integer', minimum: 1, maximum: 12 } },
        additionalProperties: false,
      },
    };
    const record = await shared().asked('with parameters', { orderParameters });
    const order = (parameters: object) =>
      answerBy('approver', record, {
        answer: 'override',
        override: { action: 'raise-ticket', target: 'V1', parameters },
      });
    const { body: before } = await ask<CaseDetail>('viewer', 'GET', `/cases/${record.caseId}`);
    expect(before.options.find(({ action }) => action === 'raise-ticket')?.parameters).toEqual(
      orderParameters['raise-ticket'],
    );
    const refused = await order({ crew: 99 });
    expect(codeOf(refused)).toEqual([422, 'refused']);
    expect((refused.body as Problem).detail).toContain('crew is 99: give a whole number from 1 to 12');
    expect(codeOf(await order({ colour: 'red' }))).toEqual([422, 'refused']);
    expect(codeOf(await order({ crew: { $gt: 0 } }))).toEqual([422, 'body-invalid']);
    expect((await order({ crew: 3 })).status).toBe(202);
    const { body } = await ask<CaseDetail>('viewer', 'GET', `/cases/${record.caseId}`);
    expect(body.proposalDetail?.parameters).toEqual({ crew: 3 });
    expect(body.reviews[0]?.answers[0]?.override).toEqual({
      action: 'raise-ticket',
      target: 'V1',
      parameters: { crew: 3 },
    });
  });

  test('two people who order the same with other parameters do not agree', async () => {
    const orderParameters: NonNullable<CaseRecord['orderParameters']> = {
      'stop-it': {
        type: 'object',
        properties: { percent: { type: 'number', minimum: 0, maximum: 100 } },
        additionalProperties: false,
      },
    };
    const record = await shared().asked('other parameters', { ...highImpact, orderParameters });
    const order = (who: string, percent: number) =>
      answerBy(who, record, {
        answer: 'override',
        override: { action: 'stop-it', target: 'V1', parameters: { percent } },
      });
    expect((await order('approver', 80)).body).toMatchObject({ state: 'waiting-for-second' });
    expect(codeOf(await order('admin', 70))).toEqual([409, 'approvals-differ']);
    expect((await order('admin', 80)).body).toMatchObject({ state: 'answered' });
  });

  test('a case that asks nothing, and one that is over', async () => {
    const silent = await shared().opened('asks nothing');
    expect(codeOf(await answerBy('approver', silent, { answer: 'reject' }))).toEqual([409, 'no-review']);
    const over = await shared().closed(await shared().opened('over'), 'expired');
    expect(codeOf(await answerBy('approver', over, { answer: 'reject' }))).toEqual([409, 'case-closed']);
    expect(codeOf(await ask('operator', 'POST', `/cases/${over.caseId}/claim`, { body: {} }))).toEqual([
      409,
      'case-closed',
    ]);
  });

  test('a repeated write is answered from memory; the same key for another one is refused', async () => {
    const record = await shared().asked('replayed');
    const headers = { 'idempotency-key': 'one-intention-of-mine' };
    const body = { answer: 'reject', reason: 'no' };
    const [first, again] = [
      await answerBy('operator', record, body, { headers }),
      await answerBy('operator', record, body, { headers }),
    ];
    expect([first.status, again.status]).toEqual([202, 202]);
    expect(again.body).toEqual(first.body);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    const other = await answerBy('operator', record, { ...body, reason: 'changed my mind' }, { headers });
    expect(codeOf(other)).toEqual([422, 'idempotency-key-reused']);
  });
});

/** What the routes of the console do, on real tables: reading, paging, claiming, answering, stopping, following. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readChain } from '../../../lib/adapters/aws/audit-store.ts';
import { getCase } from '../../../lib/adapters/aws/case-store.ts';
import { tableAt } from '../../../lib/adapters/aws/console/world.ts';
import { subjectOf } from '../../../lib/adapters/aws/subject-store.ts';
import type {
  CaseDetail,
  CaseSummary,
  Changes,
  DecisionSummary,
  Figures,
  Page,
  Problem,
  ReviewItem,
  Signal,
} from '../../../lib/contracts/api.ts';
import type { CaseRecord } from '../../../lib/contracts/case.ts';
import { hashOf, sha256 } from '../../../lib/core/audit/canonical.ts';
import { requestReview, timeOutReview } from '../../../lib/core/case/review.ts';
import { type ConsoleTest, consoleTest } from '../../support/console-world.ts';
import { proposalFor } from '../../support/remediation-world.ts';
import { startTables, type TestTables } from '../../support/tables.ts';

let tables: TestTables;
let given: ConsoleTest;
let made = 0;
const fresh = async (): Promise<ConsoleTest> => {
  made += 1;
  return consoleTest(tables, `console-${made}`);
};

beforeAll(async () => {
  tables = await startTables();
  given = await fresh();
  await given.asset('plant-1');
}, 30_000);
afterAll(() => tables.stop());

interface Options {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly at?: ConsoleTest;
}
async function ask<T = unknown>(
  who: string,
  method: string,
  path: string,
  { body, headers, at = given }: Options = {},
) {
  const answer = await at.api.ask(method, path, {
    cookie: await at.cookie(who),
    ...(body !== undefined && { body }),
    ...(headers && { headers }),
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, body: (text === '' ? undefined : JSON.parse(text)) as T };
}
const codeOf = ({ status, body }: { status: number; body: unknown }) => [status, (body as Problem | undefined)?.code];
const answerBy = (who: string, record: CaseRecord, body: object, more: Options = {}) =>
  ask(who, 'POST', `/cases/${record.caseId}/answer`, { body: { reason: 'looked at it', ...body }, ...more });
const high = { ...proposalFor('plant-1'), highImpact: true };
const highImpact = { proposal: high, proposalHash: hashOf(high), impact: 'high' as const };

describe('a case', () => {
  test('says on one page what is wrong, how it came about and what may be done', async () => {
    const record = await given.asked('one page');
    const { body } = await ask<CaseDetail>('viewer', 'GET', `/cases/${record.caseId}`);
    expect(body).toMatchObject({
      caseId: record.caseId,
      status: 'in-review',
      question: 'Leak in zone A. Shall we close valve V1?',
      proposal: { action: 'close-valve', target: 'V1', impact: 'normal' },
      proposalHash: record.proposalHash,
      people: { needed: 1, approved: 0 },
      freshness: { ageMs: 4_000 },
      decision: { decisionId: record.decisionId },
      reviews: [{ round: 0, state: 'open', answers: [] }],
      execution: { arn: `arn:aws:states:eu-central-1:123456789012:execution:groundcrew-case:${record.caseId}` },
    });
    expect(body.timeline.map(({ kind }) => kind)).toEqual([
      'reading',
      'received',
      'decision-recorded',
      'case-opened',
      'review-requested',
    ]);
    expect(body.options.map(({ action }) => action)).toContain('raise-ticket');
    expect(JSON.stringify(body)).not.toContain('token-of');
  });

  test('that somebody reported names them in every sentence, though a pseudonym is what is stored', async () => {
    const who = await subjectOf(given.world.subjects, 'operator', given.world.now());
    const sentence = `${who} reports leak at plant-1: water in the street`;
    const record = await given.asked('reported', { sentence, kind: 'manual' });
    const { body } = await ask<CaseDetail>('viewer', 'GET', `/cases/${record.caseId}`);
    const shown = 'operator reports leak at plant-1: water in the street';
    expect([body.sentence, body.timeline.find(({ kind }) => kind === 'case-opened')?.detail]).toEqual([shown, shown]);
    expect(body.question).toContain(shown);
    const { body: list } = await ask<Page<CaseSummary>>('viewer', 'GET', '/cases?kind=manual&limit=200');
    expect(list.items.map((one) => one.sentence)).toEqual([shown]);
    expect((await getCase(tableAt(given.world, 'cases'), record.caseId))?.sentence).toBe(sentence);
  });

  test('its chart keeps the spike, the gap and the missing cell, in some 500 points', async () => {
    const record = await given.opened('charted');
    const { body } = await ask<Signal>('viewer', 'GET', `/cases/${record.caseId}/signal`);
    const flow = body.channels.find(({ name }) => name === 'F1')!;
    expect(flow.values.length).toBeLessThanOrEqual(510);
    expect(flow.values).toContain(99);
    expect(flow.values).toContain(null);
    expect(flow.timesMs).toEqual([...flow.timesMs].sort((a, b) => a - b));
    expect(body.flagged!.toMs).toBeLessThanOrEqual(body.toMs);
    // Channels that carry the evidence come first.
    expect(body.channels[0]).toMatchObject({ name: 'p1', contribution: 0.6 });
  });

  test('that is not there, and ids that are none', async () => {
    expect(codeOf(await ask('viewer', 'GET', `/cases/${sha256('none')}`))).toEqual([404, 'case-not-found']);
    expect(codeOf(await ask('viewer', 'GET', '/cases/x'))).toEqual([422, 'path-invalid']);
    expect(codeOf(await ask('viewer', 'GET', '/cases?limit=0'))).toEqual([422, 'query-invalid']);
    expect(codeOf(await ask('viewer', 'GET', '/cases?colour=red'))).toEqual([422, 'query-invalid']);
    expect(codeOf(await ask('viewer', 'GET', '/cases?cursor=AAAA'))).toEqual([422, 'cursor-invalid']);
    expect(codeOf(await ask('viewer', 'GET', '/assets/none'))).toEqual([404, 'asset-unknown']);
    expect(codeOf(await ask('viewer', 'GET', '/figures?fromMs=5&toMs=1'))).toEqual([422, 'span-invalid']);
    expect(codeOf(await ask('auditor', 'GET', `/audit/chains/${encodeURIComponent('case#none')}`))).toEqual([
      404,
      'chain-not-found',
    ]);
  });
});

describe('answering', () => {
  test('an approval is bound to what was shown, wakes the flow once, and is recorded under the name of the session', async () => {
    const record = await given.asked('approved');
    const before = given.woken();
    const first = await answerBy('approver', record, {
      answer: 'approve',
      proposalHash: record.proposalHash,
      shownForMs: 4_000,
    });
    expect([first.status, first.body]).toMatchObject([202, { round: 0, state: 'answered' }]);
    expect(given.woken()).toBe(before + 1);
    const { body } = await ask<CaseDetail>('viewer', 'GET', `/cases/${record.caseId}`);
    expect(body.reviews[0]).toMatchObject({ state: 'answered', answers: [{ by: 'approver', answer: 'approve' }] });
    const chain = await readChain(tableAt(given.world, 'audit'), `case#${record.caseId}`);
    const entry = chain.find(({ type }) => type === 'review-answered')!;
    expect(entry.body).toMatchObject({ by: expect.stringMatching(/^person-/), shownForMs: 4_000 });
    expect(JSON.stringify(entry)).not.toContain('looked at it');
    expect(codeOf(await answerBy('admin', record, { answer: 'reject' }))).toEqual([409, 'already-answered']);
  });

  test('nobody answers under another name', async () => {
    const record = await given.asked('forged');
    const forged = { answer: 'reject', by: 'somebody-else' };
    expect(codeOf(await answerBy('approver', record, forged))).toEqual([422, 'body-invalid']);
  });

  test('a stale page is refused: no hash, another hash, and a proposal that changes on the way', async () => {
    const record = await given.asked('stale');
    const other = sha256('another proposal');
    expect(codeOf(await answerBy('approver', record, { answer: 'approve' }))).toEqual([409, 'stale-proposal']);
    for (const answer of ['approve', 'reject'])
      expect(codeOf(await answerBy('approver', record, { answer, proposalHash: other }))).toEqual([
        409,
        'stale-proposal',
      ]);
    given.beforeInvoke = async () => {
      given.beforeInvoke = undefined;
      const proposal = proposalFor('plant-1', 'raise-ticket');
      await given.reviews.changeCase(record.caseId, (is) => ({ ...is, proposal, proposalHash: hashOf(proposal) }));
    };
    expect(
      codeOf(await answerBy('approver', record, { answer: 'approve', proposalHash: record.proposalHash })),
    ).toEqual([409, 'stale-proposal']);
    expect((await getCase(tableAt(given.world, 'cases'), record.caseId))?.status).toBe('in-review');
  });

  test('a page that still shows the question before is refused, though the same is proposed', async () => {
    const record = await given.asked('asked anew');
    const { caseId, proposalHash } = record;
    await timeOutReview(given.reviews, { caseId, round: 0 });
    const question = 'The action failed. Please take over; approve when it is done.';
    const asked = { caseId, round: 1, token: 'token-of-anew', question, after: 'handover' as const, timeoutS: 60 };
    await requestReview(given.reviews, asked);
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
    const record = await given.asked('raced');
    given.beforeInvoke = async () => {
      given.beforeInvoke = undefined;
      await answerBy('admin', record, { answer: 'reject' });
    };
    expect(codeOf(await answerBy('approver', record, { answer: 'reject', reason: 'another' }))).toEqual([
      409,
      'already-answered',
    ]);
  });

  test('an answer is taken back while its time runs, by anybody who may act, whoever has claimed the case', async () => {
    const record = await given.asked('taken back', {}, 3_600, 60);
    const path = `/cases/${record.caseId}/take-back`;
    const back = (who: string, body: object, more: Options = {}) =>
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
    const chain = await readChain(tableAt(given.world, 'audit'), `case#${record.caseId}`);
    const entry = chain.find(({ type }) => type === 'answer-taken-back')!;
    expect(entry.body).toMatchObject({ round: 0, answer: 'approve', by: expect.stringMatching(/^person-/) });
    expect(JSON.stringify(entry)).not.toContain('the wrong valve');
    expect((await answerBy('approver', record, yes)).body).toMatchObject({ round: 1, state: 'answered' });
  });

  test('the first yes of two is taken back while the second has not spoken', async () => {
    const record = await given.asked('first back', highImpact);
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
    const record = await given.asked('two people', highImpact);
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
    const record = await given.asked('edited');
    const yes = { answer: 'approve', proposalHash: record.proposalHash };
    given.policyAuthors = ['approver'];
    try {
      expect((await answerBy('approver', record, yes)).body).toMatchObject({ state: 'waiting-for-second' });
      expect(codeOf(await answerBy('approver', record, yes))).toEqual([409, 'same-person']);
      const { body } = await ask<CaseDetail>('viewer', 'GET', `/cases/${record.caseId}`);
      expect([body.people, body.status]).toEqual([{ needed: 2, approved: 1 }, 'in-review']);
      expect((await answerBy('admin', record, yes)).body).toMatchObject({ state: 'answered' });
    } finally {
      given.policyAuthors = [];
    }
  });

  test('an override orders something else; without saying what it is refused', async () => {
    const record = await given.asked('overridden');
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
    const record = await given.asked('with parameters', { orderParameters });
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
    const record = await given.asked('other parameters', { ...highImpact, orderParameters });
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
    const silent = await given.opened('asks nothing');
    expect(codeOf(await answerBy('approver', silent, { answer: 'reject' }))).toEqual([409, 'no-review']);
    const over = await given.closed(await given.opened('over'), 'expired');
    expect(codeOf(await answerBy('approver', over, { answer: 'reject' }))).toEqual([409, 'case-closed']);
    expect(codeOf(await ask('operator', 'POST', `/cases/${over.caseId}/claim`, { body: {} }))).toEqual([
      409,
      'case-closed',
    ]);
  });

  test('a repeated write is answered from memory; the same key for another one is refused', async () => {
    const record = await given.asked('replayed');
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

describe('claims', () => {
  const claim = (who: string, record: CaseRecord, leaseS = 60) =>
    ask(who, 'POST', `/cases/${record.caseId}/claim`, { body: { leaseS } });
  const release = (who: string, record: CaseRecord) => ask(who, 'DELETE', `/cases/${record.caseId}/claim`);

  test('keep others from answering, until they end or are given back', async () => {
    const record = await given.asked('claimed');
    expect(await claim('operator', record)).toMatchObject({
      status: 200,
      body: { by: 'operator', untilMs: given.api.nowMs() + 60_000 },
    });
    expect(codeOf(await claim('approver', record))).toEqual([409, 'claimed-by-other']);
    expect(codeOf(await release('approver', record))).toEqual([409, 'claimed-by-other']);
    expect(codeOf(await answerBy('approver', record, { answer: 'reject' }))).toEqual([409, 'claimed-by-other']);
    const { body } = await ask<CaseDetail>('viewer', 'GET', `/cases/${record.caseId}`);
    expect(body.claim).toMatchObject({ by: 'operator' });
    expect((await claim('operator', record, 120)).status).toBe(200);
    expect((await release('operator', record)).status).toBe(204);
    expect((await release('operator', record)).status).toBe(204);
    expect((await claim('approver', record, 30)).status).toBe(200);
    given.api.pass(30_001);
    expect((await answerBy('operator', record, { answer: 'reject' })).status).toBe(202);
  });

  test('seeing is recorded, decides nothing, and twice is once', async () => {
    const record = await given.asked('seen');
    for (let i = 0; i < 2; i += 1)
      await ask('operator', 'POST', `/cases/${record.caseId}/acknowledge`, { body: { note: 'on my way' } });
    const { body } = await ask<CaseDetail>('viewer', 'GET', `/cases/${record.caseId}`);
    expect(body.acknowledged).toEqual([{ by: 'operator', atMs: expect.any(Number), note: 'on my way' }]);
    expect(body.status).toBe('in-review');
    expect(body.reviews[0]?.state).toBe('open');
  });
});

describe('lists', () => {
  const all = async <T>(path: string, at: ConsoleTest, between: () => Promise<unknown> = async () => undefined) => {
    const items: T[] = [];
    for (let cursor: string | undefined, pages = 0; pages < 50; pages += 1) {
      const sign = path.includes('?') ? '&' : '?';
      const page = await ask<Page<T>>('viewer', 'GET', `${path}${cursor ? `${sign}cursor=${cursor}` : ''}`, { at });
      expect(page.status).toBe(200);
      items.push(...page.body.items);
      cursor = page.body.nextCursor;
      if (cursor === undefined) return items;
      await between();
    }
    throw new Error('no end');
  };

  test('the queue is in order of what is due, and a page loses nothing that was there when it began', async () => {
    const at = await fresh();
    await at.asset('plant-1');
    const records: CaseRecord[] = [];
    for (let n = 0; n < 12; n += 1) records.push(await at.asked(`queued ${n}`, {}, 1_000 + ((n * 7) % 12) * 60));
    let added = 0;
    const items = await all<ReviewItem>('/reviews?limit=5', at, async () => {
      added += 1;
      await at.asked(`added ${added}`, {}, added % 2 === 0 ? 100 : 90_000);
    });
    const ids = items.map(({ caseId }) => caseId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { caseId } of records) expect(ids).toContain(caseId);
    const due = items.map(({ dueAtMs }) => dueAtMs);
    expect(due).toEqual([...due].sort((a, b) => a - b));
  });

  test('cases by state, asset and kind, to the end, while others are opened and closed', async () => {
    const at = await fresh();
    await at.asset('plant-1');
    const open: string[] = [];
    const closed: string[] = [];
    for (let n = 0; n < 9; n += 1) {
      at.api.pass(1_000);
      const record = await at.opened(`listed ${n}`, { kind: n % 3 === 0 ? 'burst' : 'leak' });
      if (n % 2 === 0) open.push(record.caseId);
      else closed.push((await at.closed(record, n === 1 ? 'verified' : 'rejected')).caseId);
    }
    let added = 0;
    const between = async () => {
      added += 1;
      await at.opened(`later ${added}`);
    };
    const found = (items: readonly CaseSummary[]) => items.map(({ caseId }) => caseId);
    expect(found(await all<CaseSummary>('/cases?limit=2', at))).toEqual(open);
    expect(found(await all<CaseSummary>('/cases?state=closed&limit=2', at, between))).toEqual([...closed].reverse());
    const everything = found(await all<CaseSummary>('/cases?state=all&limit=4', at, between));
    expect(everything).toEqual(expect.arrayContaining([...open, ...closed]));
    const bursts = await all<CaseSummary>('/cases?state=all&kind=burst&limit=2', at);
    expect(bursts.map(({ kind }) => kind)).toEqual(['burst', 'burst', 'burst']);
    expect(await all<CaseSummary>('/cases?asset=plant-2', at)).toEqual([]);
  });

  test('decisions of a day and of an asset, newest first', async () => {
    const at = await fresh();
    await at.asset('plant-1');
    for (let n = 0; n < 7; n += 1) {
      at.api.pass(1_000);
      await at.opened(`decided ${n}`, { asset: n % 2 === 0 ? 'plant-1' : 'plant-2' });
    }
    const times = (items: readonly DecisionSummary[]) => items.map(({ atMs }) => atMs);
    const day = await all<DecisionSummary>('/decisions?limit=3', at);
    expect(times(day)).toEqual(times(day).sort((a, b) => b - a));
    expect(new Set(day.map(({ ref }) => ref)).size).toBe(7);
    const ofAsset = await all<DecisionSummary>('/decisions?asset=plant-1&limit=3', at);
    expect(ofAsset).toHaveLength(4);
    expect(await all<DecisionSummary>('/decisions?asset=plant-1&day=2020-01-01', at)).toEqual([]);
    const one = await ask('viewer', 'GET', `/decisions/${day[0]!.ref}`, { at });
    expect(one.body).toMatchObject({ decision: { decisionId: day[0]!.decisionId } });
    const none = day[0]!.ref.replace('plant', 'plane');
    expect(codeOf(await ask('viewer', 'GET', `/decisions/${none}`, { at }))).toEqual([404, 'decision-not-found']);
  });

  test('an answer that is known is not sent again', async () => {
    const first = await ask('viewer', 'GET', '/settings');
    const etag = first.headers.get('etag')!;
    expect((await ask('viewer', 'GET', '/settings', { headers: { 'if-none-match': etag } })).status).toBe(304);
    const settings = { manualMinutes: { leak: 47 }, timeZone: 'Europe/Berlin' };
    expect((await ask('admin', 'PUT', '/settings', { body: settings })).status).toBe(200);
    expect((await ask('viewer', 'GET', '/settings', { headers: { 'if-none-match': etag } })).status).toBe(200);
    const chain = await readChain(tableAt(given.world, 'audit'), 'system#console');
    expect(chain.at(-1)).toMatchObject({ type: 'settings-changed', body: settings });
    const wrong = { ...settings, timeZone: 'Mars/Olympus' };
    expect(codeOf(await ask('admin', 'PUT', '/settings', { body: wrong }))).toEqual([422, 'body-invalid']);
  });
});

describe('the stop switch', () => {
  test('anybody who acts may stop; two others resume, and names are shown', async () => {
    const at = await fresh();
    const scope = 'site#town';
    const order = (reason: string) => ({ body: { scope, reason }, at });
    const stopped = await ask<{ stop: object; inFlight: object[] }>('operator', 'POST', '/stops', order('smoke'));
    expect(stopped.body).toEqual({
      stop: { scope, reason: 'smoke', by: 'operator', atMs: expect.any(Number) },
      inFlight: [],
    });
    expect((await ask('approver', 'POST', '/stops/resume', order('clear'))).body).toEqual({
      state: 'waiting-for-second',
    });
    const again = await ask<Problem>('approver', 'POST', '/stops/resume', order('clear'));
    expect(codeOf(again)).toEqual([409, 'same-person']);
    expect(again.body.detail).toContain('approver has already asked');
    const listed = await ask<{ items: object[] }>('viewer', 'GET', '/stops', { at });
    expect(listed.body.items).toMatchObject([{ scope, resumeRequestedBy: 'approver' }]);
    expect((await ask('admin', 'POST', '/stops/resume', order('clear'))).body).toEqual({ state: 'resumed' });
    expect(codeOf(await ask('admin', 'POST', '/stops/resume', order('clear')))).toEqual([409, 'not-stopped']);
    expect((await ask<{ items: object[] }>('viewer', 'GET', '/stops', { at })).body.items).toEqual([]);
  });
});

describe('changes', () => {
  test('a client sees every entry at least once, however it polls, and can tell repeats', async () => {
    const at = await fresh();
    await at.asset('plant-1');
    let cursor = (await ask<Changes>('viewer', 'GET', '/changes', { at })).body.cursor;
    const seen = new Map<string, number>();
    const happened: string[] = [];
    for (let step = 0; step < 12; step += 1) {
      const record = await at.asked(`followed ${step}`);
      happened.push(record.caseId);
      if (step % 3 === 0) await answerBy('operator', record, { answer: 'reject' }, { at });
      at.api.pass(step % 4 === 0 ? 170_000 : 2_000);
      if (step % 2 === 1) continue;
      const { body } = await ask<Changes>('viewer', 'GET', `/changes?after=${cursor}`, { at });
      expect(body.reset).toBe(false);
      cursor = body.cursor;
      for (const { id } of body.changes) seen.set(id, (seen.get(id) ?? 0) + 1);
    }
    const last = await ask<Changes>('viewer', 'GET', `/changes?after=${cursor}`, { at });
    for (const { id } of last.body.changes) seen.set(id, (seen.get(id) ?? 0) + 1);
    for (const caseId of happened)
      for (const { entryId } of await readChain(tableAt(at.world, 'audit'), `case#${caseId}`))
        expect(seen.has(entryId)).toBe(true);
    // Chains that the cursor knows are not given out again.
    expect(Math.max(...seen.values())).toBe(1);
    const nothing = await ask<Changes>('viewer', 'GET', `/changes?after=${last.body.cursor}`, { at });
    expect(nothing.body.changes).toEqual([]);
  });

  test('who may not read a chain is told that something happened there, not who did it', async () => {
    const at = await fresh();
    const record = await at.asked('answered by somebody');
    await answerBy('operator', record, { answer: 'reject' }, { at });
    await at.shelved('leak');
    const sample = await at.sampled('looked at');
    const said = { kind: 'leak', reason: 'it rises' };
    await ask('operator', 'POST', `/samples/${sample.decisionId}/answer`, { body: said, at });
    const namesFor = async (who: string) => {
      const start = (await ask<Changes>(who, 'GET', '/changes', { at })).body.cursor;
      const { body } = await ask<Changes>(who, 'GET', `/changes?after=${start}`, { at });
      return new Map(body.changes.map(({ type, by }) => [type, by]));
    };
    const shown = { 'review-answered': 'operator', 'order-given': undefined, 'sample-answered': undefined };
    for (const who of ['viewer', 'approver']) expect(Object.fromEntries(await namesFor(who))).toMatchObject(shown);
    for (const who of ['auditor', 'admin'])
      expect(Object.fromEntries(await namesFor(who))).toMatchObject({
        'review-answered': 'operator',
        'order-given': 'who-shelved',
        'sample-answered': 'operator',
      });
  });

  test('an entry that became visible late, with an older time than what was given out, is given out', async () => {
    const at = await fresh();
    const cursor = (await ask<Changes>('viewer', 'GET', '/changes', { at })).body.cursor;
    const first = await at.opened('in time');
    const one = await ask<Changes>('viewer', 'GET', `/changes?after=${cursor}`, { at });
    expect(one.body.changes).toHaveLength(1);
    // A function took its time 100 s ago and has only now put it.
    at.api.pass(-100_000);
    const late = await at.opened('late');
    at.api.pass(100_000);
    const two = await ask<Changes>('viewer', 'GET', `/changes?after=${one.body.cursor}`, { at });
    expect(two.body.changes.map(({ caseId }) => caseId)).toEqual([late.caseId]);
    expect(first.caseId).not.toBe(late.caseId);
  });

  test('who was away for too long is told to load everything again', async () => {
    const at = await fresh();
    const { cursor } = (await ask<Changes>('viewer', 'GET', '/changes', { at })).body;
    at.api.pass(30 * 60_000);
    expect((await ask<Changes>('viewer', 'GET', `/changes?after=${cursor}`, { at })).body.reset).toBe(false);
    at.api.pass(28 * 60_000);
    const { body } = await ask<Changes>('viewer', 'GET', `/changes?after=${cursor}`, { at });
    expect(body.reset).toBe(true);
    expect((await ask<Changes>('viewer', 'GET', `/changes?after=${body.cursor}`, { at })).body.reset).toBe(false);
    expect(codeOf(await ask('viewer', 'GET', '/changes?after=none', { at }))).toEqual([422, 'cursor-invalid']);
  });
});

test('figures say what they rest on, what was automated, and what was approved in haste', async () => {
  const at = await fresh();
  await at.asset('plant-1');
  await ask('admin', 'PUT', '/settings', { body: { manualMinutes: { leak: 47 }, timeZone: 'UTC' }, at });
  const end = async (record: CaseRecord, how: NonNullable<CaseRecord['resolution']>) => {
    at.api.pass(120_000);
    await at.closed(record, how);
  };
  await end(await at.opened('alone', { verdict: 'act' }), 'verified');
  const hasty = await at.asked('hasty');
  at.api.pass(30_000);
  const yes = { answer: 'approve', proposalHash: hasty.proposalHash, shownForMs: 900 };
  await answerBy('approver', hasty, yes, { at });
  await end(hasty, 'acted-unverified');
  const no = await at.asked('no');
  await answerBy('operator', no, { answer: 'reject' }, { at });
  await end(no, 'rejected');
  await at.asked('older');
  at.api.pass(40_000);
  await at.asked('younger');
  at.api.pass(5_000);
  const { body } = await ask<Figures>('viewer', 'GET', '/figures', { at });
  expect(body).toMatchObject({
    cases: 3,
    sample: { cases: 3, decisions: 5, complete: true },
    queue: { waiting: 2, oldestAgeMs: 45_000, complete: true },
    workQueues: [
      { name: 'dead-letters', waiting: 0, complete: true },
      { name: 'flags', waiting: 5, oldestAgeMs: expect.any(Number), complete: true },
      { name: 'answers', waiting: 0, complete: true },
      { name: 'effects', waiting: 0, complete: true },
      { name: 'messages', waiting: 0, complete: true },
    ],
    rejected: 1,
    hastyApprovals: { n: 1, of: 1, belowMs: 10_000 },
    falseAlarms: { n: 0, of: 1, low: 0 },
  });
  expect(body.automatedShare).toBeCloseTo(1 / 3);
  expect(body.steps.find(({ name }) => name === 'answer')).toMatchObject({ n: 2, p99Ms: 30_000 });
  expect(body.timeSavedMinutes).toBeGreaterThan(3 * 47 - 10);
  const now = await ask<{ counts: object }>('viewer', 'GET', '/now', { at });
  expect(now.body.counts).toMatchObject({ open: 2, automatedToday: 1 });
});

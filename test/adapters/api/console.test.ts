/** What the routes of the console do, on real tables: a case, claims, the stop switch, figures. */
import { describe, expect, test } from '@jest/globals';
import { getCase } from '../../../lib/adapters/aws/case-store.ts';
import { tableAt } from '../../../lib/adapters/aws/console/world.ts';
import { dynamoDecisionStore } from '../../../lib/adapters/aws/decision-store.ts';
import { subjectOf } from '../../../lib/adapters/aws/subject-store.ts';
import type { CaseDetail, CaseSummary, Figures, Page, Problem, Signal } from '../../../lib/contracts/api.ts';
import type { CaseRecord } from '../../../lib/contracts/case.ts';
import { sha256 } from '../../../lib/core/audit/canonical.ts';
import { decisionFor } from '../../support/console-data.ts';
import { codeOf, consoleOnTables } from '../../support/console-requests.ts';

const { ask, answerBy, fresh, shared } = consoleOnTables();

describe('a case', () => {
  test('says on one page what is wrong, how it came about and what may be done', async () => {
    const record = await shared().asked('one page');
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

  test('tells features in words of its pack, in what speaks for it and in what other cases have alike', async () => {
    const grounds = ['flow-main-excess', 'an-older-feature'];
    const kind = 'burst';
    const like = await shared().opened('like it', {
      kind,
      grounds,
      status: 'closed',
      closedAtMs: shared().world.now(),
    });
    const record = await shared().opened('in words', { kind, grounds });
    const decision = await decisionFor(shared().world, 'plant-1', record.openingFlagId, shared().world.now() - 1_000);
    const contributions = grounds.map((feature) => ({ feature, value: 3, contribution: 0.2 }));
    const explanation = { ...decision.inference.explanation, contributions };
    const { client, tables } = shared().world;
    await dynamoDecisionStore(client, tables.decisions).put({
      ...decision,
      inference: { ...decision.inference, explanation },
    });
    const { body } = await ask<CaseDetail>('viewer', 'GET', `/cases/${record.caseId}`);
    const words = ['the excess of inflow over its profile', 'an-older-feature'];
    expect(body.decision!.inference.explanation.contributions.map(({ feature }) => feature)).toEqual(words);
    expect(body.similar.find(({ caseId }) => caseId === like.caseId)?.shared).toEqual(words);
  });

  test('that somebody reported names them in every sentence, though a pseudonym is what is stored', async () => {
    const who = await subjectOf(shared().world.subjects, 'operator', shared().world.now());
    const sentence = `${who} reports leak at plant-1: water in the street`;
    const record = await shared().asked('reported', { sentence, kind: 'manual' });
    const { body } = await ask<CaseDetail>('viewer', 'GET', `/cases/${record.caseId}`);
    const shown = 'operator reports leak at plant-1: water in the street';
    expect([body.sentence, body.timeline.find(({ kind }) => kind === 'case-opened')?.detail]).toEqual([shown, shown]);
    expect(body.question).toContain(shown);
    const { body: list } = await ask<Page<CaseSummary>>('viewer', 'GET', '/cases?kind=manual&limit=200');
    expect(list.items.map((one) => one.sentence)).toEqual([shown]);
    expect((await getCase(tableAt(shared().world, 'cases'), record.caseId))?.sentence).toBe(sentence);
  });

  test('its chart keeps the spike, the gap and the missing cell, in some 500 points', async () => {
    const record = await shared().opened('charted');
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

describe('claims', () => {
  const claim = (who: string, record: CaseRecord, leaseS = 60) =>
    ask(who, 'POST', `/cases/${record.caseId}/claim`, { body: { leaseS } });
  const release = (who: string, record: CaseRecord) => ask(who, 'DELETE', `/cases/${record.caseId}/claim`);

  test('keep others from answering, until they end or are given back', async () => {
    const record = await shared().asked('claimed');
    expect(await claim('operator', record)).toMatchObject({
      status: 200,
      body: { by: 'operator', untilMs: shared().api.nowMs() + 60_000 },
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
    shared().api.pass(30_001);
    expect((await answerBy('operator', record, { answer: 'reject' })).status).toBe(202);
  });

  test('seeing is recorded, decides nothing, and twice is once', async () => {
    const record = await shared().asked('seen');
    for (let i = 0; i < 2; i += 1)
      await ask('operator', 'POST', `/cases/${record.caseId}/acknowledge`, { body: { note: 'on my way' } });
    const { body } = await ask<CaseDetail>('viewer', 'GET', `/cases/${record.caseId}`);
    expect(body.acknowledged).toEqual([{ by: 'operator', atMs: expect.any(Number), note: 'on my way' }]);
    expect(body.status).toBe('in-review');
    expect(body.reviews[0]?.state).toBe('open');
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

/**
 * People and cases through the API on the whole stack: somebody reports, the case is queued, claimed, approved by what was
 * shown, done once; stopped and resumed; and whoever follows the changes has seen all of it.
 */
import { createPublicKey, verify } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Live, liveClockRate } from '../../bench/stack/live.ts';
import { actingSite, eventually, LiveDistrict } from '../../bench/stack/plant.ts';
import { Stack } from '../../bench/stack/stack.ts';
import { invokeFunction } from '../../bin/commands/support/invoke.ts';
import { firstAdmin, openPeople } from '../../bin/commands/support/people.ts';
import { allChains, chainTexts } from '../../lib/adapters/aws/audit-store.ts';
import type { AssetDetail, CaseDetail, Change, Figures, Now, ReviewItem, Signal } from '../../lib/contracts/api.ts';
import { type AuditEntry, auditEntry } from '../../lib/contracts/audit.ts';
import { checkpoint } from '../../lib/contracts/checkpoint.ts';
import { canonical } from '../../lib/core/audit/canonical.ts';
import { collapse } from '../../lib/core/audit/collapse.ts';
import { entryHash } from '../../lib/core/audit/entry.ts';
import { unexplainedGrants } from '../iam/unused-grants.ts';
import { proposalOf } from '../support/decision-data.ts';
import { Browser } from '../support/stack/browser.ts';
import { decideAsking } from '../support/stack/decide.ts';
import { expectCallsPermitted, expectEffectsSingle } from '../support/stack/invariants.ts';

let stack: Stack;
let live: Live;
let district: LiveDistrict;
let people: Record<'admin' | 'operator' | 'approver' | 'auditor', Browser>;
const seen = new Map<string, Change>();
let cursor: string;
const password = 'Own-choice-2026!';
/** Assets on which taking back comes just before, at and just after the end of its time. */
const raced = ['raced-early', 'raced-at', 'raced-late'];

beforeAll(async () => {
  district = await LiveDistrict.open(3, 1);
  stack = await Stack.start({ districts: new Map([['pumps', district]]), warm: ['api', 'screen', 'infer'] });
  people = await invite();
  await stack.calibrated('pumps', district, actingSite, liveClockRate);
  for (const asset of ['reported', 'stopped', 'reconsidered', 'unsure', ...raced]) await stack.plainAsset(asset);
  cursor = (await people.operator.ask('GET', '/changes')).body.cursor;
  live = new Live(stack, district, ['pumps']);
  await live.rows(24);
  live.start();
  district.tripPump();
}, 120_000);
afterAll(async () => {
  await live?.stop();
  await stack?.stop();
}, 30_000);

async function invite(): Promise<typeof people> {
  const url = stack.context.runtime!.consoleUrl!;
  const first = (await firstAdmin(await openPeople(stack.context)))!;
  const enter = async (username: string, secret: string): Promise<Browser> => {
    const browser = new Browser(url);
    const body = { username, password: secret, newPassword: password };
    expect((await browser.ask('POST', '/session', body)).status).toBe(200);
    return browser;
  };
  const admin = await enter(first.username, first.temporaryPassword);
  const member = async (group: string): Promise<Browser> => {
    const made = await admin.ask('POST', '/users', { username: group, groups: [group] });
    return enter(group, made.body.temporaryPassword);
  };
  const operator = await member('operator');
  return { admin, operator, approver: await member('approver'), auditor: await member('auditor') };
}

/** As a page of the console does every other second. */
async function follow(): Promise<void> {
  const { status, body } = await people.operator.ask('GET', `/changes?after=${cursor}`);
  expect([status, body.reset]).toEqual([200, false]);
  for (const change of body.changes as Change[]) seen.set(change.id, change);
  cursor = body.cursor;
}

const waitFor = <T>(what: string, look: () => Promise<T | undefined | false>): Promise<T> =>
  eventually(what, async () => {
    await follow();
    return look();
  });

const queued = (asset: string): Promise<ReviewItem> =>
  waitFor(`a question about ${asset}`, async () => {
    const { body } = await people.operator.ask('GET', '/reviews');
    return (body.items as ReviewItem[]).find((item) => item.asset === asset);
  });

const detail = async (caseId: string): Promise<CaseDetail> =>
  (await people.operator.ask('GET', `/cases/${caseId}`)).body as CaseDetail;

const closed = (caseId: string): Promise<CaseDetail> =>
  waitFor(`the end of ${caseId}`, async () => {
    const found = await detail(caseId);
    return found.status === 'closed' && found;
  });

const effectsOn = (asset: string) => stack.plant.effects().filter((effect) => effect.asset === asset);

describe('what a person reports', () => {
  test('is queued, claimed, refused to others and to stale pages, approved once, done once', async () => {
    const report = { asset: 'reported', kind: 'manual', note: 'water on the road' };
    const { status } = await people.operator.ask('POST', '/triggers', report);
    expect(status).toBe(202);
    const item = await queued('reported');
    const path = `/cases/${item.caseId}`;
    expect((await people.operator.ask('POST', `${path}/claim`, {})).body.by).toBe('operator');
    const yes = { answer: 'approve', reason: 'I have seen it', proposalHash: item.proposalHash, shownForMs: 15_000 };
    expect((await people.approver.ask('POST', `${path}/answer`, yes)).body.code).toBe('claimed-by-other');
    expect((await people.operator.ask('POST', `${path}/answer`, yes)).status).toBe(403);
    expect((await people.operator.ask('POST', `${path}/acknowledge`, { note: 'on my way' })).status).toBe(204);
    expect((await people.operator.ask('DELETE', `${path}/claim`)).status).toBe(204);
    const stale = await people.approver.ask('POST', `${path}/answer`, { ...yes, proposalHash: 'a'.repeat(64) });
    expect([stale.status, stale.body.code]).toEqual([409, 'stale-proposal']);
    const before = await people.approver.ask('POST', `${path}/answer`, { ...yes, round: 7 });
    expect([before.status, before.body.code]).toEqual([409, 'stale-proposal']);
    expect(effectsOn('reported')).toEqual([]);
    const answers = await Promise.all([1, 2].map(() => people.approver.ask('POST', `${path}/answer`, yes)));
    expect(answers.map((answer) => answer.status).every((each) => each === 202 || each === 409)).toBe(true);
    expect(answers.some((answer) => answer.status === 202)).toBe(true);
    const found = await closed(item.caseId);
    expect(found).toMatchObject({
      resolution: 'acted-unverified',
      reviews: [{ state: 'answered', answers: [{ by: 'approver', reason: 'I have seen it' }] }],
      effects: [{ status: 'SUCCEEDED', attempts: 1 }],
      acknowledged: [{ by: 'operator', note: 'on my way' }],
    });
    expect(effectsOn('reported')).toHaveLength(1);
    const late = await people.approver.ask('POST', `${path}/answer`, yes);
    expect([late.status, late.body.code]).toEqual([409, 'already-answered']);
  }, 60_000);
});

describe('an answer that is taken back', () => {
  const reported = async (asset: string): Promise<ReviewItem> => {
    await people.operator.ask('POST', '/triggers', { asset, kind: 'manual', note: 'water on the road' });
    return queued(asset);
  };
  const approve = ({ caseId, proposalHash }: ReviewItem) =>
    people.approver.ask('POST', `/cases/${caseId}/answer`, { answer: 'approve', reason: 'go on', proposalHash });

  test('leads to nothing; the question stands again at once, and an answer to it acts once', async () => {
    const item = await reported('reconsidered');
    const given = await approve(item);
    expect(given.body).toMatchObject({ state: 'answered', takeBackUntilMs: expect.any(Number) });
    const { round, answeredAtMs } = given.body as { round: number; answeredAtMs: number };
    expect((await detail(item.caseId)).takeBack).toMatchObject({ round, by: 'approver', answeredAtMs });
    const body = { round, answeredAtMs, reason: 'the wrong house' };
    const back = (who: Browser) => who.ask('POST', `/cases/${item.caseId}/take-back`, body);
    expect((await back(people.auditor)).status).toBe(403);
    expect(await back(people.operator)).toMatchObject({ status: 200, body: { round, what: 'answer' } });
    expect((await back(people.approver)).body.code).toBe('taken-back');
    const again = await queued('reconsidered');
    expect(again).toMatchObject({ caseId: item.caseId, round: round + 1, escalation: { level: 1 } });
    expect(again.dueAtMs).toBeGreaterThanOrEqual(item.dueAtMs);
    // Longer than the flow waits: it has found out by then, and asks with a token of its own.
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    expect(effectsOn('reconsidered')).toEqual([]);
    expect((await detail(item.caseId)).reviews).toMatchObject([
      { state: 'taken-back', takenBack: [{ by: 'operator', of: 'approver', reason: 'the wrong house' }] },
      { state: 'open' },
    ]);
    expect((await approve(again)).status).toBe(202);
    const found = await closed(item.caseId);
    expect(found).toMatchObject({ resolution: 'acted-unverified', effects: [{ status: 'SUCCEEDED' }] });
    expect(effectsOn('reconsidered')).toHaveLength(1);
    expect(found.timeline.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['answer-taken-back']));
  }, 60_000);

  test('races with the end of its time: it is taken back and nothing is done, or it stands and is done once', async () => {
    const results = await Promise.all(
      raced.map(async (asset, index) => {
        const item = await reported(asset);
        const { round, answeredAtMs, takeBackUntilMs } = (await approve(item)).body as Record<string, number>;
        await new Promise((resolve) => setTimeout(resolve, takeBackUntilMs! - Date.now() + (index - 1) * 150));
        const body = { round, answeredAtMs, reason: 'the wrong house' };
        const { status } = await people.operator.ask('POST', `/cases/${item.caseId}/take-back`, body);
        if (status === 409) return { asset, status, effects: (await closed(item.caseId)).effects.length };
        await new Promise((resolve) => setTimeout(resolve, 5_000));
        return { asset, status, effects: (await detail(item.caseId)).effects.length };
      }),
    );
    for (const { asset, status, effects } of results) {
      expect([200, 409]).toContain(status);
      expect(effects).toBe(status === 200 ? 0 : 1);
      expect(effectsOn(asset)).toHaveLength(effects);
    }
  }, 60_000);
});

test('an open question follows the surer decision of its alarm: the newer one is answered and done, the former never', async () => {
  const asset = 'unsure';
  const ticket = { ...proposalOf({ asset, action: 'raise-ticket', target: asset }), expectedChannels: [] };
  const verification = { settleMs: 1_800_000, deadlineMs: 21_600_000, minRows: 2 };
  const valve = proposalOf({ asset, verification });
  const first = await decideAsking(stack, { asset, seq: 1_000 }, ticket, { set: ['leak', 'normal'] });
  const former = await queued(asset);
  expect(former).toMatchObject({ caseId: first.caseId, round: 0, proposal: { action: 'raise-ticket' } });
  const zoned = { set: ['leak'], explanation: { sentence: 'A leak in zone A, surely.', contributions: [] } };
  const newer = await decideAsking(stack, { asset, seq: 1_004, onset: 1_000 }, valve, zoned);
  expect(newer).toMatchObject({ caseId: first.caseId, opened: false });
  const path = `/cases/${former.caseId}/answer`;
  const yes = { answer: 'approve', reason: 'go on', proposalHash: former.proposalHash };
  for (const stale of [yes, { ...yes, round: 0 }]) {
    const refused = await people.approver.ask('POST', path, stale);
    expect([refused.status, refused.body.code]).toEqual([409, 'stale-proposal']);
  }
  const item = await queued(asset);
  expect(item).toMatchObject({
    caseId: former.caseId,
    round: 1,
    sentence: 'A leak in zone A, surely.',
    question: 'A leak in zone A, surely. Shall we close valve V1?',
    proposal: { action: 'close-valve', target: 'V1' },
  });
  expect(item.dueAtMs).toBeGreaterThanOrEqual(former.dueAtMs);
  const shown = await detail(item.caseId);
  expect(shown.decision?.decisionId).toBe(newer.decisionId);
  expect(shown.reviews).toMatchObject([
    { state: 'superseded', newer: { decisionId: newer.decisionId }, answers: [] },
    { state: 'open' },
  ]);
  const given = await people.approver.ask('POST', path, { ...yes, proposalHash: item.proposalHash, round: 1 });
  expect(given.status).toBe(202);
  const acted = await waitFor('the valve', async () => {
    const found = await detail(item.caseId);
    return found.effects[0]?.status === 'SUCCEEDED' && found;
  });
  expect(acted.effects).toMatchObject([{ action: 'close-valve', target: 'V1' }]);
  expect(effectsOn(asset)).toMatchObject([{ action: 'close-valve' }]);
  expect(acted.timeline.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['review-superseded']));
}, 60_000);

describe('the stop switch', () => {
  test('holds back what was approved, until two people have resumed', async () => {
    const scope = 'asset#stopped';
    const stopped = await people.operator.ask('POST', '/stops', { scope, reason: 'somebody is in the shaft' });
    expect(stopped).toMatchObject({ status: 200, body: { stop: { scope, by: 'operator' }, inFlight: [] } });
    await people.operator.ask('POST', '/triggers', { asset: 'stopped', kind: 'manual', note: 'a bad smell' });
    const item = await queued('stopped');
    const yes = { answer: 'approve', reason: 'go on', proposalHash: item.proposalHash };
    expect((await people.approver.ask('POST', `/cases/${item.caseId}/answer`, yes)).status).toBe(202);
    const now = (await people.auditor.ask('GET', '/now')).body as Now;
    expect(now.stops).toMatchObject([{ scope, reason: 'somebody is in the shaft' }]);
    await waitFor('the case to wait', async () => (await detail(item.caseId)).reviews[0]?.state === 'answered');
    expect(effectsOn('stopped')).toEqual([]);
    const clear = { scope, reason: 'everybody is out' };
    expect((await people.approver.ask('POST', '/stops/resume', clear)).body.state).toBe('waiting-for-second');
    expect((await people.approver.ask('POST', '/stops/resume', clear)).body.code).toBe('same-person');
    expect((await people.admin.ask('POST', '/stops/resume', clear)).body.state).toBe('resumed');
    expect((await people.auditor.ask('GET', '/stops')).body.items).toEqual([]);
  }, 60_000);
});

describe('what the readings showed', () => {
  test('is told from the reading to the effect, with a chart, its asset and its decision', async () => {
    const summary = await waitFor('the case of the pump', async () => {
      const { body } = await people.auditor.ask('GET', '/cases?state=all&asset=pumps');
      return (body.items as CaseDetail[]).find(({ kind }) => kind === 'pump-failure');
    });
    const { caseId } = summary;
    if (summary.verdict === 'ask') {
      const item = await queued('pumps');
      const yes = { answer: 'approve', reason: 'start it', proposalHash: item.proposalHash };
      await people.approver.ask('POST', `/cases/${caseId}/answer`, yes);
    }
    const found = await closed(caseId);
    expect(found.resolution).toBe('verified');
    const kinds = found.timeline.map(({ kind }) => kind);
    const hops = ['reading', 'received', 'decision-recorded', 'case-opened', 'effect-announced', 'effect-outcome'];
    expect(kinds.filter((kind) => hops.includes(kind)).slice(0, hops.length)).toEqual(hops);
    expect(found.decision?.decisionId).toBe(found.record.newer?.decisionId ?? found.record.decisionId);
    const signal = (await people.auditor.ask('GET', `/cases/${caseId}/signal`)).body as Signal;
    expect(signal.channels[0]?.contribution).toBeGreaterThan(0);
    expect(signal.channels.some(({ expectedLow }) => expectedLow !== undefined)).toBe(true);
    expect(signal.toMs).toBeGreaterThan(signal.flagged!.toMs);
    const asset = (await people.auditor.ask('GET', '/assets/pumps')).body as AssetDetail;
    expect(asset.calibration?.channels.length).toBeGreaterThan(3);
    const decisions = await people.auditor.ask('GET', '/decisions?limit=5');
    const day = decisions.body.items[0];
    expect((await people.auditor.ask('GET', `/decisions/${day.ref}`)).body.decision.decisionId).toBe(day.decisionId);
    for (const path of ['/assets', '/assets/pumps/readings', '/packs', '/settings'])
      expect((await people.auditor.ask('GET', path)).status).toBe(200);
    expect((await people.auditor.ask('GET', '/packs')).body.items[0]).toMatchObject({ card: { v: 1 } });
    const figures = (await people.auditor.ask('GET', '/figures')).body as Figures;
    expect(figures.steps.find(({ name }) => name === 'reading-to-case')!.n).toBeGreaterThan(0);
  }, 90_000);
});

test('work is planned, a shift handed over and taken, samples are asked for, quiet hours set', async () => {
  const { admin, approver, operator, auditor } = people;
  const work = { what: 'planned-work', scope: 'asset#stopped', toMs: Date.now() + 3_600_000, reason: 'it is painted' };
  const order = await approver.ask('POST', '/orders', work);
  expect([order.status, order.body.holds]).toEqual([201, true]);
  expect((await auditor.ask('GET', '/assets/stopped')).body.withheld).toMatchObject([{ what: 'planned-work' }]);
  expect((await operator.ask('POST', `/orders/${order.body.id}/end`, { reason: 'painted' })).status).toBe(204);
  expect((await auditor.ask('GET', '/orders')).body.items).toEqual([]);
  // It is learning still: nothing is normal there yet.
  const early = await approver.ask('POST', '/assets/stopped/new-normal', { reason: 'painted' });
  expect([early.status, early.body.detail]).toEqual([422, expect.stringContaining('still learning')]);
  const note = await operator.ask('POST', '/handovers', { hours: 1, operators: 2, note: 'all is well' });
  expect((await approver.ask('POST', `/handovers/${note.body.id}/take`)).status).toBe(204);
  expect((await auditor.ask('GET', '/handover?hours=1')).body.closed).not.toEqual({});
  expect((await operator.ask('GET', '/samples')).status).toBe(200);
  expect((await auditor.ask('GET', '/samples/estimate')).status).toBe(200);
  const { version } = (await admin.ask('GET', '/notifications')).body;
  const quiet = { quietHours: { from: '22:00', to: '06:00' }, reason: 'nights', version };
  expect((await admin.ask('PUT', '/notifications/quiet-hours', quiet)).body.settings.quietHours.to).toBe('06:00');
});

test('who audits can check a chain and a checkpoint with what the API gives out', async () => {
  const settings = { manualMinutes: { leak: 47 }, timeZone: 'Europe/Berlin' };
  expect((await people.admin.ask('PUT', '/settings', settings)).status).toBe(200);
  await invokeFunction(stack.context, 'checkpoint', {});
  const { auditor } = people;
  const chains = (await auditor.ask('GET', '/audit/chains?prefix=case&limit=200')).body.items as { chain: string }[];
  expect(chains.length).toBeGreaterThan(2);
  const { chain } = chains[0]!;
  const { entries } = (await auditor.ask('GET', `/audit/chains/${encodeURIComponent(chain)}`)).body;
  let before = '0'.repeat(64);
  for (const text of entries as string[]) {
    const entry = auditEntry.parse(JSON.parse(text));
    expect([entry.prevHash, entryHash(entry)]).toEqual([before, entry.hash]);
    before = entry.hash;
  }
  const [newest] = (await auditor.ask('GET', '/audit/checkpoints')).body.items as { name: string }[];
  const document = checkpoint.parse(
    JSON.parse((await auditor.ask('GET', `/audit/checkpoints/${newest!.name}`)).body.text),
  );
  const key = (await auditor.ask('GET', '/audit/public-key')).body;
  const publicKey = createPublicKey({ key: Buffer.from(key.spki, 'base64'), format: 'der', type: 'spki' });
  const statement = Buffer.from(canonical(document.statement));
  expect(verify('sha256', statement, publicKey, Buffer.from(document.signature, 'base64'))).toBe(true);
  // A checkpoint of these ten minutes may have been made before: whatever head it names stands in its chain.
  const head = document.heads[0]!;
  const covered = await auditor.ask('GET', `/audit/chains/${encodeURIComponent(head.chain)}?fromSeq=${head.seq}`);
  expect(auditEntry.parse(JSON.parse(covered.body.entries[0]))).toMatchObject({ seq: head.seq, hash: head.hash });
});

test('whoever followed the changes has seen every entry that was written since, and every call was permitted', async () => {
  await live.stop();
  const audit = { client: stack.context.dynamodb(), table: stack.context.names.table('audit') };
  const written: AuditEntry[] = [];
  for (const chain of await allChains(audit)) {
    const entries: AuditEntry[] = [];
    for await (const text of chainTexts(audit, chain)) entries.push(auditEntry.parse(JSON.parse(text)));
    written.push(...collapse(entries));
  }
  await follow();
  const missed = written.filter(({ entryId }) => !seen.has(entryId)).map(({ chain, type }) => `${chain} ${type}`);
  expect(missed).toEqual([]);
  await expectEffectsSingle(stack);
  await stack.halt();
  const model = await expectCallsPermitted(stack);
  const unused = unexplainedGrants(model, stack.calls(), (name) => name === 'groundcrew-api');
  // What it does with people of the pool is held by the test of the console.
  expect(unused.filter(({ action }) => !action.startsWith('cognito-idp:'))).toEqual([]);
}, 60_000);

/** What the routes of the console list, page by page, while things happen; and what they tell who follows. */
import { describe, expect, test } from '@jest/globals';
import { readChain } from '../../../lib/adapters/aws/audit-store.ts';
import { tableAt } from '../../../lib/adapters/aws/console/world.ts';
import type { CaseSummary, Changes, DecisionSummary, Page, ReviewItem } from '../../../lib/contracts/api.ts';
import type { CaseRecord } from '../../../lib/contracts/case.ts';
import { codeOf, consoleOnTables } from '../../support/console-requests.ts';
import type { ConsoleTest } from '../../support/console-world.ts';

const { ask, answerBy, fresh, shared } = consoleOnTables();

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
    const chain = await readChain(tableAt(shared().world, 'audit'), 'system#console');
    expect(chain.at(-1)).toMatchObject({ type: 'settings-changed', body: settings });
    const wrong = { ...settings, timeZone: 'Mars/Olympus' };
    expect(codeOf(await ask('admin', 'PUT', '/settings', { body: wrong }))).toEqual([422, 'body-invalid']);
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

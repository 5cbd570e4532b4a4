import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { flagsOf, openCases, pendingSlots, scanCases } from '../../../lib/adapters/aws/case-finder.ts';
import {
  attachFlag,
  CaseConflictError,
  type CaseTable,
  completeOpening,
  freeSlot,
  getCase,
  getSlot,
  markStarted,
  openOrAttach,
  openSlot,
  putCase,
  updateCase,
} from '../../../lib/adapters/aws/case-store.ts';
import { scrubWords } from '../../../lib/adapters/aws/retention.ts';
import { unheardAnswers } from '../../../lib/adapters/aws/review-finder.ts';
import {
  endReview,
  getReview,
  keepFirst,
  markHeard,
  openReview,
  restoreReview,
  reviewsOf,
  settleReview,
  takeBackEnd,
  takeBackFirst,
  takeToken,
} from '../../../lib/adapters/aws/review-store.ts';
import type { CaseRecord, ReviewAnswer } from '../../../lib/contracts/case.ts';
import { sha256 } from '../../../lib/core/audit/canonical.ts';
import { childRandom } from '../../../lib/core/random.ts';
import { caseFor } from '../../support/remediation-world.ts';
import { startTables, type TestTables } from '../../support/tables.ts';

let tables: TestTables;
let at: CaseTable;
let stop: string;
beforeAll(async () => {
  tables = await startTables();
  const names = await tables.create('case-test');
  at = { client: tables.client, table: names.cases! };
  stop = names.stop!;
});
afterAll(() => tables.stop());

/** The case that flag `n` of an anomaly would open. */
const opening = (anomaly: string, n: number): CaseRecord => {
  const flag = sha256(`${anomaly} flag ${n}`);
  return caseFor(`${anomaly}-${n}`, { correlationKey: anomaly, caseId: sha256(flag), openingFlagId: flag });
};

describe('slots', () => {
  test('of many flags of one anomaly one opens the case and the others join it', async () => {
    const records = Array.from({ length: 12 }, (_, n) => opening('storm', n));
    const placed = await Promise.all(records.map((record) => openOrAttach(at, record, record.openingFlagId)));
    expect(placed.filter(({ outcome }) => outcome === 'opened')).toHaveLength(1);
    expect(new Set(placed.map(({ caseId }) => caseId)).size).toBe(1);
    expect(await flagsOf(at, placed[0]!.caseId)).toHaveLength(12);
    const again = await Promise.all(records.map((record) => openOrAttach(at, record, record.openingFlagId)));
    expect(new Set(again.map(({ outcome }) => outcome))).toEqual(new Set(['known']));
    expect((await openCases(at)).filter(({ correlationKey }) => correlationKey === 'storm')).toHaveLength(1);
  });

  test('a flag that arrives late does not reopen a closed case, and a new one opens a new case', async () => {
    const first = opening('late', 0);
    await openOrAttach(at, first, first.openingFlagId);
    const slot = (await getSlot(at, 'late'))!;
    expect(await attachFlag(at, slot, sha256('in between'))).toBe(first.caseId);
    expect(await freeSlot(at, 'late', first.caseId, slot.version)).toBe('changed');
    const now = (await getSlot(at, 'late'))!;
    expect(await freeSlot(at, 'late', first.caseId, now.version)).toBe('freed');
    expect(await freeSlot(at, 'late', first.caseId, now.version)).toBe('freed');
    expect(await attachFlag(at, slot, sha256('too late'))).toBeUndefined();
    expect(await openOrAttach(at, first, first.openingFlagId)).toMatchObject({ outcome: 'known' });
    expect(await getSlot(at, 'late')).toBeUndefined();
    const second = opening('late', 1);
    expect(await openOrAttach(at, second, second.openingFlagId)).toMatchObject({ outcome: 'opened' });
    expect(await freeSlot(at, 'late', first.caseId, 0)).toBe('freed');
    expect((await getSlot(at, 'late'))?.caseId).toBe(second.caseId);
  });

  test('runs of one flag at once, with a case that closes in between, leave it in one case and no other one open', async () => {
    for (let seed = 0; seed < 30; seed += 1) {
      const random = childRandom(seed, 'one flag');
      const later = async <T>(work: () => Promise<T>): Promise<T> => {
        await new Promise((resolve) => setTimeout(resolve, random() * 12));
        return await work();
      };
      const key = `one flag ${seed}`;
      const old = opening(key, 0);
      await openOrAttach(at, old, old.openingFlagId);
      await markStarted(at, key, old.caseId);
      const free = async (): Promise<void> => {
        const slot = (await getSlot(at, key))!;
        if ((await freeSlot(at, key, old.caseId, slot.version)) === 'changed') await free();
      };
      const flag = opening(key, 1);
      const run = () => openOrAttach(at, flag, flag.openingFlagId);
      const placed = await Promise.all([later(run), later(run), later(run), later(free)]);
      const cases = new Set(placed.flatMap((one) => (one ? [one.caseId] : [])));
      expect(cases.size).toBe(1);
      const [caseId] = cases;
      const other = caseId === old.caseId ? flag.caseId : old.caseId;
      expect(await flagsOf(at, caseId!)).toContain(flag.openingFlagId);
      expect(await flagsOf(at, other)).not.toContain(flag.openingFlagId);
      expect((await getCase(at, flag.caseId)) === undefined).toBe(caseId === old.caseId);
      expect((await getSlot(at, key))?.caseId).toBe(caseId === old.caseId ? undefined : caseId);
    }
  });

  test('a run that died after it claimed the flag is completed by the next, or by the sweeper', async () => {
    for (const by of ['router', 'sweeper']) {
      const record = opening(`died ${by}`, 0);
      await openSlot(at, record);
      const claim = { pk: { S: `flag#${record.openingFlagId}` }, sk: { S: 'case' }, caseId: { S: record.caseId } };
      await at.client.send(new PutItemCommand({ TableName: at.table, Item: claim }));
      if (by === 'router')
        expect(await openOrAttach(at, record, record.openingFlagId)).toMatchObject({ outcome: 'known' });
      else await completeOpening(at, (await getSlot(at, record.correlationKey))!);
      expect(await getCase(at, record.caseId)).toEqual(record);
      expect(await flagsOf(at, record.caseId)).toEqual([record.openingFlagId]);
    }
  });

  test('a slot stays on the sweeper’s list until its execution was started', async () => {
    const record = opening('start', 0);
    await openOrAttach(at, record, record.openingFlagId);
    const mine = async () => (await pendingSlots(at, record.openedAtMs + 1)).filter((s) => s.caseId === record.caseId);
    expect(await mine()).toMatchObject([{ pending: true, record: { caseId: record.caseId } }]);
    await markStarted(at, 'start', record.caseId);
    expect(await mine()).toEqual([]);
  });
});

describe('records', () => {
  test('are written on the version that was read, and all concurrent changes survive', async () => {
    const record = opening('versions', 0);
    await openOrAttach(at, record, record.openingFlagId);
    await expect(putCase(at, { ...record, version: 5 })).rejects.toThrow(CaseConflictError);
    const words = ['a', 'b', 'c', 'd'];
    await Promise.all(
      words.map((word) =>
        updateCase(at, record.caseId, 2_000_000, (now) => ({ ...now, note: `${now.note ?? ''}${word}` })),
      ),
    );
    const now = (await getCase(at, record.caseId))!;
    expect([...now.note!].sort()).toEqual(words);
    expect(now.version).toBe(4);
  });

  test('leave the list of open ones when closed and are still found by the start of their id', async () => {
    const record = opening('closed', 0);
    await openOrAttach(at, record, record.openingFlagId);
    await updateCase(at, record.caseId, 1, (now) => ({ ...now, status: 'closed', resolution: 'observed' }));
    expect((await openCases(at)).map(({ caseId }) => caseId)).not.toContain(record.caseId);
    expect(await scanCases(at, record.caseId.slice(0, 10), 3)).toMatchObject([{ caseId: record.caseId }]);
  });
});

describe('reviews', () => {
  const answer: ReviewAnswer = { v: 1, caseId: sha256('r'), answer: 'approve', by: 'ann', reason: 'looks right' };
  const request = (round: number) => ({
    v: 1 as const,
    caseId: answer.caseId,
    round,
    question: 'Shall we?',
    askedAtMs: 1,
    dueAtMs: 2,
  });

  test('of an answer and a timeout at once exactly one stands, and both learn which', async () => {
    for (let round = 0; round < 6; round += 1) {
      await openReview(at, request(round), 'token');
      const ends = await Promise.all([
        endReview(at, answer.caseId, round, { answer }, 10),
        endReview(at, answer.caseId, round, { timedOut: true }, 11),
      ]);
      expect(ends.filter((end) => end?.won)).toHaveLength(1);
      expect(ends[0]?.end).toEqual(ends[1]?.end);
    }
    expect((await reviewsOf(at, answer.caseId)).map(({ request: { round } }) => round)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test('of taking an answer back and going on with it at once exactly one stands, and both learn which', async () => {
    for (let turn = 0; turn < 12; turn += 1) {
      const caseId = sha256(`back ${turn}`);
      const given = { ...answer, caseId };
      await openReview(at, { ...request(0), caseId, thinkAgainS: 10 }, 'token');
      expect(await takeBackEnd(at, caseId, 0, given, { by: 'bob', reason: 'wrong', atMs: 5 })).toBe(false);
      await endReview(at, caseId, 0, { answer: given }, 10);
      const goOn = () => settleReview(at, caseId, 0, 21);
      const back = (by: string) => takeBackEnd(at, caseId, 0, given, { by, reason: 'wrong', atMs: 20 });
      const [settled, ann, bob] =
        turn % 2 === 0
          ? await Promise.all([goOn(), back('ann'), back('bob')])
          : await Promise.all([back('ann'), back('bob'), goOn()]).then(([a, b, s]) => [s, a, b] as const);
      const isBack = ann || bob;
      expect(ann && bob).toBe(false);
      expect(settled?.end.state).toBe(isBack ? 'taken-back' : 'answered');
      const stands = await getReview(at, caseId, 0);
      expect(stands?.end).toEqual(settled?.end);
      expect(stands?.end).toMatchObject(
        isBack ? { answer: given, takenBack: { by: ann ? 'ann' : 'bob' } } : { answer: given, settled: true },
      );
      // Whoever comes later finds what stands: neither can be turned.
      expect(await back('cleo')).toBe(false);
      expect((await goOn())?.end).toEqual(stands?.end);
    }
  });

  test('an answer that was taken back is swept until what follows from it is done', async () => {
    const caseId = sha256('swept');
    const given = { ...answer, caseId };
    await openReview(at, { ...request(0), caseId, thinkAgainS: 10 }, 'token');
    await endReview(at, caseId, 0, { answer: given }, 1_000);
    await markHeard(at, caseId, 0, 'answered');
    await takeBackEnd(at, caseId, 0, given, { by: 'bob', reason: 'wrong', atMs: 2_000 });
    const found = async (storedBeforeMs: number) =>
      (await unheardAnswers(at, storedBeforeMs)).filter((one) => one.caseId === caseId);
    expect(await found(1_999)).toEqual([]);
    expect(await found(2_000)).toEqual([{ caseId, round: 0 }]);
    // Whoever gave the answer comes late to say that it was heard: of what was taken back nothing is.
    await markHeard(at, caseId, 0, 'answered');
    expect(await found(2_000)).toEqual([{ caseId, round: 0 }]);
    // The next round is asked without a token first; the flow brings its own.
    await openReview(at, { ...request(1), caseId });
    expect(await takeToken(at, caseId, 1)).toBeUndefined();
    await openReview(at, { ...request(1), caseId }, 'later');
    expect(await takeToken(at, caseId, 1)).toBe('later');
    await markHeard(at, caseId, 0, 'taken-back');
    expect(await found(2_000)).toEqual([]);
  });

  test('an answer that was rebuilt from the audit stands: nobody can tell how far its flow has gone on', async () => {
    const caseId = sha256('rebuilt');
    const given = { ...answer, caseId };
    const end = { state: 'answered' as const, answer: given, atMs: 1_000 };
    expect(await restoreReview(at, { request: { ...request(0), caseId, thinkAgainS: 10 }, end })).toBe(1);
    expect(await takeBackEnd(at, caseId, 0, given, { by: 'bob', reason: 'wrong', atMs: 2_000 })).toBe(false);
    const stands = await settleReview(at, caseId, 0, 3_000);
    expect(stands?.end).toMatchObject({ state: 'answered', settled: true });
  });

  test('what a person wrote who is erased goes from answers and from who took them back; what others wrote stays', async () => {
    const caseId = sha256('erased');
    const [gone, stays] = [`person-${'a'.repeat(16)}`, `person-${'b'.repeat(16)}`];
    const said = (by: string): ReviewAnswer => ({ ...answer, caseId, by, reason: `words of ${by}` });
    await openReview(at, { ...request(0), caseId, people: 2, thinkAgainS: 10 }, 'token');
    await keepFirst(at, caseId, 0, said(stays), undefined, 10);
    const back = { by: gone, reason: `words of ${gone}`, atMs: 20 };
    await takeBackFirst(at, caseId, 0, { answer: said(stays), atMs: 10, takenBack: back }, []);
    await endReview(at, caseId, 0, { answer: said(gone) }, 30);
    await takeBackEnd(at, caseId, 0, said(gone), { by: stays, reason: `words of ${stays}`, atMs: 40 });
    const projections = { client: at.client, cases: at.table, decisions: at.table, stop };
    expect(await scrubWords(projections, gone)).toBe(2);
    const review = await getReview(at, caseId, 0);
    expect(JSON.stringify(review)).not.toContain(`words of ${gone}`);
    expect(review).toMatchObject({
      end: { state: 'taken-back', answer: { by: gone }, takenBack: { by: stays, reason: `words of ${stays}` } },
      withdrawn: [{ answer: { reason: `words of ${stays}` }, takenBack: { by: gone } }],
    });
    expect(await scrubWords(projections, gone)).toBe(0);
  });

  test('of the second yes and taking back the first at once exactly one stands', async () => {
    for (let turn = 0; turn < 8; turn += 1) {
      const caseId = sha256(`first ${turn}`);
      const [first, second] = ['ann', 'bob'].map((by) => ({ ...answer, caseId, by })) as [ReviewAnswer, ReviewAnswer];
      await openReview(at, { ...request(0), caseId, people: 2 }, 'token');
      await keepFirst(at, caseId, 0, first, undefined, 10);
      const gone = { answer: first, atMs: 10, takenBack: { by: 'ann', reason: 'wrong', atMs: 20 } };
      const [back, ended] = await Promise.all([
        takeBackFirst(at, caseId, 0, gone, []),
        endReview(at, caseId, 0, { answer: second, first }, 20),
      ]);
      expect(ended?.won).toBe(!back);
      const stands = await getReview(at, caseId, 0);
      expect(stands).toMatchObject(
        back ? { end: { state: 'open' }, withdrawn: [gone] } : { end: { state: 'answered' }, first: { answer: first } },
      );
      expect(stands && 'first' in stands).toBe(!back);
    }
  });

  test('an answer is found until it was heard; a timeout, whose flow knows of it, never', async () => {
    const caseId = sha256('unheard');
    for (const round of [0, 1]) await openReview(at, { ...request(round), caseId }, 'token');
    await endReview(at, caseId, 0, { answer: { ...answer, caseId } }, 1_000);
    await endReview(at, caseId, 1, { timedOut: true }, 1_000);
    const found = async (storedBeforeMs: number) =>
      (await unheardAnswers(at, storedBeforeMs)).filter((one) => one.caseId === caseId);
    expect(await found(999)).toEqual([]);
    expect(await found(1_000)).toEqual([{ caseId, round: 0 }]);
    await markHeard(at, caseId, 0, 'answered');
    await markHeard(at, caseId, 0, 'answered');
    expect(await found(1_000)).toEqual([]);
    expect((await getReview(at, caseId, 0))?.end).toMatchObject({ state: 'answered', atMs: 1_000 });
  });

  test('a round that is asked again takes the new token and keeps its end', async () => {
    await openReview(at, request(7), 'first');
    await endReview(at, answer.caseId, 7, { answer }, 10);
    expect((await openReview(at, request(7), 'second')).end).toMatchObject({ state: 'answered' });
    expect(await takeToken(at, answer.caseId, 7)).toBe('second');
    expect(JSON.stringify(await getReview(at, answer.caseId, 7))).not.toContain('second');
    expect(await endReview(at, answer.caseId, 8, { timedOut: true }, 1)).toBeUndefined();
  });
});

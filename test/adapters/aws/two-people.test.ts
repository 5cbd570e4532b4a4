import { KMSClient } from '@aws-sdk/client-kms';
import type { SFNClient } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readChain } from '../../../lib/adapters/aws/audit-store.ts';
import { reviewPorts } from '../../../lib/adapters/aws/case-ports.ts';
import { type CaseTable, openOrAttach } from '../../../lib/adapters/aws/case-store.ts';
import { getReview, openReview } from '../../../lib/adapters/aws/review-store.ts';
import type { Subjects } from '../../../lib/adapters/aws/subject-store.ts';
import { hashOf } from '../../../lib/core/audit/canonical.ts';
import { answerReview, completeAnswer, timeOutReview } from '../../../lib/core/case/review.ts';
import { takeBack } from '../../../lib/core/case/take-back.ts';
import { childRandom } from '../../../lib/core/random.ts';
import { fakeKms } from '../../support/kms.ts';
import { caseFor, proposalFor } from '../../support/remediation-world.ts';
import { startTables, type TestTables } from '../../support/tables.ts';

let tables: TestTables;
let at: CaseTable;
let audit: string;
let subjects: Subjects;
beforeAll(async () => {
  fakeKms();
  tables = await startTables();
  const names = await tables.create('two-people-test');
  at = { client: tables.client, table: names.cases! };
  audit = names.audit!;
  subjects = { client: tables.client, table: names.subjects!, kms: new KMSClient({}), keyId: 'k' };
});
afterAll(() => tables.stop());

describe('two people', () => {
  const asking = async (id: string) => {
    const proposal = { ...proposalFor(), highImpact: true };
    const record = caseFor(id, { correlationKey: id, proposal, proposalHash: hashOf(proposal), impact: 'high' });
    await openOrAttach(at, record, record.openingFlagId);
    const caseId = record.caseId;
    const asked = { v: 1 as const, caseId, round: 0, question: 'Shall we?', askedAtMs: 1, dueAtMs: 2 };
    await openReview(at, { ...asked, proposalHash: record.proposalHash, people: 2 }, 'token');
    const woken: string[] = [];
    let nowMs = 1_000;
    const ports = reviewPorts(
      {
        ...at,
        cases: at.table,
        audit,
        subjects,
        bus: { publish: async () => ({ failed: [] }) },
        now: () => (nowMs += 1),
      },
      { send: async () => woken.push('woken') } as unknown as SFNClient,
    );
    const say = (by: string, answer: 'approve' | 'reject' = 'approve') =>
      answerReview(ports, { v: 1, caseId, answer, by, reason: 'seen', proposalHash: record.proposalHash! });
    return { caseId, ports, woken, say };
  };
  const settled = async (work: readonly Promise<unknown>[]) =>
    (await Promise.allSettled(work)).filter(({ status }) => status === 'fulfilled').length;

  test('who answer at once are two, and one who answers twice at once is one', async () => {
    for (let round = 0; round < 8; round += 1) {
      const both = await asking(`both ${round}`);
      expect(await settled([both.say('ann'), both.say('bob')])).toBe(2);
      expect((await getReview(at, both.caseId, 0))!.end.state).toBe('answered');
      expect(both.woken).toHaveLength(1);
      const one = await asking(`one ${round}`);
      expect(await settled([one.say('ann'), one.say('Ann')])).toBe(1);
      expect((await getReview(at, one.caseId, 0))!.end.state).toBe('open');
      expect(one.woken).toHaveLength(0);
    }
  });

  test('a second yes, a no and the end of the time race on one write: one stands, and a yes stands only of two', async () => {
    const ends = new Set<string>();
    for (let round = 0; round < 24; round += 1) {
      const random = childRandom(round, 'two people');
      const { caseId, ports, say } = await asking(`race ${round}`);
      const later = async <T>(work: () => Promise<T>): Promise<T> => {
        // Apart by reads, not by milliseconds: on a slow machine the end of the time, a single write, would always be first.
        for (let reads = Math.floor(random() * 12); reads > 0; reads -= 1) await getReview(at, caseId, 0);
        return await work();
      };
      await Promise.allSettled([
        later(() => say('ann')),
        later(() => say('bob')),
        later(() => say('mia', 'reject')),
        later(() => timeOutReview(ports, { caseId, round: 0 })),
      ]);
      const review = (await getReview(at, caseId, 0))!;
      expect(review.end.state).not.toBe('open');
      ends.add(review.end.state === 'answered' ? review.end.answer.answer : review.end.state);
      const chain = await readChain({ client: at.client, table: audit }, `case#${caseId}`);
      const types = chain.map(({ type }) => type);
      // What somebody wrote stands in no entry as it was written, the first of two included.
      expect(JSON.stringify(chain)).not.toContain('seen');
      expect(types.filter((type) => ['review-answered', 'review-timed-out'].includes(type))).toHaveLength(1);
      if (review.end.state !== 'answered' || review.end.answer.answer !== 'approve') continue;
      expect(new Set([review.first?.answer.by, review.end.answer.by])).toEqual(new Set(['ann', 'bob']));
      expect(types).toContain('approval-given');
    }
    expect(ends.size).toBeGreaterThan(1);
  });

  test('a round with all its withdrawals is recorded once, however often what follows from its answer is repeated', async () => {
    const { caseId, ports, say } = await asking('many');
    const people = ['ann', 'bob'] as const;
    for (let turn = 0; turn < 8; turn += 1) {
      const { answeredAtMs } = await say(people[turn % 2]!);
      await takeBack(ports, { v: 1, caseId, answer: 'take-back', by: 'mia', reason: 'wait', round: 0, answeredAtMs });
    }
    await say('ann');
    expect(await say('bob')).toMatchObject({ missing: 0 });
    const chain = () => readChain({ client: at.client, table: audit }, `case#${caseId}`);
    const before = await chain();
    const review = (await getReview(at, caseId, 0))!;
    if (review.end.state !== 'answered') throw new Error(`the round is ${review.end.state}`);
    await completeAnswer(ports, await ports.loadCase(caseId), review, review.end);
    expect(await chain()).toEqual(before);
    expect(before.map(({ type }) => type).filter((type) => type === 'approval-given')).toHaveLength(9);
    expect(before.map(({ type }) => type).filter((type) => type === 'answer-taken-back')).toHaveLength(8);
  });
});

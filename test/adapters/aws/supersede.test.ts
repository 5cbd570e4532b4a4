import { KMSClient } from '@aws-sdk/client-kms';
import type { SFNClient } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { appendAudit, chainTexts, readChain } from '../../../lib/adapters/aws/audit-store.ts';
import { reviewPorts } from '../../../lib/adapters/aws/case-ports.ts';
import { type CaseTable, getCase, openOrAttach } from '../../../lib/adapters/aws/case-store.ts';
import { rebuild } from '../../../lib/adapters/aws/rebuild-run.ts';
import { unheardAnswers } from '../../../lib/adapters/aws/review-finder.ts';
import { getReview, openReview, restoreReview, reviewsOf } from '../../../lib/adapters/aws/review-store.ts';
import type { Subjects } from '../../../lib/adapters/aws/subject-store.ts';
import type { Proposal } from '../../../lib/contracts/remediation.ts';
import { hashOf, sha256 } from '../../../lib/core/audit/canonical.ts';
import { answerReview, requestReview, timeOutReview } from '../../../lib/core/case/review.ts';
import { supersede, wakeSuperseded } from '../../../lib/core/case/supersede.ts';
import { fakeKms } from '../../support/kms.ts';
import { caseFor, newerFor, proposalFor } from '../../support/remediation-world.ts';
import { startTables, type TestTables } from '../../support/tables.ts';

let tables: TestTables;
let names: Record<string, string>;
let at: CaseTable;
let subjects: Subjects;
beforeAll(async () => {
  fakeKms();
  tables = await startTables();
  names = await tables.create('supersede-test');
  at = { client: tables.client, table: names.cases! };
  subjects = { client: tables.client, table: names.subjects!, kms: new KMSClient({}), keyId: 'k' };
});
afterAll(() => tables.stop());

const ticket: Proposal = { ...proposalFor('plant-1', 'raise-ticket', 'plant-1'), highImpact: true };
const newer = newerFor({ atMs: 900 });
const valve = newer.proposal;

const asking = async (id: string, proposal = ticket) => {
  const record = caseFor(id, {
    correlationKey: id,
    verdict: 'ask',
    proposal,
    proposalHash: hashOf(proposal),
    evidence: { atMs: 1, sentAtMs: 2, receivedAtMs: 3 },
  });
  const { caseId, correlationId } = record;
  await openOrAttach(at, record, record.openingFlagId);
  const chain = `case#${caseId}`;
  const opened = { chain, type: 'case-opened' as const, key: [caseId], correlationId, body: record };
  await appendAudit({ client: at.client, table: names.audit! }, opened, 500);
  const woken: string[] = [];
  let nowMs = 1_000;
  const ports = reviewPorts(
    {
      ...at,
      cases: at.table,
      audit: names.audit!,
      subjects,
      bus: { publish: async () => ({ failed: [] }) },
      now: () => (nowMs += 1),
    },
    {
      send: async ({ input }: { input: { taskToken: string } }) => woken.push(input.taskToken),
    } as unknown as SFNClient,
  );
  await requestReview(ports, { caseId, round: 0, level: 1, token: 'first token', timeoutS: 600 });
  const say = (by: string) =>
    answerReview(ports, {
      v: 1,
      caseId,
      answer: 'approve',
      by,
      reason: 'seen',
      proposalHash: record.proposalHash!,
      round: 0,
    });
  return { caseId, chain, record, ports, woken, say };
};

describe('a surer decision, in the tables', () => {
  test('ends the question, asks the next one, leaves the flow to who may wake it, and is rebuilt from the chain', async () => {
    const { caseId, chain, ports, woken } = await asking('anew');
    expect(await supersede(ports, caseId, newer)).toBe('asked-anew');
    expect((await reviewsOf(at, caseId)).map(({ end, request }) => [request.round, end.state])).toEqual([
      [0, 'superseded'],
      [1, 'open'],
    ]);
    expect(await getCase(at, caseId)).toMatchObject({ proposal: valve, kind: 'burst', status: 'in-review', rounds: 2 });
    // Who routes decisions wakes nobody.
    expect(woken).toEqual([]);
    expect(await unheardAnswers(at, 1e12)).toEqual([{ caseId, round: 0 }]);
    await wakeSuperseded(ports, (await getReview(at, caseId, 0))!);
    expect(woken).toEqual(['first token']);
    expect(await unheardAnswers(at, 1e12)).toEqual([]);
    const types = (await readChain({ client: at.client, table: names.audit! }, chain)).map(({ type }) => type);
    expect(types).toEqual(['case-opened', 'review-requested', 'review-superseded', 'review-requested']);
    const world = { client: at.client, cases: at.table, decisions: names.decisions!, subjects, nowMs: 2_000 };
    const source = {
      chains: async () => [chain],
      lines: (of: string) => chainTexts({ client: at.client, table: names.audit! }, of),
      checkpoints: async () => [],
    };
    expect((await rebuild(world, source, false)).differences).toEqual([]);
    const { request } = (await getReview(at, caseId, 0))!;
    const other = { ...request, caseId: sha256('restored') };
    await restoreReview(at, { request: other, end: { state: 'superseded', atMs: 7, newer } });
    expect((await getReview(at, other.caseId, 0))!.end).toEqual({ state: 'superseded', atMs: 7, newer });
  });

  test('waits for the sweep where the flow was not told', async () => {
    const { caseId, ports } = await asking('unheard');
    await supersede(ports, caseId, newer);
    const superseded = (await getReview(at, caseId, 0))!;
    await wakeSuperseded({ ...ports, wake: async () => 'unreachable' }, superseded);
    expect(await unheardAnswers(at, 1e12)).toEqual([{ caseId, round: 0 }]);
    await wakeSuperseded(ports, superseded);
    expect(await unheardAnswers(at, 1e12)).toEqual([]);
  });

  test.each(['one person', 'the first of two', 'the end of the time'])(
    'races with %s on one write: exactly one of them stands, and only one question is open or none',
    async (against) => {
      for (let turn = 0; turn < 12; turn += 1) {
        const one = await asking(
          `${against} ${turn}`,
          against === 'one person' ? { ...ticket, highImpact: false } : ticket,
        );
        const { caseId, ports, say } = one;
        const rival = () =>
          against === 'the end of the time'
            ? timeOutReview(ports, { caseId, round: 0 })
            : say('ann').catch(() => 'late');
        const mine = () => supersede(ports, caseId, newer);
        const [result] = await (turn % 2 === 0
          ? Promise.all([mine(), rival()])
          : Promise.all([rival(), mine()]).then(([a, b]) => [b, a] as const));
        const reviews = await reviewsOf(at, caseId);
        const isAnew = result === 'asked-anew';
        expect(reviews).toHaveLength(isAnew ? 2 : 1);
        expect(reviews[0]!.end.state === 'superseded').toBe(isAnew);
        expect(reviews[0]!.first !== undefined).toBe(!isAnew && against === 'the first of two');
        expect((await getCase(at, caseId))!.proposal).toEqual(isAnew ? valve : one.record.proposal);
      }
    },
  );

  test('whoever ended the round first, or has said yes to it, is written over by none', async () => {
    const over = await asking('over', { ...ticket, highImpact: false });
    await over.say('ann');
    const begun = await asking('begun');
    await begun.say('ann');
    for (const { caseId, ports } of [over, begun]) {
      const before = await getReview(at, caseId, 0);
      expect(await ports.supersede(caseId, 0, newer)).toBe(false);
      expect(await getReview(at, caseId, 0)).toEqual(before);
    }
  });

  test('a round that nobody knows is not ended', async () => {
    const { ports } = await asking('known');
    expect(await ports.supersede(sha256('nobody'), 0, newer)).toBe(false);
    expect(await getReview(at, sha256('nobody'), 0)).toBeUndefined();
    expect((await openReview(at, (await getReview(at, sha256('known'), 0))!.request)).end.state).toBe('open');
  });
});

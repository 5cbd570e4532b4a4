/** Cases of the API in memory: what is asked, how it is answered and taken back, and what people report. */
import type { Context } from 'hono';
import type { CaseDetail } from '../../../lib/contracts/api.ts';
import { reportedCase, summaryOf } from './fake-cases.ts';
import { marksOf } from './fake-operations.ts';
import { type Api, type Happen, problem } from './fake-routes.ts';
import { fakeSignal } from './fake-signal.ts';
import type { FakeWorld } from './fake-world.ts';

/** Cases that are not closed, the most urgent first. */
export const openCases = ({ cases }: FakeWorld): CaseDetail[] =>
  cases
    .filter(({ status }) => status !== 'closed')
    .toSorted((a, b) => (a.dueAtMs ?? Number.POSITIVE_INFINITY) - (b.dueAtMs ?? Number.POSITIVE_INFINITY));

export function addCases(api: Api, world: FakeWorld, happen: Happen): void {
  api.get('/cases', (c) => {
    const { state = 'open', asset, kind } = c.req.query();
    const items = world.cases.filter(
      (one) =>
        (state === 'all' || (state === 'open') === (one.status !== 'closed')) &&
        (!asset || one.asset === asset) &&
        (!kind || one.kind === kind),
    );
    return c.json({ items: items.map(summaryOf) });
  });
  const find = (c: Context): CaseDetail | undefined => world.cases.find(({ caseId }) => caseId === c.req.param('id'));
  api.get('/cases/:id', (c) => {
    const one = find(c);
    const contacts = world.contacts.items.map(({ name, phone, ...about }) => ({
      ...about,
      ...(c.get('who') !== 'vic' && { ...(name && { name }), phone }),
      onCall: about.hours === undefined,
    }));
    return one
      ? c.json({ ...one, contacts, ...marksOf(world, one.asset, one.kind) })
      : problem(c, 404, 'no-such-case', 'There is no such case.');
  });
  api.get('/cases/:id/signal', (c) => {
    const one = find(c);
    return one
      ? c.json(fakeSignal(one.openedAtMs - 6 * 3_600_000, one.openedAtMs + 240_000, one.openedAtMs - 600_000))
      : problem(c, 404, 'no-such-case', 'There is no such case.');
  });
  api.get('/reviews', (c) => {
    const asked = openCases(world).filter(
      ({ status, reviews }) => status === 'in-review' && reviews.at(-1)?.state === 'open',
    );
    const from = Number(c.req.query('cursor') ?? 0);
    const to = from + Number(c.req.query('limit') ?? 50);
    return c.json({
      ...(to < asked.length && { nextCursor: String(to) }),
      items: asked.slice(from, to).map((one) => ({
        ...summaryOf(one),
        round: one.reviews.at(-1)?.round ?? 0,
        question: one.question,
        askedAtMs: one.openedAtMs,
        dueAtMs: one.dueAtMs,
        proposalHash: one.proposalHash,
        people: one.people,
        approvedBy: one.reviews.at(-1)?.answers.map(({ by }) => by) ?? [],
      })),
    });
  });
  api.post('/cases/:id/claim', (c) => {
    const one = find(c);
    if (!one) return problem(c, 404, 'no-such-case', 'There is no such case.');
    if (one.claim && one.claim.by !== c.get('who'))
      return problem(c, 409, 'claimed-by-other', `${one.claim.by} is at it.`);
    one.claim = { by: c.get('who'), untilMs: Date.now() + 300_000 };
    happen({ type: 'claimed', caseId: one.caseId });
    return c.json(one.claim);
  });
  api.delete('/cases/:id/claim', (c) => {
    const one = find(c);
    delete one?.claim;
    happen({ type: 'released', caseId: one?.caseId ?? '' });
    return c.body(null, 204);
  });
  api.post('/cases/:id/acknowledge', (c) => {
    find(c)?.acknowledged.push({ by: c.get('who'), atMs: Date.now() });
    return c.body(null, 204);
  });
  api.post('/cases/:id/answer', async (c) => {
    const one = find(c);
    const body = await c.req.json();
    const who = c.get('who');
    const review = one?.reviews.at(-1);
    if (!one || !review || review.state !== 'open') return problem(c, 409, 'already-answered', 'It was answered.');
    if (one.claim && one.claim.by !== who) return problem(c, 409, 'claimed-by-other', `${one.claim.by} is at it.`);
    if (body.proposalHash !== one.proposalHash) return problem(c, 409, 'stale-proposal', 'The proposal has changed.');
    if (review.answers.some(({ by }) => by === who)) return problem(c, 409, 'same-person', 'You have approved.');
    review.answers.push({
      by: who,
      answer: body.answer,
      reason: body.reason,
      atMs: Date.now(),
      ...(body.override && { override: body.override }),
    });
    if (body.answer !== 'reject' && review.answers.length < review.people.needed) {
      review.people.approved = 1;
      one.people = { ...review.people };
      happen({ type: 'approval-given', caseId: one.caseId });
      return c.json({ round: 0, state: 'waiting-for-second' }, 202);
    }
    review.state = 'answered';
    delete one.people;
    delete one.dueAtMs;
    delete one.claim;
    if (body.answer === 'reject')
      Object.assign(one, { status: 'closed', resolution: 'rejected', closedAtMs: Date.now() });
    const { round } = review;
    const answeredAtMs = review.answers.at(-1)!.atMs;
    const untilMs = answeredAtMs + world.thinkAgainMs;
    if (body.answer !== 'reject' && world.thinkAgainMs === 0) one.status = 'acting';
    else if (body.answer !== 'reject') {
      one.takeBack = { round, answer: body.answer, by: who, answeredAtMs, untilMs };
      setTimeout(() => goOn(one, answeredAtMs), world.thinkAgainMs).unref();
    }
    one.updatedAtMs = Date.now();
    happen({ type: 'review-answered', caseId: one.caseId });
    return c.json({ round, state: 'answered', answeredAtMs, ...(one.takeBack && { takeBackUntilMs: untilMs }) }, 202);
  });
  const goOn = (one: CaseDetail, answeredAtMs: number): void => {
    if (one.takeBack?.answeredAtMs !== answeredAtMs) return;
    delete one.takeBack;
    one.status = 'acting';
    happen({ type: 'effect-announced', caseId: one.caseId });
  };
  api.post('/cases/:id/take-back', async (c) => {
    const one = find(c);
    const { round, answeredAtMs, reason } = await c.req.json();
    const review = one?.reviews.at(-1);
    if (!one?.takeBack || !review || one.takeBack.answeredAtMs !== answeredAtMs)
      return problem(c, 409, 'answer-stands', 'The case goes on with it already.');
    const { answer, by } = one.takeBack;
    delete one.takeBack;
    review.state = 'taken-back';
    review.takenBack = [{ of: by, answer, by: c.get('who'), reason, atMs: Date.now() }];
    one.reviews.push({ ...review, round: round + 1, state: 'open', answers: [], takenBack: [] });
    one.dueAtMs = review.dueAtMs;
    one.people = { ...review.people };
    happen({ type: 'answer-taken-back', caseId: one.caseId });
    return c.json({ round, what: 'answer' });
  });
  api.post('/triggers', async (c) => {
    const { asset, kind, note } = await c.req.json();
    // A report becomes a case a little later, as it does behind the bus.
    setTimeout(() => {
      const one = reportedCase(world.cases.length, { asset, kind, note, by: c.get('who') });
      world.cases.push(one);
      happen({ type: 'case-opened', caseId: one.caseId, asset });
    }, 300).unref();
    return c.json({ flagId: '0'.repeat(64) }, 202);
  });
}

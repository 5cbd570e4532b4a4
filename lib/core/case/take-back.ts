/**
 * Taking an answer back, while the flow waits before it goes on with it. Nothing is deleted: the round keeps its answer and
 * who took it back, and the question stands again as a round of its own. Taking back and going on race on one conditional
 * write, so that exactly one of them happens.
 */
import type { CaseRecord, ReviewRequest, TakeBackOrder, TakenBack } from '../../contracts/case.ts';
import { ConflictError, InvalidInputError } from '../errors.ts';
import type { Review } from './effective.ts';
import type { ReviewPorts, ReviewResult } from './ports.ts';
import { chainOf, questionAhead } from './question.ts';
import { auditEndingAnswer, auditFirsts, withOverride } from './review.ts';
import {
  dueAgainMs,
  levelOf,
  resultAgain,
  resultNewer,
  resultOfAnswer,
  takeBackUntilMs,
  thinkAgainFor,
} from './think-again.ts';

/** First yeses that can be taken back in a round. */
const maxWithdrawals = 8;
/** Two people who act at once are told apart in two tries. */
const maxTries = 4;
export interface TakeBackRefusal {
  readonly code: 'no-answer' | 'taken-back' | 'answer-stands';
  readonly why: string;
}

/** Why this answer cannot be taken back; `undefined` where nothing stands against it. */
export function takeBackRefusal(
  record: CaseRecord,
  review: Review | undefined,
  { answeredAtMs }: Pick<TakeBackOrder, 'answeredAtMs'>,
): TakeBackRefusal | undefined {
  if (!review) return { code: 'no-answer', why: 'There is no such question in the case.' };
  const { end, first, withdrawn = [] } = review;
  const isFirst = first?.atMs === answeredAtMs;
  const isGone = withdrawn.some(({ atMs }) => atMs === answeredAtMs);
  if (isGone || end.state === 'taken-back')
    return { code: 'taken-back', why: 'It was taken back already: the question stands again.' };
  if (end.state === 'superseded')
    return { code: 'no-answer', why: 'Nobody answered it before a surer decision asked another question.' };
  if (end.state === 'timed-out')
    return { code: 'no-answer', why: 'Nobody answered in time: nothing can follow from it.' };
  const isMeant = isFirst || (end.state === 'answered' && end.atMs === answeredAtMs);
  if (!isMeant) return { code: 'no-answer', why: 'No such answer was given: load the case again and look.' };
  if (end.state === 'open')
    return withdrawn.length < maxWithdrawals
      ? undefined
      : { code: 'answer-stands', why: `${maxWithdrawals} first answers were taken back already: reject instead.` };
  if (record.status === 'closed' || takeBackUntilMs(review) === undefined)
    return {
      code: 'answer-stands',
      why: 'The case goes on with it already: the stop switch halts what has not been sent.',
    };
  return undefined;
}

export interface TakenBackReview {
  readonly caseId: string;
  readonly round: number;
  /** `first`: the first yes of two; the question was open all the time. */
  readonly what: 'answer' | 'first';
}

/**
 * Anybody who may answer may do it, whoever answered: it is the safe direction, and nothing can follow from it but the
 * question. Taking back the first yes of two after the second has come takes both back.
 * @throws InvalidInputError with the code of the refusal
 */
export async function takeBack(ports: ReviewPorts, order: TakeBackOrder): Promise<TakenBackReview> {
  const { caseId, round } = order;
  for (let attempt = 0; attempt < maxTries; attempt += 1) {
    const record = await ports.loadCase(caseId);
    const review = (await ports.reviews(caseId)).find(({ request }) => request.round === round);
    const done = review && sameOrderIn(review, order);
    if (done) {
      await completeTakeBack(ports, record, review);
      return { caseId, round, what: done };
    }
    const refusal = takeBackRefusal(record, review, order);
    if (refusal) throw new InvalidInputError(`case ${caseId}: ${refusal.why}`, { code: refusal.code });
    if (!review) continue;
    const takenBack: TakenBack = { by: order.by, reason: order.reason, atMs: ports.now() };
    if (review.end.state === 'answered') await ports.takeBackEnd(caseId, round, review.end.answer, takenBack);
    else if (review.first)
      await ports.takeBackFirst(caseId, round, { ...review.first, takenBack }, review.withdrawn ?? []);
  }
  throw new ConflictError(`case ${caseId} is changed by others at the same time: look at it and try again`, {
    code: 'review-busy',
  });
}

/** What this very order has done already, by this try or an earlier one. */
function sameOrderIn({ end, first, withdrawn = [] }: Review, order: TakeBackOrder): 'answer' | 'first' | undefined {
  const isOurs = ({ by, reason }: TakenBack): boolean => by === order.by && reason === order.reason;
  if (withdrawn.some(({ atMs, takenBack }) => atMs === order.answeredAtMs && isOurs(takenBack))) return 'first';
  const isMeant = end.state === 'taken-back' && (end.atMs === order.answeredAtMs || first?.atMs === order.answeredAtMs);
  return isMeant && isOurs(end.takenBack) ? 'answer' : undefined;
}

/** What follows from an answer that was taken back. All of it may be repeated, as the sweep does. */
export async function completeTakeBack(ports: ReviewPorts, record: CaseRecord, review: Review): Promise<void> {
  const { request, end } = review;
  const { caseId, round } = request;
  // In their order, where a process died before it had recorded them.
  await auditFirsts(ports, record, review);
  if (end.state !== 'taken-back') return;
  const { answer, takenBack } = end;
  await auditEndingAnswer(ports, record, round, answer);
  await ports.audit({
    chain: chainOf(caseId),
    type: 'answer-taken-back',
    key: [caseId, String(round)],
    correlationId: record.correlationId,
    body: { round, answer: answer.answer, of: answer.by, answeredAtMs: end.atMs, by: takenBack.by },
    personal: { subject: takenBack.by, data: { reason: takenBack.reason } },
  });
  if (record.status !== 'closed')
    await questionAhead(ports, record, againOf(review, await ports.reviews(caseId)), 'again');
  // A flow that waits for this round still is told; one that thinks again finds it out.
  const waking = await ports.wake(caseId, round, resultAgain(review, ports.now()));
  if (waking !== 'unreachable') await ports.markHeard(caseId, round, 'taken-back');
}

/** The question of the round once more: same level, same people, and the same end of its time unless that is too near. */
function againOf({ request, end }: Review, reviews: readonly Review[]): ReviewRequest {
  const atMs = end.state === 'taken-back' ? end.takenBack.atMs : request.askedAtMs;
  const { thinkAgainS: before = 0, ...rest } = request;
  const thinkAgainS = thinkAgainFor(reviews, before);
  return {
    ...rest,
    round: request.round + 1,
    level: levelOf(request),
    askedAtMs: atMs,
    dueAtMs: dueAgainMs(request, atMs),
    ...(thinkAgainS !== undefined && { thinkAgainS }),
  };
}

/**
 * The time to think again is over: from here on the answer stands, or the flow learns that it was taken back.
 * @throws InvalidInputError for a round that has no end
 */
export async function settleAnswer(
  ports: ReviewPorts,
  { caseId, round }: { readonly caseId: string; readonly round: number },
): Promise<ReviewResult> {
  const review = await ports.settle(caseId, round);
  if (!review || review.end.state === 'open')
    throw new InvalidInputError(`round ${round} of case ${caseId} has no answer that could stand`, {
      code: 'no-answer',
    });
  const { end } = review;
  if (end.state === 'timed-out') return { timedOut: true, round };
  if (end.state === 'taken-back') return resultAgain(review, ports.now());
  if (end.state === 'superseded') return resultNewer(review.request, end.atMs, ports.now());
  await ports.changeCase(caseId, (now) => withOverride(now, end.answer));
  return resultOfAnswer(review, end.answer, ports.now());
}

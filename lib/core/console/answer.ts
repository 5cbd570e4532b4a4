/** May this person give this answer now? Asked before the answer is sent on, and again where it was refused. */
import type { AnswerBody, Claim } from '../../contracts/api.ts';
import type { CaseRecord, ReviewAnswer } from '../../contracts/case.ts';
import { effectiveCase, type Review } from '../case/effective.ts';
import { stepOf } from '../case/two-people.ts';
import { GroundcrewError } from '../errors.ts';
import { samePerson } from '../people.ts';

export interface AnswerSituation {
  readonly record: CaseRecord;
  readonly reviews: readonly Review[];
  readonly claim: Claim | undefined;
  /** The pseudonym of who answers; absent for somebody who never did anything here. */
  readonly me: string | undefined;
  readonly nowMs: number;
}

export interface Refusal {
  readonly code:
    | 'case-closed'
    | 'no-review'
    | 'already-answered'
    | 'claimed-by-other'
    | 'stale-proposal'
    | 'same-person'
    | 'approvals-differ';
  readonly why: string;
}

/** The first reason why not; `undefined` where nothing stands against it. */
export function refusalOf(situation: AnswerSituation, body: AnswerBody): Refusal | undefined {
  const { record, reviews, claim, me, nowMs } = situation;
  const newest = [...reviews].sort((a, b) => b.request.round - a.request.round)[0];
  if (!newest && record.status !== 'closed')
    return { code: 'no-review', why: 'The case asks nothing: there is nothing to answer.' };
  if (newest && newest.end.state === 'answered')
    return { code: 'already-answered', why: `The question was answered "${newest.end.answer.answer}" meanwhile.` };
  if (record.status === 'closed') return { code: 'case-closed', why: `The case is closed (${record.resolution}).` };
  if (newest?.end.state === 'superseded')
    return {
      code: 'stale-proposal',
      why: 'A surer decision asks another question by now: load the case again and look.',
    };
  if (newest?.end.state !== 'open')
    return { code: 'no-review', why: 'The time for an answer is over; the case goes on by itself.' };
  if (claim && claim.untilMs > nowMs && (me === undefined || !samePerson(claim.by, me)))
    return { code: 'claimed-by-other', why: 'Somebody else has taken the case.' };
  if (body.round !== undefined && body.round !== newest.request.round)
    return { code: 'stale-proposal', why: 'Another question is asked by now: load the case again and look.' };
  const stands = effectiveCase(record, reviews).proposalHash;
  const isMeant = body.proposalHash === stands && newest.request.proposalHash === stands;
  // Whoever names what they have seen must have seen what stands, whatever they say to it.
  if (body.answer === 'approve' ? !isMeant : body.proposalHash !== undefined && body.proposalHash !== stands)
    return { code: 'stale-proposal', why: 'Something else is proposed by now: load the case again and look.' };
  return orderRefusal(situation, newest, answerOf(record.caseId, me ?? 'somebody new', body));
}

function orderRefusal({ record, reviews }: AnswerSituation, review: Review, answer: ReviewAnswer): Refusal | undefined {
  try {
    stepOf(effectiveCase(record, reviews), review, answer);
    return undefined;
  } catch (error) {
    if (!(error instanceof GroundcrewError)) throw error;
    if (error.code === 'same-person')
      return { code: 'same-person', why: 'You have said yes already: the second yes must come from another person.' };
    return {
      code: 'approvals-differ',
      why: 'The first person said yes to something else: give the same answer, or reject.',
    };
  }
}

/** The answer as the function `review-answer` takes it. Only an approval is bound to what was proposed. */
export const answerOf = (caseId: string, by: string, body: AnswerBody): ReviewAnswer => ({
  v: 1,
  caseId,
  answer: body.answer,
  by,
  reason: body.reason,
  ...(body.answer === 'approve' && body.proposalHash !== undefined && { proposalHash: body.proposalHash }),
  ...(body.answer === 'override' && body.override && { override: body.override }),
  ...(body.shownForMs !== undefined && { shownForMs: body.shownForMs }),
});

/**
 * An open question follows the surer decision. A case that asked about a weak first decision asks about a later one of the
 * same alarm, as long as nobody has answered: the former question ends as superseded, and the newer one is a round of its
 * own. An answer and this race on one conditional write, so that exactly one of them ends the round.
 */
import type { CaseRecord, NewerDecision, ReviewRequest } from '../../contracts/case.ts';
import type { Proposal } from '../../contracts/remediation.ts';
import { ConflictError } from '../errors.ts';
import { effectiveCase, type Review, withNewer } from './effective.ts';
import { peopleForHighImpact } from './permit.ts';
import type { AskingPorts, ReviewPorts } from './ports.ts';
import { auditQuestion, chainOf, followingIn, questionAhead, questionOf } from './question.ts';
import { dueNewerMs, levelOf, resultNewer } from './think-again.ts';

/** A flag that comes before its case's flow has asked waits so long for the question. */
export const askingMs = 120_000;
/** Somebody who answers at the same time is told apart in two tries. */
const maxTries = 4;

/**
 * How far a proposal says what is to be done: 0 nothing; 1 somebody is told; 2 something is done to the plant, which its
 * own readings can judge. A case goes up only, so that nothing flaps.
 */
const definiteness = (proposal: Proposal | undefined): 0 | 1 | 2 =>
  proposal === undefined ? 0 : proposal.verification === undefined ? 1 : 2;

/**
 * Whether the newer decision, about the same asset, says more of what is to be done. Both rest on readings, so that no
 * person's word is overruled.
 */
const saysMore = (record: CaseRecord, newer: NewerDecision): boolean =>
  record.evidence !== undefined &&
  newer.proposal.asset === record.asset &&
  definiteness(newer.proposal) > definiteness(record.proposal);

/**
 * The question that the newer decision takes the place of; `undefined` where the case stays as it is: a person has said
 * something, something was asked of an endpoint, or the newer decision does not say more of what is to be done.
 * @param record as `effectiveCase` gives it
 */
export function questionToReplace(
  record: CaseRecord,
  reviews: readonly Review[],
  newer: NewerDecision,
): Review | undefined {
  const isAsking = record.status === 'open' || record.status === 'in-review';
  if (!isAsking || record.effectKeys.length > 0 || !saysMore(record, newer)) return undefined;
  const [newest, ...before] = [...reviews].sort((a, b) => b.request.round - a.request.round);
  if (newest?.end.state !== 'open' || newest.first || newest.withdrawn) return undefined;
  // After `handover` it is not asked whether to do what is proposed.
  if (newest.request.after === 'handover') return undefined;
  const isUnheard = before.every(
    ({ end, withdrawn }) => (end.state === 'timed-out' || end.state === 'superseded') && !withdrawn,
  );
  return isUnheard ? newest : undefined;
}

/**
 * Lets a case ask about a surer decision, where it may. Repeating it completes what a process left out.
 * @throws ConflictError where the case is about to ask and has not yet, or others change it: try again
 */
export async function supersede(
  ports: AskingPorts,
  caseId: string,
  newer: NewerDecision,
): Promise<'asked-anew' | 'stays'> {
  for (let attempt = 0; attempt < maxTries; attempt += 1) {
    const stored = await ports.loadCase(caseId);
    const reviews = await ports.reviews(caseId);
    const done = reviews.find(({ end }) => end.state === 'superseded' && end.newer.decisionId === newer.decisionId);
    if (done) {
      await completeSuperseding(ports, stored, done);
      return 'asked-anew';
    }
    const record = effectiveCase(stored, reviews);
    if (reviews.length === 0 && isAboutToAsk(record, ports.now()) && saysMore(record, newer))
      throw new ConflictError(`case ${caseId} has not asked its first question yet: route the flag again`, {
        code: 'not-asked-yet',
      });
    const review = questionToReplace(record, reviews, newer);
    if (!review) return 'stays';
    await ports.supersede(caseId, review.request.round, newer);
  }
  throw new ConflictError(`case ${caseId} is changed by others at the same time: route the flag again`, {
    code: 'review-busy',
  });
}

const isAboutToAsk = ({ status, verdict, proposal, openedAtMs }: CaseRecord, nowMs: number): boolean =>
  status === 'open' && (verdict === 'ask' || !proposal) && nowMs - openedAtMs < askingMs;

/**
 * What follows from it. All of it may be repeated, as the sweep does. The flow is not told: who routes decisions may wake
 * none. It finds out when somebody answers the newer question, by the sweep, or when the former one's time is over.
 */
export async function completeSuperseding(ports: AskingPorts, record: CaseRecord, review: Review): Promise<void> {
  const { request, end } = review;
  if (end.state !== 'superseded') return;
  const { caseId, round } = request;
  const { newer } = end;
  // In their order, where the process that asked died before it had recorded it.
  await auditQuestion(ports, record, request, followingIn(await ports.reviews(caseId), round));
  await ports.audit({
    chain: chainOf(caseId),
    type: 'review-superseded',
    key: [caseId, String(round)],
    correlationId: record.correlationId,
    body: { round, newer },
  });
  const now = await ports.changeCase(caseId, (before) =>
    before.status === 'closed' ? before : withNewer(before, newer),
  );
  if (now.status !== 'closed') await questionAhead(ports, now, newerQuestion(now, request, end.atMs), 'newer');
}

/** Wakes the flow that waits for a question that is asked no more; that it waits for it no longer is as good. */
export async function wakeSuperseded(ports: ReviewPorts, { request, end }: Review): Promise<void> {
  if (end.state !== 'superseded') return;
  const { caseId, round } = request;
  const waking = await ports.wake(caseId, round, resultNewer(request, end.atMs, ports.now()));
  if (waking !== 'unreachable') await ports.markHeard(caseId, round, 'superseded');
}

/** What the case asks now, of the same people. A high impact needs two of them, whatever the former question needed. */
function newerQuestion(record: CaseRecord, request: ReviewRequest, atMs: number): ReviewRequest {
  const { people: _, proposalHash: __, ...rest } = request;
  return {
    ...rest,
    round: request.round + 1,
    level: levelOf(request),
    question: questionOf(record),
    ...(record.proposalHash !== undefined && { proposalHash: record.proposalHash }),
    ...(record.proposal?.highImpact && { people: peopleForHighImpact }),
    askedAtMs: atMs,
    dueAtMs: dueNewerMs(request, atMs),
  };
}

/**
 * Asking a person. The stored answer is what counts: answer and timeout race on one conditional write, and the task
 * token only wakes the flow, which may be woken late or not at all.
 */
import { type CaseRecord, caseVersion, type ReviewAnswer } from '../../contracts/case.ts';
import { canonical, hashOf } from '../audit/canonical.ts';
import { ConflictError, InvalidInputError } from '../errors.ts';
import { makeEvent } from '../events.ts';
import { proposalHashOf } from '../remediation/order.ts';
import { effectiveCase, overriddenProposal, type Review, type ReviewEnd } from './effective.ts';
import { parameterProblems } from './parameters.ts';
import { peopleForHighImpact } from './permit.ts';
import type { ReviewPorts, ReviewResult } from './ports.ts';
import { aboutCase, chainOf, followingIn, questionOf, tellQuestion } from './question.ts';
import { wakeSuperseded } from './supersede.ts';
import { resultAgain, resultNewer, resultOfAnswer, takeBackUntilMs, thinkAgainFor } from './think-again.ts';
import { stepOf } from './two-people.ts';

/** A round that is asked for is over already: the flow, which asked twice, reads what stands. It is named in CaseFlow. */
export class RoundOverError extends InvalidInputError {}

/**
 * Opens a round and tells people.
 * @throws RoundOverError for a round that is over
 */
export async function requestReview(
  ports: ReviewPorts,
  input: {
    readonly caseId: string;
    readonly round: number;
    readonly token: string;
    readonly question?: string | undefined;
    /** What a yes leads to: asking for the permit, or closing because a person takes over. */
    readonly after?: 'permit' | 'handover' | undefined;
    /** Whom it is at; the first round is at level 1 unless this says otherwise. */
    readonly level?: 1 | 2 | undefined;
    readonly timeoutS: number;
    /** Seconds for which an answer may be taken back; none where it is absent. */
    readonly thinkAgainS?: number | undefined;
  },
): Promise<void> {
  const reviews = await ports.reviews(input.caseId);
  const record = effectiveCase(await ports.loadCase(input.caseId), reviews);
  const thinkAgainS = thinkAgainFor(reviews, input.thinkAgainS ?? 0);
  const nowMs = ports.now();
  const needsTwo = record.proposal?.highImpact === true && input.after !== 'handover';
  const { request, end } = await ports.openReview(
    {
      v: caseVersion,
      caseId: input.caseId,
      round: input.round,
      ...(input.level !== undefined && { level: input.level }),
      question: input.question ?? questionOf(record),
      ...(record.proposalHash !== undefined && { proposalHash: record.proposalHash }),
      ...(needsTwo && { people: peopleForHighImpact }),
      ...(input.after === 'handover' && { after: input.after }),
      ...(thinkAgainS !== undefined && { thinkAgainS }),
      askedAtMs: nowMs,
      dueAtMs: nowMs + input.timeoutS * 1000,
    },
    input.token,
  );
  if (end.state !== 'open')
    throw new RoundOverError(`round ${request.round} of case ${input.caseId} is over: read its answer`, {
      code: 'review-over',
    });
  await tellQuestion(ports, record, request, followingIn(reviews, request.round));
}

export interface AnsweredReview {
  readonly caseId: string;
  readonly round: number;
  readonly answer: ReviewAnswer['answer'];
  /** Whether the flow took it at once; else the sweep wakes it, or it reads the stored answer when its time is over. */
  readonly woken: boolean;
  /** People who must still say the same before anything happens; 0 when the round is over. */
  readonly missing: number;
  /** When it was stored; who takes it back names it. */
  readonly answeredAtMs: number;
  /** Nothing follows from it before; until then it may be taken back. */
  readonly takeBackUntilMs?: number;
}

/** Two people who answer at once are told apart in two tries. */
const maxTries = 4;

type Answered = Extract<ReviewEnd, { readonly state: 'answered' }>;

/**
 * A person's answer to the open question of a case.
 * @param isAuthor whether they edit the policies that are deployed: their yes alone then lets nothing act
 * @throws InvalidInputError saying what to do, when there is no open question, somebody was faster, or the approval is
 * for another proposal than the one that stands
 */
export async function answerReview(
  ports: ReviewPorts,
  { round: meant, ...answer }: ReviewAnswer,
  isAuthor = false,
): Promise<AnsweredReview> {
  const { caseId } = answer;
  for (let attempt = 0; attempt < maxTries; attempt += 1) {
    const stored = await ports.loadCase(caseId);
    const reviews = await ports.reviews(caseId);
    const review = [...reviews].sort((a, b) => b.request.round - a.request.round)[0];
    if (!review)
      throw new InvalidInputError(`case ${caseId} asks nothing: there is no review to answer`, { code: 'no-review' });
    const { round } = review.request;
    // A repeated call must not answer the question that stands again after its answer was taken back.
    if (meant !== undefined && meant !== round)
      throw new InvalidInputError(
        `case ${caseId}: the question that was answered is over, another one is asked: look at it and answer again`,
        { code: 'review-over' },
      );
    const isOpen = review.end.state === 'open';
    if (isOpen) checkAnswer(stored, reviews, review, answer);
    const step = isOpen ? stepOf(effectiveCase(stored, reviews), review, answer, isAuthor) : { step: 'end' as const };
    if (step.step === 'first') {
      // What is replaced is in the round no more: unrecorded by a process that died, it would be nowhere.
      if (step.replaces) await auditFirsts(ports, stored, review);
      const kept = await ports.keepFirst(caseId, round, answer, step.replaces);
      if (!kept) continue;
      // As the write left it: others may have been given and taken back since the round was read, and the entry's key
      // counts them.
      await auditFirsts(ports, stored, kept);
      const answeredAtMs = kept.first?.atMs ?? ports.now();
      return { caseId, round, answer: answer.answer, woken: false, missing: 1, answeredAtMs };
    }
    const second = step.step === 'second' ? { first: step.first } : {};
    const done = await ports.endReview(caseId, round, { answer, ...second });
    if (done?.end.state === 'open') continue;
    if (done?.end.state !== 'answered' || (!done.won && !isSame(done.end.answer, answer)))
      throw new InvalidInputError(lateMessage(caseId, done?.end), { code: 'review-over' });
    return await completeAnswer(ports, stored, done.review, done.end);
  }
  throw new ConflictError(`case ${caseId} is answered by others at the same time: look at it and answer again`, {
    code: 'review-busy',
  });
}

/**
 * The first yes of two: recorded, and nothing else follows from it. Where its process died before, whatever comes next to
 * the round records it: another first yes in its place, its being taken back, an answer that ends it, or its time's end.
 * @param takenBack first yeses of this round that were taken back before: the same person may say the same again
 */
const auditFirst = (
  ports: ReviewPorts,
  record: CaseRecord,
  round: number,
  answer: ReviewAnswer,
  takenBack = 0,
): Promise<unknown> =>
  ports.audit({
    chain: chainOf(record.caseId),
    type: 'approval-given',
    key: [
      record.caseId,
      String(round),
      hashOf({ ...answer, reason: undefined }),
      ...(takenBack > 0 ? [String(takenBack)] : []),
    ],
    correlationId: record.correlationId,
    body: { round, of: peopleForHighImpact, ...answer, reason: undefined },
    personal: { subject: answer.by, data: { reason: answer.reason } },
  });

/** First yeses that were taken back, with who took them back, in their order; then the one that stands. */
export async function auditFirsts(
  ports: ReviewPorts,
  record: CaseRecord,
  { request, first, withdrawn = [] }: Review,
): Promise<void> {
  const { caseId, round } = request;
  for (const [before, { answer, atMs, takenBack }] of withdrawn.entries()) {
    await auditFirst(ports, record, round, answer, before);
    await ports.audit({
      chain: chainOf(caseId),
      type: 'answer-taken-back',
      key: [caseId, String(round), 'first', String(before)],
      correlationId: record.correlationId,
      body: { round, first: true, answer: answer.answer, of: answer.by, answeredAtMs: atMs, by: takenBack.by },
      personal: { subject: takenBack.by, data: { reason: takenBack.reason } },
    });
  }
  if (first) await auditFirst(ports, record, round, first.answer, withdrawn.length);
}

/** The answer that ended a round. */
export const auditEndingAnswer = (
  ports: ReviewPorts,
  record: CaseRecord,
  round: number,
  answer: ReviewAnswer,
): Promise<unknown> =>
  ports.audit({
    chain: chainOf(record.caseId),
    type: 'review-answered',
    key: [record.caseId, String(round)],
    correlationId: record.correlationId,
    // Who it was is a pseudonym; what they wrote is theirs.
    body: { round, ...answer, reason: undefined },
    personal: { subject: answer.by, data: { reason: answer.reason } },
  });

/** What follows a stored answer. All of it may be repeated: whoever repeats it completes what a crash left out. */
export async function completeAnswer(
  ports: ReviewPorts,
  record: CaseRecord,
  review: Review,
  { answer, atMs, settled }: Answered,
): Promise<AnsweredReview> {
  const { caseId } = record;
  const { round, thinkAgainS } = review.request;
  await auditFirsts(ports, record, review);
  await auditEndingAnswer(ports, record, round, answer);
  // What may yet be taken back is not written over what was proposed.
  if (thinkAgainS === undefined || settled) await ports.changeCase(caseId, (now) => withOverride(now, answer));
  await ports.publish(
    makeEvent(
      'ReviewAnswered',
      { ...aboutCase(record, atMs), answer: answer.answer, by: answer.by },
      { atMs, correlationId: record.correlationId, subject: caseId, key: `${caseId}/${round}` },
    ),
  );
  // The flow may wait for a question still whose place this one took: it comes to the answer from there.
  const former =
    round > 0 ? (await ports.reviews(caseId)).find(({ request }) => request.round === round - 1) : undefined;
  if (former) await wakeSuperseded(ports, former);
  const waking = await ports.wake(caseId, round, { answer: answer.answer, by: answer.by, round, timedOut: false });
  if (waking !== 'unreachable') await ports.markHeard(caseId, round, 'answered');
  const untilMs = takeBackUntilMs(review);
  return {
    caseId,
    round,
    answer: answer.answer,
    woken: waking === 'woken',
    missing: 0,
    answeredAtMs: atMs,
    ...(untilMs !== undefined && { takeBackUntilMs: untilMs }),
  };
}

/** The flow's timeout of a round: ends it, or learns that an answer was faster. */
export async function timeOutReview(
  ports: ReviewPorts,
  input: { readonly caseId: string; readonly round: number },
): Promise<ReviewResult> {
  const done = await ports.endReview(input.caseId, input.round, { timedOut: true });
  const over = done && resultOf(done.review, ports.now());
  if (over && !over.timedOut) return over;
  const record = await ports.loadCase(input.caseId);
  // Nobody else comes to a round whose time is over: what died unrecorded before is recorded here or nowhere.
  if (done) await auditFirsts(ports, record, done.review);
  await ports.audit({
    chain: chainOf(input.caseId),
    type: 'review-timed-out',
    key: [input.caseId, String(input.round)],
    correlationId: record.correlationId,
    body: { round: input.round },
  });
  return { timedOut: true, round: input.round };
}

function checkAnswer(stored: CaseRecord, reviews: readonly Review[], review: Review, answer: ReviewAnswer): void {
  if (stored.status === 'closed')
    throw new InvalidInputError(`case ${stored.caseId} is closed (${stored.resolution})`, { code: 'case-closed' });
  if (answer.answer === 'override') {
    if (!answer.override)
      throw new InvalidInputError('an override names what shall be done instead: action and target', {
        code: 'override-empty',
      });
    // Refuses here, before the answer is stored, what could not be carried out later.
    const parsed = overrideProblem(stored, answer);
    if (parsed) throw new InvalidInputError(parsed, { code: 'override-invalid' });
  }
  if (answer.answer !== 'approve') return;
  const standing = effectiveCase(stored, reviews).proposalHash;
  // Where nothing is proposed, a yes says that a person has seen it and takes over.
  if (answer.proposalHash !== standing || review.request.proposalHash !== standing)
    throw new InvalidInputError(
      `the approval is for proposal ${answer.proposalHash ?? 'unnamed'}, but case ${stored.caseId} now proposes ${standing}: look at the case and answer again`,
      { code: 'proposal-changed' },
    );
}

function overrideProblem(stored: CaseRecord, { override }: ReviewAnswer): string | undefined {
  if (!override) return undefined;
  const { action, parameters = {} } = override;
  const schema = Object.hasOwn(stored.orderParameters ?? {}, action) ? stored.orderParameters?.[action] : undefined;
  const problems = parameterProblems(schema, parameters);
  if (problems.length > 0) return `"${action}" cannot be ordered so: ${problems.join('; ')}`;
  try {
    overriddenProposal(stored, override);
    return undefined;
  } catch {
    return `"${override.action}" on "${override.target}" is no valid action: lower-case words joined by hyphens, and the name of an element`;
  }
}

export const withOverride = (record: CaseRecord, { override, answer }: ReviewAnswer): CaseRecord => {
  if (answer !== 'override' || !override || record.status === 'closed') return record;
  const proposal = overriddenProposal(record, override);
  const proposalHash = proposalHashOf(proposal);
  return proposalHash === record.proposalHash ? record : { ...record, proposal, proposalHash };
};

const isSame = (a: ReviewAnswer, b: ReviewAnswer): boolean => canonical(a) === canonical(b);

const lateMessage = (caseId: string, end: ReviewEnd | undefined): string =>
  end?.state === 'taken-back'
    ? `case ${caseId}: the answer to this question was taken back; it stands again, look at it and answer`
    : end?.state === 'superseded'
      ? `case ${caseId}: a later decision is surer, and another question is asked since: look at it and answer`
      : end?.state === 'answered'
        ? `case ${caseId}: ${end.answer.by} has already answered "${end.answer.answer}"`
        : `case ${caseId}: the time for an answer is over; it goes on by itself, see "case show"`;

const resultOf = (review: Review, nowMs: number): ReviewResult | undefined => {
  const { request, end } = review;
  if (end.state === 'open') return undefined;
  if (end.state === 'timed-out') return { timedOut: true, round: request.round };
  if (end.state === 'superseded') return resultNewer(review.request, end.atMs, nowMs);
  return end.state === 'taken-back' ? resultAgain(review, nowMs) : resultOfAnswer(review, end.answer, nowMs);
};

/**
 * Asking a person. The stored answer is what counts: answer and timeout race on one conditional write, and the task
 * token only wakes the flow, which may be woken late or not at all.
 */
import { type CaseRecord, caseVersion, type ReviewAnswer } from '../../contracts/case.ts';
import { canonical } from '../audit/canonical.ts';
import { InvalidInputError } from '../errors.ts';
import { makeEvent } from '../events.ts';
import { proposalHashOf } from '../remediation/order.ts';
import { effectiveCase, overriddenProposal, type Review, type ReviewEnd } from './effective.ts';
import type { ReviewPorts, ReviewResult } from './ports.ts';

const chainOf = (caseId: string): string => `case#${caseId}`;

const aboutCase = (record: CaseRecord, atMs: number) => ({
  caseId: record.caseId,
  asset: record.asset,
  kind: record.kind,
  atMs,
});

/** Question of a round where the flow has none of its own. */
export function questionOf(record: CaseRecord): string {
  const { proposal } = record;
  const ask = proposal
    ? `Shall we ${proposal.action.replaceAll('-', ' ')} ${proposal.target}?`
    : 'Nothing is proposed. What shall be done?';
  return `${record.sentence} ${ask}`.slice(0, 1000);
}

/**
 * Opens a round and tells people.
 * @throws InvalidInputError for a round that is over: the flow, which asked twice, then reads what stands
 */
export async function requestReview(
  ports: ReviewPorts,
  input: {
    readonly caseId: string;
    readonly round: number;
    readonly token: string;
    readonly question?: string | undefined;
    readonly timeoutS: number;
  },
): Promise<void> {
  const record = effectiveCase(await ports.loadCase(input.caseId), await ports.reviews(input.caseId));
  const nowMs = ports.now();
  const { request, end } = await ports.openReview(
    {
      v: caseVersion,
      caseId: input.caseId,
      round: input.round,
      question: input.question ?? questionOf(record),
      ...(record.proposalHash !== undefined && { proposalHash: record.proposalHash }),
      askedAtMs: nowMs,
      dueAtMs: nowMs + input.timeoutS * 1000,
    },
    input.token,
  );
  if (end.state !== 'open')
    throw new InvalidInputError(`round ${request.round} of case ${input.caseId} is over: read its answer`, {
      code: 'review-over',
    });
  const { question, dueAtMs, askedAtMs, round } = request;
  await ports.audit({
    chain: chainOf(input.caseId),
    type: 'review-requested',
    key: [input.caseId, String(round)],
    correlationId: record.correlationId,
    body: { round, question, askedAtMs, dueAtMs, proposalHash: request.proposalHash },
  });
  await ports.changeCase(input.caseId, (now) =>
    now.status === 'closed' || now.status === 'in-review' ? now : { ...now, status: 'in-review' },
  );
  await ports.publish(
    makeEvent(
      'ReviewRequested',
      { ...aboutCase(record, askedAtMs), question, dueAtMs, round },
      { atMs: askedAtMs, correlationId: record.correlationId, subject: input.caseId, key: `${input.caseId}/${round}` },
    ),
  );
}

export interface AnsweredReview {
  readonly caseId: string;
  readonly round: number;
  readonly answer: ReviewAnswer['answer'];
  /** Whether the flow took it at once; else the sweep wakes it, or it reads the stored answer when its time is over. */
  readonly woken: boolean;
}

type Answered = Extract<ReviewEnd, { readonly state: 'answered' }>;

/** An answer whose flow has not heard of it for so long was left behind by a process that died or could not call. */
export const hearingMs = 5_000;

/**
 * A person's answer to the open question of a case.
 * @throws InvalidInputError saying what to do, when there is no open question, somebody was faster, or the approval is
 * for another proposal than the one that stands
 */
export async function answerReview(ports: ReviewPorts, answer: ReviewAnswer): Promise<AnsweredReview> {
  const stored = await ports.loadCase(answer.caseId);
  const reviews = await ports.reviews(answer.caseId);
  const review = [...reviews].sort((a, b) => b.request.round - a.request.round)[0];
  if (!review)
    throw new InvalidInputError(`case ${answer.caseId} asks nothing: there is no review to answer`, {
      code: 'no-review',
    });
  const { round } = review.request;
  if (review.end.state === 'open') checkAnswer(stored, reviews, review, answer);
  const done = await ports.endReview(answer.caseId, round, { answer });
  if (done?.end.state !== 'answered' || (!done.won && !isSame(done.end.answer, answer)))
    throw new InvalidInputError(lateMessage(answer.caseId, done?.end), { code: 'review-over' });
  return await completeAnswer(ports, stored, round, done.end);
}

/** What follows a stored answer. All of it may be repeated: whoever repeats it completes what a crash left out. */
async function completeAnswer(
  ports: ReviewPorts,
  record: CaseRecord,
  round: number,
  { answer, atMs }: Answered,
): Promise<AnsweredReview> {
  const { caseId } = record;
  await ports.audit({
    chain: chainOf(caseId),
    type: 'review-answered',
    key: [caseId, String(round)],
    correlationId: record.correlationId,
    // Who it was is a pseudonym; what they wrote is theirs.
    body: { round, ...answer, reason: undefined },
    personal: { subject: answer.by, data: { reason: answer.reason } },
  });
  await ports.changeCase(caseId, (now) => withOverride(now, answer));
  await ports.publish(
    makeEvent(
      'ReviewAnswered',
      { ...aboutCase(record, atMs), answer: answer.answer, by: answer.by },
      { atMs, correlationId: record.correlationId, subject: caseId, key: `${caseId}/${round}` },
    ),
  );
  const waking = await ports.wake(caseId, round, { answer: answer.answer, by: answer.by, round, timedOut: false });
  if (waking !== 'unreachable') await ports.markHeard(caseId, round);
  return { caseId, round, answer: answer.answer, woken: waking === 'woken' };
}

export interface AnswersSwept {
  readonly completed: number;
  readonly failed: readonly { readonly caseId: string; readonly message: string }[];
}

/** Completes answers that were stored and not heard. One that cannot be completed does not keep the others from it. */
export async function sweepAnswers(ports: ReviewPorts): Promise<AnswersSwept> {
  let completed = 0;
  const failed: { caseId: string; message: string }[] = [];
  for (const { caseId, round } of await ports.unheard(ports.now() - hearingMs)) {
    try {
      const review = (await ports.reviews(caseId)).find(({ request }) => request.round === round);
      if (review?.end.state !== 'answered') continue;
      await completeAnswer(ports, await ports.loadCase(caseId), round, review.end);
      completed += 1;
    } catch (error) {
      failed.push({ caseId, message: error instanceof Error ? error.message : String(error) });
    }
  }
  return { completed, failed };
}

/** The flow's timeout of a round: ends it, or learns that an answer was faster. */
export async function timeOutReview(
  ports: ReviewPorts,
  input: { readonly caseId: string; readonly round: number },
): Promise<ReviewResult> {
  const done = await ports.endReview(input.caseId, input.round, { timedOut: true });
  const over = done && resultOf(input.round, done.end);
  if (over && !over.timedOut) return over;
  const record = await ports.loadCase(input.caseId);
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
  try {
    overriddenProposal(stored, override);
    return undefined;
  } catch {
    return `"${override.action}" on "${override.target}" is no valid action: lower-case words joined by hyphens, and the name of an element`;
  }
}

const withOverride = (record: CaseRecord, { override, answer }: ReviewAnswer): CaseRecord => {
  if (answer !== 'override' || !override || record.status === 'closed') return record;
  const proposal = overriddenProposal(record, override);
  const proposalHash = proposalHashOf(proposal);
  return proposalHash === record.proposalHash ? record : { ...record, proposal, proposalHash };
};

const isSame = (a: ReviewAnswer, b: ReviewAnswer): boolean => canonical(a) === canonical(b);

const lateMessage = (caseId: string, end: ReviewEnd | undefined): string =>
  end?.state === 'answered'
    ? `case ${caseId}: ${end.answer.by} has already answered "${end.answer.answer}"`
    : `case ${caseId}: the time for an answer is over; it goes on by itself, see "case show"`;

const resultOf = (round: number, end: ReviewEnd): ReviewResult | undefined => {
  if (end.state === 'open') return undefined;
  if (end.state === 'timed-out') return { timedOut: true, round };
  return { answer: end.answer.answer, by: end.answer.by, round, timedOut: false };
};

/** A case, its reviews and its effects as people are shown them. Names of persons are put in by who knows them. */
import type { CaseSummary, Claim, EffectView, ReviewItem, ReviewView } from '../../contracts/api.ts';
import type { CaseRecord, ReviewAnswer } from '../../contracts/case.ts';
import type { Decision } from '../../contracts/decision.ts';
import type { Effect } from '../../contracts/ledger.ts';
import type { Proposal } from '../../contracts/remediation.ts';
import { effectiveCase, hasHighImpact, type Review } from '../case/effective.ts';
import { levelOf, takeBackUntilMs } from '../case/think-again.ts';

/** A name may be longer than what it replaces. */
const maxSentence = 1000;

/** What is known of a case where it is listed. */
export interface CaseParts {
  /** As it is stored. */
  readonly record: CaseRecord;
  /** All rounds, or the newest alone where a list reads no more. */
  readonly reviews: readonly Review[];
  readonly claim?: Claim | undefined;
}

/** What a person is called where they are shown. */
export type NameOf = (person: string) => string;

/** The open question, if there is one. A round that is open in a closed case asks nobody any more. */
export const openReviewOf = ({ record, reviews }: CaseParts): Review | undefined =>
  record.status === 'closed' ? undefined : reviews.find(({ end }) => end.state === 'open');

export function summaryOf(parts: CaseParts, nameOf: NameOf, nowMs: number): CaseSummary {
  const record = effectiveCase(parts.record, parts.reviews);
  const { caseId, asset, zone, kind, verdict, status, resolution, incident, proposal } = record;
  const asked = openReviewOf(parts);
  const claim = parts.claim && parts.claim.untilMs > nowMs && status !== 'closed' ? parts.claim : undefined;
  return {
    caseId,
    asset,
    ...(zone !== undefined && { zone }),
    kind,
    verdict,
    status,
    ...(resolution !== undefined && { resolution }),
    openedAtMs: record.openedAtMs,
    updatedAtMs: record.updatedAtMs,
    ...(record.closedAtMs !== undefined && { closedAtMs: record.closedAtMs }),
    sentence: withNames(record.sentence, nameOf).slice(0, maxSentence),
    ...(proposal && {
      proposal: {
        action: proposal.action,
        target: proposal.target,
        impact: proposal.highImpact || hasHighImpact(record, proposal.action) ? ('high' as const) : ('normal' as const),
      },
    }),
    ...(asked && {
      dueAtMs: asked.request.dueAtMs,
      question: withNames(asked.request.question, nameOf).slice(0, maxSentence),
      people: peopleOf(asked),
      escalation: escalationOf(asked),
    }),
    ...takeBackOf(parts, nameOf, nowMs),
    flags: record.flags,
    ...(incident && { incident }),
    ...(claim && { claim: { by: nameOf(claim.by), untilMs: claim.untilMs } }),
  };
}

/** At level 1 it goes up when its time is over; level 2 is the last. */
const escalationOf = ({ request }: Review): NonNullable<CaseSummary['escalation']> => ({
  level: levelOf(request),
  sinceMs: request.askedAtMs,
  next: levelOf(request) === 1 ? 'level-2' : 'safe-hold',
  nextAtMs: request.dueAtMs,
});

/** The answer that may be taken back now: the one that the flow waits with, or the first yes of two. */
function takeBackOf({ record, reviews }: CaseParts, nameOf: NameOf, nowMs: number): Pick<CaseSummary, 'takeBack'> {
  const newest = [...reviews].sort((a, b) => b.request.round - a.request.round)[0];
  if (!newest || record.status === 'closed') return {};
  const { end, first, request } = newest;
  const said = (answer: ReviewAnswer, answeredAtMs: number) => ({
    round: request.round,
    answer: answer.answer,
    by: nameOf(answer.by),
    answeredAtMs,
  });
  if (end.state === 'open') return first ? { takeBack: said(first.answer, first.atMs) } : {};
  const untilMs = takeBackUntilMs(newest);
  if (end.state !== 'answered' || untilMs === undefined || untilMs <= nowMs) return {};
  return { takeBack: { ...said(end.answer, end.atMs), untilMs } };
}

const pseudonym = /\bperson-[0-9a-f]{16}\b/g;

/** Who is named in a text by a pseudonym: the sentence of a case that somebody reported, a question that repeats it. */
export const personsInText = (text: string): string[] => text.match(pseudonym) ?? [];
/** The text with names in place of pseudonyms. */
export const withNames = (text: string, nameOf: NameOf): string => text.replace(pseudonym, (person) => nameOf(person));

/** What people read for the names of features, where their pack has words for them. */
export type Worded = (feature: string) => string;

/** Names that are code are looked up; one that the pack does not know, of an older version, stays as it was recorded. */
export const worded =
  (words: Readonly<Record<string, string>> = {}): Worded =>
  (feature) =>
    Object.hasOwn(words, feature) ? words[feature]! : feature;

/**
 * As it was recorded, but for the name of who reported it, because the same sentence stands with it at the head of the
 * case, and for features, which are told in words.
 */
export const namedDecision = (decision: Decision, nameOf: NameOf, inWords: Worded): Decision => {
  const { inference } = decision;
  const contributions = inference.explanation.contributions.map((one) => ({ ...one, feature: inWords(one.feature) }));
  const sentence = withNames(inference.explanation.sentence, nameOf).slice(0, maxSentence);
  return {
    ...decision,
    inference: { ...inference, explanation: { ...inference.explanation, sentence, contributions } },
  };
};

/** What is proposed, with names where its reason names persons. Its hash is of what was recorded. */
export const namedProposal = (proposal: Proposal, nameOf: NameOf): Proposal => ({
  ...proposal,
  why: withNames(proposal.why, nameOf).slice(0, maxSentence),
});

const peopleOf = ({ request, first }: Review): { needed: number; approved: number } => ({
  // A first yes that is kept waits for a second one, also where the question alone asks for one person.
  needed: Math.max(request.people ?? 1, first ? 2 : 1),
  approved: first ? 1 : 0,
});

/** An open question of the queue; `undefined` where nothing is asked any more. */
export function reviewItemOf(parts: CaseParts, nameOf: NameOf, nowMs: number): ReviewItem | undefined {
  const review = openReviewOf(parts);
  if (!review) return undefined;
  const { round, question, askedAtMs, dueAtMs, proposalHash } = review.request;
  return {
    ...summaryOf(parts, nameOf, nowMs),
    round,
    question: withNames(question, nameOf).slice(0, maxSentence),
    askedAtMs,
    dueAtMs,
    people: peopleOf(review),
    ...(proposalHash !== undefined && { proposalHash }),
    approvedBy: review.first ? [nameOf(review.first.answer.by)] : [],
  };
}

/**
 * Most urgent first: what is due first; at the same time what has a high impact, then what is open for longer. What asks
 * nobody comes after what does.
 */
export function byUrgency(a: CaseSummary, b: CaseSummary): number {
  const due = (a.dueAtMs ?? Number.POSITIVE_INFINITY) - (b.dueAtMs ?? Number.POSITIVE_INFINITY);
  if (due !== 0 && !Number.isNaN(due)) return due;
  const impact = Number(b.proposal?.impact === 'high') - Number(a.proposal?.impact === 'high');
  return impact || a.openedAtMs - b.openedAtMs || (a.caseId < b.caseId ? -1 : 1);
}

export function reviewViewOf({ request, end, first, withdrawn = [] }: Review, nameOf: NameOf): ReviewView {
  const { round, question, askedAtMs, dueAtMs, people, proposalHash } = request;
  const said = (answer: ReviewAnswer, atMs: number): ReviewView['answers'][number] => ({
    by: nameOf(answer.by),
    answer: answer.answer,
    reason: answer.reason,
    atMs,
    ...(answer.override && { override: answer.override }),
  });
  const takenBack = [...withdrawn, ...(end.state === 'taken-back' ? [end] : [])].map((gone) => ({
    of: nameOf(gone.answer.by),
    answer: gone.answer.answer,
    by: nameOf(gone.takenBack.by),
    reason: gone.takenBack.reason,
    atMs: gone.takenBack.atMs,
  }));
  return {
    round,
    question: withNames(question, nameOf).slice(0, maxSentence),
    askedAtMs,
    dueAtMs,
    people: {
      needed: Math.max(people ?? 1, first ? 2 : 1),
      approved: Number(first !== undefined) + Number(end.state === 'answered' && !!first),
    },
    state: end.state,
    ...(proposalHash !== undefined && { proposalHash }),
    answers: [
      ...(first ? [said(first.answer, first.atMs)] : []),
      ...('answer' in end ? [said(end.answer, end.atMs)] : []),
    ],
    ...(takenBack.length > 0 && { takenBack }),
    ...(end.state === 'superseded' && {
      newer: {
        decisionId: end.newer.decisionId,
        sentence: withNames(end.newer.sentence, nameOf).slice(0, maxSentence),
        atMs: end.atMs,
      },
    }),
  };
}

export const effectViewOf = (effect: Effect): EffectView => ({
  effectKey: effect.effectKey,
  action: effect.action,
  target: effect.target,
  inverse: effect.inverse,
  status: effect.status,
  attempts: effect.fence,
  endpoint: effect.remediator,
  ...(effect.outcome && { outcome: effect.outcome }),
  atMs: effect.updatedAtMs,
  sinceMs: effect.createdAtMs,
  ...(effect.reconciliations > 0 && { reconciled: effect.reconciliations }),
});

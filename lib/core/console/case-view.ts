/** A case, its reviews and its effects as people are shown them. Names of persons are put in by who knows them. */
import type { CaseSummary, Claim, EffectView, ReviewItem, ReviewView } from '../../contracts/api.ts';
import type { CaseRecord, ReviewAnswer } from '../../contracts/case.ts';
import type { Effect } from '../../contracts/ledger.ts';
import { effectiveCase, hasHighImpact, type Review } from '../case/effective.ts';

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
    flags: record.flags,
    ...(incident && { incident }),
    ...(claim && { claim: { by: nameOf(claim.by), untilMs: claim.untilMs } }),
  };
}

/** The first question is at level 1 and goes up when its time is over; each later one is at level 2, the last. */
const escalationOf = ({ request: { round, askedAtMs, dueAtMs } }: Review): NonNullable<CaseSummary['escalation']> => ({
  level: round === 0 ? 1 : 2,
  sinceMs: askedAtMs,
  next: round === 0 ? 'level-2' : 'safe-hold',
  nextAtMs: dueAtMs,
});

const pseudonym = /\bperson-[0-9a-f]{16}\b/g;

/** Who is named in a text by a pseudonym: the sentence of a case that somebody reported, a question that repeats it. */
export const personsInText = (text: string): string[] => text.match(pseudonym) ?? [];
/** The text with names in place of pseudonyms. */
export const withNames = (text: string, nameOf: NameOf): string => text.replace(pseudonym, (person) => nameOf(person));

const peopleOf = ({ request, first }: Review): { needed: number; approved: number } => ({
  needed: request.people ?? 1,
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

export function reviewViewOf({ request, end, first }: Review, nameOf: NameOf): ReviewView {
  const { round, question, askedAtMs, dueAtMs, people, proposalHash } = request;
  const said = (answer: ReviewAnswer, atMs: number): ReviewView['answers'][number] => ({
    by: nameOf(answer.by),
    answer: answer.answer,
    reason: answer.reason,
    atMs,
    ...(answer.override && { override: answer.override }),
  });
  return {
    round,
    question: withNames(question, nameOf).slice(0, maxSentence),
    askedAtMs,
    dueAtMs,
    people: {
      needed: people ?? 1,
      approved: Number(first !== undefined) + Number(end.state === 'answered' && !!first),
    },
    state: end.state,
    ...(proposalHash !== undefined && { proposalHash }),
    answers: [
      ...(first ? [said(first.answer, first.atMs)] : []),
      ...(end.state === 'answered' ? [said(end.answer, end.atMs)] : []),
    ],
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

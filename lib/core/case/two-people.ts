/**
 * Approval by two people, pure: what an answer means for an open round. The first yes is kept, the second, of another
 * person and to the same thing, ends the round; a no of anybody ends it at once.
 */
import type { CaseRecord, ReviewAnswer } from '../../contracts/case.ts';
import { InvalidInputError } from '../errors.ts';
import { samePerson } from '../people.ts';
import { hasHighImpact, isSameOrder, type Review } from './effective.ts';

export type AnswerStep =
  /** One person's answer is enough. */
  | { readonly step: 'end' }
  /** Kept, in place of `replaces`, until another person says the same. */
  | { readonly step: 'first'; readonly replaces: ReviewAnswer | undefined }
  /** With the first yes, as it stands, it ends the round. */
  | { readonly step: 'second'; readonly first: ReviewAnswer };

/**
 * Different people that an answer needs.
 * @param isAuthor whether who answers edits the policies that are deployed: such a person lets nothing act alone
 */
export function peopleFor(record: CaseRecord, { request }: Review, answer: ReviewAnswer, isAuthor = false): number {
  if (answer.answer === 'reject') return 1;
  const acts = answer.answer === 'override' || (record.proposal !== undefined && request.after !== 'handover');
  if (isAuthor && acts) return 2;
  if (answer.answer === 'override') return hasHighImpact(record, answer.override?.action ?? '') ? 2 : 1;
  return request.people ?? 1;
}

/**
 * @param isAuthor as `peopleFor` takes it
 * @throws InvalidInputError `same-person` when the one who said yes says it again, `approvals-differ` when the second
 * says yes to something else
 */
export function stepOf(record: CaseRecord, review: Review, answer: ReviewAnswer, isAuthor = false): AnswerStep {
  const first = review.first?.answer;
  // Who waits for another person, for whatever reason, makes nobody two people by saying it again.
  const isAgain = first !== undefined && samePerson(first.by, answer.by) && isSameOrder(first, answer);
  if (!isAgain && peopleFor(record, review, answer, isAuthor) < 2) return { step: 'end' };
  if (!first) return { step: 'first', replaces: undefined };
  const isSame = isSameOrder(first, answer);
  if (samePerson(first.by, answer.by)) {
    // Whoever changes their mind may; saying it twice makes nobody two people.
    if (!isSame) return { step: 'first', replaces: first };
    throw new InvalidInputError(
      `${first.by} has already said ${first.answer} to case ${answer.caseId}: the second yes must come from another person.`,
      { code: 'same-person' },
    );
  }
  if (isSame) return { step: 'second', first };
  // A yes to what is proposed no longer binds nobody.
  if (first.answer === 'approve' && first.proposalHash !== record.proposalHash)
    return { step: 'first', replaces: first };
  throw new InvalidInputError(
    `${first.by} has said ${orderIn(first)}, you say ${orderIn(answer)}: give the same answer, or reject.`,
    { code: 'approvals-differ' },
  );
}

const orderIn = ({ answer, override }: ReviewAnswer): string =>
  override === undefined ? answer : `${answer} (${override.action} ${override.target}${given(override.parameters)})`;

const given = (parameters: Readonly<Record<string, unknown>> = {}): string =>
  Object.entries(parameters)
    .map(([name, value]) => `, ${name} ${value}`)
    .join('');

/** The case as reviews have left it: an override replaces what is to be done, whoever reads the case first. */
import type {
  CaseRecord,
  NewerDecision,
  ReviewAnswer,
  ReviewRequest,
  TakenBack,
  Withdrawal,
} from '../../contracts/case.ts';
import { type Proposal, proposal as proposalSchema, remediationVersion } from '../../contracts/remediation.ts';
import { canonical, hashOf } from '../audit/canonical.ts';
import { samePerson } from '../people.ts';

/** How a round ended, or that it is open. */
export type ReviewEnd =
  | { readonly state: 'open' }
  | {
      readonly state: 'answered';
      readonly answer: ReviewAnswer;
      readonly atMs: number;
      /** The flow goes on with it: it can be taken back no more. */
      readonly settled?: true;
    }
  /** Answered, and taken back before anything followed from it: the next round asks again. */
  | {
      readonly state: 'taken-back';
      readonly answer: ReviewAnswer;
      readonly atMs: number;
      readonly takenBack: TakenBack;
    }
  /** Nobody had answered when a later, surer decision came: the next round asks what that proposes. */
  | { readonly state: 'superseded'; readonly atMs: number; readonly newer: NewerDecision }
  | { readonly state: 'timed-out'; readonly atMs: number };

export interface Review {
  readonly request: ReviewRequest;
  readonly end: ReviewEnd;
  /** The first yes of two. It is bound to what it names, as the one that ends the round is. */
  readonly first?: { readonly answer: ReviewAnswer; readonly atMs: number };
  /** First yeses that were taken back before the second, oldest first. */
  readonly withdrawn?: readonly Withdrawal[];
}

/** The remediator for actions that no pack has planned. */
const defaultRemediator = 'webhook';

/** Whether an order of that action needs two people. It depends only on what never changes once somebody has answered. */
export const hasHighImpact = (record: CaseRecord, action: string): boolean =>
  record.impact === 'high' || record.highImpactActions?.includes(action) === true;

/** As the deployment says of the action; else whoever would have carried out what was proposed, unless that was said, too. */
function remediatorFor({ ways = {}, proposal }: CaseRecord, action: string): string {
  if (Object.hasOwn(ways, action)) return ways[action]!;
  return proposal && !Object.hasOwn(ways, proposal.action) ? proposal.remediator : defaultRemediator;
}

/** What a person orders instead. Nothing is known about undoing or verifying it. */
export function overriddenProposal(record: CaseRecord, override: NonNullable<ReviewAnswer['override']>): Proposal {
  return proposalSchema.parse({
    v: remediationVersion,
    asset: record.asset,
    action: override.action,
    target: override.target,
    ...(override.parameters && { parameters: override.parameters }),
    remediator: remediatorFor(record, override.action),
    highImpact: hasHighImpact(record, override.action),
    // The reason that they gave is personal: it stands with their answer and goes to no endpoint.
    why: 'A person ordered it.',
  });
}

/** The case as a later decision has it. What opened it stays: flag, first decision, times, and that it asks. */
export function withNewer(record: CaseRecord, newer: NewerDecision): CaseRecord {
  if (record.newer && record.newer.atMs >= newer.atMs) return record;
  const { zone: _, grounds: __, counterfactual: ___, ...rest } = record;
  const { decisionId, flagId: ____, atMs, ...about } = newer;
  return { ...rest, ...about, ...(about.proposal.highImpact && { impact: 'high' }), newer: { decisionId, atMs } };
}

/**
 * The record with what the newest decision proposes, or the newest override ordered. The stored record may lag behind the
 * stored end of a round, because they are two items; whoever acts uses this.
 */
export function effectiveCase(stored: CaseRecord, reviews: readonly Review[]): CaseRecord {
  // None comes after an order: an answered case asks about no other decision.
  const record = reviews.reduce(
    (sofar, { end }) => (end.state === 'superseded' ? withNewer(sofar, end.newer) : sofar),
    stored,
  );
  const overrides = reviews.flatMap(({ request, end }) =>
    end.state === 'answered' && end.answer.answer === 'override' && end.answer.override
      ? [{ round: request.round, override: end.answer.override }]
      : [],
  );
  const newest = overrides.sort((a, b) => b.round - a.round)[0];
  if (!newest) return record;
  const proposal = overriddenProposal(record, newest.override);
  return { ...record, proposal, proposalHash: hashOf(proposal) };
}

/** Rounds that ended with a yes: each allows one more ordinal of an effect. */
export const approvalsIn = (reviews: readonly Review[]): number =>
  reviews.filter(({ end }) => end.state === 'answered' && end.answer.answer !== 'reject').length;

/**
 * The newest yes to what is proposed now, since when it stands, and how many different people gave it. A yes to something
 * else is none. It stands once it can be taken back no more: that time was the person's, who had just looked.
 * @param record as `effectiveCase` gives it
 */
export function standingYes(
  record: CaseRecord,
  reviews: readonly Review[],
): { readonly atMs: number; readonly people: number } | undefined {
  const meant = (answer: ReviewAnswer): boolean =>
    answer.answer === 'approve'
      ? answer.proposalHash === record.proposalHash
      : answer.override !== undefined && hashOf(overriddenProposal(record, answer.override)) === record.proposalHash;
  let newest: { readonly atMs: number; readonly people: number } | undefined;
  for (const { request, end, first } of reviews) {
    if (end.state !== 'answered' || end.answer.answer === 'reject' || !meant(end.answer)) continue;
    const seconded =
      first !== undefined && isSameOrder(first.answer, end.answer) && !samePerson(first.answer.by, end.answer.by);
    const atMs = end.atMs + (request.thinkAgainS ?? 0) * 1000;
    if (!newest || atMs >= newest.atMs) newest = { atMs, people: seconded ? 2 : 1 };
  }
  return newest;
}

/** Whether two people say yes to the same thing. */
export const isSameOrder = (a: ReviewAnswer, b: ReviewAnswer): boolean =>
  a.answer === b.answer && a.proposalHash === b.proposalHash && sameOverride(a.override, b.override);

const sameOverride = (a: ReviewAnswer['override'], b: ReviewAnswer['override']): boolean =>
  a?.action === b?.action &&
  a?.target === b?.target &&
  canonical(a?.parameters ?? {}) === canonical(b?.parameters ?? {});

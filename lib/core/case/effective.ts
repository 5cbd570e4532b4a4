/** The case as reviews have left it: an override replaces what is to be done, whoever reads the case first. */
import type { CaseRecord, ReviewAnswer, ReviewRequest } from '../../contracts/case.ts';
import { type Proposal, proposal as proposalSchema, remediationVersion } from '../../contracts/remediation.ts';
import { hashOf } from '../audit/canonical.ts';

/** How a round ended, or that it is open. */
export type ReviewEnd =
  | { readonly state: 'open' }
  | { readonly state: 'answered'; readonly answer: ReviewAnswer; readonly atMs: number }
  | { readonly state: 'timed-out'; readonly atMs: number };

export interface Review {
  readonly request: ReviewRequest;
  readonly end: ReviewEnd;
}

/** The remediator for actions that no pack has planned. */
const defaultRemediator = 'webhook';

/** What a person orders instead. Nothing is known about undoing or verifying it. */
export function overriddenProposal(record: CaseRecord, override: NonNullable<ReviewAnswer['override']>): Proposal {
  return proposalSchema.parse({
    v: remediationVersion,
    asset: record.asset,
    action: override.action,
    target: override.target,
    remediator: record.proposal?.remediator ?? defaultRemediator,
    // The reason that they gave is personal: it stands with their answer and goes to no endpoint.
    why: 'A person ordered it.',
  });
}

/**
 * The record with the proposal that the newest override ordered. The stored record may lag behind the stored answer,
 * because they are two items; whoever acts uses this.
 */
export function effectiveCase(record: CaseRecord, reviews: readonly Review[]): CaseRecord {
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

/** When a person last said yes; `undefined` when nobody did. */
export const lastApprovalMs = (reviews: readonly Review[]): number | undefined =>
  reviews.reduce<number | undefined>(
    (latest, { end }) =>
      end.state === 'answered' && end.answer.answer !== 'reject' ? Math.max(latest ?? 0, end.atMs) : latest,
    undefined,
  );

/** May this effect happen now? Deny by default: whatever cannot be checked is a no, and a person is asked. */
import type { CaseRecord } from '../../contracts/case.ts';
import { evidenceAgeMs } from '../guard/guard.ts';

export interface PermitAnswer {
  readonly permitted: boolean;
  /** Why a person must be asked; present where nothing is to be gained by waiting. */
  readonly refused?: readonly string[];
  /** Ask again after this many seconds (wall clock); present where waiting may help. */
  readonly waitS?: number;
  /** Why to wait. */
  readonly reason?: string;
}

/** What is known when the question is asked. Times in milliseconds, wall clock. */
export interface PermitFacts extends EvidenceFacts {
  readonly stopReasons: readonly string[];
  /** Different people who have said yes to what is proposed now, in one round. */
  readonly approvedBy: number;
  readonly remediatorKnown: boolean;
  readonly breaker: { readonly pass: true } | { readonly pass: false; readonly waitMs: number };
}

/** What staleness is judged by. Times in milliseconds, wall clock. */
export interface EvidenceFacts {
  readonly nowMs: number;
  readonly record: CaseRecord;
  /** When the asset was last heard. */
  readonly lastReceivedMs: number | undefined;
  /** Evidence older than this is stale, unless the action has a limit of its own. */
  readonly maxAgeMs: number;
  /** Event seconds a wall second. */
  readonly clockRate: number;
  /** When people last said yes to what is proposed now. */
  readonly lastApprovalMs: number | undefined;
}

const refusal = (...reasons: string[]): PermitAnswer => ({ permitted: false, refused: reasons });
const minutes = (ms: number): string => `${(ms / 60_000).toFixed(1)} min`;

/** Different people who must approve an action with a high impact. */
export const peopleForHighImpact = 2;

/** The verdict on everything but the quota, which is taken last because taking it changes it. */
export function judgePermit(facts: PermitFacts): PermitAnswer | 'take-quota' {
  const { record, nowMs } = facts;
  const { proposal } = record;
  if (record.status === 'closed') return refusal('the case is closed');
  if (!proposal) return refusal('nothing is proposed');
  const reasons = facts.stopReasons.map((reason) => `stop switch: ${reason}`);
  if (!facts.remediatorKnown) reasons.push(`there is no remediator "${proposal.remediator}"`);
  if (proposal.highImpact && facts.approvedBy < peopleForHighImpact)
    reasons.push(
      `the action has a high impact and needs ${peopleForHighImpact} people; ${facts.approvedBy || 'none'} approved it`,
    );
  const stale = staleness(facts);
  if (stale) reasons.push(stale);
  if (reasons.length > 0) return refusal(...reasons);
  if (!facts.breaker.pass)
    return {
      permitted: false,
      waitS: Math.min(900, Math.max(1, Math.ceil(facts.breaker.waitMs / 1000))),
      reason: `the endpoint's breaker is open at ${new Date(nowMs).toISOString()}`,
    };
  return 'take-quota';
}

/**
 * Why the evidence is too old, asked before the effect and again when it is sent. A person who has just said yes has
 * looked; otherwise the flagged reading, by its event time, must be young and the asset heard of lately. A silent asset
 * gives no readings, which is what its case says.
 */
export function staleness(facts: EvidenceFacts): string | undefined {
  const { record, nowMs, maxAgeMs, lastReceivedMs, lastApprovalMs, clockRate } = facts;
  const limitMs = record.proposal?.maxEvidenceAgeMs ?? maxAgeMs;
  if (lastApprovalMs !== undefined && nowMs - lastApprovalMs <= limitMs) return undefined;
  const ageMs = record.evidence ? evidenceAgeMs(record.evidence, clockRate, nowMs) : nowMs - record.openedAtMs;
  if (ageMs > limitMs) return `the evidence is ${minutes(ageMs)} old, at most ${minutes(limitMs)} are allowed`;
  if (record.kind === 'silence' || record.kind === 'manual') return undefined;
  if (lastReceivedMs === undefined) return 'the asset has never been heard';
  const silentMs = nowMs - lastReceivedMs;
  if (silentMs > maxAgeMs)
    return `the asset was last heard ${minutes(silentMs)} ago, at most ${minutes(maxAgeMs)} are allowed`;
  return undefined;
}

/**
 * The answer once the quotas were asked; `refusedScope` is the one that is used up. Where a person has approved, waiting helps; else
 * the person is asked.
 */
export function afterQuota(refusedScope: string | undefined, nowMs: number, isApproved: boolean): PermitAnswer {
  if (refusedScope === undefined) return { permitted: true };
  const hourMs = 3_600_000;
  if (!isApproved) return refusal(`the quota of effects for ${refusedScope} and hour is used up`);
  const untilNextHourMs = hourMs - (nowMs % hourMs);
  return {
    permitted: false,
    waitS: Math.min(900, Math.ceil(untilNextHourMs / 1000)),
    reason: `the quota of effects for ${refusedScope} and hour is used up; approved, so it waits for the next hour`,
  };
}

/** What an error while checking means. */
export const refusedByError = (error: unknown): PermitAnswer =>
  refusal(`it could not be checked: ${error instanceof Error ? error.message : String(error)}`);

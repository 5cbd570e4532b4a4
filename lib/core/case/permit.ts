/** May this effect happen now? Deny by default: whatever cannot be checked is a no, and a person is asked. */
import type { CaseRecord } from '../../contracts/case.ts';

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
export interface PermitFacts {
  readonly nowMs: number;
  readonly record: CaseRecord;
  readonly stopReasons: readonly string[];
  /** When the asset was last heard. */
  readonly lastReceivedMs: number | undefined;
  /** Evidence older than this is stale. */
  readonly maxAgeMs: number;
  readonly lastApprovalMs: number | undefined;
  readonly remediatorKnown: boolean;
  readonly breaker: { readonly pass: true } | { readonly pass: false; readonly waitMs: number };
}

const refusal = (...reasons: string[]): PermitAnswer => ({ permitted: false, refused: reasons });
const minutes = (ms: number): string => `${(ms / 60_000).toFixed(1)} min`;

/** The verdict on everything but the quota, which is taken last because taking it changes it. */
export function judgePermit(facts: PermitFacts): PermitAnswer | 'take-quota' {
  const { record, nowMs } = facts;
  const { proposal } = record;
  if (record.status === 'closed') return refusal('the case is closed');
  if (!proposal) return refusal('nothing is proposed');
  const reasons = facts.stopReasons.map((reason) => `stop switch: ${reason}`);
  if (!facts.remediatorKnown) reasons.push(`there is no remediator "${proposal.remediator}"`);
  if (proposal.highImpact && facts.lastApprovalMs === undefined)
    reasons.push('the action has a high impact and nobody has approved it');
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
 * A person who has just said yes has looked; otherwise the decision must be young and the asset heard of lately. A
 * silent asset gives no readings, which is what its case says.
 */
function staleness(facts: PermitFacts): string | undefined {
  const { record, nowMs, maxAgeMs, lastReceivedMs, lastApprovalMs } = facts;
  if (lastApprovalMs !== undefined && nowMs - lastApprovalMs <= maxAgeMs) return undefined;
  const ageMs = nowMs - record.openedAtMs;
  if (ageMs > maxAgeMs) return `the decision is ${minutes(ageMs)} old, at most ${minutes(maxAgeMs)} are allowed`;
  if (record.kind === 'silence' || record.kind === 'manual') return undefined;
  if (lastReceivedMs === undefined) return 'the asset has never been heard';
  const silentMs = nowMs - lastReceivedMs;
  if (silentMs > maxAgeMs)
    return `the asset was last heard ${minutes(silentMs)} ago, at most ${minutes(maxAgeMs)} are allowed`;
  return undefined;
}

/** The answer once the quota was asked. Where a person has approved, waiting helps; else the person is asked. */
export function afterQuota(taken: boolean, nowMs: number, isApproved: boolean): PermitAnswer {
  if (taken) return { permitted: true };
  const hourMs = 3_600_000;
  if (!isApproved) return refusal('the quota of effects for this asset and hour is used up');
  const untilNextHourMs = hourMs - (nowMs % hourMs);
  return {
    permitted: false,
    waitS: Math.min(900, Math.ceil(untilNextHourMs / 1000)),
    reason: 'the quota of effects for this asset and hour is used up; approved, so it waits for the next hour',
  };
}

/** What an error while checking means. */
export const refusedByError = (error: unknown): PermitAnswer =>
  refusal(`it could not be checked: ${error instanceof Error ? error.message : String(error)}`);

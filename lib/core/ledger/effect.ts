/**
 * An effect's life, as pure transitions: `PENDING → IN_PROGRESS → SUCCEEDED | FAILED | UNKNOWN`. Each returns the next
 * state or says why not; the store writes it on the condition that nothing changed since the state was read.
 *
 * Two things keep an effect single. A stale lease becomes UNKNOWN and is never claimed again, and only the holder of
 * the attempt may finish it, so a late finisher changes nothing. UNKNOWN is left only by an answer of the endpoint, or by
 * the word of a person.
 */
import { type Effect, ledgerVersion } from '../../contracts/ledger.ts';
import type { RemediationOutcome } from '../../contracts/remediation.ts';
import { hashOf, sha256 } from '../audit/canonical.ts';

/** How long an attempt holds an effect. A call may only be sent while its whole timeout fits into what is left. */
export const leaseMs = 45_000;
/** Times that an endpoint may ask to come back later before the effect counts as failed. */
export const maxDeferrals = 8;
/** The effect counts as failed, too, when the next try would come later than this after it was asked for. */
export const maxDeferringMs = 3_600_000;
/** Reconciliations without an answer after which only a person can decide. */
export const maxReconciliations = 12;
/** The sweeper looks again after this at what it can do nothing about. */
const putOffMs = 3_600_000;
/** An effect that nobody touched for this long is swept. */
const sweepAfterMs = 60_000;

/** Key of an effect: the same case, action, target and ordinal are the same effect, whenever and however often asked. */
export const effectKeyOf = (caseId: string, action: string, target: string, ordinal: number): string =>
  hashOf(['effect', ledgerVersion, caseId, action, target, ordinal]);

export type Refusal =
  | 'in-flight'
  | 'expired'
  | 'final'
  | 'unknown'
  | 'not-yet'
  | 'not-holder'
  | 'not-unknown'
  | 'reconciling'
  | 'superseded'
  | 'not-expired';

export type Transition = { readonly next: Effect } | { readonly refused: Refusal };

/** What an effect is made of. */
export type EffectDraft = Pick<
  Effect,
  | 'effectKey'
  | 'caseId'
  | 'asset'
  | 'action'
  | 'target'
  | 'remediator'
  | 'inverse'
  | 'ordinal'
  | 'generation'
  | 'request'
>;

export function newEffect(draft: EffectDraft, nowMs: number): Effect {
  return {
    v: ledgerVersion,
    ...draft,
    requestHash: sha256(draft.request),
    status: 'PENDING',
    fence: 0,
    deferrals: 0,
    reconciliations: 0,
    notBeforeMs: 0,
    superseded: false,
    completed: false,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
    version: 0,
  };
}

const step = (effect: Effect, nowMs: number, change: Partial<Effect>): Transition => ({
  next: { ...effect, ...change, updatedAtMs: Math.max(nowMs, effect.updatedAtMs), version: effect.version + 1 },
});

const isFinal = (effect: Effect): boolean => effect.status === 'SUCCEEDED' || effect.status === 'FAILED';
const leaseRuns = (effect: Effect, nowMs: number): boolean => (effect.attempt?.leaseUntilMs ?? 0) > nowMs;

/** PENDING → IN_PROGRESS for one attempt. Never from any other state. */
export function claim(effect: Effect, attemptId: string, nowMs: number): Transition {
  if (effect.superseded) return { refused: 'superseded' };
  if (isFinal(effect)) return { refused: 'final' };
  if (effect.status === 'UNKNOWN') return { refused: 'unknown' };
  if (effect.status === 'IN_PROGRESS') return { refused: leaseRuns(effect, nowMs) ? 'in-flight' : 'expired' };
  if (nowMs < effect.notBeforeMs) return { refused: 'not-yet' };
  const fence = effect.fence + 1;
  return step(effect, nowMs, {
    status: 'IN_PROGRESS',
    fence,
    attempt: { attemptId, fence, leaseUntilMs: nowMs + leaseMs },
  });
}

/**
 * IN_PROGRESS → SUCCEEDED, FAILED or UNKNOWN, by the attempt's holder only.
 * @param notBeforeMs for UNKNOWN: the endpoint wants to be left alone until then
 */
export function finish(
  effect: Effect,
  attemptId: string,
  outcome: RemediationOutcome,
  nowMs: number,
  notBeforeMs = 0,
): Transition {
  if (effect.status !== 'IN_PROGRESS' || effect.attempt?.attemptId !== attemptId) return { refused: 'not-holder' };
  return step(effect, nowMs, { status: outcome.status, outcome, attempt: undefined, notBeforeMs });
}

/** IN_PROGRESS → PENDING: the endpoint proved that nothing happened and asked to come back later. */
export function defer(effect: Effect, attemptId: string, notBeforeMs: number, nowMs: number): Transition {
  if (effect.status !== 'IN_PROGRESS' || effect.attempt?.attemptId !== attemptId) return { refused: 'not-holder' };
  return step(effect, nowMs, {
    status: 'PENDING',
    attempt: undefined,
    deferrals: effect.deferrals + 1,
    notBeforeMs,
  });
}

/** IN_PROGRESS → UNKNOWN once the lease is over: whether the call was sent is not known. */
export function expire(effect: Effect, nowMs: number, outcome: RemediationOutcome): Transition {
  if (effect.status !== 'IN_PROGRESS' || leaseRuns(effect, nowMs)) return { refused: 'not-expired' };
  return step(effect, nowMs, { status: 'UNKNOWN', outcome, attempt: undefined });
}

/** Takes the right to reconcile an UNKNOWN: one at a time, so that at most one call for a key is on its way. */
export function beginReconcile(effect: Effect, attemptId: string, nowMs: number): Transition {
  if (effect.status !== 'UNKNOWN') return { refused: 'not-unknown' };
  if (leaseRuns(effect, nowMs)) return { refused: 'reconciling' };
  if (nowMs < effect.notBeforeMs) return { refused: 'not-yet' };
  const fence = effect.fence + 1;
  return step(effect, nowMs, { fence, attempt: { attemptId, fence, leaseUntilMs: nowMs + leaseMs } });
}

/** UNKNOWN → SUCCEEDED or FAILED by an answer, or UNKNOWN still, to be asked again after `notBeforeMs`. */
export function endReconcile(
  effect: Effect,
  attemptId: string,
  outcome: RemediationOutcome,
  notBeforeMs: number,
  nowMs: number,
): Transition {
  if (effect.status !== 'UNKNOWN' || effect.attempt?.attemptId !== attemptId) return { refused: 'not-holder' };
  const open = outcome.status === 'UNKNOWN';
  return step(effect, nowMs, {
    status: outcome.status,
    outcome,
    attempt: undefined,
    ...(open && { reconciliations: effect.reconciliations + 1, notBeforeMs }),
  });
}

/** UNKNOWN → SUCCEEDED or FAILED by the word of a person who has looked, where no answer of the endpoint tells. */
export function decide(effect: Effect, outcome: RemediationOutcome, nowMs: number): Transition {
  if (effect.status !== 'UNKNOWN') return { refused: 'not-unknown' };
  // Whoever is asking the endpoint right now may learn it first-hand.
  if (leaseRuns(effect, nowMs)) return { refused: 'reconciling' };
  return step(effect, nowMs, { status: outcome.status, outcome, attempt: undefined });
}

/**
 * Puts off the next look of the sweeper at an UNKNOWN that it can do nothing about: the flow or a person is at it, and
 * one that waits must not keep the sweeper from others.
 */
export function putOff(effect: Effect, nowMs: number): Transition {
  if (effect.status !== 'UNKNOWN') return { refused: 'not-unknown' };
  if (leaseRuns(effect, nowMs)) return { refused: 'reconciling' };
  return step(effect, nowMs, { sweepAfterMs: nowMs + putOffMs });
}

/** Everything after the outcome is done: the sweeper need not look again. */
export function complete(effect: Effect, nowMs: number): Transition {
  if (!isFinal(effect)) return { refused: 'unknown' };
  if (effect.completed) return { refused: 'final' };
  return step(effect, nowMs, { completed: true });
}

/** When the sweeper should look at it, or `undefined` when nothing is left to do without a person. */
export function dueAtMs(effect: Effect): number | undefined {
  switch (effect.status) {
    case 'IN_PROGRESS':
      return effect.attempt?.leaseUntilMs ?? effect.updatedAtMs;
    case 'UNKNOWN':
      if (effect.reconciliations >= maxReconciliations) return undefined;
      // The case's flow comes first: it may send again, where a sweep can only ask and would use up what the flow has left.
      return Math.max(
        Math.max(effect.notBeforeMs, effect.updatedAtMs) + sweepAfterMs,
        effect.attempt?.leaseUntilMs ?? 0,
        effect.sweepAfterMs ?? 0,
      );
    case 'PENDING':
      // Nothing was sent, and only the case's flow, with its guards, may send it.
      return undefined;
    default:
      return effect.completed ? undefined : effect.updatedAtMs + sweepAfterMs;
  }
}

/** Whether a person's later yes may replace this effect by one with a higher ordinal: never while it is on its way. */
export const mayBeSuperseded = (effect: Effect, generation: number, nowMs: number): boolean =>
  generation > effect.generation &&
  (isFinal(effect) || effect.status === 'PENDING' || (effect.status === 'UNKNOWN' && !leaseRuns(effect, nowMs)));

/** Written before the next ordinal is created, so that no reconciler sends this one's bytes again afterwards. */
export function supersede(effect: Effect, generation: number, nowMs: number): Transition {
  if (!mayBeSuperseded(effect, generation, nowMs)) return { refused: 'in-flight' };
  return step(effect, nowMs, { superseded: true });
}

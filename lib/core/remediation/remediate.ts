/**
 * One effect, carried out so that it happens at most once: claim in the ledger → announce in the audit → check the stop
 * switch → call → outcome in the ledger → outcome in the audit. Whatever step a crash leaves undone, the next run or
 * the reconciler completes it.
 */
import type { CaseRecord } from '../../contracts/case.ts';
import type { Effect } from '../../contracts/ledger.ts';
import type { EffectStatus } from '../../contracts/remediation.ts';
import { ConflictError, GroundcrewError, InvalidInputError } from '../errors.ts';
import { claim, defer, expire, finish, maxDeferrals, maxDeferringMs, type Transition } from '../ledger/effect.ts';
import { EffectPayloadError, ensureEffect } from './order.ts';
import { caseChain, outcomeOf, recordOutcome } from './outcome.ts';
import type { Passing, RemediationPorts } from './ports.ts';
import type { CallResult } from './remediator.ts';

/** Wall time that a call may take; it fits into the lease with room for what follows. */
export const callTimeoutMs = 12_000;
/** The stop switch as read may be at most this old when the call is sent. */
export const stopReadMaxAgeMs = 1_000;
const sendMarginMs = 10_000;
const maxSteps = 8;

export interface RemediationAnswer {
  readonly status: 'SUCCEEDED' | 'FAILED' | 'UNKNOWN';
  readonly effectKey: string;
  /** When to ask again, wall clock; 0 where nothing is left to ask. */
  readonly waitS: number;
  /** Nothing but a person can tell any more. */
  readonly exhausted?: boolean;
  readonly message: string;
}

/** A check before the call that failed is made again after so long. */
const recheckMs = 1_000;

/** The evidence has grown too old on the way to the endpoint: nothing was sent. */
export class StaleEvidenceError extends GroundcrewError {
  readonly retryable = false;
  readonly fault = 'caller' as const;
}

/** The stop switch is on, or could not be read: nothing was sent. */
export class StoppedError extends GroundcrewError {
  readonly retryable = false;
  readonly fault = 'caller' as const;
}

/** Carries out the case's proposal (or its inverse) once, or says how far it is. */
export async function remediate(
  ports: RemediationPorts,
  input: { readonly caseId: string; readonly inverse: boolean },
): Promise<RemediationAnswer> {
  const record = await ports.loadCase(input.caseId);
  const effect = await ensureEffect(ports, record, input.inverse).catch(async (error: unknown) => {
    if (error instanceof EffectPayloadError) await refuse(ports, record, error.message);
    throw error;
  });
  const acting = await ports.changeCase(input.caseId, (now) => {
    if (now.status === 'closed') return now;
    const effectKeys = now.effectKeys.includes(effect.effectKey)
      ? now.effectKeys
      : [...now.effectKeys, effect.effectKey].slice(-32);
    if (effectKeys === now.effectKeys && now.status !== 'open' && now.status !== 'in-review') return now;
    return { ...now, status: 'acting', effectKeys };
  });
  if (acting.status === 'closed')
    throw new InvalidInputError(`case ${input.caseId} is closed: nothing more is done for it`, { code: 'case-closed' });
  return await drive(ports, acting, effect);
}

/** Takes an effect as far as it goes without asking the endpoint about an UNKNOWN. */
export async function drive(ports: RemediationPorts, record: CaseRecord, effect: Effect): Promise<RemediationAnswer> {
  let now = effect;
  for (let step = 0; step < maxSteps; step += 1) {
    switch (now.status) {
      case 'SUCCEEDED':
      case 'FAILED':
        await recordOutcome(ports, record, now);
        return answer(now, ports.now());
      case 'UNKNOWN':
        if (now.reconciliations === 0) await recordOutcome(ports, record, now);
        return answer(now, ports.now());
      case 'PENDING': {
        const passing = await mayCall(ports, now);
        if (!passing.pass) return waiting(now, passing.waitMs);
        const attemptId = ports.newAttemptId();
        const claimed = await move(ports, now, (at) => claim(now, attemptId, at));
        if (claimed === 'not-yet') return answer(now, ports.now());
        if (typeof claimed === 'object') {
          await attemptOnce(ports, record, claimed, attemptId);
        }
        break;
      }
      case 'IN_PROGRESS': {
        const lost = outcomeOf(
          now,
          {
            status: 'UNKNOWN',
            message: 'whoever held the lease did not report: whether the call was sent is not known',
          },
          ports.now(),
          undefined,
        );
        const expired = await move(ports, now, (at) => expire(now, at, lost));
        if (expired === 'not-expired') return answer(now, ports.now());
        break;
      }
    }
    now = await reread(ports, now);
  }
  throw new ConflictError(`effect ${effect.effectKey} changes hands too fast`, { code: 'ledger-conflict' });
}

/** Asks the breaker. Where it cannot be read nothing is sent, and the error goes to whoever asked. */
export async function mayCall(ports: RemediationPorts, effect: Effect): Promise<Passing> {
  return await ports.mayCall(ports.remediator(effect.remediator).declared.endpoint, effect.caseId);
}

/** Nothing is sent while the breaker is open. */
export const waiting = (effect: Effect, waitMs: number): RemediationAnswer => ({
  status: 'UNKNOWN',
  effectKey: effect.effectKey,
  waitS: Math.min(900, Math.max(1, Math.ceil(waitMs / 1000))),
  message: `${effect.action} ${effect.target} waits: the endpoint failed too often of late`,
});

/** Claimed: announce, check, call, and write down in the ledger what came of it. */
async function attemptOnce(
  ports: RemediationPorts,
  record: CaseRecord,
  effect: Effect,
  attemptId: string,
): Promise<void> {
  await announce(ports, record, effect);
  const result = await guardedSend(ports, effect);
  const notBeforeMs =
    ports.now() +
    pauseMs(effect.deferrals, result.status === 'DEFERRED' ? result.retryAfterMs : undefined, ports.random);
  const inTime = effect.deferrals < maxDeferrals && notBeforeMs < effect.createdAtMs + maxDeferringMs;
  if (result.status === 'DEFERRED' && inTime) {
    const moved = await move(ports, effect, (at) => defer(effect, attemptId, notBeforeMs, at));
    if (typeof moved === 'object')
      await ports.audit({
        chain: caseChain(effect.caseId),
        type: 'effect-deferred',
        key: [effect.effectKey, String(effect.fence)],
        correlationId: record.correlationId,
        body: { effectKey: effect.effectKey, fence: effect.fence, notBeforeMs, message: result.message },
      });
    await report(ports, effect, result);
    return;
  }
  const final: Exclude<CallResult, { status: 'DEFERRED' }> =
    result.status === 'DEFERRED'
      ? { status: 'FAILED', provenNotExecuted: true, message: `gave up after ${effect.fence} tries: ${result.message}` }
      : result;
  const after = await ports.newestReading(effect.asset).catch(() => undefined);
  const outcome = outcomeOf(effect, final, ports.now(), after);
  const askedMs = final.status === 'UNKNOWN' ? final.retryAfterMs : undefined;
  const untilMs = askedMs === undefined ? 0 : ports.now() + askedMs;
  // When this is refused the lease has run out and somebody made it UNKNOWN: a late finisher changes nothing.
  await move(ports, effect, (at) => finish(effect, attemptId, outcome, at, untilMs));
  await report(ports, effect, result);
  if (final.status === 'FAILED' && final.conflict)
    await refuse(ports, record, `The endpoint knows key ${effect.effectKey} with another payload.`);
}

/** Announces an attempt in the case's chain. */
export async function announce(ports: RemediationPorts, record: CaseRecord, effect: Effect): Promise<void> {
  await ports.audit({
    chain: caseChain(effect.caseId),
    type: 'effect-announced',
    key: [effect.effectKey, String(effect.fence)],
    correlationId: record.correlationId,
    body: {
      effectKey: effect.effectKey,
      action: effect.action,
      target: effect.target,
      ordinal: effect.ordinal,
      fence: effect.fence,
      inverse: effect.inverse,
      remediator: effect.remediator,
      requestHash: effect.requestHash,
    },
  });
}

/** Sends the stored bytes unless the evidence is stale or the stop switch is on. Never throws: what is not known is UNKNOWN. */
export async function guardedSend(ports: RemediationPorts, effect: Effect): Promise<CallResult> {
  let cleared = false;
  const beforeSend = async (): Promise<void> => {
    const stale = await ports.staleReason(effect);
    if (stale !== undefined) throw new StaleEvidenceError(stale, { code: 'stale' });
    // Last of all, because it may be only a second old.
    await checkStop(ports, effect);
    cleared = true;
  };
  try {
    const { open } = ports.remediator(effect.remediator);
    return await open.send(
      { effectKey: effect.effectKey, body: effect.request },
      { timeoutMs: callTimeoutMs, beforeSend },
    );
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (cleared) return { status: 'UNKNOWN', message: `the call broke off: ${message}` };
    // A check that could not be made is made again a little later; only where it goes on failing is a person asked.
    const isRefusal = error instanceof GroundcrewError && !error.retryable;
    if (!isRefusal)
      return { status: 'DEFERRED', message: `not sent: ${message}`, retryAfterMs: recheckMs, unasked: true };
    return { status: 'FAILED', provenNotExecuted: true, message: `not sent: ${message}` };
  }
}

async function checkStop(ports: RemediationPorts, effect: Effect): Promise<void> {
  for (let read = 0; read < 3; read += 1) {
    const startedMs = ports.elapsedMs();
    const reasons = await ports.stopReasons(effect.asset);
    if (reasons.length > 0) throw new StoppedError(`the stop switch is on: ${reasons.join('; ')}`, { code: 'stopped' });
    if ((effect.attempt?.leaseUntilMs ?? 0) < ports.now() + callTimeoutMs + sendMarginMs)
      throw new StoppedError('too little of the lease is left to send the call', { code: 'lease-short' });
    if (ports.elapsedMs() - startedMs <= stopReadMaxAgeMs) return;
  }
  throw new StoppedError('the stop switch could not be read within a second', { code: 'stop-read-slow' });
}

/** The breaker is an aid: failing to tell it must not fail an effect that is recorded already. */
export async function report(ports: RemediationPorts, effect: Effect, result: CallResult): Promise<void> {
  if (result.status === 'DEFERRED' && result.unasked) return;
  const bad = (result.status === 'UNKNOWN' || result.status === 'DEFERRED') && !result.endpointWell;
  if (result.status === 'FAILED' && result.httpStatus === undefined) return;
  const { endpoint } = ports.remediator(effect.remediator).declared;
  await ports.reportEndpoint(endpoint, !bad).catch(() => undefined);
}

/** Writes a transition; gives the new state, why it was refused, or `lost` when somebody was faster. */
export async function move(
  ports: RemediationPorts,
  from: Effect,
  transition: (atMs: number) => Transition,
): Promise<Effect | Extract<Transition, { refused: unknown }>['refused'] | 'lost'> {
  const to = transition(ports.now());
  if ('refused' in to) return to.refused;
  return (await ports.ledger.replace(from, to.next)) ? to.next : 'lost';
}

/** The effect as it stands now. */
export async function reread(ports: RemediationPorts, effect: Effect): Promise<Effect> {
  return (await ports.ledger.get(effect.effectKey)) ?? effect;
}

const shown: Record<EffectStatus, RemediationAnswer['status']> = {
  PENDING: 'UNKNOWN',
  IN_PROGRESS: 'UNKNOWN',
  UNKNOWN: 'UNKNOWN',
  SUCCEEDED: 'SUCCEEDED',
  FAILED: 'FAILED',
};

/** What the flow is told. */
export function answer(effect: Effect, nowMs: number): RemediationAnswer {
  const status = shown[effect.status];
  const untilMs = Math.max(effect.notBeforeMs, effect.attempt?.leaseUntilMs ?? 0);
  return {
    status,
    effectKey: effect.effectKey,
    waitS: status === 'UNKNOWN' ? Math.min(900, Math.max(1, Math.ceil((untilMs - nowMs) / 1000))) : 0,
    message: effect.outcome?.message ?? `${effect.action} ${effect.target} is ${effect.status}`,
  };
}

/** Full jitter over a doubling bound, never before the endpoint's own wish. */
export const pauseMs = (times: number, askedMs: number | undefined, random: () => number): number =>
  Math.max(askedMs ?? 0, Math.round(500 + random() * Math.min(60_000, 1_000 * 2 ** Math.min(times, 10))));

async function refuse(ports: RemediationPorts, record: CaseRecord, reason: string): Promise<void> {
  await ports.audit({
    chain: caseChain(record.caseId),
    type: 'effect-refused',
    key: [record.caseId, record.proposalHash ?? '', reason],
    correlationId: record.correlationId,
    body: { reason },
  });
  await note(ports, record.caseId, reason);
}

async function note(ports: RemediationPorts, caseId: string, text: string): Promise<void> {
  await ports.changeCase(caseId, (now) =>
    now.status === 'closed' || now.note?.includes(text)
      ? now
      : { ...now, note: [now.note, text].filter(Boolean).join('\n').slice(0, 2000) },
  );
}

/** What follows an outcome: audit, holds, bus, case, and the mark that all is done. Each step may be repeated. */
import type { CaseRecord } from '../../contracts/case.ts';
import type { Effect } from '../../contracts/ledger.ts';
import { type RemediationOutcome, remediationVersion } from '../../contracts/remediation.ts';
import { makeEvent } from '../events.ts';
import { complete } from '../ledger/effect.ts';
import type { RemediationPorts } from './ports.ts';
import type { CallResult } from './remediator.ts';

const eventOf = {
  SUCCEEDED: 'RemediationSucceeded',
  FAILED: 'RemediationFailed',
  UNKNOWN: 'RemediationUnknown',
} as const;

/** The chain of a case. */
export const caseChain = (caseId: string): string => `case#${caseId}`;

/** The outcome that a result means for an effect. DEFERRED is no outcome. */
export function outcomeOf(
  effect: Effect,
  result: Exclude<CallResult, { status: 'DEFERRED' }>,
  atMs: number,
  after: RemediationOutcome['after'],
): RemediationOutcome {
  return {
    v: remediationVersion,
    effectKey: effect.effectKey,
    caseId: effect.caseId,
    status: result.status,
    provenNotExecuted: result.status === 'FAILED' && result.provenNotExecuted,
    ...(result.httpStatus !== undefined && { httpStatus: result.httpStatus }),
    ...(result.status === 'SUCCEEDED' &&
      result.reference !== undefined && { reference: result.reference.slice(0, 256) }),
    message: result.message.slice(0, 1000),
    atMs,
    ...(after && { after }),
  };
}

/**
 * Records an outcome that stands in the ledger everywhere else. Safe to repeat: the audit recognises the fact, events
 * keep their id, holds and the case are set rather than added to.
 */
export async function recordOutcome(ports: RemediationPorts, record: CaseRecord, effect: Effect): Promise<void> {
  const { outcome } = effect;
  if (!outcome || effect.completed) return;
  const about = { action: effect.action, target: effect.target };
  await ports.audit({
    chain: caseChain(effect.caseId),
    type: 'effect-outcome',
    key: [effect.effectKey, String(effect.fence), outcome.status],
    correlationId: record.correlationId,
    body: { ...about, fence: effect.fence, ordinal: effect.ordinal, outcome },
  });
  if (outcome.status === 'SUCCEEDED') await setHolds(ports, record, effect);
  await ports.publish(
    makeEvent(
      eventOf[outcome.status],
      { caseId: effect.caseId, asset: effect.asset, kind: record.kind, atMs: outcome.atMs, outcome, ...about },
      {
        atMs: outcome.atMs,
        correlationId: record.correlationId,
        subject: effect.caseId,
        key: `${effect.effectKey}/${effect.fence}/${outcome.status}`,
      },
    ),
  );
  await ports.changeCase(effect.caseId, (now) => afterOutcome(now, effect, outcome));
  if (outcome.status === 'UNKNOWN') return;
  const done = complete(effect, ports.now());
  // Losing this write to another reconciler is as good as doing it.
  if ('next' in done) await ports.ledger.replace(effect, done.next);
}

function afterOutcome(record: CaseRecord, effect: Effect, outcome: RemediationOutcome): CaseRecord {
  if (record.status === 'closed') return record;
  const ticket = record.ticket ?? outcome.reference;
  const status = outcome.status === 'SUCCEEDED' && !effect.inverse ? 'verifying' : record.status;
  if (ticket === record.ticket && status === record.status) return record;
  return { ...record, status, ...(ticket !== undefined && { ticket }) };
}

async function setHolds(ports: RemediationPorts, record: CaseRecord, effect: Effect): Promise<void> {
  const { proposal } = record;
  if (!proposal) return;
  if (effect.inverse) {
    await ports.changeHolds(effect.asset, { remove: { caseId: effect.caseId, action: proposal.action } });
    return;
  }
  // Without an inverse (a ticket) nothing of the asset is held in another state.
  if (!proposal.inverse && proposal.expectedChannels.length === 0) return;
  await ports.changeHolds(effect.asset, {
    add: {
      caseId: effect.caseId,
      action: effect.action,
      target: effect.target,
      expectedChannels: proposal.expectedChannels,
      effectKey: effect.effectKey,
      sinceMs: effect.outcome?.atMs ?? ports.now(),
    },
  });
}

/** From a case to the effect that carries out its proposal: which key, which bytes. */
import type { CaseRecord } from '../../contracts/case.ts';
import type { Effect } from '../../contracts/ledger.ts';
import {
  type Proposal,
  type RemediationRequest,
  remediationRequest,
  remediationVersion,
} from '../../contracts/remediation.ts';
import { canonical, hashOf } from '../audit/canonical.ts';
import { ConflictError, InvalidInputError } from '../errors.ts';
import { effectKeyOf, leaseMs, mayBeSuperseded, newEffect, supersede } from '../ledger/effect.ts';
import type { RemediationPorts } from './ports.ts';

/** The stored bytes of an effect are not those of the same key now: the proposal changed without a new yes. */
export class EffectPayloadError extends InvalidInputError {}

const maxOrdinals = 64;

/** Hash that an approval is bound to. */
export const proposalHashOf = (proposal: Proposal): string => hashOf(proposal);

/** The proposal as it is to be carried out: itself, or its inverse. */
export function orderedAction(record: CaseRecord, inverse: boolean): { proposal: Proposal; action: string } {
  const { proposal } = record;
  if (!proposal)
    throw new InvalidInputError(`case ${record.caseId} has no proposal to carry out`, { code: 'no-proposal' });
  if (!inverse) return { proposal, action: proposal.action };
  if (!proposal.inverse)
    throw new InvalidInputError(`case ${record.caseId}: nothing undoes ${proposal.action}`, { code: 'no-inverse' });
  return { proposal, action: proposal.inverse };
}

/** Finds or creates the effect for what is asked now. Repeats find the same one. */
export async function ensureEffect(ports: RemediationPorts, record: CaseRecord, inverse: boolean): Promise<Effect> {
  const { proposal, action } = orderedAction(record, inverse);
  const generation = await ports.approvals(record.caseId);
  for (let ordinal = 0; ordinal < maxOrdinals; ordinal += 1) {
    const effectKey = effectKeyOf(record.caseId, action, proposal.target, ordinal);
    let stands = await ports.ledger.get(effectKey);
    if (!stands) {
      const request = canonical(requestOf(record, proposal, action, effectKey));
      const draft = newEffect(
        {
          effectKey,
          caseId: record.caseId,
          asset: record.asset,
          action,
          target: proposal.target,
          remediator: proposal.remediator,
          inverse,
          ordinal,
          generation,
          request,
        },
        ports.now(),
      );
      const notBeforeMs = inverse ? await sendDeadlineMs(ports, record.caseId, proposal) : 0;
      stands = await ports.ledger.create({ ...draft, notBeforeMs });
    }
    if (stands.superseded) continue;
    if (mayBeSuperseded(stands, generation, ports.now())) {
      const step = supersede(stands, generation, ports.now());
      if ('next' in step && (await ports.ledger.replace(stands, step.next))) {
        await ports.audit({
          chain: `case#${record.caseId}`,
          type: 'effect-superseded',
          key: [effectKey],
          correlationId: record.correlationId,
          body: { effectKey, ordinal, generation, status: stands.status },
        });
        continue;
      }
      throw new ConflictError(`effect ${effectKey} changed meanwhile`, { code: 'ledger-conflict' });
    }
    const request = canonical(requestOf(record, proposal, action, effectKey));
    if (stands.request !== request)
      throw new EffectPayloadError(
        `effect ${effectKey} of case ${record.caseId} was created with another payload: the proposal changed without a new approval`,
        { code: 'effect-payload-changed' },
      );
    return stands;
  }
  throw new InvalidInputError(`case ${record.caseId} asked for ${action} ${maxOrdinals} times`, {
    code: 'too-many-ordinals',
  });
}

/**
 * Until when a call of what is to be undone may still reach the endpoint. Endpoints ignore fences, so a late arrival
 * after its undoing would stand: undoing waits for it. Every attempt began before its outcome was written and ends with
 * its lease.
 */
async function sendDeadlineMs(ports: RemediationPorts, caseId: string, { action, target }: Proposal): Promise<number> {
  let deadlineMs = 0;
  for (let ordinal = 0; ordinal < maxOrdinals; ordinal += 1) {
    const undone = await ports.ledger.get(effectKeyOf(caseId, action, target, ordinal));
    if (!undone) break;
    const untilMs = undone.attempt?.leaseUntilMs ?? (undone.outcome ? undone.outcome.atMs + leaseMs : 0);
    deadlineMs = Math.max(deadlineMs, untilMs);
  }
  return deadlineMs;
}

function requestOf(record: CaseRecord, proposal: Proposal, action: string, effectKey: string): RemediationRequest {
  return remediationRequest.parse({
    v: remediationVersion,
    effectKey,
    caseId: record.caseId,
    correlationId: record.correlationId,
    asset: record.asset,
    action,
    target: proposal.target,
    parameters: proposal.parameters,
    reason: proposal.why,
  });
}

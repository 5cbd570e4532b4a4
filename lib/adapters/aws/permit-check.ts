/** Gathers what a permit is judged by: stop switch, freshness, breaker, quota, each read consistently. */
import { approvalsIn, effectiveCase, lastApprovalMs } from '../../core/case/effective.ts';
import { afterQuota, judgePermit, type PermitAnswer, refusedByError } from '../../core/case/permit.ts';
import { NotFoundError } from '../../core/errors.ts';
import { configuredRemediator } from '../remediation/configured.ts';
import { casePorts } from './case-ports.ts';
import { takeQuota } from './ledger-store.ts';
import { endpointPassage, type PermitWorld, stopReasons } from './remediation-ports.ts';

/** Never throws: what cannot be checked is refused. */
export async function permitCase(
  world: PermitWorld,
  input: { readonly caseId: string; readonly quotaPerAssetHour: number },
): Promise<PermitAnswer> {
  try {
    return await check(world, input);
  } catch (error) {
    return refusedByError(error);
  }
}

async function check(
  world: PermitWorld,
  { caseId, quotaPerAssetHour }: { readonly caseId: string; readonly quotaPerAssetHour: number },
): Promise<PermitAnswer> {
  const ports = casePorts(world);
  const reviews = await ports.reviews(caseId);
  const record = effectiveCase(await ports.loadCase(caseId), reviews);
  const state = await world.states.get(record.asset);
  if (!state) throw new NotFoundError(`there is no asset ${record.asset}`, { code: 'asset-not-found' });
  const { silenceAfterMs } = await world.documents.registration(state.registrationHash);
  const remediator = configuredRemediator(record.proposal?.remediator ?? '', world.settings);
  const approvedMs = lastApprovalMs(reviews);
  const judged = judgePermit({
    nowMs: world.now(),
    record,
    stopReasons: await stopReasons(world, record.asset),
    lastReceivedMs: state.lastReceivedMs,
    // An asset that is not silent yet is fresh enough: its owner has said how long it may say nothing.
    maxAgeMs: silenceAfterMs,
    lastApprovalMs: approvedMs,
    remediatorKnown: remediator !== undefined,
    breaker: remediator ? await endpointPassage(world, remediator.endpoint, caseId) : { pass: true },
  });
  if (judged !== 'take-quota') return judged;
  const user = `${caseId}/${approvalsIn(reviews)}`;
  const quota = { scope: `asset/${record.asset}`, limit: quotaPerAssetHour, user };
  const nowMs = world.now();
  const taken = await takeQuota({ client: world.client, table: world.ledger }, quota, nowMs);
  return afterQuota(taken, nowMs, approvedMs !== undefined);
}

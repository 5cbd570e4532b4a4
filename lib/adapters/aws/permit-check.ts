/** Gathers what a permit is judged by: stop switch, freshness, breaker, quota, each read consistently. */
import { approvalsIn, effectiveCase, standingYes } from '../../core/case/effective.ts';
import { afterQuota, judgePermit, type PermitAnswer, refusedByError } from '../../core/case/permit.ts';
import { NotFoundError } from '../../core/errors.ts';
import type { QuotaLimits } from '../../core/guard/quota.ts';
import { configuredRemediator } from '../remediation/configured.ts';
import { casePorts } from './case-ports.ts';
import { takeQuotas } from './quotas.ts';
import { endpointPassage, type PermitWorld, stopReasons } from './remediation-ports.ts';

/** Never throws: what cannot be checked is refused. */
export async function permitCase(
  world: PermitWorld,
  input: { readonly caseId: string; readonly limits: QuotaLimits },
): Promise<PermitAnswer> {
  try {
    return await check(world, input);
  } catch (error) {
    return refusedByError(error);
  }
}

async function check(
  world: PermitWorld,
  { caseId, limits }: { readonly caseId: string; readonly limits: QuotaLimits },
): Promise<PermitAnswer> {
  const ports = casePorts(world);
  const reviews = await ports.reviews(caseId);
  const record = effectiveCase(await ports.loadCase(caseId), reviews);
  const state = await world.states.get(record.asset);
  if (!state) throw new NotFoundError(`there is no asset ${record.asset}`, { code: 'asset-not-found' });
  const { silenceAfterMs, clockRate, site, zone } = await world.documents.registration(state.registrationHash);
  const remediator = configuredRemediator(record.proposal?.remediator ?? '', world.settings);
  const yes = standingYes(record, reviews);
  const judged = judgePermit({
    nowMs: world.now(),
    record,
    stopReasons: await stopReasons(world, record.asset),
    lastReceivedMs: state.lastReceivedMs,
    // An asset that is not silent yet is fresh enough: its owner has said how long it may say nothing.
    maxAgeMs: silenceAfterMs,
    clockRate,
    lastApprovalMs: yes?.atMs,
    approvedBy: yes?.people ?? 0,
    remediatorKnown: remediator !== undefined,
    breaker: remediator ? await endpointPassage(world, remediator.endpoint, caseId) : { pass: true },
  });
  if (judged !== 'take-quota') return judged;
  const user = `${caseId}/${approvalsIn(reviews)}`;
  const nowMs = world.now();
  const place = { asset: record.asset, site, zone, seenIn: record.zone };
  const refused = await takeQuotas({ client: world.client, table: world.ledger }, { place, limits, user }, nowMs);
  return afterQuota(refused, nowMs, yes !== undefined);
}

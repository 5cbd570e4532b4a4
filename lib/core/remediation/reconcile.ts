/**
 * Finding out what became of an UNKNOWN: ask the endpoint about the key where it can be asked; send the same bytes with
 * the same key again where it honours keys; else leave it to a person. One reconciliation of an effect runs at a time.
 */
import type { CaseRecord } from '../../contracts/case.ts';
import type { Effect } from '../../contracts/ledger.ts';
import { NotFoundError } from '../errors.ts';
import { beginReconcile, endReconcile, maxReconciliations, putOff } from '../ledger/effect.ts';
import { caseChain, outcomeOf, recordOutcome } from './outcome.ts';
import type { RemediationPorts } from './ports.ts';
import {
  announce,
  answer,
  callTimeoutMs,
  drive,
  guardedSend,
  mayCall,
  move,
  pauseMs,
  type RemediationAnswer,
  report,
  reread,
  waiting,
} from './remediate.ts';
import type { CallResult } from './remediator.ts';

type Finding = { readonly result: CallResult; readonly by: 'query' | 'same-key' | 'nothing' };

/**
 * Goes on with an effect whose outcome is not known.
 * @param input.maySend the case's flow asks, so what was never sent may be sent; a sweep only asks and completes
 * @throws NotFoundError for a key that the ledger does not know
 */
export async function reconcile(
  ports: RemediationPorts,
  input: { readonly effectKey: string; readonly maySend: boolean },
): Promise<RemediationAnswer> {
  const stored = await ports.ledger.get(input.effectKey);
  if (!stored) throw new NotFoundError(`the ledger knows no effect ${input.effectKey}`, { code: 'effect-not-found' });
  const record = await ports.loadCase(stored.caseId);
  // A case that a person looks at, or that is over, must not be acted upon behind their back.
  const maySend = input.maySend && record.status !== 'closed' && record.status !== 'in-review';
  if (stored.status === 'PENDING' && !maySend) return answer(stored, ports.now());
  const driven = await drive(ports, record, stored);
  if (driven.status !== 'UNKNOWN') return driven;
  const effect = await reread(ports, stored);
  if (effect.status !== 'UNKNOWN') return answer(effect, ports.now());
  if (effect.reconciliations >= maxReconciliations) return { ...answer(effect, ports.now()), exhausted: true };

  // A sweep that could only send has nothing to do, and must not use up the flow's reconciliations.
  const { declared } = ports.remediator(effect.remediator);
  if (!maySend && !declared.offers.includes('queryable')) {
    await move(ports, effect, (at) => putOff(effect, at));
    return answer(effect, ports.now());
  }

  // Questions go to the same endpoint, so they wait for its breaker as well; the sweep will come again.
  const passing = await mayCall(ports, effect);
  if (!passing.pass) return waiting(effect, passing.waitMs);
  const attemptId = ports.newAttemptId();
  const begun = await move(ports, effect, (at) => beginReconcile(effect, attemptId, at));
  if (typeof begun !== 'object') return answer(await reread(ports, effect), ports.now());
  const finding = await findOut(ports, record, begun, maySend);
  await conclude(ports, record, begun, attemptId, finding);
  const now = await reread(ports, begun);
  if (now.status !== 'UNKNOWN') await recordOutcome(ports, record, now);
  const exhausted = now.status === 'UNKNOWN' && (finding.by === 'nothing' || now.reconciliations >= maxReconciliations);
  return { ...answer(now, ports.now()), ...(exhausted && { exhausted }) };
}

async function findOut(
  ports: RemediationPorts,
  record: CaseRecord,
  effect: Effect,
  maySend: boolean,
): Promise<Finding> {
  const { declared, open } = ports.remediator(effect.remediator);
  let finding: Finding = {
    by: 'nothing',
    result: { status: 'UNKNOWN', message: 'the endpoint offers no way to tell' },
  };
  if (declared.offers.includes('queryable') && open.query) {
    const result = await open
      .query({ effectKey: effect.effectKey, body: effect.request }, { timeoutMs: callTimeoutMs })
      .catch((error: unknown): CallResult => ({ status: 'UNKNOWN', message: `asking failed: ${error}` }));
    // A holder of the breaker's probe says what it found by asking, too.
    if (result) await report(ports, effect, result);
    if (result && (result.status !== 'UNKNOWN' || result.endpointWell)) return { by: 'query', result };
    finding = { by: 'query', result: result ?? { status: 'UNKNOWN', message: 'the endpoint cannot tell' } };
  }
  const isRepeatable = declared.offers.includes('keyed') || declared.offers.includes('naturally-idempotent');
  const isKept = ports.now() - effect.createdAtMs < declared.keyRetentionMs;
  if (!maySend || !isRepeatable || !isKept || effect.superseded) return finding;
  await announce(ports, record, effect);
  const result = await guardedSend(ports, effect);
  await report(ports, effect, result);
  // A refusal of this sending proves nothing about the first one; only success is an answer to both.
  if (result.status === 'SUCCEEDED') return { by: 'same-key', result };
  const { message, httpStatus } = result;
  const retryAfterMs = 'retryAfterMs' in result ? result.retryAfterMs : undefined;
  return {
    by: 'same-key',
    result: {
      status: 'UNKNOWN',
      message,
      ...(httpStatus !== undefined && { httpStatus }),
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    },
  };
}

async function conclude(
  ports: RemediationPorts,
  record: CaseRecord,
  effect: Effect,
  attemptId: string,
  { result, by }: Finding,
): Promise<void> {
  const settled: Exclude<CallResult, { status: 'DEFERRED' }> =
    result.status === 'DEFERRED' ? { status: 'UNKNOWN', message: result.message } : result;
  const after = await ports.newestReading(effect.asset).catch(() => undefined);
  const outcome = outcomeOf(effect, settled, ports.now(), after);
  const asked = 'retryAfterMs' in result ? result.retryAfterMs : undefined;
  const notBeforeMs = ports.now() + pauseMs(effect.reconciliations, asked, ports.random);
  const moved = await move(ports, effect, (at) => endReconcile(effect, attemptId, outcome, notBeforeMs, at));
  if (typeof moved !== 'object') return;
  await ports.audit({
    chain: caseChain(effect.caseId),
    type: 'effect-reconciled',
    key: [effect.effectKey, String(effect.fence)],
    correlationId: record.correlationId,
    body: { effectKey: effect.effectKey, by, fence: effect.fence, outcome },
  });
}

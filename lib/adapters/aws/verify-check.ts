/** Gathers what a verification is judged by, and records the verdict. */

import type { CaseRecord } from '../../contracts/case.ts';
import type { Effect } from '../../contracts/ledger.ts';
import { effectiveCase } from '../../core/case/effective.ts';
import { judgeVerification, type VerifyJudgement, type VerifyResult } from '../../core/case/verify.ts';
import { NotFoundError } from '../../core/errors.ts';
import { makeEvent } from '../../core/events.ts';
import type { Documents } from '../../core/ingest/documents.ts';
import type { StateStore } from '../../core/ingest/ports.ts';
import { type Packs, packOf } from '../../core/pack.ts';
import { readWindow } from '../../core/window/read-window.ts';
import type { WindowStore } from '../../core/window/window-store.ts';
import { type CaseWorld, casePorts } from './case-ports.ts';
import { getEffect } from './ledger-store.ts';

export interface VerificationWorld extends CaseWorld {
  readonly ledger: string;
  readonly states: StateStore;
  readonly documents: Documents;
  readonly windows: WindowStore;
}

export interface VerifyAnswer {
  readonly result: VerifyResult;
  readonly waitS: number;
  readonly rows: number;
  /** Whether the remedy states a test at all. */
  readonly verifiable: boolean;
}

/** Rows that are looked at; a pack's test wants the newest of them. */
const maxRows = 4096;

/** Judges an effect. A final verdict is audited once, and asked again the first one stands. */
export async function verifyEffect(
  world: VerificationWorld,
  packs: Packs,
  input: { readonly caseId: string; readonly effectKey: string },
): Promise<VerifyAnswer> {
  const ports = casePorts(world);
  const record = effectiveCase(await ports.loadCase(input.caseId), await ports.reviews(input.caseId));
  const effect = await getEffect({ client: world.client, table: world.ledger }, input.effectKey);
  if (!effect || effect.caseId !== input.caseId)
    throw new NotFoundError(`case ${input.caseId} has no effect ${input.effectKey}`, { code: 'effect-not-found' });
  const judgement = await judge(world, packs, record, effect);
  const verifiable = judgement !== undefined;
  const { result, waitS, rows } = judgement ?? { result: 'unknown' as const, waitS: 0, rows: 0 };
  if (result === 'not-yet') return { result, waitS, rows, verifiable };
  const entry = await ports.audit({
    chain: `case#${input.caseId}`,
    type: 'effect-verified',
    key: [input.effectKey],
    correlationId: record.correlationId,
    body: { effectKey: input.effectKey, result, rows, verifiable },
  });
  const stands = entry.body.result as Exclude<VerifyResult, 'not-yet'>;
  await ports.publish(
    makeEvent(
      'EffectVerified',
      { caseId: record.caseId, asset: record.asset, kind: record.kind, atMs: entry.at, result: stands, rows },
      { atMs: entry.at, correlationId: record.correlationId, subject: record.caseId, key: input.effectKey },
    ),
  );
  return { result: stands, waitS: 0, rows, verifiable };
}

/** `undefined` where there is no test: an inverse, a ticket, a pack without a judge, an asset without calibration. */
async function judge(
  world: VerificationWorld,
  packs: Packs,
  record: CaseRecord,
  effect: Effect,
): Promise<VerifyJudgement | undefined> {
  const { proposal } = record;
  const { outcome } = effect;
  if (!proposal?.verification || effect.inverse || !outcome?.after) return undefined;
  const state = await world.states.get(record.asset);
  if (!state?.calibrationHash) return undefined;
  const registration = await world.documents.registration(state.registrationHash);
  const calibration = await world.documents.calibration(state.calibrationHash);
  const pack = await packOf(packs, registration.pack);
  if (!pack?.judgeRecovery) return undefined;
  const sinceMs = Math.max(1, (state.lastEventMs ?? outcome.after.atMs) - outcome.after.atMs);
  const window = await readWindow(world.windows, state, { channels: calibration.channels, maxMs: sinceMs, maxRows });
  return judgeVerification({
    window,
    boots: state.boots.map(({ bootId }) => bootId),
    proposal,
    outcome,
    calibration,
    clockRate: registration.clockRate,
    nowMs: world.now(),
    judge: pack.judgeRecovery,
  });
}

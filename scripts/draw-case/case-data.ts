/** Everything that the picture of one case shows, read from a running runtime as any command would read it. */

import { tailEvents } from '../../bin/commands/events.ts';
import type { CommandContext } from '../../bin/commands/support/context.ts';
import { busEvent } from '../../bin/commands/support/story.ts';
import { readChain } from '../../lib/adapters/aws/audit-store.ts';
import { scanCases } from '../../lib/adapters/aws/case-finder.ts';
import { getCase } from '../../lib/adapters/aws/case-store.ts';
import { getEffect } from '../../lib/adapters/aws/ledger-store.ts';
import { s3ObjectStore } from '../../lib/adapters/aws/object-store.ts';
import { reviewsOf } from '../../lib/adapters/aws/review-store.ts';
import { dynamoStateStore } from '../../lib/adapters/aws/state-store.ts';
import { assetRegistration } from '../../lib/contracts/asset.ts';
import type { AuditEntry } from '../../lib/contracts/audit.ts';
import { type Calibration, calibration } from '../../lib/contracts/calibration.ts';
import type { CaseRecord } from '../../lib/contracts/case.ts';
import type { Decision } from '../../lib/contracts/decision.ts';
import { eventData } from '../../lib/contracts/events.ts';
import type { FlaggedSignal } from '../../lib/contracts/flag.ts';
import type { Effect } from '../../lib/contracts/ledger.ts';
import { collapse } from '../../lib/core/audit/collapse.ts';
import { effectiveCase, type Review } from '../../lib/core/case/effective.ts';
import { expectedAt } from '../../lib/core/screening/open.ts';
import { calibrationKey, registrationKey } from '../../lib/core/window/keys.ts';
import { readWindow } from '../../lib/core/window/read-window.ts';
import { WindowStore } from '../../lib/core/window/window-store.ts';

/** One channel around the flag, in the channel's own unit; NaN is a missing cell. */
export interface Trace {
  readonly name: string;
  readonly unit: string;
  /** Role and zone, as registered. */
  readonly about: string;
  readonly timesMs: readonly number[];
  readonly values: readonly number[];
  /** What the profile says at each time. */
  readonly expected: readonly number[];
}

export interface CaseData {
  readonly record: CaseRecord;
  readonly flag: FlaggedSignal;
  readonly decision: Decision;
  readonly review: Review | undefined;
  readonly effect: Effect | undefined;
  readonly audit: readonly AuditEntry[];
  readonly verified: { readonly result: string; readonly rows: number } | undefined;
  readonly traces: readonly Trace[];
  /** Seconds of the plant's clock in a second of the wall's. */
  readonly clockRate: number;
  /** Event time of the asset's newest reading when the effect's outcome was recorded. */
  readonly effectAtMs: number | undefined;
}

/** Event time shown before the flag and after it. */
const beforeMs = 12 * 3_600_000;
const afterMs = 7 * 3_600_000;
const maxTraces = 3;
const manyMinutes = 100_000;

/** @param wanted the start of a case id, or a kind: then the first verified case of that kind */
export async function readCase(context: CommandContext, wanted: string): Promise<CaseData> {
  const tableOf = (name: 'cases' | 'ledger' | 'audit' | 'state') => ({
    client: context.dynamodb(),
    table: context.names.table(name),
  });
  const cases = (await scanCases(tableOf('cases'), '', 1000)).sort((a, b) => a.openedAtMs - b.openedAtMs);
  const found =
    cases.find((one) => one.caseId.startsWith(wanted)) ??
    cases.find((one) => one.kind === wanted && one.resolution === 'verified');
  const stored = found && (await getCase(tableOf('cases'), found.caseId));
  if (stored === undefined)
    throw new Error(`No case "${wanted}": give the start of its id, or a kind with a verified case.`);

  const reviews = await reviewsOf(tableOf('cases'), stored.caseId);
  const effects = await Promise.all(stored.effectKeys.map((key) => getEffect(tableOf('ledger'), key)));
  const audit = collapse(await readChain(tableOf('audit'), `case#${stored.caseId}`));
  const { flag, decision } = await readEvents(context, stored);
  const verifiedEntry = audit.find(({ type }) => type === 'effect-verified');
  const effect = effects.at(0);
  return {
    record: effectiveCase(stored, reviews),
    flag,
    decision,
    review: reviews.at(0),
    effect,
    audit,
    verified:
      verifiedEntry === undefined
        ? undefined
        : { result: String(verifiedEntry.body.result), rows: Number(verifiedEntry.body.rows) },
    ...(await readTraces(context, flag)),
    effectAtMs: effect?.outcome?.after?.atMs,
  };
}

async function readEvents(context: CommandContext, { openingFlagId, decisionId }: CaseRecord) {
  let flag: FlaggedSignal | undefined;
  let decision: Decision | undefined;
  for await (const raw of tailEvents(context, Date.now() - manyMinutes * 60_000, () => false)) {
    const parsed = busEvent.safeParse(raw);
    if (!parsed.success) continue;
    const { data } = parsed.data.detail;
    if (parsed.data['detail-type'] === 'FlagRaised') {
      const one = eventData.FlagRaised.parse(data);
      if (one.flagId === openingFlagId) flag = one;
    }
    if (parsed.data['detail-type'] === 'DecisionRecorded') {
      const one = eventData.DecisionRecorded.parse(data);
      if (one.decisionId === decisionId) decision = one;
    }
  }
  if (flag === undefined || decision === undefined)
    throw new Error('The events of this case are no longer in the log group.');
  return { flag, decision };
}

async function readTraces(
  context: CommandContext,
  flag: FlaggedSignal,
): Promise<Pick<CaseData, 'traces' | 'clockRate'>> {
  const objects = s3ObjectStore(context.s3(), context.names.dataBucket);
  const states = dynamoStateStore(context.dynamodb(), context.names.table('state'));
  const state = await states.get(flag.asset);
  if (state === undefined || flag.calibrationHash === undefined) return { traces: [], clockRate: 1 };
  const document = async (key: string): Promise<unknown> =>
    JSON.parse(Buffer.from((await objects.get(key)) ?? new Uint8Array()).toString('utf8'));
  const doc: Calibration = calibration.parse(await document(calibrationKey(flag.calibrationHash)));
  const registration = assetRegistration.parse(await document(registrationKey(state.registrationHash)));
  const channels = flag.topChannels
    .slice(0, maxTraces)
    .flatMap(({ name }) => registration.channels.filter((channel) => channel.name === name));
  const { series } = await readWindow(new WindowStore(objects), state, {
    channels,
    maxMs: 30 * 86_400_000,
    maxRows: 4_000,
  });
  const kept = [...series.timesMs.keys()].filter((row) => {
    const atMs = series.timesMs[row]!;
    return atMs >= flag.atMs - beforeMs && atMs <= flag.atMs + afterMs;
  });
  const traces = channels.map((channel, column) => {
    const index = doc.channels.findIndex(({ name }) => name === channel.name);
    return {
      name: channel.name,
      unit: channel.unit,
      about: [channel.role, channel.zone].filter(Boolean).join(', '),
      timesMs: kept.map((row) => series.timesMs[row]!),
      values: kept.map((row) => series.values[row * channels.length + column]!),
      expected: kept.map((row) => expectedAt(doc, index, series.timesMs[row]!).value),
    };
  });
  return { traces, clockRate: registration.clockRate };
}

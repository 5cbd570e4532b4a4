/** One case with all that is known of it, and its chart. */
import type { CaseDetail, Signal } from '../../../contracts/api.ts';
import type { AuditEntry } from '../../../contracts/audit.ts';
import type { Decision } from '../../../contracts/decision.ts';
import { sealedPersonal } from '../../../contracts/subject.ts';
import { collapse } from '../../../core/audit/collapse.ts';
import { effectiveCase } from '../../../core/case/effective.ts';
import { labelsIn, standingLabels } from '../../../core/case/label.ts';
import {
  type CaseParts,
  effectViewOf,
  type NameOf,
  namedDecision,
  namedProposal,
  personsInText,
  reviewViewOf,
  summaryOf,
  worded,
} from '../../../core/console/case-view.ts';
import { refOf } from '../../../core/console/decision-view.ts';
import { optionsOf } from '../../../core/console/options.ts';
import { channelsWorthShowing, chart, emptySignal } from '../../../core/console/signal.ts';
import { sharedGrounds, similarTo } from '../../../core/console/similar.ts';
import { timelineOf } from '../../../core/console/timeline.ts';
import { NotFoundError } from '../../../core/errors.ts';
import { rowCount, type Series } from '../../../core/series.ts';
import { decodeEvidence } from '../../../core/window/evidence.ts';
import { evidenceKey } from '../../../core/window/keys.ts';
import { readWindow } from '../../../core/window/read-window.ts';
import { readChain } from '../audit-store.ts';
import { getCase } from '../case-store.ts';
import { dynamoFlagStore } from '../flag-store.ts';
import { getEffect } from '../ledger-store.ts';
import { reviewsOf } from '../review-store.ts';
import { dynamoStateStore } from '../state-store.ts';
import { openFor } from '../subject-store.ts';
import { packNamed } from './asset-reader.ts';
import { closedCases } from './case-reader.ts';
import { readClaim } from './claims.ts';
import { contactsOf } from './contacts.ts';
import { decisionByRef, decisionOf } from './decision-reader.ts';
import { namesOf } from './names.ts';
import { marksAt, ordersNow } from './orders-reader.ts';
import { readSettings } from './settings.ts';
import { type ConsoleWorld, tableAt } from './world.ts';

/** Cases among which similar ones are looked for: those that were closed last. */
const maxCompared = 100;
const maxAcknowledged = 50;

/** A case with all its rounds, read consistently. @throws NotFoundError */
export async function caseParts(world: ConsoleWorld, caseId: string): Promise<CaseParts> {
  const at = tableAt(world, 'cases');
  const [record, reviews, claim] = await Promise.all([
    getCase(at, caseId),
    reviewsOf(at, caseId),
    readClaim(world, caseId),
  ]);
  if (!record) throw new NotFoundError(`There is no case ${caseId}.`, { code: 'case-not-found' });
  return { record, reviews, claim };
}

const personsIn = (parts: CaseParts, chain: readonly AuditEntry[]): (string | undefined)[] => [
  parts.claim?.by,
  ...personsInText(parts.record.sentence),
  ...parts.reviews.flatMap(({ first, end, withdrawn = [] }) => [
    first?.answer.by,
    'answer' in end ? end.answer.by : undefined,
    end.state === 'taken-back' ? end.takenBack.by : undefined,
    ...withdrawn.flatMap(({ answer, takenBack }) => [answer.by, takenBack.by]),
  ]),
  ...chain.flatMap(({ body }) => [
    typeof body.by === 'string' ? body.by : undefined,
    (body.personal as { subject?: string } | undefined)?.subject,
  ]),
];

/** @param isActing whether who looks may act: only they see names and numbers of whom to call */
export async function caseDetail(world: ConsoleWorld, caseId: string, isActing: boolean): Promise<CaseDetail> {
  const parts = await caseParts(world, caseId);
  const { record, reviews } = parts;
  const effective = effectiveCase(record, reviews);
  const [opening, newer, chain, effects, state, closed, settings] = await Promise.all([
    decisionOf(world, record),
    effective.newer && decisionByRef(world, refOf({ asset: record.asset, ...effective.newer })),
    readChain(tableAt(world, 'audit'), `case#${caseId}`),
    Promise.all(record.effectKeys.map((key) => getEffect(tableAt(world, 'ledger'), key))),
    dynamoStateStore(world.client, world.tables.state).get(record.asset),
    closedCases(world, maxCompared),
    readSettings(world),
  ]);
  // What is shown is what the case asks about now.
  const decision = newer ?? opening;
  const registration = state && (await world.documents.registration(state.registrationHash));
  const pack = await packNamed(world, decision?.pack ?? registration?.pack);
  const inWords = worded(pack?.featureWords);
  const similar = similarTo(record, closed);
  const named = similar.flatMap(({ sentence }) => personsInText(sentence));
  const nameOf = await namesOf(world, [...personsIn(parts, chain), ...named]);
  const nowMs = world.now();
  const label = labelsIn(chain).at(-1);
  const labelEntry = standingLabels(chain).at(-1);
  const byHand = settings.manualMinutes[record.kind];
  const zones = [record.zone, registration?.zone].flatMap((zone) => zone ?? []);
  const about = { asset: record.asset, site: registration?.site ?? '', zones, kind: record.kind };
  const contacts = await contactsOf(world, about, settings.timeZone, isActing);
  const place = { asset: record.asset, site: registration?.site ?? '', zone: registration?.zone };
  const withheld = record.status === 'closed' ? [] : marksAt(await ordersNow(world), place, nowMs, record.kind);
  return {
    ...summaryOf(parts, nameOf, nowMs),
    record: effective,
    ...(decision && { decision: namedDecision(decision, nameOf, inWords) }),
    ...(effective.proposal && { proposalDetail: namedProposal(effective.proposal, nameOf) }),
    ...(effective.proposalHash !== undefined && { proposalHash: effective.proposalHash }),
    options: optionsOf(effective, pack?.manifest, registration),
    reviews: reviews.map((review) => reviewViewOf(review, nameOf)),
    effects: effects.flatMap((effect) => (effect ? [effectViewOf(effect)] : [])),
    timeline: timelineOf(record, opening, chain, nameOf),
    freshness: {
      ...(state?.lastEventMs !== undefined && { newestReadingMs: state.lastEventMs }),
      ...(state?.lastReceivedMs !== undefined && {
        newestReceivedMs: state.lastReceivedMs,
        ageMs: Math.max(0, nowMs - state.lastReceivedMs),
      }),
    },
    execution: executionOf(world.caseFlowArn, caseId),
    similar: similar.map((each) => {
      const shared = sharedGrounds(record.grounds, each.grounds).map(inWords);
      const shown = summaryOf({ record: each, reviews: [] }, nameOf, nowMs);
      return { ...shown, ...(shared.length > 0 && { shared }) };
    }),
    ...(label && labelEntry && { label: { label: label.label, by: nameOf(label.by), atMs: labelEntry.at } }),
    acknowledged: await acknowledgedIn(world, chain, nameOf),
    ...(withheld.length > 0 && { withheld }),
    ...(contacts.length > 0 && { contacts }),
    ...(byHand !== undefined && { manualMinutes: byHand }),
  };
}

async function acknowledgedIn(
  world: ConsoleWorld,
  chain: readonly AuditEntry[],
  nameOf: NameOf,
): Promise<CaseDetail['acknowledged']> {
  const entries = collapse(chain).filter(({ type }) => type === 'case-acknowledged');
  return await Promise.all(
    entries.slice(-maxAcknowledged).map(async ({ at, body, entryId }) => {
      const sealed = sealedPersonal.safeParse(body.personal);
      const note = sealed.success ? (await openFor(world.subjects, sealed.data, entryId))?.note : undefined;
      return { by: nameOf(String(body.by)), atMs: at, ...(note !== undefined && { note }) };
    }),
  );
}

/** A case's execution is named for it. */
function executionOf(flowArn: string, caseId: string): NonNullable<CaseDetail['execution']> {
  const arn = `${flowArn.replace(':stateMachine:', ':execution:')}:${caseId}`;
  const [, partition, , region, account] = arn.split(':');
  const isInAws = partition === 'aws' && account !== '000000000000';
  return {
    arn,
    ...(isInAws && {
      consoleUrl: `https://${region}.console.aws.amazon.com/states/home?region=${region}#/v2/executions/details/${encodeURIComponent(arn)}`,
    }),
  };
}

const maxChannels = 12;
const points = 500;
/** Rows after the flagged window that are read at once to show what came of it. */
const maxRowsAfter = 5_000;

/** The evidence as it was at the decision, and what followed it where that can be read at once. */
export async function caseSignal(world: ConsoleWorld, caseId: string): Promise<Signal> {
  const { record } = await caseParts(world, caseId);
  const [decision, stored, state] = await Promise.all([
    decisionOf(world, record),
    dynamoFlagStore(world.client, world.tables.cases).get(record.openingFlagId),
    dynamoStateStore(world.client, world.tables.state).get(record.asset),
  ]);
  const evidence = await evidenceOf(world, decision);
  if (!evidence) return emptySignal(record.evidence?.atMs ?? record.openedAtMs);
  const { series, complete } = await withWhatFollowed(world, evidence, state);
  const shares = new Map((stored?.flag.topChannels ?? []).map(({ name, share }) => [name, share]));
  const hash = decision?.inference.calibrationHash ?? state?.calibrationHash;
  const calibration = hash === undefined ? undefined : await world.documents.calibration(hash);
  const fromMs = series.timesMs[0]!;
  const flaggedFromMs = flaggedSince(stored?.flag, evidence);
  return {
    fromMs,
    toMs: series.timesMs.at(-1)!,
    flagged: { fromMs: flaggedFromMs, toMs: evidence.timesMs.at(-1)! },
    channels: chart(series, {
      channels: channelsWorthShowing(series.channels, shares, record.zone, maxChannels),
      points,
      calibration,
      shares,
    }),
    alarms: [{ atMs: record.evidence?.atMs ?? evidence.timesMs.at(-1)!, kind: record.kind }],
    partial: !complete,
  };
}

async function evidenceOf(world: ConsoleWorld, decision: Decision | undefined): Promise<Series | undefined> {
  const window = decision?.inference.window;
  const bytes = window && (await world.objects.get(evidenceKey(window.hash)));
  return bytes && decodeEvidence(window.hash, bytes).series;
}

/** Where the alarm set in, if the window reaches back so far; else the flagged reading alone. */
function flaggedSince(flag: { readonly atMs: number } | undefined, evidence: Series): number {
  return Math.max(evidence.timesMs[0]!, flag?.atMs ?? evidence.timesMs.at(-1)!);
}

type State = Awaited<ReturnType<ReturnType<typeof dynamoStateStore>['get']>>;

async function withWhatFollowed(
  world: ConsoleWorld,
  evidence: Series,
  state: State,
): Promise<{ readonly series: Series; readonly complete: boolean }> {
  const rows = rowCount(evidence);
  const [fromMs, toMs] = [evidence.timesMs[0]!, evidence.timesMs.at(-1)!];
  const newestMs = state?.lastEventMs ?? toMs;
  const periodMs = Math.max(1, (toMs - fromMs) / Math.max(1, rows - 1));
  if (!state || newestMs <= toMs) return { series: evidence, complete: true };
  if ((newestMs - toMs) / periodMs > maxRowsAfter) return { series: evidence, complete: false };
  const { series } = await readWindow(world.windows, state, {
    channels: evidence.channels,
    maxMs: newestMs - toMs,
    maxRows: maxRowsAfter,
  });
  const first = series.timesMs.findIndex((timeMs) => timeMs > toMs);
  if (first < 0) return { series: evidence, complete: true };
  const width = evidence.channels.length;
  return {
    series: {
      channels: evidence.channels,
      timesMs: Float64Array.from([...evidence.timesMs, ...series.timesMs.subarray(first)]),
      values: Float64Array.from([...evidence.values, ...series.values.subarray(first * width)]),
    },
    complete: true,
  };
}

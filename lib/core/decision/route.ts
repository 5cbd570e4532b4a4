/** Opens a case for a decision, or attaches its flag to the case that is open for the same anomaly. */
import { z } from 'zod';
import { type CaseRecord, caseVersion, type NewerDecision } from '../../contracts/case.ts';
import { sha256Hex } from '../../contracts/common.ts';
import type { Decision } from '../../contracts/decision.ts';
import { type FlaggedSignal, flaggedSignal } from '../../contracts/flag.ts';
import { hashOf, sha256 } from '../audit/canonical.ts';
import { NotFoundError } from '../errors.ts';
import { makeEvent } from '../events.ts';
import { highImpactActions, orderParameters } from '../guard/declared.ts';
import type { Pack } from '../pack.ts';
import type { Bus } from '../ports.ts';
import { type Ways, waysOf } from '../remediation/ways.ts';
import { groundsOf } from './grounds.ts';
import { type Incident, incidentOf } from './incident.ts';
import type { FlagBook } from './ports.ts';
import { type Audit, decisionIdOf } from './record.ts';
import { surerDecision } from './surer.ts';

export const routeInput = z.object({ flag: flaggedSignal.pick({ flagId: true }).loose(), decisionId: sha256Hex });
export type RouteInput = z.infer<typeof routeInput>;

/** When a flag came (wall clock), and how long after the last one it still belongs to the same incident. */
export interface FlagWindow {
  readonly receivedAtMs: number;
  readonly windowMs: number;
}

/** What the router asks of the cases table; lib/adapters/aws/case-store.ts gives it. */
export interface CasePort {
  /**
   * Opens the slot for the case or attaches the flag to the case that holds it. With a window the flag takes the slot
   * over when it came later than the window after the last one.
   */
  openOrAttach(
    record: CaseRecord,
    flagId: string,
    window?: FlagWindow,
  ): Promise<{ readonly caseId: string; readonly outcome: 'opened' | 'attached' | 'known' }>;
  /** The slot as it is now; `pending` while its case waits for its execution. */
  slotOf(correlationKey: string): Promise<{ readonly pending: boolean; readonly record: CaseRecord } | undefined>;
  markStarted(correlationKey: string, caseId: string): Promise<void>;
  /** The case that dealt with an alarm, open or closed; written once, by `rememberAlarm`. */
  caseOfAlarm(alarmKey: string): Promise<string | undefined>;
  rememberAlarm(alarmKey: string, caseId: string): Promise<void>;
  /** Puts a flag under a case, whether it is still open or not. */
  attach(correlationKey: string, caseId: string, flagId: string): Promise<void>;
}

export interface StartPorts {
  readonly cases: Pick<CasePort, 'markStarted'>;
  readonly audit: Audit;
  readonly bus: Bus;
  /** Starts the case's execution under its id; that it exists already is success. */
  readonly startExecution: (caseId: string) => Promise<void>;
  readonly nowMs: () => number;
}

export interface RoutePorts extends StartPorts {
  readonly cases: CasePort;
  readonly flags: Pick<FlagBook, 'get' | 'markDecided'>;
  readonly packOf: (name: string) => Promise<Pack | undefined>;
  /** Lets an open question of the case follow the decision, where it may; `case/supersede.ts` is it. */
  readonly askAnew: (caseId: string, newer: NewerDecision) => Promise<unknown>;
  /** Who carries an action out, where the deployment says so. */
  readonly ways?: Ways;
}

/**
 * Kinds of one family share a case: a leak that grows into a burst stays one anomaly. The zone is not part of it,
 * because the same anomaly is located anew by every flag.
 */
export const correlationKeyOf = (decision: Decision, pack: Pack | undefined): string =>
  `${decision.asset}#${pack?.manifest.families[decision.inference.kind] ?? decision.inference.kind}`;

/** One standing alarm, as what one family of kinds makes of it. */
const alarmKeyOf = (correlationKey: string, { onset, bootId, seq }: FlaggedSignal): string =>
  `${correlationKey}#${onset?.bootId ?? bootId}#${onset?.seq ?? seq}`;

/** A case is named for the flag that opened it. */
export const caseIdOf = (flagId: string): string => sha256(flagId);

export interface Routed {
  readonly caseId?: string;
  readonly opened: boolean;
}

/**
 * Places the flag in a case; only then is it no longer pending, so that the sweeper finds whatever stops half-way.
 * @param input only ids are taken from it: the decision that stands beside the flag is what is routed
 * @throws NotFoundError when no such decision was recorded
 */
export async function route(ports: RoutePorts, input: RouteInput): Promise<Routed> {
  const { flagId } = input.flag;
  const stored = await ports.flags.get(flagId);
  const isMeant = input.decisionId === decisionIdOf(flagId);
  // Placed before: a flag is marked as decided only when nothing is left to do about it.
  if (stored?.end && isMeant) {
    return { ...(stored.end.caseId === undefined ? {} : { caseId: stored.end.caseId }), opened: false };
  }
  if (!stored?.decision || !isMeant) {
    throw new NotFoundError(`There is no decision ${input.decisionId} on flag ${flagId}.`, {
      code: 'decision-unknown',
    });
  }
  const routed = await place(ports, stored.flag, stored.decision);
  const { verdict } = stored.decision.guard;
  await ports.flags.markDecided(flagId, { verdict, caseId: routed.caseId }, ports.nowMs());
  return routed;
}

async function place(ports: RoutePorts, flag: FlaggedSignal, decision: Decision): Promise<Routed> {
  const { flagId } = flag;
  // A run whose own verdict lost against the recorded one comes here, too.
  if (decision.guard.verdict === 'observe') return { opened: false };
  const pack = await ports.packOf(decision.pack);
  const incident = incidentOf(decision, pack?.manifest);
  const correlationKey = incident?.key ?? correlationKeyOf(decision, pack);
  // An alarm is one asset's, whoever shares the case.
  const alarmKey = alarmKeyOf(incident ? `${decision.asset}#${correlationKey}` : correlationKey, flag);
  // An alarm that merely goes on is no new anomaly: it stays with its case, also after that was closed.
  if (flag.reason === 'persistence') {
    const dealtWith = await ports.cases.caseOfAlarm(alarmKey);
    if (dealtWith !== undefined) {
      await ports.cases.attach(correlationKey, dealtWith, flagId);
      await auditAttached(ports, dealtWith, decision, incident);
      await follow(ports, dealtWith, flag, decision, pack);
      return { caseId: dealtWith, opened: false };
    }
  }
  const record = {
    ...caseOf(decision, correlationKey, ports.nowMs()),
    ...declaredOf(decision, pack),
    ...(ports.ways && Object.keys(ports.ways).length > 0 && { ways: waysOf(ports.ways, decision.pack) }),
    ...(hasReading(flag) && {
      evidence: { atMs: flag.atMs, sentAtMs: flag.sentAtMs, receivedAtMs: flag.receivedAtMs },
    }),
    ...(incident && { incident: incident.about }),
  };
  const window = incident && { receivedAtMs: flag.receivedAtMs, windowMs: incident.windowMs };
  const { caseId, outcome } = await ports.cases.openOrAttach(record, flagId, window);
  const slot = await ports.cases.slotOf(record.correlationKey);
  if (slot?.pending && slot.record.caseId === caseId) await startCase(ports, slot.record);
  await ports.cases.rememberAlarm(alarmKey, caseId);
  if (caseId !== record.caseId) {
    await auditAttached(ports, caseId, decision, incident);
    await follow(ports, caseId, flag, decision, pack);
  }
  return { caseId, opened: outcome === 'opened' };
}

/** An unsure first decision only asks; a surer one of the same alarm is what people are asked about from then on. */
async function follow(
  ports: RoutePorts,
  caseId: string,
  flag: FlaggedSignal,
  decision: Decision,
  pack: Pack | undefined,
): Promise<void> {
  const newer = pack && surerDecision(flag, decision, pack.manifest);
  if (newer) await ports.askAnew(caseId, newer);
}

/** Audit, event, execution, slot: each harmless when repeated, so that router and sweeper may both do it. */
export async function startCase(ports: StartPorts, record: CaseRecord): Promise<void> {
  const { caseId, asset, kind, verdict, sentence, openedAtMs, correlationId } = record;
  await ports.audit(
    { chain: `case#${caseId}`, type: 'case-opened', key: [caseId], correlationId, body: record },
    ports.nowMs(),
  );
  await ports.startExecution(caseId);
  await ports.bus.publish([
    makeEvent(
      'CaseOpened',
      { caseId, asset, kind, atMs: openedAtMs, verdict, sentence },
      { atMs: openedAtMs, correlationId, subject: asset, key: caseId },
    ),
  ]);
  await ports.cases.markStarted(record.correlationKey, caseId);
}

/** In the case's chain; for an incident in the asset's own, because thousands of flags at once would queue at one chain. */
function auditAttached(
  ports: RoutePorts,
  caseId: string,
  { flagId, decisionId, asset, correlationId }: Decision,
  incident: Incident | undefined,
): Promise<unknown> {
  return ports.audit(
    {
      chain: incident ? `asset#${asset}` : `case#${caseId}`,
      type: 'flag-attached',
      key: [caseId, flagId],
      correlationId,
      body: { caseId, flagId, decisionId },
    },
    ports.nowMs(),
  );
}

/** Silence and a person's word rest on no reading: their age is that of the decision. */
const hasReading = ({ reason }: FlaggedSignal): boolean => reason !== 'silence' && reason !== 'manual';

/** What the pack says of impact and parameters, kept with the case: whoever answers it reads no manifest. */
function declaredOf(
  { proposal }: Decision,
  pack: Pack | undefined,
): Pick<CaseRecord, 'impact' | 'highImpactActions' | 'orderParameters'> {
  const actions = pack ? highImpactActions(pack.manifest) : [];
  const parameters = pack ? orderParameters(pack.manifest) : {};
  return {
    ...(proposal?.highImpact && { impact: 'high' as const }),
    ...(actions.length > 0 && { highImpactActions: actions }),
    ...(Object.keys(parameters).length > 0 && { orderParameters: parameters }),
  };
}

function caseOf(decision: Decision, correlationKey: string, nowMs: number): CaseRecord {
  const { flagId, correlationId, asset, inference, guard, proposal, decisionId } = decision;
  return {
    v: caseVersion,
    caseId: caseIdOf(flagId),
    correlationKey,
    correlationId,
    asset,
    ...(inference.zone === undefined ? {} : { zone: inference.zone }),
    kind: inference.kind,
    verdict: guard.verdict,
    status: 'open',
    openedAtMs: nowMs,
    updatedAtMs: nowMs,
    decisionId,
    openingFlagId: flagId,
    sentence: inference.explanation.sentence,
    ...groundsOf(inference),
    ...(guard.counterfactual === undefined ? {} : { counterfactual: guard.counterfactual }),
    ...(proposal ? { proposal, proposalHash: hashOf(proposal) } : {}),
    effectKeys: [],
    flags: 1,
    version: 0,
  };
}

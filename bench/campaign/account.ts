/** The account of a campaign: what was promised, what is there, and each promise that does not hold. */
import { percentile, readCases, readEffects } from '../../bin/commands/support/figures.ts';
import { decodeState } from '../../lib/adapters/aws/state-store.ts';
import {
  auditEntries,
  auditReport,
  openEffects,
  readingsKeptAside,
  scan,
  storedReadings,
  undecidedFlags,
  unfinishedCases,
  wrongEffects,
  wrongIndexEntries,
} from '../stack/promises.ts';
import type { Armory } from './armory.ts';
import { type FaultKind, faultKinds, fewestPerThousand } from './faults.ts';
import type { Load } from './load.ts';
import type { People } from './people.ts';
import type { Stage } from './stage.ts';
import type { StopSwitch } from './stop-switch.ts';

/** Last line of a campaign. */
export interface Account {
  readonly seed: number;
  readonly cases: number;
  readonly casesExpected: number;
  readonly casesOpened: number;
  readonly readingsAcknowledged: number;
  readonly readingsAccountedFor: number;
  /** Effects in the ledger. */
  readonly effectsAsked: number;
  /** Those of which the ledger says that they happened, and what the endpoint physically counted. */
  readonly effectsSucceeded: number;
  readonly effectsCounted: number;
  /** Effects beyond the first of one case. */
  readonly duplicates: number;
  /** Readings, flags and cases that were acknowledged and are gone, or never came to their end. */
  readonly lost: number;
  readonly unknownLeft: number;
  readonly chainsVerified: number;
  readonly chainsBroken: number;
  readonly breakerOpenings: number;
  readonly breakerClosings: number;
  /** Times that people stopped effects and resumed them, and calls that left though they had to see the stop. */
  readonly stops: number;
  readonly sentAgainstStop: number;
  /** Answers that people took back in time, and what was done all the same before they said yes anew. */
  readonly takenBack: number;
  readonly actedAgainst: number;
  /** From a fault to the end of the last case that was open when it struck. */
  readonly recoveryMsP50: number | null;
  readonly recoveryMsP95: number | null;
  readonly caseMsP50: number | null;
  readonly caseMsP95: number | null;
  readonly runtimeDied: number;
  readonly faultsTotal: number;
  readonly faults: Readonly<Record<FaultKind, number>>;
  readonly resolutions: Readonly<Record<string, number>>;
  readonly seconds: number;
  readonly broken: readonly string[];
}

const mostNamed = 20;

export async function accountFor(
  stage: Stage,
  load: Load,
  armory: Armory,
  about: { readonly seed: number; readonly startedMs: number; readonly stops: StopSwitch; readonly people: People },
): Promise<Account> {
  const { stack, witness, endpoint } = stage;
  const broken: string[] = [];
  const hold = (what: string, findings: readonly string[]): number => {
    for (const finding of findings.slice(0, mostNamed)) broken.push(`${what}: ${finding}`);
    if (findings.length > mostNamed) broken.push(`${what}: ${findings.length - mostNamed} more`);
    return findings.length;
  };

  const readings = await readingsOf(stage, load);
  const { flagIds, wrong } = await undecidedFlags(stack);
  const known = new Set(flagIds);
  const asked = load.asked.filter(({ flagId }) => flagId !== undefined);
  const lost =
    hold('a reading was acknowledged and is not there', readings.lost) +
    hold(
      'a flag was acknowledged and is not there',
      asked.filter(({ flagId }) => !known.has(flagId!)).map(({ flagId, ordinal }) => `${flagId} of case ${ordinal}`),
    ) +
    hold('a flag was not decided exactly once', wrong) +
    hold('something is not at its end', await unfinishedCases(stack)) +
    hold(
      'a person said that something is wrong, and no case of it was closed',
      asked.filter(({ closedMs }) => closedMs === undefined).map(({ ordinal, asset }) => `case ${ordinal} at ${asset}`),
    );

  const perCase = new Map<string, number>();
  for (const { caseId, key } of stack.plant.effects())
    perCase.set(caseId ?? key, (perCase.get(caseId ?? key) ?? 0) + 1);
  const twice = [...perCase].filter(([, count]) => count > 1);
  hold(
    'a case acted more than once',
    twice.map(([caseId, count]) => `${caseId}, ${count} times`),
  );
  hold('an effect is not what the ledger says', await wrongEffects(stack));
  hold('an effect was under way twice at once', endpoint.overlaps);
  hold('an effect took a step that none may take', witness.wrongSteps);
  const { stops, people } = about;
  const sentAgainstStop = hold(
    'a call left that the stop switch forbade',
    witness.sentAgainstStop(endpoint.sendings, stops.stood),
  );
  const actedAgainst = hold('an answer that was taken back led to something', people.actedAgainst);
  hold('the stop switch is not as it should be', stops.wrong);
  hold('a breaker stays open', witness.openBreakers());
  if (stage.died > 0) broken.push(`the runtime ended by itself, ${stage.died} times`);
  hold('an effect happened unannounced', await unannounced(stage));
  hold('an index holds what its table does not, or the reverse', await wrongIndexEntries(stack));

  const effects = await readEffects(stack.context);
  const { cases } = await readCases(stack.context);
  const unknown = await openEffects(stack);
  hold(
    'the outcome of an effect is still not known, or not written down everywhere',
    unknown.map(({ effectKey, status }) => `${effectKey} is ${status}`),
  );
  const audit = await auditReport(stack);
  hold(
    'a chain of the audit is broken',
    audit.faults.map((fault) => JSON.stringify(fault)),
  );
  if (audit.checkpointFault)
    broken.push(`a checkpoint of the audit is wrong: ${JSON.stringify(audit.checkpointFault)}`);

  const counts = armory.counts();
  if (load.asked.length >= 1_000)
    for (const kind of faultKinds.filter((one) => counts[one] < fewestPerThousand))
      broken.push(`the campaign was too kind: ${kind} struck ${counts[kind]} times, not ${fewestPerThousand}`);

  const recoveries = armory.strikes.flatMap(({ atMs }) => {
    const meanwhile = load.asked.filter(({ openedMs, closedMs }) => openedMs <= atMs && (closedMs ?? 0) > atMs);
    return meanwhile.length === 0 ? [] : [Math.max(...meanwhile.map(({ closedMs }) => closedMs!)) - atMs];
  });
  const durations = load.asked.flatMap(({ openedMs, closedMs }) =>
    closedMs === undefined ? [] : [closedMs - openedMs],
  );
  const rounded = (values: readonly number[], p: number): number | null => {
    const value = percentile(values, p);
    return value === undefined ? null : Math.round(value);
  };
  const resolutions: Record<string, number> = {};
  for (const { resolution = 'none' } of cases) resolutions[resolution] = (resolutions[resolution] ?? 0) + 1;
  const mine = new Set(asked.flatMap(({ record }) => (record ? [record.caseId] : [])));
  return {
    seed: about.seed,
    cases: cases.length,
    casesExpected: load.asked.length,
    casesOpened: mine.size,
    readingsAcknowledged: readings.acknowledged,
    readingsAccountedFor: readings.accounted,
    effectsAsked: effects.effects.length,
    effectsSucceeded: effects.effects.filter(({ status }) => status === 'SUCCEEDED').length,
    effectsCounted: stack.plant.effects().length,
    duplicates: twice.reduce((sum, [, count]) => sum + count - 1, 0),
    lost,
    unknownLeft: unknown.length,
    chainsVerified: audit.chains,
    chainsBroken: audit.faults.length + (audit.checkpointFault ? 1 : 0),
    breakerOpenings: witness.breakerOpenings,
    breakerClosings: witness.breakerClosings,
    stops: stops.stood.length,
    sentAgainstStop,
    takenBack: people.takenBack,
    actedAgainst,
    recoveryMsP50: rounded(recoveries, 50),
    recoveryMsP95: rounded(recoveries, 95),
    caseMsP50: rounded(durations, 50),
    caseMsP95: rounded(durations, 95),
    runtimeDied: stage.died,
    faultsTotal: armory.strikes.length,
    faults: counts,
    resolutions,
    seconds: Math.round((performance.now() - about.startedMs) / 1000),
    broken,
  };
}

/** Every acknowledged reading is in a raw batch and counted in its asset's state, or kept aside by the topic rule; once. */
async function readingsOf(
  stage: Stage,
  load: Load,
): Promise<{ acknowledged: number; accounted: number; lost: string[] }> {
  const stored = await storedReadings(stage.stack);
  const aside = await readingsKeptAside(stage.stack);
  const states = new Map(
    (await scan(stage.stack, 'state')).map((item) => {
      const state = decodeState(item.state?.B ?? new Uint8Array());
      return [state.asset, state] as const;
    }),
  );
  const lost: string[] = [];
  let acknowledged = 0;
  let accounted = 0;
  for (const { asset, bootId, counts } of load.gateways()) {
    const { acknowledgedReadings, publishedReadings } = counts();
    acknowledged += acknowledgedReadings;
    const keptAside = aside.get(asset)?.get(bootId) ?? new Set<number>();
    const screened = stored.get(asset)?.get(bootId) ?? new Set<number>();
    // What was kept aside and came again is there twice, and counts once.
    const kept = new Set([...screened, ...keptAside]).size;
    const boot = states.get(asset)?.boots.find((one) => one.bootId === bootId);
    const counted =
      (boot === undefined ? 0 : boot.lastSeq + 1 - gaps(boot.missing)) +
      [...keptAside].filter((seq) => !screened.has(seq)).length;
    accounted += Math.min(kept, counted);
    if (kept < acknowledgedReadings || counted < acknowledgedReadings)
      lost.push(`${asset}: ${acknowledgedReadings} acknowledged, ${kept} stored, ${counted} counted`);
    if (kept > publishedReadings || counted > publishedReadings)
      lost.push(`${asset}: ${publishedReadings} published, ${kept} stored, ${counted} counted`);
  }
  return { acknowledged, accounted, lost };
}

const gaps = (missing: readonly (readonly [number, number])[]): number =>
  missing.reduce((sum, [from, to]) => sum + to - from + 1, 0);

/** Effects of the plant that stand in no case's chain, or only after their outcome. */
async function unannounced({ stack }: Stage): Promise<string[]> {
  const announced = new Set<string>();
  const early = new Set<string>();
  for (const entries of (await auditEntries(stack, 'case#')).values()) {
    for (const { type, body } of entries) {
      const { effectKey, outcome } = body as { effectKey?: string; outcome?: { effectKey?: string; status?: string } };
      if (type === 'effect-announced' && effectKey !== undefined) announced.add(effectKey);
      // Who died between claim and announcement sent nothing; that this is not known is no outcome of a call.
      const concluded = outcome?.status === 'UNKNOWN' ? undefined : outcome?.effectKey;
      if (type === 'effect-outcome' && concluded !== undefined && !announced.has(concluded)) early.add(concluded);
    }
  }
  return [
    ...stack.plant
      .effects()
      .filter(({ key }) => !announced.has(key))
      .map(({ key }) => key),
    ...[...early].map((key) => `${key}, whose outcome was written first`),
  ];
}

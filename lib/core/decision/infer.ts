/** From a flag to what the pack's models make of it, and what would be done about it. */
import { z } from 'zod';
import type { AssetRegistration, AssetState } from '../../contracts/asset.ts';
import type { Calibration } from '../../contracts/calibration.ts';
import type { Kind } from '../../contracts/common.ts';
import type { inference as inferenceSchema } from '../../contracts/decision.ts';
import { type FlaggedSignal, flaggedSignal } from '../../contracts/flag.ts';
import type { PackManifest } from '../../contracts/pack.ts';
import { type Proposal, remediationVersion } from '../../contracts/remediation.ts';
import { DependencyError, InvalidInputError, NotFoundError } from '../errors.ts';
import { generalSentence } from '../explanation/general-sentence.ts';
import { dateAndTime } from '../explanation/words.ts';
import { asDeclared } from '../guard/declared.ts';
import type { Documents } from '../ingest/documents.ts';
import type { StateStore } from '../ingest/ports.ts';
import type { AlarmContext, Classification, Pack, PackModel } from '../pack.ts';
import type { ObjectStore } from '../ports.ts';
import { onItsWay, type Ways } from '../remediation/ways.ts';
import { encodeEvidence } from '../window/evidence.ts';
import { evidenceKey } from '../window/keys.ts';
import { readWindow, type Window } from '../window/read-window.ts';
import type { WindowStore } from '../window/window-store.ts';
import { absurdReadings } from './absurd.ts';
import { decisionCostUsd } from './cost.ts';
import { askLargerModel, type LargerModel, type TierAnswer } from './larger-model.ts';

export const inferInput = z.strictObject({ flag: flaggedSignal });
export type Inference = z.infer<typeof inferenceSchema>;

export interface InferPorts {
  readonly states: Pick<StateStore, 'get'>;
  readonly documents: Documents;
  readonly windows: WindowStore;
  readonly objects: ObjectStore;
  /** The pack of that name, or `undefined`. */
  readonly packOf: (name: string) => Promise<Pack | undefined>;
  /** The pack's classifier, opened once; `undefined` for a pack that only screens. */
  readonly modelOf: (pack: Pack) => Promise<PackModel | undefined>;
  /** The deployment's larger model, where it has one. */
  readonly larger?: LargerModel | undefined;
  /** Who carries an action out, where the deployment says so. */
  readonly ways?: Ways;
  /** Milliseconds of a clock that never goes back. */
  readonly elapsed: () => number;
  readonly memoryMb: number;
}

export interface Inferred {
  readonly inference: Inference;
  readonly proposal?: Proposal;
  readonly pack: string;
  readonly registrationHash: string;
}

/**
 * @throws NotFoundError for an asset that is not registered or a pack that is not deployed
 * @throws DependencyError when the flagged reading cannot be read yet (retryable)
 */
export async function infer(ports: InferPorts, flag: FlaggedSignal): Promise<Inferred> {
  const startedMs = ports.elapsed();
  const state = await ports.states.get(flag.asset);
  if (!state) throw new NotFoundError(`There is no asset ${flag.asset}: register it.`, { code: 'asset-unknown' });
  const registration = await ports.documents.registration(state.registrationHash);
  const pack = await ports.packOf(registration.pack);
  if (!pack) {
    throw new NotFoundError(`Asset ${flag.asset} is of pack "${registration.pack}", which is not deployed.`, {
      code: 'pack-unknown',
    });
  }
  const found =
    flag.reason === 'silence' || flag.reason === 'manual'
      ? stated(flag, registration)
      : await classified(ports, flag, state, registration, pack);
  const latencyMs = ports.elapsed() - startedMs;
  const costUsd = decisionCostUsd(latencyMs, ports.memoryMb) + (found.inference.remote?.costUsd ?? 0);
  const inference = { ...found.inference, latencyMs, costUsd };
  return {
    inference,
    // Held against its contract by the guard, which gets it next and without which nothing is done.
    ...(found.proposal ? { proposal: ordered(found.proposal, pack.manifest, ports.ways) } : {}),
    pack: pack.manifest.name,
    registrationHash: state.registrationHash,
  };
}

/** The proposal as the pack's manifest declares it and the deployment has it carried out. */
export const ordered = (proposal: Proposal, manifest: PackManifest, ways: Ways = {}): Proposal =>
  onItsWay(asDeclared(proposal, manifest), ways, manifest.name);

/** What a finding is, whenever it is made: how long it took and what it cost come later. */
export interface Found {
  readonly inference: Omit<Inference, 'latencyMs' | 'costUsd'>;
  readonly proposal?: Proposal | undefined;
}

/** What silence and a person's word say: neither needs a model. */
export function stated(flag: FlaggedSignal, registration: AssetRegistration): Found {
  const kind: Kind = flag.reason === 'silence' ? 'silence' : (flag.statedKind ?? 'manual');
  const sentence =
    flag.reason === 'silence'
      ? `${flag.asset} has sent nothing since ${dateAndTime(flag.receivedAtMs, registration.timeZone)}.`
      : `${flag.statedBy ?? 'Somebody'} reports ${kind === 'manual' ? 'something' : kind} at ${flag.asset}${flag.note ? `: ${flag.note}` : ''}`;
  return statedAs(registration, kind, sentence.slice(0, 1000));
}

/** The kind is stated, and somebody shall look. */
export const statedAs = (registration: AssetRegistration, kind: Kind, why: string): Found => ({
  inference: {
    kind,
    confidence: 1,
    probabilities: { [kind]: 1 },
    set: [kind],
    oodPValue: 1,
    tier: 0,
    explanation: { sentence: why, contributions: [] },
  },
  proposal: ticket(registration, kind, registration.asset, why),
});

/** A person shall look: the one remedy that every pack and every kind knows. */
const ticket = (registration: AssetRegistration, kind: Kind, target: string, why: string): Proposal => ({
  v: remediationVersion,
  asset: registration.asset,
  action: 'raise-ticket',
  target,
  parameters: { kind },
  remediator: 'webhook',
  highImpact: false,
  expectedChannels: [],
  why,
});

async function classified(
  ports: InferPorts,
  flag: FlaggedSignal,
  state: AssetState,
  registration: AssetRegistration,
  pack: Pack,
): Promise<Found> {
  // The calibration that raised the flag, also where the asset has a newer one by now: a decision can be run again.
  const calibrationHash = flag.calibrationHash ?? state.calibrationHash;
  if (calibrationHash === undefined) {
    throw new InvalidInputError(`Flag ${flag.flagId} names no calibration.`, { code: 'flag-uncalibrated' });
  }
  // Opened while the window is read; an error is thrown where the model is asked for.
  const opening = ports.modelOf(pack);
  opening.catch(() => undefined);
  const calibration = await ports.documents.calibration(calibrationHash);
  const window = await readWindow(ports.windows, state, {
    channels: calibration.channels,
    until: flag,
    maxMs: pack.manifest.window.ms,
    maxRows: pack.manifest.window.maxRows,
    ...(flag.batch === undefined ? {} : { batch: flag.batch }),
  });
  if (window.seqs.at(-1) !== flag.seq || window.bootIds.at(-1) !== flag.bootId) {
    throw new DependencyError(`The window of ${flag.asset} does not hold reading ${flag.bootId}/${flag.seq} yet.`, {
      code: 'reading-not-there',
    });
  }
  const { ref, bytes } = encodeEvidence(flag.asset, window);
  // Stored while the model runs; both are done before anything is said.
  const stored = ports.objects.put(evidenceKey(ref.hash), bytes);
  stored.catch(() => undefined);
  const model = await opening;
  const found = await decidedOn(ports, { flag, registration, pack, model, calibration, calibrationHash, window, ref });
  await stored;
  return found;
}

/** All that a decision on a window is made from. */
export interface Grounds {
  readonly flag: FlaggedSignal;
  readonly registration: AssetRegistration;
  readonly pack: Pack;
  readonly model: PackModel | undefined;
  readonly calibration: Calibration;
  readonly calibrationHash: string;
  readonly window: Window;
  /** The window as the record names it. */
  readonly ref: NonNullable<Inference['window']>;
}

/** What is made of a window: the same from the same grounds, whether for the first time or years later. */
export async function decidedOn(
  { larger, elapsed }: Pick<InferPorts, 'larger' | 'elapsed'>,
  { flag, registration, pack, model, calibration, calibrationHash, window, ref }: Grounds,
): Promise<Found> {
  const alarm = alarmOf(flag, window, calibration, registration.timeZone);
  const made = model ? await model.classify(window.series, calibration, alarm) : unclassified(flag);
  const own = ownAnswer(made, {
    tier: model ? 1 : 0,
    sentence: () => generalSentence({ kind: made.kind, window: window.series, calibration, alarm }),
    oodReasons: absurdReadings(window.series, calibration, alarm.onsetRow),
  });
  const proposalFor = (answer: TierAnswer): Proposal | undefined =>
    pack.planRemedy?.({
      registration,
      classification: withoutUndefined({
        kind: answer.kind,
        zones: made.zones,
        // It belongs to the kind for which the pack's own model looked for it.
        suspect: answer.kind === made.kind ? made.suspect : undefined,
        explanation: answer.explanation,
      }),
    });
  let proposal = proposalFor(own);
  const canAct = proposal !== undefined && !proposal.highImpact;
  const asked = larger
    ? await askLargerModel(own, { larger, manifest: pack.manifest, features: made.features, canAct, elapsed })
    : { answer: own };
  if (asked.answer !== own) proposal = proposalFor(asked.answer);
  const zone = made.zones?.[0];
  return {
    inference: {
      ...asked.answer,
      ...(asked.routing ? { routing: asked.routing } : {}),
      ...(asked.remote ? { remote: asked.remote } : {}),
      ...(zone === undefined ? {} : { zone: zone.slice(0, 64) }),
      window: ref,
      calibrationHash,
      ...(model && pack.manifest.model ? { modelHash: pack.manifest.model.sha256 } : {}),
      ...(made.places === undefined ? {} : { places: made.places }),
    },
    proposal,
  };
}

const withoutUndefined = <T extends object>(value: T): T =>
  Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T;

/** What screening alone can say: something is new. */
const unclassified = (flag: FlaggedSignal): Classification => ({
  kind: 'anomaly',
  probabilities: { anomaly: 1 - flag.pValue, normal: flag.pValue },
});

/** The alarm in rows of the window. */
export function alarmOf(
  flag: FlaggedSignal,
  window: Window,
  calibration: Calibration,
  timeZone?: string,
): AlarmContext {
  const last = window.seqs.length - 1;
  const { onset } = flag;
  const foundAt = onset
    ? window.seqs.findIndex((one, at) => one === onset.seq && window.bootIds[at] === onset.bootId)
    : last;
  // Not in the window: older than it, which the contract of AlarmContext calls row 0.
  const onsetRow = Math.max(0, foundAt);
  const topChannels = flag.topChannels
    .map(({ name, share }) => ({ channel: calibration.channels.findIndex((one) => one.name === name), share }))
    .filter(({ channel }) => channel >= 0);
  return {
    onsetRow,
    ...(foundAt < 0 ? { olderThanWindow: true } : {}),
    rowsSinceOnset: last - onsetRow,
    score: flag.score,
    topChannels,
    ...(timeZone === undefined ? {} : { timeZone }),
  };
}

/** What this system knows of a window beside the model's answer. */
export interface Beside {
  readonly tier: 0 | 1;
  /** Said where the pack has no sentence of its own. */
  readonly sentence: () => string;
  readonly oodReasons: readonly string[];
}

/** A pack's answer within the limits of the record. */
export function ownAnswer(made: Classification, { tier, sentence, oodReasons }: Beside): TierAnswer {
  const reasons = [...oodReasons, ...(made.oodReasons ?? [])].slice(0, 8).map((reason) => reason.slice(0, 200));
  const { explanation } = made;
  const without = (explanation?.without ?? []).slice(0, 12).map(({ names, confidence }) => ({
    names: names.slice(0, 2).map((name) => name.slice(0, 120)),
    confidence: within(confidence),
  }));
  return {
    kind: made.kind,
    confidence: within(made.probabilities[made.kind]),
    probabilities: Object.fromEntries(Object.entries(made.probabilities).map(([kind, value]) => [kind, within(value)])),
    // Whoever gives no set has excluded nothing.
    set: [...(made.set ?? likely(made.probabilities))].slice(0, 16),
    oodPValue: made.oodPValue ?? 1,
    ...(reasons.length > 0 ? { oodReasons: reasons } : {}),
    tier,
    explanation: {
      sentence: (explanation?.sentence ?? sentence()).slice(0, 1000),
      contributions: (explanation?.contributions ?? []).slice(0, 12).map(({ feature, value, contribution }) => ({
        feature: feature.slice(0, 64),
        value,
        contribution,
      })),
      ...(without.length > 0 ? { without } : {}),
    },
  };
}

const likely = (probabilities: Classification['probabilities']): Kind[] =>
  (Object.entries(probabilities) as [Kind, number][]).filter(([, value]) => value > 0).map(([kind]) => kind);

const within = (value: number | undefined): number => Math.min(Math.max(value ?? 0, 0), 1);

/**
 * What may happen about an inference: act, ask or observe. The policies decide; this states the facts they decide on and
 * the order of the questions. Whatever fails while checking never acts: a person is asked, with the reason.
 */
import { z } from 'zod';
import type { AssetRegistration, AssetState } from '../../contracts/asset.ts';
import { type guardVerdict, inference as inferenceSchema } from '../../contracts/decision.ts';
import { type FlaggedSignal, flaggedSignal } from '../../contracts/flag.ts';
import { proposal as proposalSchema } from '../../contracts/remediation.ts';
import { explainedBy, sentenceOf } from './expected.ts';
import type { QuotaPlace } from './quota.ts';

export const guardInput = z.object({
  flag: flaggedSignal,
  inference: inferenceSchema,
  proposal: proposalSchema.optional(),
  pack: z.string().max(64),
});
export type GuardInput = z.infer<typeof guardInput>;
export type GuardVerdict = z.infer<typeof guardVerdict>;

/** The facts, in the words of the pack's Cedar schema. Whole numbers: Cedar has no fractions. */
export interface EvidenceContext {
  readonly kind: string;
  /** Why it was flagged. */
  readonly reason: string;
  readonly confidence: number;
  readonly oodPValuePerMille: number;
  readonly evidenceAgeMs: number;
  readonly remedyAction: string;
  readonly remedyTarget: string;
  readonly highImpact: boolean;
  readonly quotaLeft: number;
  readonly stopped: boolean;
  readonly heldByCase: boolean;
  readonly singleClass: boolean;
}

export interface Question {
  readonly action: 'act' | 'ask';
  readonly pack: string;
  readonly asset: string;
  readonly site: string;
  readonly context: EvidenceContext;
}

export interface Answer {
  readonly allowed: boolean;
  /** Policies that determined it, by @id. */
  readonly policies: readonly string[];
  /** Policies that could not be evaluated. Any error here means that the answer is not to be trusted. */
  readonly errors: readonly string[];
}

/** The policies of one pack, parsed. */
export interface Authorizer {
  /** Hash over the texts of all policies and the schema. */
  readonly policyHash: string;
  authorize(question: Question): Answer;
}

export interface GuardPorts {
  /** Opens the policies of a pack once. @throws where a policy does not parse */
  readonly authorizerOf: (pack: string) => Authorizer;
  readonly assetOf: (asset: string) => Promise<{ registration: AssetRegistration; holds: AssetState['holds'] }>;
  /** Stopped scopes among all that concern the asset, read consistently. */
  readonly stoppedScopes: (asset: string, site: string) => Promise<readonly string[]>;
  /** Effects that the place may still have in this hour. */
  readonly quotaLeft: (place: QuotaPlace) => Promise<number>;
  readonly nowMs: () => number;
}

/** Where no policy could be read there is none to name. */
const noPolicyHash = '0'.repeat(64);

export async function guard(ports: GuardPorts, input: GuardInput): Promise<GuardVerdict> {
  let authorizer: Authorizer | undefined;
  try {
    authorizer = ports.authorizerOf(input.pack);
    return await decide(ports, authorizer, input);
  } catch (error) {
    const reason = `Checking failed, so a person is asked: ${error instanceof Error ? error.message : String(error)}`;
    return {
      verdict: 'ask',
      policies: [],
      policyHash: authorizer?.policyHash ?? noPolicyHash,
      reasons: [reason.slice(0, 500)],
    };
  }
}

async function decide(ports: GuardPorts, authorizer: Authorizer, input: GuardInput): Promise<GuardVerdict> {
  const { flag, inference, proposal, pack } = input;
  const { policyHash } = authorizer;
  const { registration, holds } = await ports.assetOf(flag.asset);
  const { site, zone } = registration;
  const place = { site, ...(zone === undefined ? {} : { zone }) };
  const expected = explainedBy(flag, holds);
  if (expected.length > 0) {
    return { verdict: 'observe', policies: [], policyHash, reasons: expected.map(sentenceOf), expected, place };
  }
  const [stopped, quotaLeft] = await Promise.all([
    ports.stoppedScopes(flag.asset, site),
    ports.quotaLeft({ asset: flag.asset, site, zone, seenIn: inference.zone }),
  ]);
  const context: EvidenceContext = {
    kind: inference.kind,
    reason: flag.reason,
    confidence: perMille(inference.confidence),
    oodPValuePerMille: perMille(inference.oodPValue),
    evidenceAgeMs: evidenceAgeMs(flag, registration.clockRate, ports.nowMs()),
    remedyAction: proposal?.action ?? 'none',
    remedyTarget: proposal?.target ?? '',
    highImpact: proposal?.highImpact ?? false,
    quotaLeft: Math.trunc(quotaLeft),
    stopped: stopped.length > 0,
    heldByCase: holds.length > 0,
    singleClass: inference.set.length === 1 && inference.set[0] === inference.kind,
  };
  const reasons = factsInTheWay(context, stopped);
  const tooOld = isTooOld(proposal, context);
  if (tooOld !== undefined) reasons.push(tooOld);
  const ask = (action: 'act' | 'ask') => authorizer.authorize({ action, pack, asset: flag.asset, site, context });
  const act = proposal && tooOld === undefined ? ask('act') : undefined;
  if (act && act.errors.length > 0) return failed(act, policyHash);
  if (act?.allowed) return { verdict: 'act', policies: [...act.policies], policyHash, reasons: [], place };
  if (!proposal) reasons.unshift('Nothing is proposed that could be done.');
  const asked = ask('ask');
  if (asked.errors.length > 0) return failed(asked, policyHash);
  const policies = [...new Set([...(act?.policies ?? []), ...asked.policies])].slice(0, 32);
  if (asked.allowed) return { verdict: 'ask', policies, policyHash, reasons, place };
  return {
    verdict: 'observe',
    policies,
    policyHash,
    reasons: [...reasons, 'No policy permits more than observing.'].slice(0, 16),
    place,
  };
}

/** Cedar leaves a policy out that it cannot evaluate, a forbidding one too: so nothing acts on such an answer. */
const failed = (answer: Answer, policyHash: string): GuardVerdict => ({
  verdict: 'ask',
  policies: [...answer.policies].slice(0, 32),
  policyHash,
  reasons: answer.errors.slice(0, 16).map((error) => `A policy could not be evaluated: ${error}`.slice(0, 500)),
});

/** Rounded down, so that rounding never lifts a probability over a policy's limit. */
const perMille = (probability: number): number => Math.floor(probability * 1000);

/** Age of the flagged reading, free of clock skew: what it took on the device by its clock, and since then by ours. */
export const evidenceAgeMs = (
  reading: Pick<FlaggedSignal, 'atMs' | 'sentAtMs' | 'receivedAtMs'>,
  clockRate: number,
  nowMs: number,
): number =>
  Math.ceil(Math.max(0, reading.sentAtMs - reading.atMs) / clockRate + Math.max(0, nowMs - reading.receivedAtMs));

/** The action's own limit, which the pack states, stands beside whatever its policies say; it is asked again at the send. */
const isTooOld = (proposal: GuardInput['proposal'], { evidenceAgeMs: ageMs }: EvidenceContext): string | undefined =>
  proposal?.maxEvidenceAgeMs !== undefined && ageMs > proposal.maxEvidenceAgeMs
    ? `The evidence is ${ageMs} ms old; "${proposal.action}" allows ${proposal.maxEvidenceAgeMs} ms.`
    : undefined;

/** What stands against acting, in words for the record; the policies decide, this only tells. */
function factsInTheWay(context: EvidenceContext, stopped: readonly string[]): string[] {
  const facts: string[] = [];
  if (stopped.length > 0) facts.push(`The stop switch is on: ${stopped.join(', ')}.`);
  if (context.quotaLeft <= 0) facts.push('The quota of effects for this hour is used up.');
  if (context.heldByCase) facts.push('An action of another case holds on this asset.');
  if (context.highImpact) facts.push('The remedy has a high impact.');
  if (!context.singleClass) facts.push('More than one kind cannot be excluded.');
  return facts;
}

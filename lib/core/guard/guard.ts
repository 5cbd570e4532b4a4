/**
 * What may happen about an inference: act, ask or observe. The policies decide; this states the facts they decide on and
 * the order of the questions. Whatever fails while checking never acts: a person is asked, with the reason.
 */
import { z } from 'zod';
import type { AssetRegistration, AssetState } from '../../contracts/asset.ts';
import { type guardVerdict, inference as inferenceSchema } from '../../contracts/decision.ts';
import { type FlaggedSignal, flaggedSignal } from '../../contracts/flag.ts';
import type { StandingOrder } from '../../contracts/operations.ts';
import { proposal as proposalSchema } from '../../contracts/remediation.ts';
import { counterfactual } from './counterfactual.ts';
import type { EvidenceContext } from './evidence.ts';
import { explainedBy, sentenceOf } from './expected.ts';
import type { QuotaPlace } from './quota.ts';
import { isInDistribution, isSingleClass, leastOodPValue } from './rails.ts';
import { momentOf, type OrderPlace, ordersFor, sentenceOfOrder, type Withheld, withheldBy } from './standing-orders.ts';

export const guardInput = z.object({
  flag: flaggedSignal,
  inference: inferenceSchema,
  proposal: proposalSchema.optional(),
  pack: z.string().max(64),
});
export type GuardInput = z.infer<typeof guardInput>;
export type GuardVerdict = z.infer<typeof guardVerdict>;

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
  /** Confidences per mille that the policies compare with; where verdicts may change. */
  readonly confidenceLimits?: readonly number[];
  authorize(question: Question): Answer;
}

export interface GuardPorts {
  /** Opens the policies of a pack once. @throws where a policy does not parse */
  readonly authorizerOf: (pack: string) => Authorizer;
  readonly assetOf: (asset: string) => Promise<{ registration: AssetRegistration; holds: AssetState['holds'] }>;
  /** Stopped scopes among all that concern the asset, read consistently. */
  readonly stoppedScopes: (asset: string, site: string) => Promise<readonly string[]>;
  /** Planned work and shelving that is not over at a moment. */
  readonly standingOrders: (atMs: number) => Promise<readonly StandingOrder[]>;
  /** Effects that the place may still have in this hour. */
  readonly quotaLeft: (place: QuotaPlace) => Promise<number>;
  readonly nowMs: () => number;
}

const leastOodPerMille = leastOodPValue * 1000;
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
  const { site, zone, fedBy } = registration;
  const nowMs = ports.nowMs();
  const place = { site, ...(zone !== undefined && { zone }), ...(fedBy !== undefined && { fedBy }) };
  const expected = explainedBy(flag, holds);
  if (expected.length > 0) {
    return { verdict: 'observe', policies: [], policyHash, reasons: expected.map(sentenceOf), expected, place };
  }
  const at = { asset: flag.asset, site, ...(zone !== undefined && { zone }) };
  const withheld = await withheldOf(ports, input, at, nowMs);
  if (withheld.length > 0)
    return { verdict: 'observe', policies: [], policyHash, reasons: withheld.map(sentenceOfOrder), withheld, place };
  const [stopped, quotaLeft] = await Promise.all([
    ports.stoppedScopes(flag.asset, site),
    ports.quotaLeft({ asset: flag.asset, site, zone, seenIn: inference.zone }),
  ]);
  const context: EvidenceContext = {
    kind: inference.kind,
    reason: flag.reason,
    confidence: perMille(inference.confidence),
    oodPValuePerMille: isInDistribution(inference) ? perMille(inference.oodPValue) : 0,
    evidenceAgeMs: evidenceAgeMs(flag, registration.clockRate, nowMs),
    remedyAction: proposal?.action ?? 'none',
    remedyTarget: proposal?.target ?? '',
    highImpact: proposal?.highImpact ?? false,
    quotaLeft: Math.trunc(quotaLeft),
    stopped: stopped.length > 0,
    heldByCase: holds.length > 0,
    singleClass: isSingleClass(inference),
  };
  const moment = { atMs: nowMs, stopped: stopped.slice(0, 8), quotaLeft: context.quotaLeft, held: context.heldByCase };
  const tooOld = isTooOld(proposal, context);
  const judge = (facts: EvidenceContext): Judged => {
    const ask = (action: 'act' | 'ask') =>
      authorizer.authorize({ action, pack, asset: flag.asset, site, context: facts });
    return judged(ask, facts, proposal !== undefined && tooOld === undefined);
  };
  const { verdict, policies, forbidding, errors } = judge(context);
  if (errors.length > 0) return { ...failed(policies, errors, policyHash), moment };
  const reasons = verdict === 'act' ? [] : factsInTheWay(context, stopped, inference.oodReasons ?? []);
  if (tooOld !== undefined) reasons.push(tooOld);
  if (!proposal) reasons.unshift('Nothing is proposed that could be done.');
  if (verdict === 'observe') reasons.push('No policy permits more than observing.');
  if (verdict === 'ask' && reasons.length === 0) reasons.push(unsaidReason(forbidding));
  const limits = authorizer.confidenceLimits ?? [];
  // A person's word and silence have no confidence that could be another one.
  const isWeighed = flag.reason !== 'manual' && flag.reason !== 'silence';
  const verdictOf = (facts: EvidenceContext) => judge(facts).verdict;
  const change = isWeighed ? counterfactual({ context, verdict, inference, limits, verdictOf }) : undefined;
  return {
    verdict,
    policies: [...new Set(policies)].slice(0, 32),
    policyHash,
    reasons: reasons.slice(0, 16),
    ...(change === undefined ? {} : { counterfactual: change }),
    place,
    moment,
  };
}

/** What a person reports is no alarm that somebody expects: it is heard during planned work, too. */
async function withheldOf(
  ports: GuardPorts,
  { flag, inference }: GuardInput,
  place: OrderPlace,
  nowMs: number,
): Promise<Withheld[]> {
  if (flag.reason === 'manual') return [];
  const atMs = momentOf(flag, nowMs);
  const orders = ordersFor(await ports.standingOrders(atMs), place, inference.kind, atMs);
  return orders.slice(0, 8).map(withheldBy);
}

interface Judged {
  readonly verdict: GuardVerdict['verdict'];
  readonly policies: readonly string[];
  /** Those of them that forbade acting, whatever others permit. */
  readonly forbidding?: readonly string[];
  readonly errors: readonly string[];
}

/** The rails hold whatever policies permit: a pack cannot forget to forbid what they forbid. */
function judged(ask: (action: 'act' | 'ask') => Answer, facts: EvidenceContext, proposed: boolean): Judged {
  const act = proposed ? ask('act') : undefined;
  if (act && act.errors.length > 0) return { verdict: 'ask', ...act };
  const mayAct = facts.singleClass && facts.oodPValuePerMille >= leastOodPerMille;
  if (act?.allowed && mayAct) return { verdict: 'act', ...act };
  const asked = ask('ask');
  const forbidding = act && !act.allowed ? act.policies : [];
  const policies = [...forbidding, ...asked.policies];
  return {
    verdict: asked.allowed || asked.errors.length > 0 ? 'ask' : 'observe',
    policies,
    forbidding,
    errors: asked.errors,
  };
}

/** Where no fact stands in the way that has words of its own, the policies do. */
const unsaidReason = (forbidding: readonly string[] = []): string =>
  forbidding.length > 0
    ? `Acting by itself is forbidden by ${forbidding.join(', ')}.`
    : 'No policy permits that it acts on this by itself.';

/** Cedar leaves a policy out that it cannot evaluate, a forbidding one too: so nothing acts on such an answer. */
const failed = (policies: readonly string[], errors: readonly string[], policyHash: string): GuardVerdict => ({
  verdict: 'ask',
  policies: [...policies].slice(0, 32),
  policyHash,
  reasons: errors.slice(0, 16).map((error) => `A policy could not be evaluated: ${error}`.slice(0, 500)),
});

/** Rounded down, so that rounding never lifts a probability over a policy's limit. */
const perMille = (probability: number): number => Math.floor(probability * 1000);

/**
 * Age of the flagged reading, free of clock skew: what it took on the device by its clock, and since then by ours. A time
 * after that of sending says that the clock was set in between: the step counts as age, since nobody knows the true one.
 */
export const evidenceAgeMs = (
  reading: Pick<FlaggedSignal, 'atMs' | 'sentAtMs' | 'receivedAtMs'>,
  clockRate: number,
  nowMs: number,
): number =>
  Math.ceil(Math.abs(reading.sentAtMs - reading.atMs) / clockRate + Math.max(0, nowMs - reading.receivedAtMs));

/** The action's own limit, which the pack states, stands beside whatever its policies say; it is asked again at the send. */
const isTooOld = (proposal: GuardInput['proposal'], { evidenceAgeMs: ageMs }: EvidenceContext): string | undefined =>
  proposal?.maxEvidenceAgeMs !== undefined && ageMs > proposal.maxEvidenceAgeMs
    ? `The evidence is ${ageMs} ms old; "${proposal.action}" allows ${proposal.maxEvidenceAgeMs} ms.`
    : undefined;

/** What stands against acting, in words for the record; the policies decide, this only tells. */
function factsInTheWay(context: EvidenceContext, stopped: readonly string[], oodReasons: readonly string[]): string[] {
  const facts: string[] = [];
  if (stopped.length > 0) facts.push(`The stop switch is on: ${stopped.join(', ')}.`);
  if (context.quotaLeft <= 0) facts.push('The quota of effects for this hour is used up.');
  if (context.heldByCase) facts.push('An action of a case holds on this asset.');
  if (context.highImpact) facts.push('The remedy has a high impact.');
  if (!context.singleClass) facts.push('More than one kind cannot be excluded.');
  if (context.oodPValuePerMille < leastOodPerMille) {
    facts.push('The window is unlike those that the model was made with.');
    facts.push(...oodReasons.map((reason) => `Out of distribution: ${reason}.`));
  }
  return facts;
}

/**
 * What would have changed a verdict: the nearest confidence at which the policies decide otherwise, and what of the
 * evidence carries the confidence that far; where no confidence would, the one fact that would.
 */
import type { Inference, GuardVerdict as Verdict } from '../../contracts/decision.ts';
import type { EvidenceContext } from './evidence.ts';

type VerdictName = Verdict['verdict'];

export interface CounterfactualQuestion {
  readonly context: EvidenceContext;
  readonly verdict: VerdictName;
  readonly inference: Pick<Inference, 'explanation' | 'confidence' | 'kind' | 'set'>;
  /** Confidences per mille that the policies compare with, in any order. */
  readonly limits: readonly number[];
  /** The verdict that other facts would get. */
  readonly verdictOf: (context: EvidenceContext) => VerdictName;
}

const mostTried = 8;

/** @returns a sentence or two; `undefined` where nothing that is tried changes the verdict */
export function counterfactual(question: CounterfactualQuestion): string | undefined {
  const { context, verdict, verdictOf } = question;
  for (const confidence of candidates(question.limits, context.confidence)) {
    const other = verdictOf({ ...context, confidence });
    if (other === verdict) continue;
    const below = confidence < context.confidence;
    // Said of the limit itself: "below 0.80" for what changes at 0.799.
    const limit = ((below ? confidence + 1 : confidence) / 1000).toFixed(2);
    const words = `${below ? 'At a confidence below' : 'At a confidence of at least'} ${limit} ${consequence[other]}`;
    const evidence = below ? carriedBy(question, Number(limit)) : undefined;
    return [`${words}.`, ...(evidence === undefined ? [] : [evidence])].join(' ').slice(0, 500);
  }
  if (verdict !== 'ask') return undefined;
  for (const [words, change] of otherFacts(question)) {
    const other = verdictOf({ ...context, ...change });
    if (other !== verdict) return `${words} ${consequence[other]}.`;
  }
  return undefined;
}

const consequence: Readonly<Record<VerdictName, string>> = {
  act: 'it would act by itself',
  ask: 'a person would be asked',
  observe: 'it would only be written down',
};

/** The nearest confidence of each other stretch in which no comparison changes its result, the nearest stretch first. */
function candidates(limits: readonly number[], confidence: number): number[] {
  const distinct = [...new Set(limits)];
  const stretchOf = (one: number): string => distinct.map((limit) => Math.sign(one - limit)).join();
  const stretches = new Set([stretchOf(confidence)]);
  return distinct
    .flatMap((limit) => [limit - 1, limit, limit + 1])
    .filter((one) => one >= 0 && one <= 1000)
    .sort((a, b) => Math.abs(a - confidence) - Math.abs(b - confidence) || a - b)
    .filter((one) => {
      const stretch = stretchOf(one);
      if (stretches.has(stretch)) return false;
      stretches.add(stretch);
      return true;
    })
    .slice(0, mostTried);
}

/** The fewest names without which the confidence falls below the limit; else how far the most important one takes it. */
function carriedBy({ inference }: CounterfactualQuestion, limit: number): string | undefined {
  const without = inference.explanation.without ?? [];
  const enough = (count: number) =>
    without.find(({ names, confidence }) => names.length === count && confidence < limit);
  const found = enough(1) ?? enough(2);
  const said = found ?? without.find(({ names }) => names.length === 1);
  if (!said) return undefined;
  const confidence = said.confidence.toFixed(2);
  const [whole, part] = [inference.confidence.toFixed(2), said.names.join(' and ')];
  if (confidence === whole) return undefined;
  return `Without ${part} the confidence would ${found ? '' : 'still '}be ${confidence} instead of ${whole}.`;
}

/** Facts that may stand in the way, each with the words for it being otherwise. */
function otherFacts({ context, inference }: CounterfactualQuestion): [string, Partial<EvidenceContext>][] {
  const facts: [string, Partial<EvidenceContext>, boolean][] = [
    [`If ${othersOf(inference)} could be excluded`, { singleClass: true }, context.singleClass],
    [
      'If the window were like those that the model knows',
      { oodPValuePerMille: 1000 },
      context.oodPValuePerMille === 1000,
    ],
    ['If its impact were not high', { highImpact: false }, !context.highImpact],
    ['If no action held on the asset', { heldByCase: false }, !context.heldByCase],
    ['If the stop switch were off', { stopped: false }, !context.stopped],
    ['If an effect were left of this hour’s quota', { quotaLeft: 1 }, context.quotaLeft > 0],
    ['If the reading were new', { evidenceAgeMs: 0 }, context.evidenceAgeMs === 0],
  ];
  return facts.filter(([, , holds]) => !holds).map(([words, change]) => [words, change]);
}

const mostNamed = 3;

/** The kinds in the way, by name where they are few. */
function othersOf({ kind, set }: CounterfactualQuestion['inference']): string {
  const others = set.filter((one) => one !== kind);
  if (others.length === 0 || others.length > mostNamed) return 'every other kind';
  return [others.slice(0, -1).join(', '), others.at(-1)].filter(Boolean).join(' and ');
}

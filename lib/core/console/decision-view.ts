/** Decisions as lists show them, and what packs did lately. */
import type { DecisionSummary, PackView } from '../../contracts/api.ts';
import type { Decision } from '../../contracts/decision.ts';
import { isInDistribution } from '../guard/rails.ts';
import { type NameOf, withNames } from './case-view.ts';

/** Names a decision where it is kept: asset, time, id. */
export const refOf = ({ asset, atMs, decisionId }: Pick<Decision, 'asset' | 'atMs' | 'decisionId'>): string =>
  `${asset}.${String(atMs).padStart(13, '0')}.${decisionId}`;

/** What the contract of a summary has room for: a name may be longer than its pseudonym. */
const maxSentence = 1000;

export function decisionSummaryOf(decision: Decision, nameOf: NameOf): DecisionSummary {
  const { decisionId, asset, pack, atMs, inference, guard, proposal } = decision;
  return {
    ref: refOf(decision),
    decisionId,
    asset,
    pack,
    atMs,
    kind: inference.kind,
    confidence: inference.confidence,
    set: inference.set,
    oodPValue: inference.oodPValue,
    verdict: guard.verdict,
    policies: guard.policies,
    sentence: withNames(inference.explanation.sentence, nameOf).slice(0, maxSentence),
    ...(proposal && { proposal: { action: proposal.action, target: proposal.target } }),
    latencyMs: inference.latencyMs,
    costUsd: inference.costUsd,
  };
}

export function liveOf(decisions: readonly Decision[]): PackView['live'] {
  const said = (verdict: string): number => decisions.filter(({ guard }) => guard.verdict === verdict).length;
  const confidence = decisions.reduce((sum, { inference }) => sum + inference.confidence, 0);
  return {
    decisions: decisions.length,
    act: said('act'),
    ask: said('ask'),
    observe: said('observe'),
    ...(decisions.length > 0 && { meanConfidence: confidence / decisions.length }),
    outOfDistribution: decisions.filter(({ inference }) => !isInDistribution(inference)).length,
    ...(decisions.length > 0 && { fromMs: Math.min(...decisions.map(({ atMs }) => atMs)) }),
  };
}

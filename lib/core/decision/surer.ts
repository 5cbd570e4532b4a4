/**
 * Whether a later decision on a standing alarm is sure enough that the case of that alarm may ask about it instead. What
 * the case says against it, and who has answered already, the case knows (`case/supersede.ts`).
 */
import type { NewerDecision } from '../../contracts/case.ts';
import type { Decision } from '../../contracts/decision.ts';
import type { FlaggedSignal } from '../../contracts/flag.ts';
import type { PackManifest } from '../../contracts/pack.ts';
import { hashOf } from '../audit/canonical.ts';
import { isInDistribution } from '../guard/rails.ts';
import { groundsOf } from './grounds.ts';

/**
 * The decision as a case would ask about it. `undefined` unless its flag is about an alarm that stands, its window is none
 * that the model could not know, and whatever kind cannot be excluded is of the family of the kind that it names: then a
 * remedy for that family is meant, even where two kinds of it cannot be told apart.
 */
export function surerDecision(
  { reason }: Pick<FlaggedSignal, 'reason'>,
  decision: Decision,
  { families }: Pick<PackManifest, 'families'>,
): NewerDecision | undefined {
  const { inference, guard, proposal, decisionId, flagId, atMs } = decision;
  if ((reason !== 'persistence' && reason !== 'growth') || guard.verdict === 'observe' || !proposal) return undefined;
  const familyOf = (kind: string): string => (families as Readonly<Record<string, string>>)[kind] ?? kind;
  const { kind, set } = inference;
  const isOneFamily = set.includes(kind) && set.every((each) => familyOf(each) === familyOf(kind));
  if (!isOneFamily || !isInDistribution(inference)) return undefined;
  return {
    decisionId,
    flagId,
    atMs,
    kind,
    ...(inference.zone !== undefined && { zone: inference.zone }),
    sentence: inference.explanation.sentence,
    ...groundsOf(inference),
    ...(guard.counterfactual !== undefined && { counterfactual: guard.counterfactual }),
    proposal,
    proposalHash: hashOf(proposal),
  };
}

/**
 * Effects that hold and what they are expected to show. A flag whose evidence is theirs is masked by name: decided as
 * expected and only observed. Whatever goes beyond them is decided as ever, so that nothing is silenced.
 */
import type { GuardVerdict } from '../../contracts/decision.ts';
import type { FlaggedSignal } from '../../contracts/flag.ts';
import type { Hold } from '../case/holds.ts';

/** Share of the named evidence that must be expected: screening spreads a little of it over channels that only follow. */
const explainedShare = 0.8;

export type Expected = NonNullable<GuardVerdict['expected']>[number];

/** The effects that together explain a flag; empty where they do not, and for flags without channels. */
export function explainedBy({ topChannels }: FlaggedSignal, holds: readonly Hold[]): Expected[] {
  const total = topChannels.reduce((sum, { share }) => sum + share, 0);
  if (total <= 0) return [];
  const masked = new Set(holds.flatMap(({ expectedChannels }) => expectedChannels));
  const explained = topChannels.reduce((sum, { name, share }) => sum + (masked.has(name) ? share : 0), 0);
  if (explained < explainedShare * total) return [];
  return holds.flatMap(({ caseId, effectKey, action, target, expectedChannels }) => {
    const channels = topChannels.map(({ name }) => name).filter((name) => expectedChannels.includes(name));
    if (channels.length === 0) return [];
    return [{ caseId, ...(effectKey === undefined ? {} : { effectKey }), action, target, channels }];
  });
}

/** For the decision's reasons. */
export const sentenceOf = ({ caseId, effectKey, action, target, channels }: Expected): string =>
  `expected-effect of ${action} ${target} (effect ${effectKey ?? 'unnamed'}, case ${caseId}): ${channels.join(', ')}`.slice(
    0,
    500,
  );

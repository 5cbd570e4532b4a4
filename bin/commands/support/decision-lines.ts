/** What a decision says of itself, for the terminal; the words and the rounding are those of the console. */
import pc from 'picocolors';
import type { Decision } from '../../../lib/contracts/decision.ts';
import { usd } from '../../../web/src/lib/money.ts';
import { percent } from '../../../web/src/lib/share.ts';
import { decisionStrings } from '../../../web/src/strings/decision.ts';
import { labelled, short } from './print.ts';

const margin = 2;
const colours = { act: pc.green, ask: pc.yellow, observe: pc.dim } as const;

/** `leak`, `leak and burst`, `leak, burst and normal`. */
const listed = (names: readonly string[]): string =>
  names.length < 2 ? names.join() : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;

/** An act needs a set of the kind alone; a set of none means that nothing was excluded. */
const excluded = (kind: string, set: readonly string[]): string =>
  set.length === 0
    ? 'no kind is excluded'
    : set.join() === kind
      ? 'every other kind is excluded'
      : `${listed(set)} cannot be excluded`;

/**
 * @param sentence why it was decided so, with names where it names persons; `undefined` where it was said above
 * @example decisionLines(decision, undefined)
 * // 2026-11-29T04:32:10.603Z  191c9a6e  leak, asks a person
 * //   told by   The model of the pack, for 0.00002 USD
 * //   sure      84 %; leak and burst cannot be excluded
 */
export function decisionLines(
  { atMs, decisionId, inference, guard }: Decision,
  sentence: string | undefined,
): string[] {
  const { kind, tier, costUsd, confidence, set } = inference;
  const verdict = colours[guard.verdict](decisionStrings.verdict[guard.verdict] ?? guard.verdict);
  const say = (label: string, text: string): string => labelled(label, text, margin);
  return [
    `${pc.dim(new Date(atMs).toISOString())}  ${short(decisionId)}  ${pc.bold(kind)}, ${verdict}`,
    ...(sentence === undefined ? [] : [say('why', sentence)]),
    say('told by', `${decisionStrings.tiers[tier] ?? `tier ${tier}`}, for ${usd(costUsd)}`),
    say('sure', `${percent(confidence)}; ${excluded(kind, set)}`),
    ...guard.reasons.map((reason, at) => say(at === 0 ? 'because' : '', reason)),
    ...(guard.counterfactual === undefined ? [] : [say('otherwise', guard.counterfactual)]),
    say('policies', guard.policies.join(', ') || 'none'),
  ];
}

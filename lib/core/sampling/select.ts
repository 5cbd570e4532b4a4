/** Which decisions are looked at. Nobody can tell by the order in which they come, and whoever has the key can tell again. */
import { createHmac } from 'node:crypto';
import type { Decision } from '../../contracts/decision.ts';
import { type Sample, type SampleRates, type SampleStratum, sampleVersion } from '../../contracts/sample.ts';

const bits = 48;

/** A number in [0, 1) for a decision: the first 48 bits of its HMAC-SHA256. */
export const drawOf = (key: string, decisionId: string): number =>
  createHmac('sha256', key)
    .update(`sample/${decisionId}`)
    .digest()
    .readUIntBE(0, bits / 8) /
  2 ** bits;

/**
 * The stratum of a decision that the automation made alone about readings that a person can look at; `undefined` for what
 * a person was asked about, reported or has set aside, and for silence.
 */
export function stratumOf({ guard, inference }: Decision): SampleStratum | undefined {
  if (guard.verdict === 'ask' || guard.withheld !== undefined || inference.window === undefined) return undefined;
  return guard.verdict;
}

/** The sample that a decision is, or `undefined` where it is none. */
export function selected(
  decision: Decision,
  { key, rates, nowMs }: { readonly key: string; readonly rates: SampleRates; readonly nowMs: number },
): Sample | undefined {
  const stratum = stratumOf(decision);
  const { window, kind } = decision.inference;
  if (stratum === undefined || window === undefined) return undefined;
  const rate = rates[stratum];
  if (!(drawOf(key, decision.decisionId) < rate)) return undefined;
  const { decisionId, asset, pack } = decision;
  return { v: sampleVersion, decisionId, asset, pack, window, stratum, rate, said: kind, selectedAtMs: nowMs };
}

/** What a reviewer sees: where and when, not what was made of it. */
export const unlabelled = ({ decisionId, asset, pack, window }: Sample) => ({ decisionId, asset, pack, window });

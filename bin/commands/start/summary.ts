/** The summary at the end of the scripted day. Every number is read from the run: tables, bus, endpoint, audit. */
import pc from 'picocolors';
import type { CommandContext } from '../support/context.ts';
import { percentile, readAssets, readCases, readDecisions, readEffects } from '../support/figures.ts';
import { printJson, printLine } from '../support/print.ts';

/** Totals of a deployment at one moment; a summary is the difference of two. */
export interface Totals {
  readonly readings: number;
  readonly flagged: number;
  readonly flagsPending: number;
  readonly decisions: number;
  readonly cases: number;
  readonly casesOpen: number;
  readonly effectsAsked: number;
}

export async function readTotals(context: CommandContext): Promise<Totals> {
  const [assets, { cases, flags, flagsPending }, decisions, { effects }] = await Promise.all([
    readAssets(context),
    readCases(context),
    readDecisions(context),
    readEffects(context),
  ]);
  return {
    readings: assets.reduce((sum, asset) => sum + asset.readings, 0),
    flagged: flags,
    flagsPending,
    decisions: decisions.length,
    cases: cases.length,
    casesOpen: cases.filter((each) => each.status !== 'closed').length,
    effectsAsked: effects.length,
  };
}

export interface Summary {
  readonly readings: number;
  readonly flagged: number;
  readonly decisions: number;
  readonly cases: number;
  readonly effectsAsked: number;
  /** Physical effects that the endpoint counted; null when the endpoint is not the twin's. */
  readonly effectsCounted: number | null;
  /** Effects beyond the first of one idempotency key; null when the endpoint is not the twin's. */
  readonly duplicates: number | null;
  readonly auditVerified: boolean;
  readonly latencyMs: { readonly p50: number | null; readonly p95: number | null; readonly p99: number | null };
}

export function summarize(
  before: Totals,
  after: Totals,
  endpoint: { readonly counted: number; readonly duplicates: number } | undefined,
  auditVerified: boolean,
  latenciesMs: readonly number[],
): Summary {
  const rounded = (p: number): number | null => {
    const value = percentile(latenciesMs, p);
    return value === undefined ? null : Math.round(value);
  };
  return {
    readings: after.readings - before.readings,
    flagged: after.flagged - before.flagged,
    decisions: after.decisions - before.decisions,
    cases: after.cases - before.cases,
    effectsAsked: after.effectsAsked - before.effectsAsked,
    effectsCounted: endpoint?.counted ?? null,
    duplicates: endpoint?.duplicates ?? null,
    auditVerified,
    latencyMs: { p50: rounded(50), p95: rounded(95), p99: rounded(99) },
  };
}

export function printSummary(summary: Summary, json: boolean): void {
  const row = (label: string, value: string): void => printLine(`  ${label.padEnd(26)} ${value}`);
  const shown = (value: number | null): string => (value === null ? '–' : String(value));
  printLine();
  printLine(pc.bold('The day in numbers'));
  row('readings', String(summary.readings));
  row('flagged', String(summary.flagged));
  row('decisions', String(summary.decisions));
  row('cases', String(summary.cases));
  row('effects asked', String(summary.effectsAsked));
  row('effects counted by plant', shown(summary.effectsCounted));
  row('duplicate effects', summary.duplicates === 0 ? pc.green('0') : shown(summary.duplicates));
  row('audit', summary.auditVerified ? pc.green('verified') : pc.red('NOT VERIFIED'));
  const { p50, p95, p99 } = summary.latencyMs;
  row('reading → decision', `p50 ${shown(p50)} ms, p95 ${shown(p95)} ms, p99 ${shown(p99)} ms`);
  if (json) printJson(summary);
}

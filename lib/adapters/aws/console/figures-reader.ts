/** Figures of a span and what packs did lately: from bounded samples, of which the answer says how large they were. */
import type { AnswerOf, Figures, FiguresQuery, PackView } from '../../../contracts/api.ts';
import type { CaseRecord } from '../../../contracts/case.ts';
import { sha256 } from '../../../core/audit/canonical.ts';
import { liveOf } from '../../../core/console/decision-view.ts';
import { type CaseFacts, factsOf, figuresOf } from '../../../core/console/figures.ts';
import { policiesIn } from '../../../core/console/policy-text.ts';
import { InvalidInputError } from '../../../core/errors.ts';
import { readChain } from '../audit-store.ts';
import { closedCaseMarks } from '../cases-table.ts';
import { closedCases } from './case-reader.ts';
import { newestDecisions } from './decision-reader.ts';
import { indexCount } from './index-pages.ts';
import { readSettings } from './settings.ts';
import { type ConsoleWorld, type ShownPack, tableAt } from './world.ts';

const dayMs = 86_400_000;
const weekMs = 7 * dayMs;
const maxSpanMs = 366 * dayMs;
/** What is read for one answer at most. */
const maxCounted = 2_000;
const maxCases = 200;
const maxChains = 100;
const maxDecisions = 200;

/** Facts of closed cases change only by labels: what was read stands for so long. */
const factsForMs = 300_000;
const maxFacts = 5_000;
const known = new Map<string, { readonly facts: CaseFacts; readonly untilMs: number }>();

async function factsOfCase(world: ConsoleWorld, record: CaseRecord): Promise<CaseFacts> {
  const key = `${world.tables.audit} ${record.caseId}`;
  const kept = known.get(key);
  if (kept && kept.untilMs > world.now()) return kept.facts;
  const facts = factsOf(record, await readChain(tableAt(world, 'audit'), `case#${record.caseId}`));
  if (known.size >= maxFacts) known.clear();
  known.set(key, { facts, untilMs: world.now() + factsForMs });
  return facts;
}

/** @throws InvalidInputError for a span that is none */
export async function figures(world: ConsoleWorld, query: FiguresQuery): Promise<Figures> {
  const toMs = query.toMs ?? world.now();
  const fromMs = query.fromMs ?? Math.max(0, toMs - weekMs);
  if (fromMs > toMs || toMs - fromMs > maxSpanMs)
    throw new InvalidInputError('fromMs lies before toMs, by 366 days at most.', { code: 'span-invalid' });
  const at = tableAt(world, 'cases');
  const range = { fromMs, toMs };
  const [counts, cases, read, settings] = await Promise.all([
    Promise.all(closedCaseMarks.map((mark) => indexCount(at, mark, maxCounted, range))),
    closedCases(world, maxCases, range),
    newestDecisions(world, fromMs, toMs, maxDecisions),
    readSettings(world),
  ]);
  const counted = counts.reduce((sum, count) => sum + count, 0);
  const facts = await Promise.all(cases.slice(0, maxChains).map((record) => factsOfCase(world, record)));
  return figuresOf({
    fromMs,
    toMs,
    cases,
    facts: new Map(facts.map((each) => [each.caseId, each])),
    counted,
    decisions: read.decisions,
    complete: read.complete && counted <= facts.length,
    settings,
  });
}

export async function packList(world: ConsoleWorld): Promise<AnswerOf<'packs'>> {
  const toMs = world.now();
  const { decisions } = await newestDecisions(world, Math.max(0, toMs - weekMs), toMs, maxDecisions);
  return {
    items: Object.values(world.packs).map((pack) => {
      const own = decisions.filter((decision) => decision.pack === pack.manifest.name);
      const determined = new Map<string, number>();
      for (const { guard } of own) for (const id of guard.policies) determined.set(id, (determined.get(id) ?? 0) + 1);
      return packView(pack, determined, liveOf(own));
    }),
  };
}

function packView(
  { manifest, card, policyFiles }: ShownPack,
  determined: ReadonlyMap<string, number>,
  live: PackView['live'],
): PackView {
  const { name, version, title, model } = manifest;
  return {
    name,
    version,
    title,
    manifest,
    ...(card && { card }),
    ...(model && { modelHash: model.sha256 }),
    policies: Object.entries(policyFiles).flatMap(([file, text]) => {
      const hash = sha256(text);
      return policiesIn(text).map((policy) => ({ ...policy, file, hash, determined: determined.get(policy.id) ?? 0 }));
    }),
    live,
  };
}

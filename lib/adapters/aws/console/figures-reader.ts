/** Figures of a span and what packs did lately: from bounded samples, of which the answer says how large they were. */
import type { AnswerOf, Figures, FiguresQuery, PackView, Settings } from '../../../contracts/api.ts';
import type { CaseRecord } from '../../../contracts/case.ts';
import type { ModelCard } from '../../../contracts/model-card.ts';
import { sha256 } from '../../../core/audit/canonical.ts';
import { liveOf } from '../../../core/console/decision-view.ts';
import { type CaseFacts, factsOf, figuresOf, queueOf } from '../../../core/console/figures.ts';
import { policiesIn } from '../../../core/console/policy-text.ts';
import { InvalidInputError } from '../../../core/errors.ts';
import { readChain } from '../audit-store.ts';
import { closedCaseMarks } from '../cases-table.ts';
import { askedTimes, closedCases } from './case-reader.ts';
import { newestDecisions } from './decision-reader.ts';
import { indexCount } from './index-pages.ts';
import { readSettings } from './settings.ts';
import { workQueues } from './work-queues.ts';
import { type ConsoleWorld, type ShownPack, tableAt } from './world.ts';

const dayMs = 86_400_000;
const weekMs = 7 * dayMs;
const maxSpanMs = 366 * dayMs;
/** What is read for one answer at most. */
const maxCounted = 2_000;
const maxCases = 200;
const maxChains = 100;
const maxDecisions = 200;
const maxQuestions = 200;

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

/** An answer stands for a minute: what it is made of changes no faster, and reading it anew for each page is dear. */
const answersForMs = 60_000;
const maxAnswers = 100;
const answers = new Map<string, { readonly answer: Promise<unknown>; readonly untilMs: number }>();

export async function remembered<T>(world: ConsoleWorld, key: string, make: () => Promise<T>): Promise<T> {
  const whole = `${world.tables.cases} ${key}`;
  const kept = answers.get(whole);
  if (kept && kept.untilMs > world.now()) return (await kept.answer) as T;
  if (answers.size >= maxAnswers) answers.clear();
  const answer = make();
  answers.set(whole, { answer, untilMs: world.now() + answersForMs });
  answer.catch(() => answers.delete(whole));
  return await answer;
}

/** @throws InvalidInputError for a span that is none */
export async function figures(world: ConsoleWorld, query: FiguresQuery): Promise<Figures> {
  const settings = await readSettings(world);
  const key = `figures ${JSON.stringify([query.fromMs, query.toMs, settings])}`;
  return remembered(world, key, () => figuresNow(world, query, settings));
}

async function figuresNow(world: ConsoleWorld, query: FiguresQuery, settings: Settings): Promise<Figures> {
  const toMs = query.toMs ?? world.now();
  const fromMs = query.fromMs ?? Math.max(0, toMs - weekMs);
  if (fromMs > toMs || toMs - fromMs > maxSpanMs)
    throw new InvalidInputError('fromMs lies before toMs, by 366 days at most.', { code: 'span-invalid' });
  const at = tableAt(world, 'cases');
  const range = { fromMs, toMs };
  const [counts, cases, read, queue, queues] = await Promise.all([
    Promise.all(closedCaseMarks.map((mark) => indexCount(at, mark, maxCounted, range))),
    closedCases(world, maxCases, range),
    newestDecisions(world, fromMs, toMs, maxDecisions),
    askedTimes(world, maxQuestions),
    workQueues(world),
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
    queue: queueOf(queue.askedAtMs, queue.complete, world.now()),
    workQueues: queues,
  });
}

export const packList = (world: ConsoleWorld): Promise<AnswerOf<'packs'>> =>
  remembered(world, 'packs', () => packsNow(world));

async function packsNow(world: ConsoleWorld): Promise<AnswerOf<'packs'>> {
  const toMs = world.now();
  const { decisions } = await newestDecisions(world, Math.max(0, toMs - weekMs), toMs, maxDecisions);
  return {
    items: Object.values(await world.packs()).map((pack) => {
      const own = decisions.filter((decision) => decision.pack === pack.manifest.name);
      const determined = new Map<string, number>();
      for (const { guard } of own) for (const id of guard.policies) determined.set(id, (determined.get(id) ?? 0) + 1);
      return packView(pack, determined, liveOf(own));
    }),
  };
}

const withoutReference = ({ reference: _, ...card }: ModelCard): ModelCard => card;

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
    // What drift is told by is large and nothing to read: GET /drift says what follows from it.
    ...(card && { card: withoutReference(card) }),
    ...(model && { modelHash: model.sha256 }),
    policies: Object.entries(policyFiles).flatMap(([file, text]) => {
      const hash = sha256(text);
      return policiesIn(text).map((policy) => ({ ...policy, file, hash, determined: determined.get(policy.id) ?? 0 }));
    }),
    live,
  };
}

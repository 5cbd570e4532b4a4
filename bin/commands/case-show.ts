/** `groundcrew case show`: a case with its decisions, questions, effects and audit entries. */
import pc from 'picocolors';
import { readChain } from '../../lib/adapters/aws/audit-store.ts';
import { flagsOf } from '../../lib/adapters/aws/case-finder.ts';
import { getEffect } from '../../lib/adapters/aws/ledger-store.ts';
import { reviewsOf } from '../../lib/adapters/aws/review-store.ts';
import { dynamoStateStore } from '../../lib/adapters/aws/state-store.ts';
import type { CaseRecord } from '../../lib/contracts/case.ts';
import type { Decision } from '../../lib/contracts/decision.ts';
import { collapse } from '../../lib/core/audit/collapse.ts';
import { effectiveCase, type Review } from '../../lib/core/case/effective.ts';
import { takeBackUntilMs } from '../../lib/core/case/think-again.ts';
import { type CaseDecisions, decisionsOfCase } from './support/case-decisions.ts';
import type { CommandContext } from './support/context.ts';
import { decisionLines } from './support/decision-lines.ts';
import { decisionsSince } from './support/figures.ts';
import { findCase } from './support/find-case.ts';
import { ago, counted, labelled, printJson, printLine, short, wrapped } from './support/print.ts';
import { shownName, withNames } from './support/subjects.ts';

/** What opened the case, and what was decided last; those between them are counted. */
const mostDecisions = 6;

export async function showCase(context: CommandContext, id: string, json: boolean): Promise<void> {
  const stored = await findCase(context, id);
  const table = { client: context.dynamodb(), table: context.names.table('cases') };
  const ledger = { client: context.dynamodb(), table: context.names.table('ledger') };
  const audit = { client: context.dynamodb(), table: context.names.table('audit') };
  const states = dynamoStateStore(context.dynamodb(), context.names.table('state'));
  const [reviews, flags, effects, chain, state, masked] = await Promise.all([
    reviewsOf(table, stored.caseId),
    flagsOf(table, stored.caseId),
    Promise.all(stored.effectKeys.map((key) => getEffect(ledger, key))),
    readChain(audit, `case#${stored.caseId}`),
    states.get(stored.asset),
    expectedOf(context, stored),
  ]);
  const decisions = await decisionsOfCase(context, stored, flags);
  const holds = (state?.holds ?? []).filter((hold) => hold.caseId === stored.caseId);
  const record = effectiveCase(stored, reviews);
  const story = collapse(chain);
  if (json)
    return printJson({
      ...record,
      decisions: decisions.kept,
      decisionsGone: decisions.gone,
      reviews,
      flags,
      effects: effects.filter(Boolean),
      holds,
      expectedEffects: masked.map(({ decisionId, flagId, atMs }) => ({ decisionId, flagId, atMs })),
      audit: story,
    });
  const named = (text: string): Promise<string> => withNames(context, text);
  const sentence = await named(record.sentence);
  printCase(record, sentence, record.proposal && (await named(record.proposal.why)));
  if (record.incident) print('incident', `${counted(flags.length, 'flag')} ${placeOf(record.incident)}`);
  for (const review of reviews) printReview(record, review, await wordsOf(context, review, sentence));
  for (const effect of effects)
    if (effect) {
      const { action, target, status, outcome } = effect;
      print('effect', `${action} ${target}: ${status}${outcome ? ` (${outcome.message})` : ''}`);
    }
  for (const { action, target, expectedChannels } of holds)
    print(
      'holds',
      `${action} ${target}, expected to move ${expectedChannels.join(', ') || 'nothing'} of ${record.asset}`,
    );
  if (masked.length > 0)
    print('expected', `${counted(masked.length, 'flag')} showed what its effect is expected to do: only observed`);
  await printDecisions(record, decisions, named);
  if (story.length > 0) printLine(`\n${pc.bold('Audit')}`);
  for (const { at, type } of story) printLine(`${pc.dim(new Date(at).toISOString())}  ${type}`);
}

const print = (label: string, text: string): void => printLine(labelled(label, text));

/** Decisions on flags that were what an effect of the case is expected to do. */
async function expectedOf(context: CommandContext, record: CaseRecord): Promise<Decision[]> {
  const decisions = await decisionsSince(context, record.asset, record.openedAtMs);
  return decisions.filter(({ guard }) => guard.expected?.some(({ caseId }) => caseId === record.caseId));
}

const placeOf = ({ scope, place, fedBy }: NonNullable<CaseRecord['incident']>): string =>
  fedBy === undefined ? `of the ${scope} ${place}` : `behind ${place}`;

/** @param why of the proposal, which is said only where it is not what the case says of itself */
function printCase(record: CaseRecord, sentence: string, why: string | undefined): void {
  printLine(`${pc.bold(record.caseId)}`);
  printLine(wrapped(sentence, 0));
  print('asset', `${record.asset}${record.zone === undefined ? '' : `, zone ${record.zone}`}`);
  print('opened', `${new Date(record.openedAtMs).toISOString()}, ${ago(record.openedAtMs, Date.now())}`);
  print('status', `${record.status}${record.resolution === undefined ? '' : ` (${record.resolution})`}`);
  if (record.proposal) {
    const { action, target } = record.proposal;
    print('proposes', `${action} ${target}${why === undefined || why === sentence ? '' : `: ${why}`}`);
  }
  if (record.proposalHash !== undefined) print('proposal', short(record.proposalHash));
  if (record.ticket !== undefined) print('ticket', record.ticket);
  if (record.note !== undefined) print('note', record.note);
}

async function printDecisions(
  record: CaseRecord,
  { kept, gone }: CaseDecisions,
  named: (text: string) => Promise<string>,
): Promise<void> {
  printLine(`\n${pc.bold('Decisions')}`);
  const left = Math.max(0, kept.length - mostDecisions);
  for (const [at, decision] of kept.entries()) {
    if (at === 1 && left > 0) printLine(`… ${counted(left, 'decision')} between these; --json has them all`);
    if (at > 0 && at <= left) continue;
    const { sentence } = decision.inference.explanation;
    const lines = decisionLines(decision, sentence === record.sentence ? undefined : await named(sentence));
    for (const line of lines) printLine(line);
  }
  for (const id of gone)
    print(
      'gone',
      `${short(id)} has left the table of decisions; the audit keeps it: groundcrew audit prove ${short(id)}`,
    );
  if (gone.includes(record.newer?.decisionId ?? record.decisionId) && record.counterfactual !== undefined)
    print('otherwise', record.counterfactual);
}

interface Words {
  readonly question: string;
  readonly first: string;
  readonly end: string;
  readonly takenBack: string;
}

/** With names of persons; a question without the sentence of the case, which it begins with. */
async function wordsOf(context: CommandContext, { request, end, first }: Review, sentence: string): Promise<Words> {
  const question = await withNames(context, request.question);
  return {
    question: question.startsWith(`${sentence} `) ? question.slice(sentence.length + 1) : question,
    first: first ? await shownName(context, first.answer.by) : '',
    end: 'answer' in end ? await shownName(context, end.answer.by) : '',
    takenBack: end.state === 'taken-back' ? await shownName(context, end.takenBack.by) : '',
  };
}

function printReview(record: CaseRecord, review: Review, words: Words): void {
  const { request, end, first } = review;
  print('question', words.question);
  if ((request.people ?? 1) > 1) print('needs', `${request.people} people, because of its high impact`);
  if (first) print('1 of 2', `${first.answer.answer} by ${words.first}: ${first.answer.reason}`);
  if ('answer' in end) print('answer', `${end.answer.answer} by ${words.end}: ${end.answer.reason}`);
  const untilMs = takeBackUntilMs(review);
  if (end.state === 'taken-back') print('back', `taken back by ${words.takenBack}: ${end.takenBack.reason}`);
  else if (untilMs !== undefined && record.status !== 'closed')
    print(
      'waits',
      `until ${new Date(untilMs).toISOString()}: groundcrew case take-back ${short(record.caseId)} --reason …`,
    );
  if ('answer' in end) return;
  if (end.state === 'superseded')
    print(
      'replaced',
      `unanswered, at ${new Date(end.atMs).toISOString()}: decision ${short(end.newer.decisionId)} is surer`,
    );
  else if (end.state === 'timed-out') print('answer', 'none in time');
  else
    print(
      'answer',
      `${first ? `another person than ${words.first} must say the same, ` : ''}open until ${new Date(request.dueAtMs).toISOString()}: groundcrew case approve|reject|override ${short(record.caseId)} --reason …`,
    );
}

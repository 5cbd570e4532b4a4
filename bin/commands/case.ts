/** `groundcrew case`: what is open, what is known of it, and a person's answer. */
import type { Command } from 'commander';
import pc from 'picocolors';
import { reviewsOf } from '../../lib/adapters/aws/review-store.ts';
import { type CaseRecord, caseVersion, type ReviewAnswer, type TakeBackOrder } from '../../lib/contracts/case.ts';
import { effectiveCase } from '../../lib/core/case/effective.ts';
import { parameterProblems, parametersOf } from '../../lib/core/case/parameters.ts';
import type { AnsweredReview } from '../../lib/core/case/review.ts';
import type { TakenBackReview } from '../../lib/core/case/take-back.ts';
import { listCases } from './case-list.ts';
import { showCase } from './case-show.ts';
import { setCaseLabel } from './support/case-labels.ts';
import { type CommandContext, type ContextOptions, openContext, withContextOptions } from './support/context.ts';
import { CommandFailure } from './support/failure.ts';
import { findCase } from './support/find-case.ts';
import { invokeFunction } from './support/invoke.ts';
import { type OperatorOption, operatorOf, withOperator } from './support/operator.ts';
import { checkAction } from './support/pack-actions.ts';
import { labelKindOf } from './support/pack-kinds.ts';
import { printJson, printLine, short } from './support/print.ts';

interface Output extends ContextOptions {
  readonly json?: boolean;
}
interface AnswerOptions extends Output, OperatorOption {
  readonly reason: string;
  readonly action?: string;
  readonly target?: string;
  readonly parameter?: readonly string[];
  readonly proposal?: string;
  readonly kind?: string;
  readonly unlisted?: boolean;
}

const tableOf = (context: CommandContext) => ({ client: context.dynamodb(), table: context.names.table('cases') });

export function registerCase(program: Command): void {
  const group = program.command('case').description('see cases and answer what they ask');
  withContextOptions(
    group.command('list').description('open cases: what asks somebody, what is due first, then the others'),
  )
    .option('--all', 'closed ones too')
    .option('--json', 'one JSON document')
    .action(async ({ all, ...options }: Output & { readonly all?: boolean }) =>
      listCases(openContext(options), { all: all === true, json: options.json === true }),
    );
  withContextOptions(
    group.command('show <id>').description('all that is known of a case; the start of its id is enough'),
  )
    .option('--json', 'one JSON document')
    .action(async (id: string, options: Output) => showCase(openContext(options), id, options.json === true));
  for (const [answer, description] of [
    ['approve', 'say yes to what the case proposes'],
    ['reject', 'say no; the case ends without an effect'],
    ['override', 'order something else'],
  ] as const) {
    const command = withOperator(
      withContextOptions(group.command(`${answer} <id>`).description(description)).requiredOption(
        '--reason <text>',
        'why; it stands in the audit',
      ),
      'who answers',
    )
      .option('--kind <kind>', 'what it was; kept as the case\'s label, as "label set" does')
      .option('--json', 'one JSON document');
    if (answer === 'approve')
      command.option(
        '--proposal <hash>',
        'what you have seen, as "case show" names it (the start is enough): refused when the case proposes something else by now',
      );
    if (answer === 'override')
      command
        .requiredOption('--action <action>', 'what shall be done instead, such as close-valve')
        .requiredOption('--target <target>', 'the element it is done to')
        .option('--unlisted', 'order an action that no pack knows')
        .option(
          '--parameter <name=value>',
          'what the action takes beside it, such as percent=80; once for each',
          (word: string, before: readonly string[] = []) => [...before, word],
        );
    command.action(async (id: string, options: AnswerOptions) => respond(openContext(options), id, answer, options));
  }
  registerTakeBack(group);
}

function registerTakeBack(group: Command): void {
  withOperator(
    withContextOptions(
      group
        .command('take-back <id>')
        .description('take the newest answer back, as long as nothing has followed from it'),
    ).requiredOption('--reason <text>', 'why; it stands in the audit'),
    'who takes it back',
  )
    .option('--json', 'one JSON document')
    .action(async (id: string, options: Output & OperatorOption & { readonly reason: string }) =>
      takeBack(openContext(options), id, options),
    );
}

/** The newest round's answer, or the first yes of two that it waits with. */
async function takeBack(
  context: CommandContext,
  id: string,
  options: Output & OperatorOption & { readonly reason: string },
): Promise<void> {
  const { caseId } = await findCase(context, id);
  const newest = (await reviewsOf(tableOf(context), caseId)).at(-1);
  const answered = newest && (newest.end.state === 'answered' ? newest.end : newest.first);
  if (!newest || !answered)
    throw new CommandFailure(
      `Case ${short(caseId)} has no answer that could be taken back: ${newest ? `its newest question is ${newest.end.state}` : 'nobody was asked'}. See "case show ${short(caseId)}".`,
    );
  const by = operatorOf(options);
  const order: TakeBackOrder = {
    v: caseVersion,
    caseId,
    answer: 'take-back',
    round: newest.request.round,
    answeredAtMs: answered.atMs,
    by,
    reason: options.reason,
  };
  const result = await invokeFunction<TakenBackReview>(context, 'review-answer', order);
  if (options.json === true) return printJson(result);
  printLine(`${pc.bold(short(caseId))}  ${answered.answer.answer} taken back by ${by}`);
  printLine(
    result.what === 'first'
      ? 'two people must say yes as before'
      : `the question stands again: groundcrew case approve|reject|override ${short(caseId)} --reason …`,
  );
}

async function respond(
  context: CommandContext,
  id: string,
  answer: ReviewAnswer['answer'],
  options: AnswerOptions,
): Promise<void> {
  const stored = await findCase(context, id);
  const reviews = await reviewsOf(tableOf(context), stored.caseId);
  const { caseId, proposalHash } = effectiveCase(stored, reviews);
  const round = reviews.find(({ end }) => end.state === 'open')?.request.round;
  const { reason, action, target, proposal } = options;
  if (answer === 'override' && options.unlisted !== true) await checkAction(stored, action ?? '');
  const parameters =
    answer === 'override' ? orderedParameters(stored, action ?? '', options.parameter ?? []) : undefined;
  const by = operatorOf(options);
  const label = options.kind === undefined ? undefined : await labelKindOf(options.kind);
  if (proposal !== undefined && proposal.length < 8)
    throw new CommandFailure(
      `--proposal ${proposal}: give at least 8 digits, as "case show ${short(caseId)}" names it: nothing was answered.`,
      2,
    );
  if (proposal !== undefined && proposalHash?.startsWith(proposal) !== true)
    throw new CommandFailure(
      `Case ${short(caseId)} now proposes ${proposalHash === undefined ? 'nothing' : short(proposalHash)}, not ${proposal}: nothing was answered. Look again with "case show ${short(caseId)}".`,
    );
  const result = await invokeFunction<AnsweredReview>(context, 'review-answer', {
    v: 1,
    caseId,
    answer,
    by,
    reason,
    ...(answer === 'approve' && proposalHash !== undefined && { proposalHash }),
    ...(answer === 'override' && { override: { action, target, ...parameters } }),
    ...(round !== undefined && { round }),
  });
  if (label !== undefined) await setCaseLabel(context, caseId, { label, by, reason, round: result.round });
  if (options.json === true) return printJson(result);
  printLine(`${pc.bold(short(caseId))}  ${answer} by ${by}`);
  if (result.missing > 0)
    return printLine(
      `1 of 2: nothing happens yet. Another person than ${by} must say the same: groundcrew case ${answer} ${short(caseId)}${answer === 'override' ? ` --action ${action} --target ${target}${(options.parameter ?? []).map((word) => ` --parameter ${word}`).join('')}` : ''} --reason …`,
    );
  if (result.takeBackUntilMs !== undefined)
    printLine(
      `nothing follows from it for ${Math.max(0, Math.ceil((result.takeBackUntilMs - Date.now()) / 1000))} s: groundcrew case take-back ${short(caseId)} --reason …`,
    );
  if (!result.woken) printLine('the answer is stored; the case takes it up when its waiting time is over');
}

/** @throws CommandFailure for what the case's pack does not take with that action */
function orderedParameters(
  { orderParameters = {} }: CaseRecord,
  action: string,
  words: readonly string[],
): Pick<NonNullable<ReviewAnswer['override']>, 'parameters'> {
  const schema = Object.hasOwn(orderParameters, action) ? orderParameters[action] : undefined;
  let parameters: ReturnType<typeof parametersOf>;
  try {
    parameters = parametersOf(schema, words);
  } catch (error) {
    throw new CommandFailure(`--parameter: ${(error as Error).message}.`, 2);
  }
  const problems = parameterProblems(schema, parameters);
  if (problems.length > 0) throw new CommandFailure(`"${action}" cannot be ordered so: ${problems.join('; ')}.`, 2);
  return words.length > 0 ? { parameters } : {};
}

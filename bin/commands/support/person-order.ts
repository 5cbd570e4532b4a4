/** Options of orders that a person gives and answers for: who and why. */
import type { Command } from 'commander';
import { sealing, subjectOf } from '../../../lib/adapters/aws/subject-store.ts';
import { humanText } from '../../../lib/contracts/common.ts';
import type { CommandContext, ContextOptions } from './context.ts';
import { CommandFailure } from './failure.ts';
import { operatorName } from './operator.ts';
import { subjectsOf } from './subjects.ts';

export interface PersonOptions extends ContextOptions {
  readonly reason: string;
  readonly by: string;
  readonly json?: boolean;
}

export const withPersonOptions = (command: Command): Command =>
  command
    .requiredOption('--reason <text>', 'why; it stands in the audit')
    .option('--by <name>', 'who', operatorName())
    .option('--json', 'one JSON document');

/** The pseudonym of who orders. @throws CommandFailure for words that cannot be recorded */
export async function orderedBy(context: CommandContext, { reason, by }: PersonOptions): Promise<string> {
  for (const [option, text] of [
    ['--reason', reason],
    ['--by', by],
  ] as const) {
    const parsed = humanText.safeParse(text);
    if (!parsed.success) throw new CommandFailure(`${option}: ${parsed.error.issues[0]?.message}.`, 2);
  }
  return await subjectOf(subjectsOf(context), by, Date.now());
}

/** The audit table for entries about persons. */
export const personalAudit = (context: CommandContext) => ({
  client: context.dynamodb(),
  table: context.names.table('audit'),
  ...sealing(subjectsOf(context)),
});

export const projectionsOf = (context: CommandContext) => ({
  client: context.dynamodb(),
  cases: context.names.table('cases'),
  decisions: context.names.table('decisions'),
  stop: context.names.table('stop'),
});

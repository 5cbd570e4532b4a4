/** `groundcrew erase`: takes a person out of the records for good, while every record goes on to verify. */
import type { Command } from 'commander';
import pc from 'picocolors';
import { appendAudit, readChain } from '../../lib/adapters/aws/audit-store.ts';
import { scrubOperations } from '../../lib/adapters/aws/operations-scrub.ts';
import { scrubWords } from '../../lib/adapters/aws/retention.ts';
import { eraseSubject, knownSubject } from '../../lib/adapters/aws/subject-store.ts';
import { subjectId } from '../../lib/contracts/subject.ts';
import { holdsChain, holdsIn } from '../../lib/core/audit/holds.ts';
import { NotFoundError } from '../../lib/core/errors.ts';
import { type CommandContext, openContext, withContextOptions } from './support/context.ts';
import { CommandFailure } from './support/failure.ts';
import { operationsTable } from './support/operations.ts';
import {
  orderedBy,
  type PersonOptions,
  personalAudit,
  projectionsOf,
  withPersonOptions,
} from './support/person-order.ts';
import { printJson, printLine, short } from './support/print.ts';
import { subjectsOf } from './support/subjects.ts';

interface EraseOptions extends PersonOptions {
  readonly subject: string;
}

export function registerErase(program: Command): void {
  withPersonOptions(
    withContextOptions(
      program
        .command('erase')
        .description('destroy the key of a person’s data: names and reasons are gone, chains verify'),
    ).requiredOption('--subject <id>', 'pseudonym (person-…) or name'),
  ).action(async (options: EraseOptions) => erase(openContext(options), options));
}

/** Erase first, then the entry that says so: a repeat of the command completes what stopped in between. */
async function erase(context: CommandContext, options: EraseOptions): Promise<void> {
  const subjects = subjectsOf(context);
  const subject = subjectId.safeParse(options.subject).success
    ? options.subject
    : await knownSubject(subjects, options.subject);
  if (subject === undefined)
    throw new CommandFailure(
      `Nobody of the name "${options.subject}" is recorded, or they were erased. Give the pseudonym that stands in the audit.`,
    );
  await refuseWhileHeld(context, subject);
  const by = await orderedBy(context, options);
  const nowMs = Date.now();
  try {
    await eraseSubject(subjects, subject, nowMs);
  } catch (error) {
    if (error instanceof NotFoundError) throw new CommandFailure(error.message, 1, { cause: error });
    throw error;
  }
  const scrubbed =
    (await scrubWords(projectionsOf(context), subject)) + (await scrubOperations(operationsTable(context), subject));
  const entry = await appendAudit(
    personalAudit(context),
    {
      chain: 'system#subjects',
      type: 'subject-erased',
      key: [subject],
      correlationId: `erase-${subject}`,
      body: { subject, by },
      personal: { subject: by, data: { reason: options.reason } },
    },
    nowMs,
  );
  if (options.json === true) return printJson({ subject, erasedAtMs: entry.at, scrubbed });
  printLine(
    `${pc.bold(subject)} is erased: what was sealed with their key opens no more; ${scrubbed} records scrubbed`,
  );
}

async function refuseWhileHeld(context: CommandContext, subject: string): Promise<void> {
  const audit = { client: context.dynamodb(), table: context.names.table('audit') };
  for (const caseId of holdsIn(await readChain(audit, holdsChain)).standing.keys())
    for (const { body } of await readChain(audit, `case#${caseId}`))
      if ((body.personal as { subject?: string } | undefined)?.subject === subject || body.by === subject)
        throw new CommandFailure(
          `Case ${short(caseId)} is under a hold and names this person: release it first with "audit release --case ${short(caseId)}".`,
        );
}

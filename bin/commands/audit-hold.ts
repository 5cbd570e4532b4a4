/** `groundcrew audit hold` and `release`: what belongs to a case is kept until somebody else says that it may go. */
import type { Command } from 'commander';
import pc from 'picocolors';
import { appendAudit, readChain } from '../../lib/adapters/aws/audit-store.ts';
import { setExpiry } from '../../lib/adapters/aws/retention.ts';
import { type Holds, holdsChain, holdsIn, placeHold, releaseHold } from '../../lib/core/audit/holds.ts';
import { InvalidInputError } from '../../lib/core/errors.ts';
import { type CommandContext, openContext, withContextOptions } from './support/context.ts';
import { CommandFailure } from './support/failure.ts';
import { findCase } from './support/find-case.ts';
import {
  orderedBy,
  type PersonOptions,
  personalAudit,
  projectionsOf,
  withPersonOptions,
} from './support/person-order.ts';
import { printJson, printLine, short } from './support/print.ts';

interface HoldOptions extends PersonOptions {
  readonly case: string;
}

/** Days that flags and decisions stay after a release. */
const keptDays = 90;

export function registerHolds(audit: Command): void {
  for (const [word, description] of [
    ['hold', 'keep all that belongs to a case; nobody in it can be erased meanwhile'],
    ['release', 'end a hold; not by the person who placed it'],
  ] as const)
    withPersonOptions(
      withContextOptions(audit.command(word).description(description)).requiredOption(
        '--case <id>',
        'the start is enough',
      ),
    ).action(async (options: HoldOptions) => change(openContext(options), word, options));
}

/** A hold is recorded before it works, so that what it keeps is never without a record; repeating completes it. */
async function change(context: CommandContext, word: 'hold' | 'release', options: HoldOptions): Promise<void> {
  const record = await findCase(context, options.case);
  const order = { caseId: record.caseId, by: await orderedBy(context, options), reason: options.reason };
  const audit = personalAudit(context);
  const draft = draftOf(word, holdsIn(await readChain(audit, holdsChain)), order);
  if (draft) await appendAudit(audit, draft, Date.now());
  const ttlS = word === 'hold' ? undefined : Math.floor(Date.now() / 1000) + keptDays * 86_400;
  const items = await setExpiry(projectionsOf(context), record, ttlS);
  if (options.json === true) return printJson({ caseId: record.caseId, held: word === 'hold', items });
  printLine(
    word === 'hold'
      ? `${pc.bold(short(record.caseId))} is held: ${items} records do not expire`
      : `${pc.bold(short(record.caseId))} is released: ${items} records expire in ${keptDays} days`,
  );
}

function draftOf(word: 'hold' | 'release', holds: Holds, order: Parameters<typeof releaseHold>[1]) {
  try {
    return word === 'hold' ? placeHold(holds, order) : releaseHold(holds, order);
  } catch (error) {
    if (error instanceof InvalidInputError) throw new CommandFailure(error.message, 1, { cause: error });
    throw error;
  }
}

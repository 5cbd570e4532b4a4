/** `groundcrew trigger`: a person starts a case by hand. */
import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { type ContextOptions, openContext, withContextOptions } from './support/context.ts';
import { CommandFailure } from './support/failure.ts';
import { invokeFunction } from './support/invoke.ts';
import { printJson, printLine, short } from './support/print.ts';

interface TriggerOptions extends ContextOptions {
  readonly asset: string;
  readonly kind: string;
  readonly note: string;
  readonly by: string;
  readonly json?: boolean;
}

export function registerTrigger(program: Command): void {
  withContextOptions(
    program.command('trigger').description('start a case by hand, for what a person saw and no sensor did'),
  )
    .requiredOption('--asset <id>', 'which asset')
    .option('--kind <kind>', 'what it is: a kind of a pack, anomaly or manual', 'manual')
    .requiredOption('--note <text>', 'what was seen')
    .option('--by <name>', 'who saw it', userInfo().username)
    .option('--json', 'one JSON document')
    .action(async (options: TriggerOptions) => {
      await checkKind(options.kind);
      const answer = await invokeFunction<{ flagId: string }>(openContext(options), 'trigger', {
        asset: options.asset,
        kind: options.kind,
        by: options.by,
        note: options.note,
      });
      if (options.json === true) printJson(answer);
      else
        printLine(
          `Flag ${short(answer.flagId)} raised for ${options.asset}; "groundcrew case list" shows the case once it is decided.`,
        );
    });
}

/** Kinds that a person may report: those of the packs, and what is none of these. */
async function checkKind(kind: string): Promise<void> {
  const { packs } = await import('../../models/index.ts');
  const known = new Set(Object.values(packs).flatMap((pack) => pack.manifest.kinds));
  for (const name of ['anomaly', 'manual']) known.add(name);
  if (!known.has(kind))
    throw new CommandFailure(`--kind ${kind} is not known; it is one of ${[...known].sort().join(', ')}.`, 2);
}

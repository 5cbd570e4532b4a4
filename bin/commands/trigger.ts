/** `groundcrew trigger`: a person starts a case by hand. */
import type { Command } from 'commander';
import { type ContextOptions, openContext, withContextOptions } from './support/context.ts';
import { invokeFunction } from './support/invoke.ts';
import { type OperatorOption, operatorOf, withOperator } from './support/operator.ts';
import { kindOf } from './support/pack-kinds.ts';
import { printJson, printLine, short } from './support/print.ts';

interface TriggerOptions extends ContextOptions, OperatorOption {
  readonly asset: string;
  readonly kind: string;
  readonly note: string;
  readonly json?: boolean;
}

export function registerTrigger(program: Command): void {
  withOperator(
    withContextOptions(
      program.command('trigger').description('start a case by hand, for what a person saw and no sensor did'),
    ),
    'who saw it',
  )
    .requiredOption('--asset <id>', 'which asset')
    .option('--kind <kind>', 'what it is: a kind of a pack, anomaly or manual', 'manual')
    .requiredOption('--note <text>', 'what was seen')
    .option('--json', 'one JSON document')
    .action(async (options: TriggerOptions) => {
      const kind = await kindOf(options.kind, ['anomaly', 'manual']);
      const answer = await invokeFunction<{ flagId: string }>(openContext(options), 'trigger', {
        asset: options.asset,
        kind,
        by: operatorOf(options),
        note: options.note,
      });
      if (options.json === true) printJson(answer);
      else
        printLine(
          `Flag ${short(answer.flagId)} raised for ${options.asset}; "groundcrew case list" shows the case once it is decided.`,
        );
    });
}

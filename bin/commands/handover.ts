/** `groundcrew handover`: the note for the next shift. */
import type { Command } from 'commander';
import { ordersFrom } from '../../lib/adapters/aws/standing-order-store.ts';
import { listStops } from '../../lib/adapters/aws/stop-store.ts';
import { handover, handoverText } from '../../lib/core/operations/handover.ts';
import { type ContextOptions, openContext, withContextOptions } from './support/context.ts';
import { CommandFailure } from './support/failure.ts';
import { readCases } from './support/figures.ts';
import { operationsTable } from './support/operations.ts';
import { printJson, printLine } from './support/print.ts';
import { withNames } from './support/subjects.ts';

interface HandoverOptions extends ContextOptions {
  readonly hours: string;
  readonly operators: string;
  readonly json?: boolean;
}

export function registerHandover(program: Command): void {
  withContextOptions(
    program
      .command('handover')
      .description(
        'the note for the next shift: open cases, planned work, what is shelved, what happened, alarms an hour',
      ),
  )
    .option('--hours <n>', 'length of the shift that ends now', '8')
    .option('--operators <n>', 'people who shared it', '1')
    .option('--json', 'one JSON document')
    .action(async (options: HandoverOptions) => {
      const [hours, operators] = [Number(options.hours), Number(options.operators)];
      if (!(hours > 0 && hours <= 744))
        throw new CommandFailure(`--hours ${options.hours} is not above 0 and up to 744.`, 2);
      if (!Number.isInteger(operators) || operators < 1)
        throw new CommandFailure(`--operators ${options.operators} is not a number of people.`, 2);
      const context = openContext(options);
      const toMs = Date.now();
      const [{ cases }, orders, stops] = await Promise.all([
        readCases(context),
        ordersFrom(operationsTable(context), toMs),
        listStops({ client: context.dynamodb(), table: context.names.table('stop') }),
      ]);
      const note = handover({
        fromMs: toMs - hours * 3_600_000,
        toMs,
        operators,
        cases,
        orders: orders.map(({ order }) => order),
        stops,
      });
      if (options.json === true) printJson(note);
      else printLine(await withNames(context, handoverText(note).trimEnd()));
    });
}

/** `groundcrew sample`: decisions of the automation, looked at by people who are not told what it said. */
import type { Command } from 'commander';
import pc from 'picocolors';
import { answerSample } from '../../lib/adapters/aws/answer-sample.ts';
import { sampleCounts } from '../../lib/adapters/aws/counted-samples.ts';
import { getSample, listSamples } from '../../lib/adapters/aws/sample-store.ts';
import type { Sample } from '../../lib/contracts/sample.ts';
import { ConflictError, GroundcrewError } from '../../lib/core/errors.ts';
import { estimateErrors } from '../../lib/core/sampling/estimate.ts';
import { unlabelled } from '../../lib/core/sampling/select.ts';
import { toldStrata } from '../../lib/core/sampling/told.ts';
import { type CommandContext, type ContextOptions, openContext, withContextOptions } from './support/context.ts';
import { CommandFailure } from './support/failure.ts';
import { operationsTable } from './support/operations.ts';
import { labelKindOf } from './support/pack-kinds.ts';
import { orderedBy, type PersonOptions, personalAudit, withPersonOptions } from './support/person-order.ts';
import { printJson, printLine, printTable, short } from './support/print.ts';

interface Output extends ContextOptions {
  readonly json?: boolean;
}
interface AnswerOptions extends PersonOptions {
  readonly kind: string;
}

export function registerSample(program: Command): void {
  const group = program.command('sample').description('how often the automation is wrong, by looking without knowing');
  withContextOptions(
    group.command('list').description('windows that wait for a look; what was made of them is not shown'),
  )
    .option('--json', 'one JSON document')
    .action(async (options: Output) => await list(openContext(options), options.json === true));
  withPersonOptions(
    withContextOptions(
      group.command('answer <id>').description('say what a window shows; the first answer counts'),
    ).requiredOption('--kind <kind>', 'what it was; "normal" where nothing was'),
  ).action(async (id: string, options: AnswerOptions) => await answer(openContext(options), id, options));
  withContextOptions(group.command('estimate').description('the share of wrong decisions, with its interval'))
    .option('--json', 'one JSON document')
    .action(async (options: Output) => await estimate(openContext(options), options.json === true));
}

const waiting = async (context: CommandContext): Promise<Sample[]> =>
  (await listSamples(operationsTable(context))).filter((each) => each.answer === undefined);

async function list(context: CommandContext, json: boolean): Promise<void> {
  const open = (await waiting(context)).map(unlabelled);
  if (json) return printJson(open);
  if (open.length === 0) return printLine('no window waits for a look');
  printTable(
    ['ID', 'ASSET', 'FROM', 'TO', 'ROWS'],
    open.map(({ decisionId, asset, window }) => [
      short(decisionId),
      asset,
      new Date(window.fromMs).toISOString(),
      new Date(window.toMs).toISOString(),
      String(window.rows),
    ]),
  );
}

async function answer(context: CommandContext, id: string, options: AnswerOptions): Promise<void> {
  const table = operationsTable(context);
  const kind = await labelKindOf(options.kind);
  const [first, second] = (await listSamples(table)).filter(({ decisionId }) => id !== '' && decisionId.startsWith(id));
  if (!first) throw new CommandFailure(`No sample begins with ${id}: "sample list" shows them.`);
  if (second) throw new CommandFailure(`More than one sample begins with ${id}: give more of its id.`, 2);
  const stored = await getSample(table, first.decisionId);
  if (!stored) throw new CommandFailure(`Sample ${short(first.decisionId)} has gone meanwhile.`);
  const by = await orderedBy(context, options);
  const tables = { operations: table, audit: personalAudit(context) };
  const sample = await refusals(answerSample(tables, stored, { kind, by, reason: options.reason }, Date.now()));
  if (options.json === true) return printJson({ decisionId: sample.decisionId, answer: kind, said: sample.said });
  printLine(`${pc.bold(short(sample.decisionId))}  you say ${kind}; the automation said ${sample.said}`);
}

async function refusals<T>(done: Promise<T>): Promise<T> {
  try {
    return await done;
  } catch (error) {
    if (error instanceof GroundcrewError)
      throw new CommandFailure(error.message, error instanceof ConflictError ? 1 : 2);
    throw error;
  }
}

const percent = (share: number): string => `${(share * 100).toFixed(2)} %`;

async function estimate(context: CommandContext, json: boolean): Promise<void> {
  const found = estimateErrors(await sampleCounts(operationsTable(context), Date.now));
  const strata = toldStrata(found);
  if (json) return printJson({ ...found, strata });
  if (found.errorRate === undefined || found.interval === undefined)
    return printLine(`nobody has looked yet; ${found.waiting} windows wait: groundcrew sample list`);
  printLine(
    `wrong: ${pc.bold(percent(found.errorRate))}, between ${percent(found.interval.low)} and ${percent(found.interval.high)} at 95 %`,
  );
  printTable(
    ['VERDICT', 'RATE', 'CHOSEN', 'LOOKED AT', 'WRONG', 'STANDS FOR'],
    strata.map(({ stratum, rate, selected, answered, wrong, stoodFor }) => [
      stratum,
      percent(rate),
      selected === undefined ? '–' : String(selected),
      String(answered),
      String(wrong),
      stoodFor === undefined ? '–' : stoodFor.toFixed(0),
    ]),
  );
  if (found.waiting > 0)
    printLine(
      pc.yellow(
        `${found.waiting} windows wait for a look; they are taken to be like the others. How many were chosen of each verdict is said when none waits, so that nobody can tell of which one is.`,
      ),
    );
}

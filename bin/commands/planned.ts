/** `groundcrew planned` and `shelve`: what is only observed for a while, and ends by itself. */
import type { Command } from 'commander';
import pc from 'picocolors';
import { endOrder, giveOrder } from '../../lib/adapters/aws/give-order.ts';
import { ordersFrom, type StoredOrder } from '../../lib/adapters/aws/standing-order-store.ts';
import type { StandingOrder } from '../../lib/contracts/operations.ts';
import { ConflictError, GroundcrewError } from '../../lib/core/errors.ts';
import { endOf, holdsAt } from '../../lib/core/guard/standing-orders.ts';
import type { OrderWish } from '../../lib/core/operations/orders.ts';
import { type CommandContext, type ContextOptions, openContext, withContextOptions } from './support/context.ts';
import { CommandFailure } from './support/failure.ts';
import { operationsTable } from './support/operations.ts';
import { orderedBy, type PersonOptions, personalAudit, withPersonOptions } from './support/person-order.ts';
import { printJson, printLine, printTable, short } from './support/print.ts';
import { shownName } from './support/subjects.ts';
import { timeOf } from './support/time-option.ts';

type What = StandingOrder['what'];

interface ListOptions extends ContextOptions {
  readonly json?: boolean;
}
interface PlannedOptions extends PersonOptions {
  readonly scope: string;
  readonly from?: string;
  readonly to: string;
}
interface ShelveOptions extends PersonOptions {
  readonly hours: string;
}

const hourMs = 3_600_000;

export function registerPlanned(program: Command): void {
  const planned = program.command('planned').description('planned work: what is found there is only observed');
  withPersonOptions(
    withContextOptions(planned.command('add').description('plan work at an asset, a zone or a site, 31 days at most'))
      .requiredOption('--scope <scope>', 'asset#ID, site#ID or zone#SITE/ZONE')
      .option('--from <time>', 'when it begins, such as 2026-05-04T08:00Z; left out: now')
      .requiredOption('--to <time>', 'when it ends by itself'),
  ).action(async (options: PlannedOptions) => {
    const { scope } = options;
    const fromMs = options.from === undefined ? Date.now() : timeOf('--from', options.from);
    await give(openContext(options), options, {
      what: 'planned-work',
      scope,
      fromMs,
      toMs: timeOf('--to', options.to),
    });
  });
  listAndEnd(planned, 'planned-work', 'planned work that holds or will');

  const shelve = program.command('shelve').description('shelve a kind on an asset: it is only observed');
  withPersonOptions(
    withContextOptions(
      shelve.command('add <asset> <kind>').description('shelve a kind on an asset, 7 days at most'),
    ).requiredOption('--hours <n>', 'how long, from now; then it ends by itself'),
  ).action(async (asset: string, kind: string, options: ShelveOptions) => {
    const hours = Number(options.hours);
    if (!(hours > 0 && hours <= 168))
      throw new CommandFailure(`--hours ${options.hours} is not above 0 and up to 168.`, 2);
    const fromMs = Date.now();
    const toMs = fromMs + Math.round(hours * hourMs);
    await give(openContext(options), options, { what: 'shelving', scope: `asset#${asset}`, kind, fromMs, toMs });
  });
  listAndEnd(shelve, 'shelving', 'what is shelved now');
}

function listAndEnd(group: Command, what: What, description: string): void {
  withContextOptions(group.command('list').description(description))
    .option('--json', 'one JSON document')
    .action(async (options: ListOptions) => await list(openContext(options), what, options.json === true));
  withPersonOptions(
    withContextOptions(group.command('end <id>').description('end it before its time; the start of its id is enough')),
  ).action(async (id: string, options: PersonOptions) => await end(openContext(options), what, id, options));
}

async function give(
  context: CommandContext,
  options: PersonOptions,
  wish: Omit<OrderWish, 'by' | 'reason'>,
): Promise<void> {
  const by = await orderedBy(context, options);
  const order = await refusals(giveOrder(tablesOf(context), { ...wish, by, reason: options.reason }, Date.now()));
  if (options.json === true) return printJson(order);
  printLine(`${pc.green('set')} ${short(order.id)}: ${described(order)} until ${new Date(order.toMs).toISOString()}`);
}

async function end(context: CommandContext, what: What, id: string, options: PersonOptions): Promise<void> {
  const [first, second] = (await standing(context, what)).filter(({ order }) => id !== '' && order.id.startsWith(id));
  if (!first) throw new CommandFailure(`Nothing that holds or will begins with ${id}: "list" shows it.`);
  if (second) throw new CommandFailure(`More than one begins with ${id}: give more of its id.`, 2);
  const by = await orderedBy(context, options);
  const order = await refusals(endOrder(tablesOf(context), first, { by, reason: options.reason }, Date.now()));
  if (options.json === true) return printJson(order);
  printLine(`${pc.green('ended')} ${short(order.id)}: ${described(order)}`);
}

const tablesOf = (context: CommandContext) => ({
  operations: operationsTable(context),
  audit: personalAudit(context),
});

async function refusals<T>(done: Promise<T>): Promise<T> {
  try {
    return await done;
  } catch (error) {
    if (error instanceof GroundcrewError)
      throw new CommandFailure(error.message, error instanceof ConflictError ? 1 : 2);
    throw error;
  }
}

const described = ({ scope, kind }: StandingOrder): string => `${scope}${kind === undefined ? '' : ` ${kind}`}`;

async function standing(context: CommandContext, what: What): Promise<StoredOrder[]> {
  const nowMs = Date.now();
  const all = await ordersFrom(operationsTable(context), nowMs);
  return all.filter(({ order }) => order.what === what && endOf(order) > nowMs);
}

async function list(context: CommandContext, what: What, json: boolean): Promise<void> {
  const orders = (await standing(context, what)).map(({ order }) => order);
  if (json) return printJson(orders);
  if (orders.length === 0) return printLine(what === 'shelving' ? 'nothing is shelved' : 'no work is planned');
  printTable(
    ['ID', 'WHERE', 'FROM', 'TO', 'HOLDS', 'BY', 'WHY'],
    await Promise.all(
      orders.map(async (order) => [
        short(order.id),
        described(order),
        new Date(order.fromMs).toISOString(),
        new Date(order.toMs).toISOString(),
        holdsAt(order, Date.now()) ? pc.yellow('now') : 'later',
        await shownName(context, order.by),
        order.reason,
      ]),
    ),
  );
}

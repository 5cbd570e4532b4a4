/** `groundcrew notifications`: what people were told, and who is told what. */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import pc from 'picocolors';
import { appendAudit } from '../../lib/adapters/aws/audit-store.ts';
import {
  getNotification,
  listNotifications,
  readSettings,
  replaceNotification,
  writeSettings,
} from '../../lib/adapters/aws/notification-store.ts';
import type { NotificationRecord, NotificationSettings } from '../../lib/contracts/notification.ts';
import { GroundcrewError } from '../../lib/core/errors.ts';
import { changedSettings } from '../../lib/core/notification/settings.ts';
import { type CommandContext, type ContextOptions, openContext, withContextOptions } from './support/context.ts';
import { CommandFailure } from './support/failure.ts';
import { operationsTable } from './support/operations.ts';
import { orderedBy, type PersonOptions, personalAudit, withPersonOptions } from './support/person-order.ts';
import { ago, printJson, printLine, printTable, short } from './support/print.ts';

interface ListOptions extends ContextOptions {
  readonly failed?: boolean;
  readonly limit: string;
  readonly json?: boolean;
}

export function registerNotifications(program: Command): void {
  const group = program.command('notifications').description('what people were told, and who is told what');
  withContextOptions(group.command('list').description('messages to people, newest first, and what became of them'))
    .option('--failed', 'only those that were given up')
    .option('--limit <n>', 'so many at most', '50')
    .option('--json', 'one JSON document')
    .action(async (options: ListOptions) => await list(openContext(options), options));
  withContextOptions(group.command('settings').description('who is told what, as JSON that "configure" takes')).action(
    async (options: ContextOptions) => {
      const { settings } = await readSettings(operationsTable(openContext(options)));
      printLine(JSON.stringify(settings, null, 2));
    },
  );
  withPersonOptions(
    withContextOptions(group.command('configure <file>').description('set who is told what; it stands in the audit')),
  ).action(async (file: string, options: PersonOptions) => await configure(openContext(options), file, options));
  withContextOptions(group.command('retry <id>').description('send a message again that was given up'))
    .option('--json', 'one JSON document')
    .action(
      async (id: string, options: ContextOptions & { readonly json?: boolean }) =>
        await retry(openContext(options), id, options.json === true),
    );
}

const coloured: Readonly<Record<NotificationRecord['status'], (text: string) => string>> = {
  waiting: pc.yellow,
  sending: pc.yellow,
  sent: pc.green,
  grouped: pc.dim,
  obsolete: pc.dim,
  failed: pc.red,
};

async function list(context: CommandContext, options: ListOptions): Promise<void> {
  const limit = Number(options.limit);
  if (!Number.isInteger(limit) || limit < 1 || limit > 10_000)
    throw new CommandFailure(`--limit ${options.limit} is not a number from 1 to 10000.`, 2);
  const all = await listNotifications(operationsTable(context));
  const records = all.filter(({ status }) => options.failed !== true || status === 'failed').slice(0, limit);
  if (options.json === true) return printJson(records);
  if (records.length === 0)
    return printLine(options.failed === true ? 'none was given up' : 'nobody was told anything');
  printTable(
    ['ID', 'WHEN', 'CHANNEL', 'URGENCY', 'STATUS', 'WHAT'],
    records.map(({ message, status, problem }) => [
      short(message.id),
      ago(message.createdAtMs, Date.now()),
      message.channel,
      message.urgency,
      coloured[status](status),
      `${message.title}${problem !== undefined && status !== 'sent' ? pc.dim(` (${problem})`) : ''}`,
    ]),
  );
}

async function configure(context: CommandContext, file: string, options: PersonOptions): Promise<void> {
  const table = operationsTable(context);
  const { settings: before, version } = await readSettings(table);
  const by = await orderedBy(context, options);
  const { settings, draft } = checked(file, before, { by, reason: options.reason, atMs: Date.now() });
  // Recorded before it works, so that nobody is told by a rule that no record names.
  await appendAudit(personalAudit(context), draft, Date.now());
  if (!(await writeSettings(table, settings, version)))
    throw new CommandFailure('Somebody else changed the settings at the same moment: look again and repeat it.');
  if (options.json === true) return printJson(settings);
  printLine(`${pc.green('set')}: ${settings.routes.length} routes to ${channelsOf(settings).join(', ') || 'nobody'}`);
}

const channelsOf = (settings: NotificationSettings): string[] =>
  [...new Set(settings.routes.flatMap(({ channels }) => channels))].sort();

function checked(
  file: string,
  before: NotificationSettings,
  order: { readonly by: string; readonly reason: string; readonly atMs: number },
) {
  try {
    return changedSettings(before, JSON.parse(readFileSync(file, 'utf8')), order);
  } catch (error) {
    if (error instanceof GroundcrewError) throw new CommandFailure(`${file}: ${error.message}`, 2);
    throw new CommandFailure(`${file} cannot be read as JSON: ${error instanceof Error ? error.message : error}`, 2);
  }
}

async function retry(context: CommandContext, id: string, json: boolean): Promise<void> {
  const table = operationsTable(context);
  const found = (await listNotifications(table)).filter(({ message }) => message.id.startsWith(id));
  const [first, second] = found;
  if (!first || id === '') throw new CommandFailure(`No message begins with ${id}: "notifications list" shows them.`);
  if (second) throw new CommandFailure(`More than one message begins with ${id}: give more of its id.`, 2);
  const stored = await getNotification(table, first.message.id);
  if (stored?.record.status !== 'failed')
    throw new CommandFailure(
      `Message ${short(first.message.id)} is ${first.status}; only what was given up is sent again.`,
    );
  const next: NotificationRecord = { ...stored.record, status: 'waiting', attempts: 0, dueAtMs: Date.now() };
  if (!(await replaceNotification(table, stored, next)))
    throw new CommandFailure('Somebody else changed it at the same moment: look again.');
  if (json) return printJson(next);
  printLine(`${short(first.message.id)} is sent again within a minute`);
}

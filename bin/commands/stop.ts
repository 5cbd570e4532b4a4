/** `groundcrew stop` and `resume`: the stop switch. It is read before every effect, never older than a second. */
import type { Command } from 'commander';
import pc from 'picocolors';
import { appendAudit } from '../../lib/adapters/aws/audit-store.ts';
import { listStops, setStop } from '../../lib/adapters/aws/stop-store.ts';
import { knownSubject, sealing, subjectOf } from '../../lib/adapters/aws/subject-store.ts';
import { type StopState, stopScope, stopState } from '../../lib/contracts/stop.ts';
import { hashOf } from '../../lib/core/audit/canonical.ts';
import { type CommandContext, type ContextOptions, openContext, withContextOptions } from './support/context.ts';
import { CommandFailure } from './support/failure.ts';
import { operatorName } from './support/operator.ts';
import { ago, printJson, printLine, printTable } from './support/print.ts';
import { shownName, subjectsOf } from './support/subjects.ts';

interface StopOptions extends ContextOptions {
  readonly scope?: string;
  readonly reason?: string;
  readonly by: string;
  readonly json?: boolean;
}

export function registerStop(program: Command): void {
  for (const [word, stopped, description] of [
    ['stop', true, 'stop all effects, those of a site, or those of an asset; without --scope: show what is stopped'],
    ['resume', false, 'allow effects again'],
  ] as const)
    withContextOptions(program.command(word).description(description))
      .option('--scope <scope>', 'all, site#ID or asset#ID')
      .option('--reason <text>', 'why; it stands in the audit')
      .option('--by <name>', 'who', operatorName())
      .option('--json', 'one JSON document')
      .action(async (options: StopOptions) => {
        const context = openContext(options);
        if (options.scope === undefined && stopped) return await show(context, options.json === true);
        await change(context, stopped, options);
      });
}

async function change(context: CommandContext, stopped: boolean, options: StopOptions): Promise<void> {
  const state = checked(stopped, options);
  const table = { client: context.dynamodb(), table: context.names.table('stop') };
  const subjects = subjectsOf(context);
  // A stop works first and is recorded second, and needs no key service to work; a resume is recorded before it works.
  const known = await knownSubject(subjects, state.by);
  if (stopped) await setStop(table, { ...state, by: known ?? 'somebody new' });
  const by = await subjectOf(subjects, state.by, state.atMs);
  const { reason, ...change } = { ...state, by };
  await appendAudit(
    { client: context.dynamodb(), table: context.names.table('audit'), ...sealing(subjects) },
    {
      chain: 'system#stop',
      type: 'stop-changed',
      key: [hashOf(change)],
      correlationId: `stop-${state.atMs}`,
      body: change,
      personal: { subject: by, data: { reason } },
    },
    state.atMs,
  );
  if (!stopped || by !== known) await setStop(table, { ...state, by });
  if (options.json === true) printJson(state);
  else if (stopped)
    printLine(
      `${pc.red('stopped')} ${state.scope}: no call is sent from now on; one that left before may still arrive`,
    );
  else printLine(`${pc.green('resumed')} ${state.scope}`);
}

function checked(stopped: boolean, { scope, reason, by }: StopOptions): StopState {
  const parsedScope = stopScope.safeParse(scope);
  if (!parsedScope.success)
    throw new CommandFailure(`--scope ${scope ?? 'is missing'}: give all, site#ID or asset#ID.`, 2);
  if (!reason) throw new CommandFailure('--reason is missing: say why, for those who read the audit.', 2);
  const parsed = stopState.safeParse({ v: 1, scope: parsedScope.data, stopped, by, reason, atMs: Date.now() });
  if (!parsed.success) throw new CommandFailure(parsed.error.issues[0]?.message ?? 'wrong input', 2);
  return parsed.data;
}

async function show(context: CommandContext, json: boolean): Promise<void> {
  const stops = await listStops({ client: context.dynamodb(), table: context.names.table('stop') });
  const active = stops.filter((state) => state.stopped);
  if (json) return printJson(active);
  if (active.length === 0) return printLine('nothing is stopped');
  printTable(
    ['SCOPE', 'BY', 'SINCE', 'REASON'],
    await Promise.all(
      active.map(async ({ scope, by, atMs, reason }) => [
        scope,
        await shownName(context, by),
        ago(atMs, Date.now()),
        reason,
      ]),
    ),
  );
}

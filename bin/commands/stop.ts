/** `groundcrew stop` and `resume`: the stop switch. It is read before every effect, never older than a second. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import pc from 'picocolors';
import { appendAudit } from '../../lib/adapters/aws/audit-store.ts';
import { effectsWithin } from '../../lib/adapters/aws/effects-under-way.ts';
import { s3ObjectStore } from '../../lib/adapters/aws/object-store.ts';
import { dynamoStateStore } from '../../lib/adapters/aws/state-store.ts';
import { listStops, stopPorts } from '../../lib/adapters/aws/stop-store.ts';
import { knownSubject, subjectOf } from '../../lib/adapters/aws/subject-store.ts';
import type { Effect } from '../../lib/contracts/ledger.ts';
import { stopScope, stopState } from '../../lib/contracts/stop.ts';
import { GroundcrewError } from '../../lib/core/errors.ts';
import { resumeEffects, type StopOrder, type StopPorts, stopEffects } from '../../lib/core/guard/stop.ts';
import { Documents } from '../../lib/core/ingest/documents.ts';
import { stopReadMaxAgeMs } from '../../lib/core/remediation/remediate.ts';
import { type CommandContext, type ContextOptions, openContext, withContextOptions } from './support/context.ts';
import { CommandFailure } from './support/failure.ts';
import { readAssets } from './support/figures.ts';
import { type OperatorOption, operatorOf, withOperator } from './support/operator.ts';
import { personalAudit } from './support/person-order.ts';
import { ago, printJson, printLine, printTable, short } from './support/print.ts';
import { shownName, subjectsOf, withNames } from './support/subjects.ts';

interface StopOptions extends ContextOptions, OperatorOption {
  readonly scope?: string;
  readonly reason?: string;
  readonly json?: boolean;
}

/** A read of the switch counts for a second; what follows it until the first byte leaves takes far less than this. */
const sendMarginMs = 500;
/** Scopes that a person may have meant. */
const mostScopes = 12;

export function registerStop(program: Command): void {
  for (const [word, description, act] of [
    [
      'stop',
      'stop all effects, those of a site, or those of an asset; without --scope: show what is stopped',
      (context: CommandContext, options: StopOptions) =>
        options.scope === undefined ? show(context, options.json === true) : stop(context, options),
    ],
    ['resume', 'allow effects again: one person asks, another one completes it by the same command', resume],
  ] as const)
    withOperator(
      withContextOptions(program.command(word).description(description))
        .option('--scope <scope>', 'all, site#ID or asset#ID')
        .option('--reason <text>', 'why; it stands in the audit'),
    )
      .option('--json', 'one JSON document')
      .action(async (options: StopOptions) => await act(openContext(options), options));
}

/** The switch, for a person with the operator's rights. */
export const switchOf = (context: CommandContext): StopPorts =>
  stopPorts(
    { client: context.dynamodb(), table: context.names.table('stop') },
    {
      audit: (draft) => appendAudit(personalAudit(context), draft, Date.now()),
      known: (name) => knownSubject(subjectsOf(context), name),
      person: (name) => subjectOf(subjectsOf(context), name, Date.now()),
      now: Date.now,
    },
  );

/**
 * A mistyped scope stops what does not exist, and nothing else. It is set all the same: an asset may come, and a stop never
 * waits for what a table says.
 * @returns a sentence where nothing of that scope is known
 */
async function unknownScope(context: CommandContext, scope: string): Promise<string | undefined> {
  const [what] = scope.split('#');
  if (scope === what) return undefined;
  try {
    const known = what === 'asset' ? await assetScopes(context) : await siteScopes(context);
    if (known.includes(scope)) return undefined;
    const others = known.length === 0 ? 'none is registered' : `there are ${known.slice(0, mostScopes).join(', ')}`;
    return `No asset is registered at ${scope}: ${others}. What was meant may still act.`;
  } catch {
    // Nobody is kept from stopping because something else cannot be read.
    return undefined;
  }
}

const assetScopes = async (context: CommandContext): Promise<string[]> =>
  (await readAssets(context)).map(({ asset }) => `asset#${asset}`);

async function siteScopes(context: CommandContext): Promise<string[]> {
  const documents = new Documents(s3ObjectStore(context.s3(), context.names.dataBucket));
  const sites = new Set<string>();
  for (const { registrationHash } of await readAssets(context))
    sites.add(`site#${(await documents.registration(registrationHash)).site}`);
  return [...sites].sort();
}

/** Comes back when no call can leave any more that was cleared before, and names those that may be on their way. */
async function stop(context: CommandContext, options: StopOptions): Promise<void> {
  const state = await stopEffects(switchOf(context), checked(options));
  const unknown = await unknownScope(context, state.scope);
  if (options.json !== true) printLine(`${pc.red('stopped')} ${state.scope}; waiting for what was cleared before …`);
  await sleep(stopReadMaxAgeMs + sendMarginMs);
  const underWay = await effectsWithin(
    {
      ledger: { client: context.dynamodb(), table: context.names.table('ledger') },
      states: dynamoStateStore(context.dynamodb(), context.names.table('state')),
      documents: new Documents(s3ObjectStore(context.s3(), context.names.dataBucket)),
    },
    state.scope,
    Date.now(),
  );
  if (options.json === true) {
    const mayBeInFlight = underWay.map(({ effectKey, caseId, asset, action, target, status }) => ({
      effectKey,
      caseId,
      asset,
      action,
      target,
      status,
    }));
    return printJson({ ...state, mayBeInFlight, ...(unknown === undefined ? {} : { warning: unknown }) });
  }
  printLine('no call is sent from now on');
  if (unknown !== undefined) printLine(pc.red(unknown));
  printUnderWay(underWay);
}

function printUnderWay(effects: readonly Effect[]): void {
  if (effects.length === 0) {
    printLine('none was sent before that has not reported');
    return;
  }
  printLine('sent before, perhaps still at work; "case show" tells what became of them:');
  printTable(
    ['CASE', 'ASSET', 'ACTION', 'TARGET', 'EFFECT'],
    effects.map(({ caseId, asset, action, target, effectKey }) => [
      short(caseId),
      asset,
      action,
      target,
      short(effectKey),
    ]),
  );
}

async function resume(context: CommandContext, options: StopOptions): Promise<void> {
  const order = checked(options);
  const state = await resumeEffects(switchOf(context), order).catch(async (error: unknown) => {
    if (error instanceof GroundcrewError) throw new CommandFailure(await withNames(context, error.message));
    throw error;
  });
  if (options.json === true) return printJson(state);
  if (!state.stopped)
    return printLine(
      await withNames(context, `${pc.green('resumed')} ${state.scope}, by ${state.resumeAsked?.by} and ${state.by}`),
    );
  printLine(`${state.scope} is ${pc.red('still stopped')}: 1 of 2 people have asked to resume it.`);
  printLine(
    `Another person than ${order.by} completes it within an hour: groundcrew resume --scope ${state.scope} --reason …`,
  );
}

function checked(options: StopOptions): StopOrder {
  const { scope, reason } = options;
  const parsedScope = stopScope.safeParse(scope);
  if (!parsedScope.success)
    throw new CommandFailure(`--scope ${scope ?? 'is missing'}: give all, site#ID or asset#ID.`, 2);
  if (!reason) throw new CommandFailure('--reason is missing: say why, for those who read the audit.', 2);
  const order = { scope: parsedScope.data, by: operatorOf(options), reason };
  const parsed = stopState.safeParse({ v: 1, ...order, stopped: true, atMs: 0 });
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new CommandFailure(`--${issue?.path.join('.')}: ${issue?.message ?? 'wrong input'}`, 2);
  }
  return order;
}

async function show(context: CommandContext, json: boolean): Promise<void> {
  const stops = await listStops({ client: context.dynamodb(), table: context.names.table('stop') });
  const active = stops.filter((state) => state.stopped);
  if (json) return printJson(active);
  if (active.length === 0) return printLine('nothing is stopped');
  printTable(
    ['SCOPE', 'BY', 'SINCE', 'REASON', 'RESUME ASKED BY'],
    await Promise.all(
      active.map(async ({ scope, by, atMs, reason, resumeAsked: asked }) => [
        scope,
        await shownName(context, by),
        ago(atMs, Date.now()),
        reason,
        asked === undefined ? '–' : `${await shownName(context, asked.by)}, ${ago(asked.atMs, Date.now())}`,
      ]),
    ),
  );
}

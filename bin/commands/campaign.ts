/** `groundcrew campaign`: the real stack on this machine under a seeded schedule of faults, and what came of its promises. */
import type { Command } from 'commander';
import { CommandFailure } from './support/failure.ts';
import { printJson, printLine, printTable } from './support/print.ts';

interface Options {
  readonly cases: string;
  readonly seed: string;
  readonly minutes: string;
  readonly json?: boolean;
  readonly mutate?: string;
}

const mostCases = 100_000;
const mostMinutes = 24 * 60;

export function registerCampaign(program: Command): void {
  program
    .command('campaign')
    .description('break the whole stack on this machine by a seeded schedule of faults, and account for every promise')
    .option('--cases <number>', 'cases to open', '100')
    .option('--seed <number>', 'the same seed is the same schedule', '1')
    .option('--minutes <number>', 'no case is opened later than this', '60')
    .option(
      '--mutate <name|all>',
      'instead: switch a safeguard off (in a changed copy) and see whether it is noticed; "list" names them',
    )
    .option('--json', 'print the account as JSON on stdout, in the last line')
    .action(run);
}

function whole(option: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new CommandFailure(`--${option} is "${text}"; a whole number from ${least} to ${most} is allowed.`, 2);
}

async function run(options: Options): Promise<void> {
  const cases = whole('cases', options.cases, 1, mostCases);
  const seed = whole('seed', options.seed, 0, 2 ** 32 - 1);
  const minutes = whole('minutes', options.minutes, 1, mostMinutes);
  const startedMs = performance.now();
  const tell = (line: string): void => {
    process.stderr.write(`${((performance.now() - startedMs) / 1000).toFixed(0).padStart(5)} s  ${line}\n`);
  };
  if (options.mutate !== undefined) return await runMutations(options.mutate, options.json === true, tell);
  const { runCampaign } = await import('../../bench/campaign/campaign.ts');
  const account = await runCampaign({ cases, seed, minutes, tell });
  for (const promise of account.broken) tell(`BROKEN: ${promise}`);
  if (options.json === true) printJson(account);
  else printLine(JSON.stringify(account, null, 2));
  if (account.broken.length > 0)
    throw new CommandFailure(
      `${account.broken.length} promise(s) were broken; the first: ${account.broken[0]}. Replay: npm run -s groundcrew -- campaign --cases ${cases} --seed ${seed} --minutes ${minutes} --json`,
    );
}

async function runMutations(wanted: string, json: boolean, tell: (line: string) => void): Promise<void> {
  const { mutationNames, mutations } = await import('../../bench/campaign/mutations.ts');
  if (wanted === 'list')
    return printTable(
      ['name', 'what is not so any more'],
      mutations.map(({ name, says }) => [name, says]),
    );
  const names = wanted === 'all' ? mutationNames : mutationNames.filter((name) => name === wanted);
  if (names.length === 0)
    throw new CommandFailure(
      `--mutate is "${wanted}"; all, list or one of these is allowed: ${mutationNames.join(', ')}.`,
      2,
    );
  const { checkMutations } = await import('../../bench/campaign/mutation-check.ts');
  const results = await checkMutations(names, tell);
  if (json) printJson({ mutations: results });
  else
    printTable(
      ['safeguard', 'caught', 'by'],
      results.map(({ mutation, caught, by }) => [mutation, caught ? 'yes' : 'NO', by[0] ?? '']),
    );
  const missed = results.filter(({ caught }) => !caught);
  if (missed.length > 0)
    throw new CommandFailure(`Not caught, or alarmed falsely: ${missed.map(({ mutation }) => mutation).join(', ')}.`);
}

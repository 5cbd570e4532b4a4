/** `groundcrew backtest`: the live path's screening and classification over a file or folder of one's own history. */
import { existsSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename } from 'node:path';
import { SingleBar } from 'cli-progress';
import type { Command } from 'commander';
import { dateOrders } from '../../lib/core/csv/timestamp.ts';
import { fewestRows } from '../../lib/core/screening/fit.ts';
import type { FitOptions } from '../../lib/core/screening/types.ts';
import { isTimeZone } from '../../lib/core/screening/wall-clock.ts';
import { episodeLines } from './backtest-episodes.ts';
import { backtestFiles, isWrongInput } from './backtest-farm.ts';
import { type InputOptions, inputsOf } from './backtest-inputs.ts';
import { bytesOf } from './backtest-join.ts';
import type { TableWishes } from './backtest-layout.ts';
import { noSuchPack, packNames } from './backtest-pack.ts';
import { joinHint, printSummaries } from './backtest-summary.ts';
import { reportHtml } from './report/page.ts';
import { CommandFailure } from './support/failure.ts';

interface Options extends InputOptions {
  readonly warmup?: string;
  readonly pack?: string;
  readonly report?: string;
  readonly jobs?: string;
  readonly site?: string;
  readonly episodes?: string;
  readonly leaveOut?: readonly string[];
  readonly keep?: readonly string[];
  readonly missing?: readonly string[];
  readonly dateOrder?: string;
  readonly rowSeconds?: string;
  readonly falseAlarms?: string;
  readonly timeZone?: string;
  readonly json?: boolean;
}

const mostJobs = 64;

export function registerBacktest(program: Command): void {
  program
    .command('backtest')
    .description('screen and classify recorded sensor data exactly as the live path would')
    .requiredOption('--input <file|folder>', 'CSV with a header: a column of times, every other one a channel')
    .requiredOption('--output <file|folder>', 'CSV written: timestamp,score,alarm,kind; one row for each row read')
    .option(
      '--warmup <rows>',
      `rows to learn from first, at least ${fewestRows} (default: 400, or 7 days for rows a minute apart or slower)`,
    )
    .option(
      '--calibration <file|folder>',
      'CSV of normal rows to learn from instead of a warm-up; a folder is joined, or has one for each joined asset',
    )
    .option(
      '--false-alarms <rate>',
      'false alarms promised at most: 1/week, or 1/1500 for one in so many rows (default: 1/week for rows a minute apart or slower, else 1/1500)',
    )
    .option(
      '--time-zone <name>',
      'zone whose clock the days follow, such as Europe/Berlin, where times carry an offset or are UTC and clocks are put forward',
    )
    .option('--pack <name>', 'domain pack (default: told from the channels)')
    .option('--report <file.html>', 'draw channels, alarms, decisions, cost and data quality as one HTML page')
    .option(
      '--labels <file|folder>',
      'score against your own labels: CSV timestamp,label (0, 1 or a kind) or start,end[,kind]; of several inputs with a column asset, or as a folder with a file of each name',
    )
    .option('--label-column <name>', 'column of the labels, in the label file or, without one, in the input')
    .option('--leave-out <columns...>', 'columns that are no channels, beside those that look like labels or text')
    .option('--keep <columns...>', 'columns that are channels although they look like labels or text')
    .option('--missing <values...>', 'values that mean "missing", such as -999')
    .option('--date-order <order>', 'day-first or month-first, where 03/04/2024 could be either')
    .option('--row-seconds <seconds>', 'time between rows, where they have no times or mere numbers, and with --join')
    .option(
      '--join [one|each]',
      'join files of sensors: the input folder is one asset, or each folder in it is one (default: told from the files)',
    )
    .option('--site <name>', 'site that the policy is asked about for the report (default: the first one it names)')
    .option('--episodes <file.jsonl>', 'write each alarm with what a label and training need ("label list")')
    .option('--jobs <number>', 'files at once (default: one a core where there is enough to do)')
    .option('--json', 'print a summary as JSON on stdout')
    .action(run);
}

function wholeRows(text: string): number {
  const rows = Number(text);
  if (Number.isInteger(rows) && rows >= fewestRows && rows <= 1_000_000) return rows;
  throw new CommandFailure(
    `--warmup is "${text}"; a whole number of rows from ${fewestRows} to 1000000 is allowed.`,
    2,
  );
}

/** A thread takes a second to start; below so many bytes each that is more than it saves. */
const bytesWorthAThread = 8 * 1024 * 1024;

function jobsOf(text: string | undefined, bytes: number): number {
  if (text === undefined)
    return Math.min(availableParallelism(), mostJobs, Math.max(1, Math.ceil(bytes / bytesWorthAThread)));
  const jobs = Number(text);
  if (Number.isInteger(jobs) && jobs >= 1 && jobs <= mostJobs) return jobs;
  throw new CommandFailure(`--jobs is "${text}"; a whole number from 1 to ${mostJobs} is allowed.`, 2);
}

function tableWishes(options: Options): TableWishes {
  const { leaveOut, keep, missing, labelColumn, dateOrder, rowSeconds } = options;
  const order = dateOrders.find((known) => known === dateOrder);
  if (dateOrder !== undefined && order === undefined)
    throw new CommandFailure(`--date-order is "${dateOrder}"; ${dateOrders.join(' or ')} is allowed.`, 2);
  const seconds = rowSeconds === undefined ? undefined : Number(rowSeconds);
  if (seconds !== undefined && !(seconds >= 0.001 && seconds <= 31_536_000))
    throw new CommandFailure(`--row-seconds is "${rowSeconds}"; a number from 0.001 to 31536000 is allowed.`, 2);
  const apart = [options.labels, options.calibration].filter((path) => path !== undefined);
  return { leaveOut, keep, missing, labelColumn, dateOrder: order, rowSeconds: seconds, apart };
}

function falseAlarmsOf(text: string | undefined): FitOptions['falseAlarms'] {
  if (text === undefined) return undefined;
  const [, number, unit] = /^(\d+(?:\.\d+)?)\/(day|week|month|\d+)$/.exec(text) ?? [];
  const [count, rows] = [Number(number), Number(unit)];
  if (count > 0 && rows >= count) return { perRow: count / rows };
  const weeks = { day: 1 / 7, week: 1, month: 365.25 / 84 }[unit ?? ''];
  if (count > 0 && weeks !== undefined) return { perWeek: count / weeks };
  throw new CommandFailure(
    `--false-alarms is "${text}"; allowed are a number a day, week or month such as 1/week, or in so many rows such as 1/1500.`,
    2,
  );
}

function timeZoneOf(name: string | undefined): string | undefined {
  if (name === undefined || isTimeZone(name)) return name;
  throw new CommandFailure(
    `--time-zone is "${name}"; names of the time zone database are allowed, such as Europe/Berlin.`,
    2,
  );
}

async function run(options: Options): Promise<void> {
  try {
    await backtest(options);
  } catch (error) {
    throw isWrongInput(error) ? new CommandFailure(error.message, 2, { cause: error }) : error;
  }
}

async function backtest(options: Options): Promise<void> {
  if (options.warmup !== undefined && options.calibration !== undefined) {
    throw new CommandFailure(
      '--warmup and --calibration exclude each other: a calibration file replaces the warm-up.',
      2,
    );
  }
  if (options.site !== undefined && !/^[a-z0-9][a-z0-9-]{0,63}$/.test(options.site))
    throw new CommandFailure(
      `--site is "${options.site}"; lower-case letters, digits and hyphens are allowed, at most 64.`,
      2,
    );
  if (options.pack !== undefined && !packNames().includes(options.pack))
    throw new CommandFailure(noSuchPack(options.pack), 2);
  if (options.calibration !== undefined && !existsSync(options.calibration))
    throw new CommandFailure(`--calibration ${options.calibration} does not exist.`, 2);
  const warmupRows = options.warmup === undefined ? undefined : wholeRows(options.warmup);
  const csv = tableWishes(options);
  const { jobs, notes } = await inputsOf(options, csv);
  const showBar = process.stderr.isTTY === true;
  const bar = new SingleBar({
    format: 'backtest [{bar}] {percentage}% {eta_formatted} {file}',
    hideCursor: true,
    stream: process.stderr,
    noTTYOutput: false,
  });
  const bytes = jobs.reduce((sum, { from }) => sum + bytesOf(from, csv), 0);
  const threads = jobsOf(options.jobs, bytes);
  if (showBar) bar.start(bytes, 0, { file: '' });
  const work = backtestFiles(
    jobs,
    {
      warmupRows,
      pack: options.pack,
      csv,
      falseAlarms: falseAlarmsOf(options.falseAlarms),
      timeZone: timeZoneOf(options.timeZone),
      site: options.site,
      report: options.report !== undefined,
      features: options.episodes !== undefined,
    },
    threads,
    (read, file) => {
      if (showBar) bar.increment(read, { file: basename(file) });
    },
  );
  const summaries = await work.finally(() => {
    if (showBar) bar.stop();
  });
  if (options.report !== undefined) writeFileSync(options.report, reportHtml(summaries));
  if (options.episodes !== undefined) writeFileSync(options.episodes, episodeLines(summaries));
  // Who labels them one by one has said already that each is an asset.
  const aside = jobs.some(({ labelAsset }) => labelAsset !== undefined) ? undefined : joinHint(summaries);
  printSummaries(summaries, aside === undefined ? notes : [...notes, aside], options.json ?? false);
}

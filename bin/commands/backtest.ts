/** `groundcrew backtest`: the live path's screening and classification over a file or folder of one's own history. */
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SingleBar } from 'cli-progress';
import type { Command } from 'commander';
import { openScreenEngine } from '../../lib/adapters/onnx/screen-engine.ts';
import { CsvError } from '../../lib/core/csv/csv-error.ts';
import { fewestRows } from '../../lib/core/screening/fit.ts';
import { backtestFile, type FileSummary, readHistory } from './backtest-file.ts';
import { reportHtml } from './backtest-report.ts';
import { CommandFailure } from './support/failure.ts';

interface Options {
  readonly input: string;
  readonly output: string;
  readonly warmup?: string;
  readonly calibration?: string;
  readonly pack?: string;
  readonly report?: string;
  readonly json?: boolean;
}

const screenModelPath = fileURLToPath(new URL('../../models/screen/screen.onnx', import.meta.url));

export function registerBacktest(program: Command): void {
  program
    .command('backtest')
    .description('Screen and classify recorded sensor data exactly as the live path would.')
    .requiredOption('--input <file|folder>', 'CSV: header "timestamp,<channel>,…"; empty cells are missing')
    .requiredOption('--output <file|folder>', 'CSV written: timestamp,score,alarm,kind; one row for each row read')
    .option(
      '--warmup <rows>',
      `rows to learn from first, at least ${fewestRows} (default: 400, or 7 days for rows a minute apart or slower)`,
    )
    .option('--calibration <file>', 'CSV of normal rows to learn from instead of a warm-up')
    .option('--pack <name>', 'domain pack (default: told from the channels)')
    .option('--report <file.html>', 'draw channels and alarms as one HTML page')
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

/** Pairs of input and output files. */
function filesOf(input: string, output: string): { from: string; to: string }[] {
  const stat = statSync(input, { throwIfNoEntry: false });
  if (!stat) throw new CommandFailure(`--input ${input} does not exist.`, 2);
  if (!stat.isDirectory()) {
    const inFolder = statSync(output, { throwIfNoEntry: false })?.isDirectory() ?? false;
    return [{ from: input, to: inFolder ? join(output, input.split(/[\\/]/).at(-1)!) : output }];
  }
  const names = readdirSync(input)
    .filter((name) => name.toLowerCase().endsWith('.csv'))
    .sort();
  if (names.length === 0) throw new CommandFailure(`--input ${input} holds no .csv file.`, 2);
  if (statSync(output, { throwIfNoEntry: false })?.isFile())
    throw new CommandFailure(`--output ${output} is a file; a folder is needed.`, 2);
  return names.map((name) => ({ from: join(input, name), to: join(output, name) }));
}

async function run(options: Options): Promise<void> {
  if (options.warmup !== undefined && options.calibration !== undefined) {
    throw new CommandFailure(
      '--warmup and --calibration exclude each other: a calibration file replaces the warm-up.',
      2,
    );
  }
  const warmupRows = options.warmup === undefined ? undefined : wholeRows(options.warmup);
  const files = filesOf(options.input, options.output);
  const bar = new SingleBar({
    format: 'backtest [{bar}] {percentage}% {file}',
    hideCursor: true,
    stream: process.stderr,
    noTTYOutput: false,
  });
  const showBar = process.stderr.isTTY === true;
  try {
    const history = options.calibration === undefined ? undefined : await readHistory(options.calibration);
    const engine = await openScreenEngine(screenModelPath);
    if (showBar)
      bar.start(
        files.reduce((sum, { from }) => sum + statSync(from).size, 0),
        0,
        { file: '' },
      );
    const summaries: FileSummary[] = [];
    for (const { from, to } of files) {
      const onBytes = (bytes: number): void => {
        if (showBar) bar.increment(bytes, { file: from });
      };
      const sketch = options.report !== undefined;
      summaries.push(
        await backtestFile(engine, from, to, { warmupRows, history, pack: options.pack, sketch, onBytes }),
      );
    }
    if (showBar) bar.stop();
    if (options.report !== undefined) writeFileSync(options.report, reportHtml(summaries));
    print(summaries, options.json ?? false);
  } catch (error) {
    if (showBar) bar.stop();
    throw asFailure(error);
  }
}

/** What is wrong with the input ends with exit code 2 and one line. */
function asFailure(error: unknown): unknown {
  if (error instanceof CsvError || error instanceof RangeError)
    return new CommandFailure(error.message, 2, { cause: error });
  if (
    error instanceof Error &&
    'code' in error &&
    (error.code === 'ENOENT' || error.code === 'EISDIR' || error.code === 'ENOTDIR')
  ) {
    return new CommandFailure(`${error.message}.`, 2, { cause: error });
  }
  return error;
}

function print(summaries: readonly FileSummary[], json: boolean): void {
  if (json) {
    const files = summaries.map(({ sketch: _, ...rest }) => rest);
    process.stdout.write(`${JSON.stringify({ files })}\n`);
    return;
  }
  for (const summary of summaries) {
    const { file, rows, alarms, alarmRows, kinds, pack, classifier, channels, notes, calibrations } = summary;
    const parts = Object.entries(kinds)
      .sort(([, a], [, b]) => b - a)
      .map(([kind, count]) => `${kind} ${count}`);
    process.stdout.write(
      `${file}: ${rows} rows, ${alarms} alarms over ${alarmRows} rows${parts.length > 0 ? ` (${parts.join(', ')})` : ''}\n`,
    );
    process.stdout.write(`  pack: ${pack ?? 'none fits'}${pack && !classifier ? ' (no trained classifier)' : ''}\n`);
    process.stdout.write(`  channels: ${channels.map(({ name, role }) => `${name}=${role}`).join(' ')}\n`);
    const last = calibrations.at(-1);
    if (last) {
      const { episodesPerRow, finestEpisodesPerRow, extrapolated } = last.threshold;
      process.stdout.write(
        `  promised: at most one false alarm in ${Math.round(1 / episodesPerRow)} rows${extrapolated ? ` (extrapolated; the calibration supports ${Math.round(1 / finestEpisodesPerRow)})` : ''}; calibrated ${calibrations.length} times\n`,
      );
    }
    for (const note of notes) process.stdout.write(`  note: ${note}\n`);
  }
}

/** Backtests one file: CSV in, one row out for each row in, in bounded memory. */
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Calibration } from '../../lib/contracts/calibration.ts';
import type { ChannelMeta } from '../../lib/contracts/telemetry.ts';
import { CsvError } from '../../lib/core/csv/csv-error.ts';
import { CsvParser, type CsvRows } from '../../lib/core/csv/parser.ts';
import type { PackModel } from '../../lib/core/pack.ts';
import { inferChannels } from '../../lib/core/roles/infer.ts';
import type { ScreenEngine } from '../../lib/core/screening/engine.ts';
import { medianPeriod, slowPeriodMs } from '../../lib/core/screening/fit.ts';
import { Follower } from '../../lib/core/screening/follow.ts';
import type { Series } from '../../lib/core/series.ts';
import { KindTracker } from './backtest-kinds.ts';
import { choosePack, openPack } from './backtest-pack.ts';
import { Sketch } from './backtest-sketch.ts';

/** Rows from which the sampling period, and with it the default warm-up, is told. */
const periodRows = 21;
const fastWarmupRows = 400;
const slowWarmupMs = 7 * 86_400_000;
const fewestSlowRows = 60;
const mostSlowRows = 4032;

/**
 * Warm-up where none is given, from the first 21 rows alone so that it never depends on what follows: 400 rows for rows
 * less than a minute apart; else seven days, at least 60 and at most 4,032 rows.
 */
export function defaultWarmupRows(firstTimesMs: Float64Array): number {
  const periodMs = medianPeriod(firstTimesMs.subarray(0, periodRows));
  if (periodMs < slowPeriodMs) return fastWarmupRows;
  return Math.min(mostSlowRows, Math.max(fewestSlowRows, Math.round(slowWarmupMs / periodMs)));
}

export interface FileOptions {
  readonly warmupRows: number | undefined;
  readonly history: History | undefined;
  readonly pack: string | undefined;
  readonly sketch: boolean;
  readonly onBytes: (bytes: number) => void;
}

export interface FileSummary {
  readonly file: string;
  readonly rows: number;
  readonly warmupRows: number;
  readonly channels: readonly ChannelMeta[];
  readonly pack: string | undefined;
  readonly classifier: boolean;
  readonly alarms: number;
  readonly alarmRows: number;
  readonly kinds: Readonly<Record<string, number>>;
  readonly calibrations: readonly {
    readonly afterRows: number;
    readonly why: string;
    readonly threshold: Calibration['threshold'];
  }[];
  readonly notes: readonly string[];
  readonly sketch: Sketch | undefined;
}

/** Normal rows of the past, by channel name. */
export interface History {
  readonly file: string;
  readonly names: readonly string[];
  readonly timesMs: Float64Array;
  readonly values: Float64Array;
}

async function feed(
  path: string,
  parser: CsvParser,
  onText: () => Promise<void>,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const stream = createReadStream(path, { highWaterMark: 256 * 1024 });
  const decoder = new TextDecoder();
  for await (const chunk of stream) {
    const bytes = chunk as Buffer;
    parser.push(decoder.decode(bytes, { stream: true }));
    onBytes(bytes.length);
    await onText();
  }
  parser.push(decoder.decode());
  parser.end();
  await onText();
}

/** Reads a whole file of normal rows. */
export async function readHistory(path: string): Promise<History> {
  const parser = new CsvParser(path);
  const parts: CsvRows[] = [];
  await feed(
    path,
    parser,
    async () => void parts.push(parser.take(Number.MAX_SAFE_INTEGER)),
    () => undefined,
  );
  const rows = parser.totalRows;
  const timesMs = new Float64Array(rows);
  const values = new Float64Array(rows * parser.channels.length);
  let at = 0;
  for (const part of parts) {
    timesMs.set(part.timesMs, at);
    values.set(part.values, at * parser.channels.length);
    at += part.timesMs.length;
  }
  return { file: path, names: parser.channels, timesMs, values };
}

/** The history's columns in the order of the stream. */
function alignHistory(
  history: History,
  names: readonly string[],
  channels: readonly ChannelMeta[],
  file: string,
): Series {
  const from = names.map((name) => history.names.indexOf(name));
  const missing = names.filter((_, c) => from[c]! < 0);
  if (missing.length > 0) {
    throw new CsvError(
      file,
      1,
      `column "${missing[0]}" is not in the calibration file ${history.file}; it needs every channel of the input`,
    );
  }
  const width = names.length;
  const rows = history.timesMs.length;
  const values = new Float64Array(rows * width);
  for (let t = 0; t < rows; t += 1) {
    for (let c = 0; c < width; c += 1) values[t * width + c] = history.values[t * history.names.length + from[c]!]!;
  }
  return { channels, timesMs: history.timesMs, values };
}

const hintsOf = (names: readonly string[], rows: Pick<CsvRows, 'values'>) =>
  names.map((name, c) => ({ name, values: rows.values.filter((_, i) => i % names.length === c) }));

/**
 * Backtests `input` into `output`; the output appears only when it is whole.
 * @throws CsvError where the input is not as it must be, RangeError where it cannot be calibrated
 */
export async function backtestFile(
  engine: ScreenEngine,
  input: string,
  output: string,
  options: FileOptions,
): Promise<FileSummary> {
  await mkdir(dirname(output), { recursive: true });
  const draft = join(dirname(output), `.${basename(output)}.${process.pid}.part`);
  const file = await open(draft, 'w');
  try {
    await file.write('timestamp,score,alarm,kind\n');
    const run = new FileRun(engine, input, options, async (text) => void (await file.write(text)));
    const parser = new CsvParser(input);
    await feed(input, parser, () => run.advance(parser, false), options.onBytes);
    await run.advance(parser, true);
    await file.close();
    await rename(draft, output);
    return run.summary(parser.totalRows);
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(draft, { force: true });
    throw error;
  }
}

/** The way of one file: warm-up rows are gathered, then rows are followed in runs. */
class FileRun {
  readonly #engine: ScreenEngine;
  readonly #input: string;
  readonly #options: FileOptions;
  readonly #write: (text: string) => Promise<void>;
  readonly #kindRows: Record<string, number> = {};
  readonly #calibrations: { afterRows: number; why: string; threshold: Calibration['threshold'] }[] = [];
  #warmupRows = 0;
  #channels: readonly ChannelMeta[] = [];
  #follower: Follower | undefined;
  #kinds: KindTracker | undefined;
  #pack: string | undefined;
  #model: PackModel | undefined;
  #sketch: Sketch | undefined;
  #alarms = 0;
  #alarmRows = 0;
  #lastAlarm = 0;
  #notes: readonly string[] = [];

  constructor(engine: ScreenEngine, input: string, options: FileOptions, write: (text: string) => Promise<void>) {
    this.#engine = engine;
    this.#input = input;
    this.#options = options;
    this.#write = write;
  }

  /** Handles the rows that wait in the parser; `ended` says that no more will come. */
  async advance(parser: CsvParser, ended: boolean): Promise<void> {
    if (!this.#follower && !(await this.#begin(parser, ended))) return;
    const follower = this.#follower!;
    while (parser.waiting >= (ended ? 1 : follower.wantedRows))
      await this.#run(follower, parser.take(follower.wantedRows));
  }

  /** Starts to follow once the warm-up is at hand; false while it is not. */
  async #begin(parser: CsvParser, ended: boolean): Promise<boolean> {
    const { history, warmupRows } = this.#options;
    if (parser.channels.length === 0 || (!ended && parser.waiting < periodRows)) return false;
    if (parser.waiting === 0) return false;
    if (!history && this.#warmupRows === 0) {
      this.#warmupRows = warmupRows ?? defaultWarmupRows(parser.peek(periodRows).timesMs);
    }
    if (!history && !ended && parser.waiting < this.#warmupRows) return false;
    this.#channels = history
      ? this.#historyChannels(history, parser.channels)
      : inferChannels(hintsOf(parser.channels, parser.peek(this.#warmupRows)));
    const pack = await choosePack(this.#options.pack, this.#channels);
    this.#pack = pack?.manifest.name;
    this.#model = await openPack(pack);
    this.#kinds = new KindTracker(this.#channels, pack, this.#model);
    if (this.#options.sketch) this.#sketch = new Sketch(this.#channels.length);
    this.#follower = new Follower(
      this.#engine,
      {
        channels: this.#channels,
        warmupRows: Math.max(this.#warmupRows, 1),
        ...(history ? { history: alignHistory(history, parser.channels, this.#channels, this.#input) } : {}),
      },
      (calibration, afterRows, why) => {
        this.#calibrations.push({ afterRows, why, threshold: calibration.threshold });
        this.#notes = calibration.notes;
      },
    );
    return true;
  }

  /** Roles by what the history's columns look like, in the order of the stream. */
  #historyChannels(history: History, names: readonly string[]): ChannelMeta[] {
    const hints = hintsOf(history.names, history);
    return inferChannels(names.map((name) => hints[history.names.indexOf(name)] ?? { name }));
  }

  async #run(follower: Follower, rows: CsvRows): Promise<void> {
    const series: Series = { channels: this.#channels, timesMs: rows.timesMs, values: rows.values };
    const screened = await follower.push(series);
    const kinds = await this.#kinds!.label(series, screened);
    const lines: string[] = [];
    for (let r = 0; r < rows.timestamps.length; r += 1) {
      const alarm = screened.alarms[r]!;
      const kind = kinds[r]!;
      if (alarm === 1) {
        this.#alarmRows += 1;
        if (this.#lastAlarm === 0) this.#alarms += 1;
        this.#kindRows[kind] = (this.#kindRows[kind] ?? 0) + 1;
      }
      this.#lastAlarm = alarm;
      const stamp = rows.timestamps[r]!;
      const text = /[",;\n]/.test(stamp) ? `"${stamp.replaceAll('"', '""')}"` : stamp;
      lines.push(`${text},${Number(screened.scores[r]!.toFixed(4))},${alarm},${kind}\n`);
    }
    this.#sketch?.add(series, screened, kinds);
    await this.#write(lines.join(''));
  }

  summary(rows: number): FileSummary {
    const short = !this.#options.history && rows < this.#warmupRows;
    return {
      file: this.#input,
      rows,
      warmupRows: this.#warmupRows,
      channels: this.#channels,
      pack: this.#pack,
      classifier: this.#model !== undefined,
      alarms: this.#alarms,
      alarmRows: this.#alarmRows,
      kinds: this.#kindRows,
      calibrations: this.#calibrations,
      notes: short
        ? [`The file ends within its warm-up of ${this.#warmupRows} rows: nothing was screened.`]
        : this.#notes,
      sketch: this.#sketch,
    };
  }
}

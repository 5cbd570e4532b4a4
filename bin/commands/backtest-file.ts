/** Backtests one file: CSV in, one row out for each row in, in bounded memory. */
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Calibration } from '../../lib/contracts/calibration.ts';
import type { ChannelMeta } from '../../lib/contracts/telemetry.ts';
import { sameName } from '../../lib/core/csv/columns.ts';
import { CsvError } from '../../lib/core/csv/csv-error.ts';
import type { CsvRows, CsvTold } from '../../lib/core/csv/parser.ts';
import { namesWithoutUnits } from '../../lib/core/csv/units.ts';
import type { Pack, PackModel } from '../../lib/core/pack.ts';
import { type ChannelHint, inferChannels } from '../../lib/core/roles/infer.ts';
import { LabelReader, normal, parseLabels, type Truth, truthOf } from '../../lib/core/scoring/labels.ts';
import { type ScoreCounts, type ScoredEvent, Scorer } from '../../lib/core/scoring/score.ts';
import type { ScreenEngine } from '../../lib/core/screening/engine.ts';
import { fewestRows, medianPeriod, slowPeriodMs } from '../../lib/core/screening/fit.ts';
import { type FollowedRows, Follower } from '../../lib/core/screening/follow.ts';
import type { FitOptions } from '../../lib/core/screening/types.ts';
import type { Series } from '../../lib/core/series.ts';
import { type Episode, EpisodeLog } from './backtest-episodes.ts';
import { faultySensor, strangeChannels } from './backtest-hints.ts';
import { alignHistory, type History } from './backtest-history.ts';
import { columnKind, KindTracker } from './backtest-kinds.ts';
import type { TableWishes } from './backtest-layout.ts';
import { choosePack, openPack } from './backtest-pack.ts';
import { PolicyTrial, siteOfPolicies } from './backtest-policy.ts';
import { type DataQuality, Quality } from './backtest-quality.ts';
import { followFile, type RowSource, type TakeLines } from './backtest-rows.ts';
import { type Bucket, Sketch } from './backtest-sketch.ts';
import { wholeText } from './backtest-text.ts';

/** Rows from which the sampling period, and with it the default warm-up, is told. */
const periodRows = 21;
const fastWarmupRows = 400;
const slowWarmupMs = 7 * 86_400_000;
const fewestSlowRows = 60;
/** Seven days of minutes: a week's pattern is seen once, or the first weekend would be an alarm. */
const mostSlowRows = 10_080;

/**
 * Warm-up where none is given, from the first 21 rows alone so that it never depends on what follows: 400 rows for rows
 * less than a minute apart; else seven days, at least 60 rows.
 */
export function defaultWarmupRows(firstTimesMs: Float64Array): number {
  const periodMs = medianPeriod(firstTimesMs.subarray(0, periodRows));
  if (periodMs < slowPeriodMs) return fastWarmupRows;
  return Math.min(mostSlowRows, Math.max(fewestSlowRows, Math.round(slowWarmupMs / periodMs)));
}

export interface FileOptions {
  readonly warmupRows: number | undefined;
  readonly history: History | undefined;
  /** False alarms promised at most, where that was stated. */
  readonly falseAlarms?: FitOptions['falseAlarms'];
  readonly timeZone?: FitOptions['timeZone'];
  readonly pack: string | undefined;
  /** How the file is to be read, where that was said. */
  readonly csv: TableWishes;
  /** File of labels to score against. */
  readonly labels: string | undefined;
  /** Of a label file that speaks of several assets: the one that this is. */
  readonly labelAsset?: string | undefined;
  /** Keeps a drawing. */
  readonly report: boolean;
  /** Keeps the features of each episode's last look, to train from. */
  readonly features: boolean;
  /** Site that the policy is asked about; by default the first one that it names. */
  readonly site: string | undefined;
  readonly onBytes: (bytes: number) => void;
}

export interface FileSummary {
  readonly file: string;
  readonly rows: number;
  /** Earliest and latest time of its rows; absent where there was none. */
  readonly fromMs?: number;
  readonly toMs?: number;
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
  /** How the file was read, where that had to be assumed, and columns that are no channels. */
  readonly input: CsvTold;
  /** The same of the calibration file. */
  readonly calibrationInput?: CsvTold;
  readonly quality: DataQuality;
  readonly episodes: readonly Episode[];
  /** Against the labels, where some were given. */
  readonly counts: ScoreCounts | undefined;
  /** The first events of the labels, and whether each was found. */
  readonly events?: readonly ScoredEvent[];
  /** Site that the policy was asked about. */
  readonly site: string | undefined;
  /** What a report draws. */
  readonly buckets: readonly Bucket[] | undefined;
}

const hintsOf = (names: readonly string[], rows: Pick<CsvRows, 'values'>) =>
  names.map((name, c) => ({ name, values: rows.values.filter((_, i) => i % names.length === c) }));

/** What columns look like; a unit that stands behind a name is said behind values, and not again with the name. */
function channelsOf(hints: readonly ChannelHint[]): ChannelMeta[] {
  const names = namesWithoutUnits(hints.map(({ name }) => name));
  const named = inferChannels(names.map((name) => ({ name })));
  return inferChannels(hints).map((meta, at) => ({ ...meta, name: named[at]!.name }));
}

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
    let at = 0;
    const write = async (text: string): Promise<void> => {
      const bytes = Buffer.from(text);
      await file.write(bytes, 0, bytes.length, at);
      at += bytes.length;
    };
    const restart = async (): Promise<void> => {
      await file.truncate(0);
      at = 0;
      await write(header);
    };
    await restart();
    const labels = options.labels === undefined ? undefined : await wholeText(options.labels);
    const wishes = wishesOf(options);
    const { run, source } = await followFile(
      input,
      wishes,
      (take) => new FileRun(engine, input, options, labels, take),
      restart,
      write,
      options.onBytes,
    );
    await file.close();
    await rename(draft, output);
    return run.summary(source);
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(draft, { force: true });
    throw error;
  }
}

const header = 'timestamp,score,alarm,kind\n';

/** A column of labels is one of the label file, where there is one, and never a channel. */
function wishesOf({ csv, labels, history }: FileOptions): TableWishes {
  const only = history ? { only: history.names } : {};
  if (labels === undefined || csv.labelColumn === undefined) return { ...csv, ...only };
  return { ...csv, ...only, labelColumn: undefined, leaveOut: [...(csv.leaveOut ?? []), csv.labelColumn] };
}

/** The way of one file: warm-up rows are gathered, then rows are followed in runs. */
class FileRun {
  readonly #engine: ScreenEngine;
  readonly #input: string;
  readonly #options: FileOptions;
  readonly #take: TakeLines;
  readonly #labelText: string | undefined;
  #labels: LabelReader | undefined;
  readonly #scorer: Scorer | undefined;
  readonly #kindRows: Record<string, number> = {};
  readonly #calibrations: { afterRows: number; why: string; threshold: Calibration['threshold'] }[] = [];
  #warmupRows = 0;
  #channels: readonly ChannelMeta[] = [];
  #follower: Follower | undefined;
  #kinds: KindTracker | undefined;
  #pack: Pack | undefined;
  #model: PackModel | undefined;
  #sketch: Sketch | undefined;
  #quality: Quality | undefined;
  #episodes: EpisodeLog | undefined;
  #site: string | undefined;
  #alarmRows = 0;
  #fromMs: number | undefined;
  #toMs: number | undefined;
  #rows = 0;
  #notes: readonly string[] = [];

  constructor(engine: ScreenEngine, input: string, options: FileOptions, labels: string | undefined, take: TakeLines) {
    this.#labelText = labels;
    if (labels !== undefined || options.csv.labelColumn !== undefined) this.#scorer = new Scorer();
    this.#engine = engine;
    this.#input = input;
    this.#options = options;
    this.#take = take;
  }

  /** Handles the rows that wait in the parser; `ended` says that no more will come. */
  async advance(parser: RowSource, ended: boolean): Promise<void> {
    if (!this.#follower && !(await this.#begin(parser, ended))) return;
    const follower = this.#follower!;
    while (parser.waiting >= (ended ? 1 : follower.wantedRows))
      await this.#run(follower, parser.take(follower.wantedRows));
  }

  /** Starts to follow once the warm-up is at hand; false while it is not. */
  async #begin(parser: RowSource, ended: boolean): Promise<boolean> {
    const { history, warmupRows, falseAlarms, timeZone } = this.#options;
    if (parser.channels.length === 0 || (!ended && parser.waiting < periodRows)) return false;
    if (parser.waiting === 0) return false;
    if (!history && this.#warmupRows === 0) {
      this.#warmupRows = warmupRows ?? defaultWarmupRows(parser.peek(periodRows).timesMs);
    }
    if (!history && !ended && parser.waiting < this.#warmupRows) return false;
    this.#channels = history
      ? this.#historyChannels(history, parser.channels)
      : channelsOf(hintsOf(parser.channels, parser.peek(this.#warmupRows)));
    const pack = await choosePack(this.#options.pack, this.#channels);
    this.#pack = pack;
    this.#model = await openPack(pack);
    this.#kinds = new KindTracker(this.#channels, pack, this.#model);
    this.#openLogs(pack);
    this.#openLabels(parser);
    this.#follower = new Follower(
      this.#engine,
      {
        channels: this.#channels,
        warmupRows: Math.max(this.#warmupRows, 1),
        fit: { ...(falseAlarms !== undefined && { falseAlarms }), ...(timeZone !== undefined && { timeZone }) },
        ...(history ? { history: this.#align(history, parser) } : {}),
      },
      (calibration, afterRows, why) => {
        this.#calibrations.push({ afterRows, why, threshold: calibration.threshold });
        this.#notes = calibration.notes;
      },
    );
    return true;
  }

  #openLogs(pack: Pack | undefined): void {
    const names = this.#channels.map(({ name }) => name);
    const { report, features, site } = this.#options;
    this.#quality = new Quality(names);
    if (report) this.#sketch = new Sketch(names.length);
    if (pack) this.#site = site ?? siteOfPolicies(pack.manifest.name);
    const trial = pack && this.#site !== undefined ? new PolicyTrial(pack, this.#channels, this.#site) : undefined;
    this.#episodes = new EpisodeLog(names, trial, features);
  }

  /** Dates of labels are read as those of the rows, which are more and so tell day from month. */
  #openLabels({ dateOrder }: RowSource): void {
    const { labels: file, labelAsset: asset, csv } = this.#options;
    if (file === undefined || this.#labelText === undefined) return;
    const wishes = { dateOrder: csv.dateOrder ?? dateOrder, column: csv.labelColumn, asset };
    this.#labels = new LabelReader(parseLabels(file, this.#labelText, wishes));
  }

  /** Roles by what the history's columns look like, in the order of the stream. */
  #historyChannels(history: History, names: readonly string[]): ChannelMeta[] {
    const hints = hintsOf(history.names, history);
    return channelsOf(
      names.map((name) => ({ ...hints[history.names.findIndex((other) => sameName(other, name))], name })),
    );
  }

  #align(history: History, parser: RowSource): Series {
    return alignHistory(history, parser.channels, this.#channels, this.#input, parser.peek(periodRows).timesMs);
  }

  async #run(follower: Follower, rows: CsvRows): Promise<void> {
    const series: Series = { channels: this.#channels, timesMs: rows.timesMs, values: rows.values };
    this.#fromMs ??= rows.timesMs[0];
    this.#toMs = rows.timesMs.at(-1) ?? this.#toMs;
    const screened = await follower.push(series);
    const kinds = await this.#kinds!.label(series, screened);
    await this.#episodes!.add(series, screened, this.#kinds!.takeLooks());
    this.#quality!.add(series);
    const truths = this.#score(series, rows, screened, kinds);
    const lines: string[] = [];
    for (let r = 0; r < rows.timestamps.length; r += 1) {
      const alarm = screened.alarms[r]!;
      const kind = kinds[r]!;
      if (alarm === 1) {
        this.#alarmRows += 1;
        this.#kindRows[kind] = (this.#kindRows[kind] ?? 0) + 1;
      }
      const stamp = rows.timestamps[r]!;
      const text = /[",;\n]/.test(stamp) ? `"${stamp.replaceAll('"', '""')}"` : stamp;
      lines.push(`${text},${Number(screened.scores[r]!.toFixed(4))},${alarm},${columnKind(kind)}\n`);
    }
    this.#sketch?.add(
      series,
      screened,
      kinds,
      truths.map((truth) => (truth === undefined || truth === normal ? '' : truth)),
    );
    await this.#take(lines);
  }

  /** What the labels say of each row; counts it against the alarms. */
  #score({ timesMs }: Series, rows: CsvRows, screened: FollowedRows, kinds: readonly string[]): Truth[] {
    const truths: Truth[] = [];
    if (!this.#scorer) return truths;
    const counts = screened.calibration !== undefined;
    for (let r = 0; r < timesMs.length; r += 1) {
      const timeMs = timesMs[r]!;
      const truth = this.#labels
        ? this.#labels.at(timeMs, rows.places?.[r] ?? this.#rows + r)
        : this.#labelOf(rows.labels[r] ?? '');
      truths.push(truth);
      this.#scorer.add({ timeMs, truth, alarm: screened.alarms[r] === 1, kind: kinds[r]!, counts });
    }
    this.#rows += timesMs.length;
    return truths;
  }

  #labelOf(cell: string): Truth {
    return truthOf(cell, (message) => {
      throw new CsvError(this.#input, 0, `column "${this.#options.csv.labelColumn}": ${message}`);
    });
  }

  #hints(): string[] {
    const { episodes = [], looks } = this.#episodes ?? {};
    return [
      ...(looks ? strangeChannels(this.#pack, this.#channels, looks) : []),
      ...faultySensor(episodes, this.#alarmRows, this.#channels.length),
    ];
  }

  summary({ totalRows: rows, told }: RowSource): FileSummary {
    const short = !this.#options.history && rows < this.#warmupRows;
    return {
      file: this.#input,
      rows,
      ...(this.#fromMs === undefined ? {} : { fromMs: this.#fromMs, toMs: this.#toMs }),
      warmupRows: this.#warmupRows,
      channels: this.#channels,
      pack: this.#pack?.manifest.name,
      classifier: this.#model !== undefined,
      alarms: this.#episodes?.count ?? 0,
      alarmRows: this.#alarmRows,
      kinds: this.#kindRows,
      calibrations: this.#calibrations,
      notes: [
        ...(short
          ? [
              `The file ends within its warm-up of ${this.#warmupRows} rows: nothing was screened. --warmup sets fewer, ${fewestRows} at least.`,
            ]
          : this.#notes),
        ...this.#hints(),
        ...(this.#labels?.notes ?? []),
      ],
      input: told,
      ...(this.#options.history ? { calibrationInput: this.#options.history.told } : {}),
      quality: this.#quality?.result() ?? new Quality([]).result(),
      episodes: this.#episodes?.episodes ?? [],
      counts: this.#scorer?.end(),
      ...(this.#scorer ? { events: this.#scorer.events } : {}),
      site: this.#site,
      buckets: this.#sketch?.buckets,
    };
  }
}

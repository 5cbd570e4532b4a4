/**
 * Follows one asset's rows from the first on: warm-up, calibration, screening, and calibrating again by the rules of the
 * live path (`renewal.ts`), where nobody is asked: an alarm that has stood for three lengths of the warm-up becomes normal
 * by itself, as it does live when a person says so. What a row gets depends on the rows before it alone, never on how they
 * were cut into chunks.
 */
import type { Calibration, ScreenState } from '../../contracts/calibration.ts';
import type { ChannelMeta } from '../../contracts/telemetry.ts';
import { rowCount, type Series } from '../series.ts';
import type { ScreenEngine } from './engine.ts';
import { fewestRows, fitCalibration } from './fit.ts';
import { openCalibration } from './open.ts';
import { isCoarser, keepAlarm, rowsToNextFit, youngRows } from './renewal.ts';
import { RowHistory } from './row-history.ts';
import { screenRows } from './screen.ts';
import { newState, packState, unpackState } from './state.ts';
import { type FitOptions, type ScreenedRows, topChannelCount } from './types.ts';

export interface FollowOptions {
  readonly channels: readonly ChannelMeta[];
  /** Rows to learn from before screening begins; ignored where a history is given. */
  readonly warmupRows: number;
  /** Normal rows of the past, instead of a warm-up. The calibration then stays as it is but for its resolution. */
  readonly history?: Series;
  readonly fit?: FitOptions;
}

/** Rows replayed through a new calibration, so that what is smoothed has settled. */
const settleRows = 256;
/** Most cells and rows that are kept to calibrate again. */
const historyCells = 120_000;
const historyRows = 20_000;
/** Lengths of the warm-up for which rows in alarm are not learned from, and a standing alarm stops calibrating again. */
const newsWarmups = 3;
/** Rows after the warm-up at which runs end; from the last on, every so many. Decisions about resolution fall here. */
const firstRuns = [2, 8, 32, 64, 128, 256];

export interface FollowedRows extends ScreenedRows {
  /** The calibration in force; undefined while warming up. */
  readonly calibration: Calibration | undefined;
}

/** Told when a calibration comes into force. */
export type OnCalibration = (
  calibration: Calibration,
  afterRows: number,
  why: 'warm-up' | 'resolution' | 'schedule',
) => void;

export class Follower {
  readonly #engine: ScreenEngine;
  readonly #options: FollowOptions;
  readonly #onCalibration: OnCalibration | undefined;
  readonly #history: RowHistory;
  #calibration: Calibration | undefined;
  #state: ScreenState | undefined;
  #rows = 0;
  #screened = 0;
  #nextFit = Number.POSITIVE_INFINITY;
  #decimals = -1;
  #alarmRows = 0;

  constructor(engine: ScreenEngine, options: FollowOptions, onCalibration?: OnCalibration) {
    this.#engine = engine;
    this.#options = options;
    this.#onCalibration = onCalibration;
    const width = options.channels.length;
    const most = Math.max(options.warmupRows, Math.min(historyRows, Math.floor(historyCells / width)));
    this.#history = new RowHistory(options.channels, most);
    if (options.history) this.#calibrate(this.#fit(options.history), 'warm-up');
  }

  /** The calibration in force. */
  get calibration(): Calibration | undefined {
    return this.#calibration;
  }

  /** Rows that the next call of `push` should bring, so that runs end where they must. */
  get wantedRows(): number {
    if (!this.#calibration) return this.#options.warmupRows - this.#rows;
    for (const end of firstRuns) if (this.#screened < end) return end - this.#screened;
    return 256 - (this.#screened % 256);
  }

  /**
   * Takes the next rows: exactly `wantedRows`, or fewer at the end of the stream.
   * @throws RangeError when more rows come than wanted
   */
  async push(rows: Series): Promise<FollowedRows> {
    const count = rowCount(rows);
    if (count > this.wantedRows)
      throw new RangeError(`${count} rows were pushed where ${this.wantedRows} were wanted.`);
    const used = this.#calibration;
    if (!used) return this.#warmUp(rows);
    const result = await screenRows(this.#engine, used, this.#state, rows, { padRows: true });
    this.#state = result.state;
    this.#rows += count;
    this.#screened += count;
    this.#history.push(rows, result.rows.alarms);
    this.#alarmRows = runAtEnd(result.rows.alarms, this.#alarmRows);
    await this.#maybeRefit(result.decimals);
    return { ...result.rows, calibration: used };
  }

  async #warmUp(rows: Series): Promise<FollowedRows> {
    const count = rowCount(rows);
    this.#history.push(rows, new Uint8Array(count));
    this.#rows += count;
    if (this.#rows >= this.#options.warmupRows) {
      this.#calibrate(this.#fit(this.#history.series()), 'warm-up');
      await this.#settle();
      this.#nextFit = this.#fitAfter(this.#rows);
    }
    return { ...emptyRows(count), calibration: undefined };
  }

  #fit(series: Series, exclude?: Uint8Array): Calibration {
    const decimals = this.#decimals >= 0 ? { decimals: this.#decimals } : {};
    return fitCalibration(series, {
      minRows: fewestRows,
      ...this.#options.fit,
      ...decimals,
      ...(exclude ? { exclude } : {}),
    });
  }

  #calibrate(calibration: Calibration, why: Parameters<OnCalibration>[2]): void {
    this.#calibration = calibration;
    this.#onCalibration?.(calibration, this.#rows, why);
  }

  /** Replays the last rows under the calibration in force, keeping what the old state knew of the alarm. */
  async #settle(): Promise<void> {
    const calibration = this.#calibration!;
    const open = openCalibration(calibration);
    const recent = this.#history.last(settleRows);
    const old = this.#state;
    let replayed = packState(open, newState(open));
    if (rowCount(recent) > 0)
      replayed = (await screenRows(this.#engine, calibration, undefined, recent, { padRows: true })).state;
    const fresh = unpackState(open, replayed);
    keepAlarm(old ? unpackState(openCalibration(this.#previous!), old) : newState(open), fresh);
    this.#state = packState(open, fresh);
    this.#previous = calibration;
  }
  #previous: Calibration | undefined;

  async #maybeRefit(decimals: number): Promise<void> {
    const { history, warmupRows } = this.#options;
    const calibration = this.#calibration!;
    this.#previous = calibration;
    if (isCoarser(decimals, calibration.warmup.seenDecimals) && this.#decimals !== decimals) {
      this.#decimals = decimals;
      this.#calibrate(
        this.#fit(history ?? this.#history.series(), history ? undefined : this.#excluded()),
        'resolution',
      );
      await this.#settle();
      return;
    }
    if (history || this.#screened < this.#nextFit) return;
    this.#nextFit = this.#screened + this.#fitAfter(this.#rows);
    if (this.#alarmRows > 0 && this.#alarmRows < newsWarmups * warmupRows) return;
    const exclude = this.#excluded();
    const kept = exclude.length - exclude.reduce((sum, value) => sum + value, 0);
    if (kept < Math.max(fewestRows, warmupRows / 2)) return;
    this.#calibrate(this.#fit(this.#history.series(), exclude), 'schedule');
    await this.#settle();
  }

  /** Rows until the next calibration, when there are `rows`. */
  #fitAfter(rows: number): number {
    return rowsToNextFit(rows, this.#options.warmupRows, this.#calibration!.warmup.periodMs);
  }

  /** Rows in alarm that may not become normal yet, and rows that are too young to tell. */
  #excluded(): Uint8Array {
    const { warmupRows } = this.#options;
    const alarms = this.#history.alarms();
    const news = alarms.length - newsWarmups * warmupRows;
    return alarms
      .map((alarm, i) => (i >= news ? alarm : 0))
      .fill(1, Math.max(0, alarms.length - youngRows(this.#rows, warmupRows)));
  }
}

const runAtEnd = (alarms: Uint8Array, before: number): number => {
  let run = 0;
  for (let i = alarms.length - 1; i >= 0 && alarms[i] === 1; i -= 1) run += 1;
  return run === alarms.length ? before + run : run;
};

function emptyRows(rows: number): ScreenedRows {
  return {
    scores: new Float32Array(rows),
    alarms: new Uint8Array(rows),
    onsets: new Uint8Array(rows),
    pValues: new Float32Array(rows).fill(1),
    topChannels: new Int16Array(rows * topChannelCount).fill(-1),
    topShares: new Float32Array(rows * topChannelCount),
  };
}

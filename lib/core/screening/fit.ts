/** Fits the calibration of one asset from its warm-up: pure, deterministic, no training data but its own rows. */
import { type Calibration, calibrationVersion } from '../../contracts/calibration.ts';
import { rowCount, type Series } from '../series.ts';
import { decimalsOf, describeChannel, mostDecimals, roundTo } from './describe.ts';
import { fitEvidence } from './fit-evidence.ts';
import { encodeFloats } from './floats.ts';
import { learnChannels } from './learn.ts';
import { fitProfile } from './profile.ts';
import type { FitOptions } from './types.ts';
import { aloneAmong } from './views.ts';
import { wallClock } from './wall-clock.ts';

/** Rows that a calibration wants, and the fewest that it can be talked into. */
export const wantedRows = 400;
export const fewestRows = 50;
/** Rows a minute apart or slower count as slow: their false alarms are promised by the week. */
export const slowPeriodMs = 60_000;
/** Promise for fast rows where none is asked for. */
const fastEpisodesPerRow = 1 / 1500;
const weekMs = 7 * 86_400_000;

/**
 * Fits a calibration.
 * @throws RangeError when the warm-up is too short, has no living channel, or its times do not rise
 * @example const calibration = fitCalibration(history, { falseAlarms: { perWeek: 1 } });
 */
export function fitCalibration(series: Series, options: FitOptions = {}): Calibration {
  const rows = rowCount(series);
  const channels = series.channels.length;
  const fewest = Math.max(options.minRows ?? wantedRows, fewestRows);
  const used = checkSeries(series, fewest, options.exclude);
  const values =
    options.decimals === undefined ? series.values : series.values.map((v) => roundTo(v, options.decimals!));
  const described = series.channels.map((meta, c) =>
    describeChannel(meta, columnOf(values, c, channels, options.exclude), used),
  );
  const dead = Uint8Array.from(described, (channel) => (channel.dead ? 1 : 0));
  const alive = channels - dead.reduce((sum, value) => sum + value, 0);
  const notes: string[] = [];
  if (rows < wantedRows)
    notes.push(`Warm-up of ${rows} rows, fewer than the ${wantedRows} wanted: thresholds are rough.`);
  if (alive < channels)
    notes.push(`${channels - alive} of ${channels} channels are constant or missing and give no evidence.`);
  const periodMs = medianPeriod(series.timesMs);
  const fromMs = series.timesMs[0]!;
  const toMs = series.timesMs[rows - 1]!;
  const days = (toMs - fromMs + periodMs) / 86_400_000;
  const skip = options.exclude ?? new Uint8Array(rows);
  const wallsMs = series.timesMs.map(wallClock(options.timeZone));
  const learned = learnChannels(values, described, { wallsMs, days, periodMs, skip });
  const { found, harmonics, weekend, views } = learned;
  const viewed = views ? aloneAmong(described) : -1;
  const episodesPerRow = promisedRate(options, periodMs);
  const smoothing = smoothingOf(periodMs);
  const fitted = fitEvidence(found, { ...learned.used, smoothing, episodesPerRow, viewed });
  if (fitted.threshold.extrapolated) {
    notes.push(
      `The promised rate of one false alarm in ${Math.round(1 / episodesPerRow)} rows lies beyond the ` +
        `${Math.round(1 / fitted.threshold.finestEpisodesPerRow)} rows that the warm-up supports: extrapolated by a fitted tail.`,
    );
  }
  return {
    v: calibrationVersion,
    channels: [...learned.described],
    warmup: {
      rows,
      fromMs,
      toMs,
      periodMs,
      decimals: options.decimals ?? null,
      seenDecimals: mostDecimalsOf(values, dead, channels),
    },
    profile: fitProfile(wallsMs, values, described, days, skip),
    model: {
      harmonics,
      weekend,
      ...(options.timeZone === undefined ? {} : { timeZone: options.timeZone }),
      ...(views === undefined ? {} : { views }),
      season: encodeFloats(Float32Array.from(found.model.season)),
      staticNow: encodeFloats(fitted.staticNow),
      dynamicNow: encodeFloats(fitted.dynamicNow),
      dynamicBefore: encodeFloats(fitted.dynamicBefore),
      deviations: encodeFloats(fitted.deviations),
      smoothing,
      ridge: found.ridge,
    },
    evidence: fitted.evidence,
    combined: fitted.combined,
    fresh: fitted.fresh,
    threshold: fitted.threshold,
    notes,
  };
}

/** @returns rows that are learned from */
function checkSeries(series: Series, fewest: number, exclude: Uint8Array | undefined): number {
  const rows = rowCount(series);
  const used = exclude ? rows - exclude.reduce((sum, value) => sum + value, 0) : rows;
  if (used < fewest) {
    throw new RangeError(`The warm-up has ${used} usable rows; at least ${fewest} are needed to calibrate.`);
  }
  if (series.values.length !== rows * series.channels.length) {
    throw new RangeError(
      `${series.values.length} values do not fill ${rows} rows of ${series.channels.length} channels.`,
    );
  }
  for (let t = 1; t < rows; t += 1) {
    if (!(series.timesMs[t]! >= series.timesMs[t - 1]!))
      throw new RangeError(`Time runs backwards at row ${t + 1} of the warm-up.`);
  }
  return used;
}

function columnOf(values: Float64Array, c: number, channels: number, exclude: Uint8Array | undefined): Float64Array {
  const column = new Float64Array(values.length / channels);
  for (let t = 0; t < column.length; t += 1) column[t] = exclude?.[t] === 1 ? Number.NaN : values[t * channels + c]!;
  return column;
}

/** Median time between rows; one second where all rows bear one time. */
export function medianPeriod(timesMs: Float64Array): number {
  const gaps = new Float64Array(Math.max(timesMs.length - 1, 0));
  for (let t = 1; t < timesMs.length; t += 1) gaps[t - 1] = timesMs[t]! - timesMs[t - 1]!;
  const positive = gaps.filter((gap) => gap > 0).sort();
  return positive[Math.floor(positive.length / 2)] ?? 1000;
}

function promisedRate(options: FitOptions, periodMs: number): number {
  const asked = options.falseAlarms;
  if (asked && 'perRow' in asked) return Math.min(Math.max(asked.perRow, 1e-9), 1);
  if (asked) return Math.min((asked.perWeek * periodMs) / weekMs, 1);
  return periodMs >= slowPeriodMs ? Math.min(periodMs / weekMs, 0.01) : fastEpisodesPerRow;
}

function mostDecimalsOf(values: Float64Array, dead: Uint8Array, channels: number): number {
  let most = 0;
  for (let i = 0; i < values.length && most < mostDecimals; i += 1) {
    if (dead[i % channels] === 1 || !Number.isFinite(values[i]!)) continue;
    most = Math.max(most, decimalsOf(values[i]!));
  }
  return most;
}

/**
 * Weight of the newest row in smoothed residuals: twelve rows of memory, fewer where twelve rows are more than three
 * hours, never below five.
 */
export const smoothingOf = (periodMs: number): number =>
  1 / Math.min(12, Math.max(5, Math.round(10_800_000 / periodMs)));

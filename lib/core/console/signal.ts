/** Readings for a chart: few enough points to draw, none of the peaks lost, gaps as gaps. */
import type { Signal, SignalChannel } from '../../contracts/api.ts';
import type { Calibration } from '../../contracts/calibration.ts';
import type { ChannelMeta } from '../../contracts/telemetry.ts';
import { expectedAt } from '../screening/open.ts';
import { rowCount, type Series } from '../series.ts';

/** More values are not sent at once: charts of many channels get fewer points each. */
const maxValues = 30_000;
/** Readings farther apart than so many of their usual distance have a gap between them. */
const gapPeriods = 4;
/** Half the width of the expected band in spreads of the hour: some 1 in 370 normal values lies beyond. */
const bandSpreads = 3;
/** Digits that a chart needs. */
const digits = 6;

const rounded = (value: number): number => Number(value.toPrecision(digits));

export interface ChartRequest {
  /** Channels to draw, in this order; names that the series lacks are left out. */
  readonly channels: readonly string[];
  readonly points: number;
  readonly calibration?: Calibration | undefined;
  /** Part of the evidence by channel. */
  readonly shares?: ReadonlyMap<string, number>;
}

/** Channels of a signal. Each part of the time is drawn by its lowest and its highest value, in their own order. */
export function chart(series: Series, request: ChartRequest): SignalChannel[] {
  const known = new Map(series.channels.map((channel, at) => [channel.name, at]));
  const drawn = request.channels.filter((name) => known.has(name));
  const points = Math.max(2, Math.min(request.points, Math.floor(maxValues / Math.max(1, drawn.length))));
  const periodMs = usualPeriodMs(series.timesMs);
  return drawn.map((name) => {
    const at = known.get(name)!;
    const share = request.shares?.get(name);
    return {
      ...drawChannel(series, at, points, periodMs, request.calibration),
      ...(share !== undefined && { contribution: share }),
    };
  });
}

function drawChannel(
  series: Series,
  channel: number,
  points: number,
  periodMs: number,
  calibration: Calibration | undefined,
): SignalChannel {
  const { name, unit } = series.channels[channel]!;
  const kept = keptRows(series, channel, points);
  const timesMs: number[] = [];
  const values: (number | null)[] = [];
  const rows = rowCount(series);
  const width = series.channels.length;
  // Thinned out, readings stand farther apart than they came.
  const allowedMs = gapPeriods * periodMs * Math.max(1, rows / Math.max(1, kept.length));
  for (const row of kept) {
    const timeMs = series.timesMs[row]!;
    const before = timesMs.at(-1);
    if (before !== undefined && timeMs - before > allowedMs) {
      timesMs.push(Math.round((before + timeMs) / 2));
      values.push(null);
    }
    const value = series.values[row * width + channel]!;
    timesMs.push(timeMs);
    values.push(Number.isFinite(value) ? rounded(value) : null);
  }
  const place = calibration?.channels.findIndex((one) => one.name === name) ?? -1;
  return { name, ...(unit !== '' && { unit }), timesMs, values, ...band(calibration, place, timesMs) };
}

/** Nothing for a channel that gives no evidence: what is expected of it is not known. */
function band(
  calibration: Calibration | undefined,
  channel: number,
  timesMs: readonly number[],
): Pick<SignalChannel, 'expectedLow' | 'expectedHigh'> {
  if (!calibration || channel < 0 || calibration.channels[channel]!.dead) return {};
  const expected = timesMs.map((timeMs) => expectedAt(calibration, channel, timeMs));
  return {
    expectedLow: expected.map(({ value, spread }) => rounded(value - bandSpreads * spread)),
    expectedHigh: expected.map(({ value, spread }) => rounded(value + bandSpreads * spread)),
  };
}

/** Rows that are drawn: all, or of each of `points / 2` parts of the rows the lowest and the highest; ascending. */
export function keptRows({ timesMs, values, channels }: Series, channel: number, points: number): number[] {
  const rows = timesMs.length;
  if (rows <= points) return Array.from({ length: rows }, (_, row) => row);
  const parts = Math.max(1, Math.floor(points / 2));
  const kept: number[] = [];
  for (let part = 0; part < parts; part += 1) {
    const from = Math.floor((part * rows) / parts);
    const to = Math.floor(((part + 1) * rows) / parts);
    let [low, high] = [-1, -1];
    for (let row = from; row < to; row += 1) {
      const value = values[row * channels.length + channel]!;
      if (!Number.isFinite(value)) continue;
      if (low < 0 || value < values[low * channels.length + channel]!) low = row;
      if (high < 0 || value > values[high * channels.length + channel]!) high = row;
    }
    // A part without any value is drawn as a gap.
    if (low < 0) kept.push(from);
    else kept.push(...[...new Set([low, high])].sort((a, b) => a - b));
  }
  return kept;
}

function usualPeriodMs(timesMs: Float64Array): number {
  const steps = Float64Array.from(
    { length: Math.max(0, timesMs.length - 1) },
    (_, at) => timesMs[at + 1]! - timesMs[at]!,
  );
  return steps.length === 0 ? 1 : Math.max(1, steps.sort()[Math.floor(steps.length / 2)]!);
}

/** Channels worth showing of a case: those that carry the evidence, then others of their zone, then the rest. */
export function channelsWorthShowing(
  channels: readonly ChannelMeta[],
  shares: ReadonlyMap<string, number>,
  zone: string | undefined,
  most: number,
): string[] {
  const rank = (channel: ChannelMeta): number =>
    (shares.has(channel.name) ? 2 + (shares.get(channel.name) ?? 0) : 0) +
    Number(zone !== undefined && channel.zone === zone);
  return [...channels]
    .map((channel, at) => ({ name: channel.name, rank: rank(channel), at }))
    .sort((a, b) => b.rank - a.rank || a.at - b.at)
    .slice(0, most)
    .map(({ name }) => name);
}

/** A chart without rows. */
export const emptySignal = (atMs: number): Signal => ({
  fromMs: atMs,
  toMs: atMs,
  channels: [],
  alarms: [],
  partial: true,
});

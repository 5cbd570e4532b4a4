/** How far a channel is from its profile since the onset: what holds now, not an average that began before it. */
import type { Calibration } from '../../contracts/calibration.ts';
import { expectedAt } from '../screening/open.ts';
import type { Series } from '../series.ts';
import { withUnit } from './words.ts';

const hourMs = 3_600_000;
/** Of a long alarm the last hours count: a leak that grows is said as it is now. */
const judgedMs = 3 * hourMs;
/** Beyond this a percentage says nothing: the profile is next to nothing. */
const largestPercent = 400;
/** Less than this part of its usual spread is no departure of a channel, however many digits it has. */
const leastSpreads = 0.1;
/** Nor is what is left of a difference of numbers that are the same but for their last bits. */
const leastShare = 1e-9;
const leastSize = 1e-9;

/** Rows that are judged: since the onset, the last hours of it, and at least the last row. Half-open. */
export function judgedRows(timesMs: ArrayLike<number>, onsetRow: number): readonly [number, number] {
  const end = timesMs.length;
  let from = Math.max(0, Math.min(onsetRow, end - 1));
  while (from < end - 1 && timesMs[end - 1]! - timesMs[from]! > judgedMs) from += 1;
  return [from, end];
}

export interface Departure {
  /** Median of value − expected over the judged rows, in the channel's unit; NaN where all cells are missing. */
  readonly difference: number;
  /** Median of what is expected there. */
  readonly expected: number;
}

export function departure(
  values: ArrayLike<number>,
  expected: ArrayLike<number>,
  [from, end]: readonly [number, number],
): Departure {
  const differences: number[] = [];
  const profile: number[] = [];
  for (let row = from; row < end; row += 1) {
    if (!Number.isFinite(values[row]!)) continue;
    differences.push(values[row]! - expected[row]!);
    profile.push(expected[row]!);
  }
  return { difference: median(differences), expected: median(profile) };
}

/** Of one channel of a window, by the hour-of-day profile of its calibration; with its usual spread. */
export function channelDeparture(
  window: Series,
  calibration: Calibration,
  channel: number,
  rows: readonly [number, number],
): Departure & { readonly spread: number } {
  const width = window.channels.length;
  const values = Float64Array.from(window.timesMs, (_, row) => window.values[row * width + channel]!);
  const known = Array.from(window.timesMs, (timeMs) => expectedAt(calibration, channel, timeMs));
  const found = departure(
    values,
    known.map(({ value }) => value),
    rows,
  );
  const { step } = calibration.channels[channel]!;
  return { ...found, spread: Math.max(median(known.slice(...rows).map(({ spread }) => spread)), step, 1e-12) };
}

/** How what a channel does is told. */
export interface Scale {
  readonly unit: string;
  /** In the channel's unit: a difference of no more than this is nothing. */
  readonly least: number;
}

/** What a channel's instrument can show at all, and what it always strays by around this time of day. */
export function scaleOf(calibration: Calibration, channel: number, timeMs: number): Scale {
  const { unit, step } = calibration.channels[channel]!;
  const { spread } = expectedAt(calibration, channel, timeMs);
  return { unit, least: Math.max(step / 2, leastSpreads * (Number.isFinite(spread) ? spread : 0)) };
}

/** Whether a distance from what is expected rounds to nothing: then there is nothing to say of it. */
export const isNothing = ({ difference, expected }: Departure, { least }: Pick<Scale, 'least'>): boolean =>
  Math.abs(difference) <= Math.max(least, leastShare * Math.abs(expected), leastSize);

/** Of a channel whose judged rows are all missing. */
const noValues = 'sends no values';

/**
 * @returns `undefined` where it rounds to nothing
 * @example relativeWords({ difference: 3.8, expected: 10 }, { unit: 'l/s', least: 0.1 }) // 'is 38 % above its profile'
 */
export function relativeWords(found: Departure, scale: Scale): string | undefined {
  const { difference, expected } = found;
  if (Number.isNaN(difference)) return noValues;
  const side = difference < 0 ? 'below' : 'above';
  const percent = Math.round((100 * Math.abs(difference)) / Math.max(Math.abs(expected), 1e-9));
  if (percent === 0 || isNothing(found, scale)) return undefined;
  if (percent <= largestPercent) return `is ${percent} % ${side} its profile`;
  return `is ${withUnit(difference, scale.unit)} ${side} its profile of next to nothing`;
}

/**
 * @returns `undefined` where it rounds to nothing
 * @example absoluteWords({ difference: -4.07, expected: 50 }, { unit: 'm', least: 0.1 }) // 'is 4.1 m below its profile'
 */
export function absoluteWords(found: Departure, scale: Scale): string | undefined {
  const { difference } = found;
  if (Number.isNaN(difference)) return noValues;
  if (isNothing(found, scale)) return undefined;
  return `is ${withUnit(difference, scale.unit)} ${difference < 0 ? 'below' : 'above'} its profile`;
}

function median(values: readonly number[]): number {
  if (values.length === 0) return Number.NaN;
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/**
 * Screening by the logarithm. Counts, rates and delays spread in proportion to their level: what is usual at noon would
 * be a burst at night, and a channel whose usual bursts make its deviation can fall silent without being missed. Of the
 * curves ln(v + offset), from nearly the plain value to nearly the logarithm, the one is taken whose held-out residuals
 * are likeliest (Box and Cox, Journal of the Royal Statistical Society B 26, 1964, with the offset in place of the
 * power), and none where the plain value does as well.
 *
 * For assets of one channel only: what several channels have to do with each other, a balance of flows above all, is
 * linear in the values themselves.
 */
import type { CalibrationChannel } from '../../contracts/calibration.ts';
import { robustSpread } from './linear.ts';

export type Curve = NonNullable<CalibrationChannel['curve']>;

/** Offsets that are tried, as parts of the mean. */
const offsetParts = [0.01, 0.03, 0.1, 0.3, 1, 3];
/** A curve must be likelier than the plain value by so many nats a row. */
const leastGain = 0.05;
/** Least spread of logarithms: below, it would be trust in a last digit. */
const leastSpread = 1e-9;

/** ln(v + offset); below nought it goes on as a straight line, for a value that never came must not be infinite. */
const logOf = (value: number, offset: number): number =>
  value < 0 ? Math.log(offset) + value / offset : Math.log(value + offset);

/**
 * A value on its channel's curve, in the channel's unit. About the centre it is about as steep as the plain value, so
 * centre, scale and what rounding adds stay what they are. NaN stays NaN.
 */
export function straighten(value: number, { center, scale, curve }: CalibrationChannel): number {
  if (!curve) return value;
  return center + (scale * (logOf(value, curve.offset) - logOf(center, curve.offset))) / curve.spread;
}

/** How much steeper the curve is at a value than the plain value; 1 where there is no curve. */
export const slopeAt = (value: number, { scale, curve }: CalibrationChannel): number =>
  curve ? scale / curve.spread / (Math.max(value, 0) + curve.offset) : 1;

/** One way to screen a column: its channel, with a curve or without, and the fit that came of it. */
interface Tried<T> {
  readonly channel: CalibrationChannel;
  readonly fit: T;
}

/**
 * Fits a single channel with each curve and without, and gives the likeliest.
 * @param column values that are learned from, NaN for missing ones
 * @param attempt fits the column as the channel says
 * @param lossOf mean logarithm of the deviation of what a fit leaves unexplained, in scales
 */
export function likeliestCurve<T>(
  column: Float64Array,
  channel: CalibrationChannel,
  attempt: (channel: CalibrationChannel) => T,
  lossOf: (fit: T) => number,
): Tried<T> {
  let best: Tried<T> = { channel, fit: attempt(channel) };
  if (channel.dead || channel.low < 0) return best;
  const present = column.filter(Number.isFinite);
  let leastLoss = lossOf(best.fit) - leastGain;
  for (const part of offsetParts) {
    const curved = { ...channel, curve: curveOf(present, channel, part) };
    const fit = attempt(curved);
    const loss = lossOf(fit) - meanOf(present, (value) => Math.log(slopeAt(value, curved)));
    if (loss >= leastLoss) continue;
    leastLoss = loss;
    best = { channel: curved, fit };
  }
  return best;
}

/** The curve whose offset is so many times the mean, and how far its logarithms spread: as `scale` is for values. */
function curveOf(present: Float64Array, { center }: CalibrationChannel, part: number): Curve {
  const offset = part * meanOf(present, (value) => value);
  const logs = present.map((value) => logOf(value, offset));
  return { offset, spread: Math.max(robustSpread(logs, logOf(center, offset)), leastSpread) };
}

const meanOf = (values: Float64Array, of: (value: number) => number): number =>
  values.reduce((sum, value) => sum + of(value), 0) / values.length;

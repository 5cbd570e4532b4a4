/** A stretch of readings of one asset, the common currency of screening, features, twin and backtest. */
import type { ChannelMeta } from '../contracts/telemetry.ts';

export interface Series {
  readonly channels: readonly ChannelMeta[];
  /** Row times in milliseconds since the epoch, ascending; length = rows. */
  readonly timesMs: Float64Array;
  /** Row-major values, rows × channels.length; NaN is a missing cell. */
  readonly values: Float64Array;
}

/** Number of rows of a series. */
export const rowCount = (series: Series): number => series.timesMs.length;

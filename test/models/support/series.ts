import type { Series } from '../../../lib/core/series.ts';

/** The series with its channels in this order; those that are not named are left out. */
export function withChannels(series: Series, order: readonly number[]): Series {
  const width = series.channels.length;
  const rows = series.timesMs.length;
  const values = new Float64Array(rows * order.length);
  for (let row = 0; row < rows; row += 1) {
    for (const [to, from] of order.entries()) values[row * order.length + to] = series.values[row * width + from]!;
  }
  return { ...series, channels: order.map((from) => series.channels[from]!), values };
}

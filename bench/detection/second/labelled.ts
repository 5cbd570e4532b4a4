/** What the generators of the second family return. */
import type { ChannelMeta } from '../../../lib/contracts/telemetry.ts';
import type { Series } from '../../../lib/core/series.ts';
import type { Stretch } from '../scores.ts';

export interface LabelledEvent extends Stretch {
  readonly what: string;
}

export interface LabelledSeries {
  readonly series: Series;
  /** In rows of the series, ascending, apart from each other. */
  readonly events: readonly LabelledEvent[];
}

/** Channels of which nothing is said but their names, so that screening is told nothing of what they measure. */
export const plainChannels = (names: readonly string[]): ChannelMeta[] =>
  names.map((name) => ({ name, role: 'unknown', unit: '' }));

/** One where a row lies in an event, else nought. */
export function truthOf({ series, events }: Pick<LabelledSeries, 'series' | 'events'>): Uint8Array {
  const truth = new Uint8Array(series.timesMs.length);
  for (const { from, to } of events) truth.fill(1, from, to);
  return truth;
}

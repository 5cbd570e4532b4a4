/** Names of what a confidence rests on, each with the channel that shows it most and how far that is from its profile. */
import { absoluteWords, departure, judgedRows, scaleOf } from '../../lib/core/explanation/departure.ts';
import type { AlarmContext } from '../../lib/core/pack.ts';
import type { WindowView } from './features/window-view.ts';
import type { FeatureGroup } from './occlusion.ts';

/** As long as a record keeps a name. */
const longestName = 120;
/** Less than this many usual spreads from the profile is not worth saying. */
const leastSpreads = 1;

/**
 * A group that is about channels (`channels`) is named with the one of them that is farthest from its profile, counted in
 * its own spreads, where any is; all others keep their names.
 * @example withDepartures([{ name: 'the flow', features, channels: [2] }], view, timesMs, alarm)[0].name
 * // 'the flow (F_Z3 is 3.8 l/s above its profile)'; of several channels '(most of all F_Z3, 3.8 l/s above …)'
 */
export function withDepartures(
  groups: readonly FeatureGroup[],
  view: WindowView,
  timesMs: ArrayLike<number>,
  alarm: Pick<AlarmContext, 'onsetRow'>,
): FeatureGroup[] {
  const rows = judgedRows(timesMs, alarm.onsetRow);
  const lastMs = timesMs[timesMs.length - 1]!;
  const said = new Map<number, { readonly spreads: number; readonly words: string }>();
  for (const { index, dead, raw, expected, z } of view.channels) {
    if (dead || !groups.some(({ channels = [] }) => channels.includes(index))) continue;
    const found = departure(raw, expected, rows);
    // What is said is in the unit; which one is said goes by its own spread, in which `z` is.
    const spreads = Math.abs(departure(z, new Float64Array(z.length), rows).difference);
    const words = absoluteWords(found, scaleOf(view.calibration, index, lastMs));
    if (words !== undefined && spreads >= leastSpreads) said.set(index, { spreads, words });
  }
  return groups.map((group) => {
    const [most] = (group.channels ?? [])
      .flatMap((index) => {
        const one = said.get(index);
        return one === undefined ? [] : [{ ...one, channel: view.calibration.channels[index]!.name }];
      })
      .sort((a, b) => b.spreads - a.spreads || (a.channel < b.channel ? -1 : 1));
    if (most === undefined) return group;
    const size = most.words.replace(/^is /, '');
    const ofMany = group.channels!.length > 1;
    // A name that has the channel in it already is not told it again.
    const told = group.name.includes(most.channel)
      ? size
      : `${ofMany ? 'most of all ' : ''}${most.channel}${ofMany ? ',' : ''} ${ofMany ? size : most.words}`;
    const name = `${group.name} (${told})`;
    return name.length > longestName ? group : { ...group, name };
  });
}

/** When an asset was in alarm, so that no calibration learns from those rows. */
import type { AssetState } from '../../contracts/asset.ts';

/** Event time that a calibration from the asset's own rows looks back on. */
export const calibrationWindowMs = 14 * 86_400_000;

export type AlarmSpan = NonNullable<AssetState['alarms']>[number];

/** Spans that a state keeps; where there are more, the two that are closest to each other become one. */
const maxAlarms = 8;

/** Alarms that a calibration may still meet in its window, no more than a state has room for. */
export function keptAlarms(spans: readonly AlarmSpan[]): AlarmSpan[] {
  const newestMs = Math.max(...spans.map(([, toMs]) => toMs));
  const kept = spans.filter(([, toMs]) => toMs >= newestMs - calibrationWindowMs);
  while (kept.length > maxAlarms) {
    let closest = 0;
    const gap = (at: number): number => kept[at + 1]![0] - kept[at]![1];
    for (let at = 1; at < kept.length - 1; at += 1) if (gap(at) < gap(closest)) closest = at;
    const [one, next] = [kept[closest]!, kept[closest + 1]!];
    // Times fall where a clock was set back: then the later span may lie before the earlier one, or within it.
    kept.splice(closest, 2, [Math.min(one[0], next[0]), Math.max(one[1], next[1])]);
  }
  return kept;
}

/** 1 for each time within a span, or from the onset of the alarm that stands on. */
export function inAlarm(
  timesMs: Float64Array,
  { alarms = [], alarm }: Pick<AssetState, 'alarms' | 'alarm'>,
): Uint8Array {
  const spans: AlarmSpan[] = [...alarms, ...(alarm ? [[alarm.atMs, Number.POSITIVE_INFINITY] as AlarmSpan] : [])];
  return Uint8Array.from(timesMs, (tMs) => (spans.some(([fromMs, toMs]) => tMs >= fromMs && tMs < toMs) ? 1 : 0));
}

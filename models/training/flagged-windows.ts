/** The windows of a screened run that the live path would ask a classifier about, and what the screen made of the run. */
import type { AlarmContext } from '../../lib/core/pack.ts';
import { type ScreenedRows, topChannelCount } from '../../lib/core/screening/types.ts';
import type { Series } from '../../lib/core/series.ts';
import type { EventResult } from './recipe.ts';

const hourMs = 3_600_000;
/** Times after its onset at which a standing alarm is looked at again, where a pack has none of its own. */
const usualLaterMs = [1, 4, 12, 24].map((hours) => hours * hourMs);

/** A run as it was screened; without a fault `faultMs` is absent. */
export interface ScreenedRun {
  readonly series: Series;
  readonly screened: ScreenedRows;
  readonly stepMs: number;
  /** When the fault begins and is over. */
  readonly fault?: { readonly startMs: number; readonly endMs: number };
}

export interface FlaggedRow {
  readonly row: number;
  /** Row where the standing alarm set in. */
  readonly alarmRow: number;
  readonly onset: boolean;
}

/**
 * Each onset, and some time later while the alarm holds. A case may be looked at again long after its alarm set in, and
 * a fault may begin while an older alarm stands: time counts from the later of the two.
 */
export function flaggedRows(
  { series, screened, stepMs, fault }: ScreenedRun,
  laterMs: readonly number[] = usualLaterMs,
): FlaggedRow[] {
  const { alarms, onsets } = screened;
  const { timesMs } = series;
  const faultMs = fault?.startMs ?? Number.POSITIVE_INFINITY;
  const found: FlaggedRow[] = [];
  let alarmRow = -1;
  for (let row = 0; row < alarms.length; row += 1) {
    if (alarms[row] === 0) {
      alarmRow = -1;
      continue;
    }
    if (alarmRow < 0) alarmRow = row;
    const sinceMs = timesMs[row]! - Math.max(timesMs[alarmRow]!, faultMs <= timesMs[row]! ? faultMs : 0);
    const later = row > alarmRow && laterMs.some((at) => sinceMs >= at && sinceMs - stepMs < at);
    if (onsets[row] === 1 || later) found.push({ row, alarmRow, onset: row === alarmRow });
  }
  return found;
}

/** The history before and at a flagged row, as long as the pack wants it, and the alarm in its rows. */
export function windowAt(
  { series, screened }: ScreenedRun,
  { row, alarmRow }: FlaggedRow,
  limits: { readonly ms: number; readonly maxRows: number },
): { window: Series; alarm: AlarmContext } {
  const width = series.channels.length;
  let from = Math.max(0, row + 1 - limits.maxRows);
  while (series.timesMs[from]! <= series.timesMs[row]! - limits.ms) from += 1;
  const window = {
    channels: series.channels,
    timesMs: series.timesMs.slice(from, row + 1),
    values: series.values.slice(from * width, (row + 1) * width),
  };
  let score = 0;
  for (let r = alarmRow; r <= row; r += 1) score = Math.max(score, screened.scores[r]!);
  const topChannels = Array.from({ length: topChannelCount }, (_, k) => ({
    channel: screened.topChannels[row * topChannelCount + k]!,
    share: screened.topShares[row * topChannelCount + k]!,
  })).filter((top) => top.channel >= 0);
  return {
    window,
    alarm: { onsetRow: Math.max(0, alarmRow - from), rowsSinceOnset: row - alarmRow, score, topChannels },
  };
}

/** Whether the screen found the fault: only a new flag counts, an alarm that stood before it began found nothing. */
export function foundAfter({ series, screened, fault }: ScreenedRun): Pick<EventResult, 'foundAfterHours'> {
  if (fault === undefined) return {};
  const row = screened.onsets.findIndex(
    (onset, r) => onset === 1 && series.timesMs[r]! >= fault.startMs && series.timesMs[r]! < fault.endMs,
  );
  return row < 0 ? {} : { foundAfterHours: (series.timesMs[row]! - fault.startMs) / hourMs };
}

/** Rows before the fault, and how many of them were in alarm. */
export function normalRowsOf(run: ScreenedRun): { rows: number; alarmed: number } {
  const until = run.fault?.startMs ?? Number.POSITIVE_INFINITY;
  const before = run.series.timesMs.findIndex((timeMs) => timeMs >= until);
  const rows = before < 0 ? run.series.timesMs.length : before;
  return { rows, alarmed: run.screened.alarms.subarray(0, rows).reduce((sum, alarm) => sum + alarm, 0) };
}

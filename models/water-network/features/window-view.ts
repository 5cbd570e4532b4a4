/** A flagged window seen through its calibration: for each channel how far it is from its profile and from its peers. */
import type { Calibration } from '../../../lib/contracts/calibration.ts';
import type { ChannelRole } from '../../../lib/contracts/telemetry.ts';
import type { AlarmContext } from '../../../lib/core/pack.ts';
import { expectedAt, openCalibration } from '../../../lib/core/screening/open.ts';

import { rowCount, type Series } from '../../../lib/core/series.ts';
import { peerResiduals } from './peer-residuals.ts';

const hourMs = 3_600_000;
/** Evidence is looked at over at most a day; the day before the onset (less a margin) is what it is compared with. */
const nowMs = 24 * hourMs;
const beforeMs = 24 * hourMs;
const marginMs = 2 * hourMs;

export interface ChannelView {
  readonly index: number;
  readonly name: string;
  readonly role: ChannelRole;
  readonly zone: string | undefined;
  readonly element: string | undefined;
  /** Constant or missing in the warm-up: it has no profile to be far from, but a pump that always ran may now stop. */
  readonly dead: boolean;
  /** Values as measured. */
  readonly raw: Float64Array;
  /** Value expected at each row from the profile, in the channel's unit. */
  readonly expected: Float64Array;
  /** (raw − expected) over the usual spread around the profile. */
  readonly z: Float64Array;
  /** What is left after the other channels have explained this one, in its usual deviations. */
  readonly peer: Float64Array;
}

/** Rows as half-open ranges. */
export interface WindowView {
  readonly rows: number;
  readonly periodMs: number;
  readonly hours: Float64Array;
  readonly onsetRow: number;
  /** From the onset (or an hour back, whichever is longer) to the last row, a day at most. */
  readonly now: readonly [number, number];
  /** The day before, with a margin; empty when the window does not reach back so far. */
  readonly before: readonly [number, number];
  readonly channels: readonly ChannelView[];
  readonly calibration: Calibration;
}

/**
 * @param window channels as in the calibration, in its order; the last row is the flagged one
 * @throws RangeError when the window is empty or its channels are not those of the calibration
 */
export function viewWindow(
  window: Series,
  calibration: Calibration,
  alarm: Pick<AlarmContext, 'onsetRow'>,
): WindowView {
  const rows = rowCount(window);
  const width = window.channels.length;
  if (rows === 0) throw new RangeError('The window has no rows.');
  if (
    width !== calibration.channels.length ||
    window.channels.some((c, i) => c.name !== calibration.channels[i]!.name)
  ) {
    throw new RangeError('The window and the calibration speak of different channels.');
  }
  const onsetRow = Math.min(Math.max(0, alarm.onsetRow), rows - 1);
  const lastMs = window.timesMs[rows - 1]!;
  const firstAfter = (timeMs: number): number => {
    let row = 0;
    while (row < rows && window.timesMs[row]! <= timeMs) row += 1;
    return row;
  };
  const shortNow = Math.min(firstAfter(lastMs - hourMs), Math.max(0, rows - 3));
  const nowFrom = Math.max(Math.min(onsetRow, shortNow), firstAfter(lastMs - nowMs));
  const beforeTo = firstAfter(window.timesMs[nowFrom]! - marginMs);
  const beforeFrom = firstAfter(window.timesMs[nowFrom]! - marginMs - beforeMs);
  const peer = peerResiduals(openCalibration(calibration), window);
  const channels = window.channels.map((meta, index): ChannelView => {
    const raw = Float64Array.from({ length: rows }, (_, row) => window.values[row * width + index]!);
    const expected = Float64Array.from(window.timesMs, (timeMs) => smoothExpected(calibration, index, timeMs));
    const spread = usualSpread(calibration, index, window.timesMs);
    return {
      index,
      name: meta.name,
      role: meta.role,
      zone: meta.zone,
      element: meta.element,
      dead: calibration.channels[index]!.dead,
      raw,
      expected,
      z: raw.map((value, row) => (value - expected[row]!) / spread),
      peer: Float64Array.from({ length: rows }, (_, row) =>
        Number.isNaN(raw[row]!) ? Number.NaN : peer[row * width + index]!,
      ),
    };
  });
  return {
    rows,
    periodMs: calibration.warmup.periodMs,
    hours: window.timesMs.map((timeMs) => (timeMs - lastMs) / hourMs),
    onsetRow,
    now: [nowFrom, rows],
    before: [Math.min(beforeFrom, beforeTo), beforeTo],
    channels,
    calibration,
  };
}

/** The hour-of-day profile is a staircase; between the middles of two hours the expected value is interpolated. */
function smoothExpected(calibration: Calibration, channel: number, timeMs: number): number {
  if (calibration.profile === null) return calibration.channels[channel]!.center;
  const early = timeMs - hourMs / 2;
  const share = (early % hourMs) / hourMs;
  const low = expectedAt(calibration, channel, early).value;
  return low + share * (expectedAt(calibration, channel, early + hourMs).value - low);
}

/** One spread a channel, so that a quiet hour does not make a small difference look large. */
function usualSpread(calibration: Calibration, channel: number, timesMs: Float64Array): number {
  const { scale, step } = calibration.channels[channel]!;
  if (calibration.profile === null) return Math.max(scale, step);
  let sum = 0;
  let count = 0;
  for (let hour = 0; hour < 24; hour += 1) {
    sum += expectedAt(calibration, channel, timesMs[0]! + hour * hourMs).spread;
    count += 1;
  }
  return Math.max(sum / count, scale * 0.02, step);
}

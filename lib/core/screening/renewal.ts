/** When an asset that learns from its own rows is calibrated again, and what its state keeps across the change. */
import type { Calibration, ScreenState } from '../../contracts/calibration.ts';
import { slowPeriodMs, wantedRows } from './fit.ts';
import { openCalibration } from './open.ts';
import { newState, type OpenState, packState, unpackState } from './state.ts';

/**
 * The next calibration comes when the stream has grown by this part: soon on fast rigs, which are still settling when
 * their few minutes of warm-up are over, later on slow data, whose warm-up is days.
 */
const fastGrowth = 0.12;
const slowGrowth = 0.5;
/** A rig counts as settled after so many lengths of its warm-up. */
const settlingWarmups = 4;

/**
 * Rows from one calibration to the next.
 * @param rows that the stream has brought so far
 * @param periodMs between two rows
 */
export function rowsToNextFit(rows: number, warmupRows: number, periodMs: number): number {
  const settling = periodMs < slowPeriodMs && rows < settlingWarmups * warmupRows;
  return settling ? Math.ceil(rows * fastGrowth) : Math.max(warmupRows, Math.ceil(rows * slowGrowth));
}

/** Part of the warm-up's length for which a row is too young to learn from. */
const youngShare = 0.1;

/**
 * Rows at the end of the stream that are not learned from yet: a fault that creeps in is told within them, or it would
 * be part of its own normal before it is.
 * @param rows that the stream has brought so far; those of the warm-up count as normal however young they are
 */
export const youngRows = (rows: number, warmupRows: number): number =>
  Math.min(Math.ceil(youngShare * warmupRows), Math.max(rows - warmupRows, 0));

/** Rows since a new normal began that its calibration needs. */
export const newNormalRows = wantedRows / 2;

/** Whether the stream brings fewer decimals than the calibration has seen, so that its rounding would be news. */
export const isCoarser = (decimals: number, seenDecimals: number): boolean => decimals >= 0 && decimals < seenDecimals;

/** The standing alarm and the stream's resolution are the asset's own, whatever it is measured by. */
export function keepAlarm(from: OpenState, into: OpenState): void {
  const { alarm, alarmRows, calmRows, level, size, recovery, hold, holdLoss, peak } = from;
  const { decimals, windowDecimals, windowCells } = from;
  Object.assign(into, { alarm, alarmRows, calmRows, level, size, recovery, hold, holdLoss, peak });
  Object.assign(into, { decimals, windowDecimals, windowCells });
}

/**
 * The state to go on with under another calibration: what is smoothed begins anew, the alarm stands as it stood.
 * `undefined` where the state does not go with the former calibration, or the channels are others.
 */
export function carriedState(
  former: Calibration,
  state: ScreenState | undefined,
  next: Calibration,
): ScreenState | undefined {
  const before = openCalibration(former);
  const after = openCalibration(next);
  if (!state || !before.hash.startsWith(state.calibration)) return undefined;
  const fresh = newState(after);
  keepAlarm(unpackState(before, state), fresh);
  return packState(after, fresh);
}

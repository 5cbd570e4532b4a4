/** A flagged window seen through its calibration: for each channel how far it is from its profile and from its peers. */
import type { Calibration } from '../../../lib/contracts/calibration.ts';
import type { ChannelRole } from '../../../lib/contracts/telemetry.ts';
import type { AlarmContext } from '../../../lib/core/pack.ts';
import { expectedOnWall, isWeekend, openCalibration } from '../../../lib/core/screening/open.ts';
import { wallClock } from '../../../lib/core/screening/wall-clock.ts';

import { rowCount, type Series } from '../../../lib/core/series.ts';
import { peerResiduals } from './peer-residuals.ts';

const hourMs = 3_600_000;
/**
 * In units of time that the pack chooses, an hour where it does not. Evidence is looked at over at most a day of 24
 * units; the day before the onset (less a margin) is what it is compared with.
 */
const nowUnits = 24;
const beforeUnits = 24;
const marginUnits = 2;
const nearUnits = 5;

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
  /** Value less season in units of scale, missing cells carried on. */
  readonly level: Float64Array;
  /** What is left after the other channels have explained this one, in its usual deviations. */
  readonly peer: Float64Array;
}

/** Rows as half-open ranges. */
export interface WindowView {
  readonly rows: number;
  readonly periodMs: number;
  /** Time of each row before the last one, in units of time; at most 0. */
  readonly hours: Float64Array;
  readonly onsetRow: number;
  /** From the onset (or an hour back, whichever is longer) to the last row, a day at most. */
  readonly now: readonly [number, number];
  /** The day before, with a margin; empty when the window does not reach back so far. */
  readonly before: readonly [number, number];
  /** A few hours right before `now`: against these a sudden step shows, and a warm day does not. */
  readonly near: readonly [number, number];
  readonly channels: readonly ChannelView[];
  readonly calibration: Calibration;
}

/**
 * @param window channels as in the calibration, in its order; the last row is the flagged one
 * @param unitMs the time in which things happen to this kind of asset: an hour for a town, half a minute for a rig
 * @throws RangeError when the window is empty or its channels are not those of the calibration
 */
export function viewWindow(
  window: Series,
  calibration: Calibration,
  alarm: Pick<AlarmContext, 'onsetRow'>,
  unitMs = hourMs,
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
  const shortNow = Math.min(firstAfter(lastMs - unitMs), Math.max(0, rows - 3));
  const nowFrom = Math.max(Math.min(onsetRow, shortNow), firstAfter(lastMs - nowUnits * unitMs));
  const beforeTo = firstAfter(window.timesMs[nowFrom]! - marginUnits * unitMs);
  const beforeFrom = firstAfter(window.timesMs[nowFrom]! - (marginUnits + beforeUnits) * unitMs);
  const nearTo = Math.max(0, nowFrom - 1);
  const day = expectedDay(calibration);
  const slots = slotsOf(window.timesMs.map(wallClock(calibration.model.timeZone)));
  const { levels, peer } = peerResiduals(openCalibration(calibration), window);
  const channels = window.channels.map((meta, index): ChannelView => {
    const raw = column(window.values, index, width);
    const expected = new Float64Array(rows);
    const z = new Float64Array(rows);
    const spread = day.spreads[index]!;
    for (let row = 0; row < rows; row += 1) {
      expected[row] = day.values[slots[row]! * width + index]!;
      z[row] = (raw[row]! - expected[row]!) / spread;
    }
    const unexplained = column(peer, index, width);
    for (let row = 0; row < rows; row += 1) if (Number.isNaN(raw[row]!)) unexplained[row] = Number.NaN;
    return {
      index,
      name: meta.name,
      role: meta.role,
      zone: meta.zone,
      element: meta.element,
      dead: calibration.channels[index]!.dead,
      raw,
      expected,
      z,
      level: column(levels, index, width),
      peer: unexplained,
    };
  });
  return {
    rows,
    periodMs: calibration.warmup.periodMs,
    hours: window.timesMs.map((timeMs) => (timeMs - lastMs) / unitMs),
    onsetRow,
    now: [nowFrom, rows],
    before: [Math.min(beforeFrom, beforeTo), beforeTo],
    near: [Math.min(firstAfter(window.timesMs[nowFrom]! - nearUnits * unitMs), nearTo), nearTo],
    channels,
    calibration,
  };
}

function column(values: Float64Array, index: number, width: number): Float64Array {
  const out = new Float64Array(values.length / width);
  for (let row = 0; row < out.length; row += 1) out[row] = values[row * width + index]!;
  return out;
}

/** What the calibration expects at any quarter of an hour of the two kinds of day, by channel; made once a calibration. */
interface ExpectedDay {
  /** [kind of day × 96 × channels] */
  readonly values: Float64Array;
  /** One spread a channel, so that a quiet hour does not make a small difference look large. */
  readonly spreads: Float64Array;
}

const slotsPerDay = 96;
const slotMs = (24 * hourMs) / slotsPerDay;
const days = new WeakMap<Calibration, ExpectedDay>();
/** A Thursday and a Saturday, on the wall: one of each kind. */
const kindStartsMs = [0, 2 * 24 * hourMs];

function expectedDay(calibration: Calibration): ExpectedDay {
  const known = days.get(calibration);
  if (known !== undefined) return known;
  const count = calibration.channels.length;
  const values = new Float64Array(kindStartsMs.length * slotsPerDay * count);
  const spreads = new Float64Array(count);
  for (let channel = 0; channel < count; channel += 1) {
    const { scale, step } = calibration.channels[channel]!;
    let spread = 0;
    for (const [kind, startMs] of kindStartsMs.entries()) {
      const hourly = Array.from({ length: 24 }, (_, hour) =>
        expectedOnWall(calibration, channel, startMs + hour * hourMs),
      );
      for (let slot = 0; slot < slotsPerDay; slot += 1) {
        // The hour-of-day profile is a staircase; between the middles of two hours the value is interpolated.
        const hours = (slot + 0.5) / 4 - 0.5;
        const low = Math.floor(hours);
        const share = hours - low;
        const value = (1 - share) * hourly[(low + 24) % 24]!.value + share * hourly[(low + 1) % 24]!.value;
        values[(kind * slotsPerDay + slot) * count + channel] = value;
      }
      if (kind === 0) spread = hourly.reduce((sum, one) => sum + one.spread, 0) / 24;
    }
    spreads[channel] = Math.max(spread, calibration.profile === null ? scale : scale * 0.02, step);
  }
  const made = { values, spreads };
  days.set(calibration, made);
  return made;
}

/** Offsets into `ExpectedDay.values` of the rows' times on the wall. */
const slotsOf = (wallsMs: Float64Array): Int32Array =>
  Int32Array.from(
    wallsMs,
    (wallMs) => (isWeekend(wallMs) ? slotsPerDay : 0) + Math.floor((wallMs % (24 * hourMs)) / slotMs),
  );

/**
 * Screening when the clock of a sensor or a gateway is set: forward, back, by seconds, an hour or days, for good or for a
 * while. Times may then fall, come twice, or leave a gap.
 */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { openCalibration } from '../../../lib/core/screening/open.ts';
import { screenRows } from '../../../lib/core/screening/screen.ts';
import { unpackState } from '../../../lib/core/screening/state.ts';
import { dayMs, hourMs, type Process, periodMs, processOf, rowsADay, withFault } from '../../support/clock-steps.ts';
import { episodes, onnxEngine } from '../../support/screening.ts';

const engine = await onnxEngine();
/** Screens in batches of these rows, in turn, as a stream would: the state is written and read between them. */
async function screened({ calibration, live }: Process, timesMs: Float64Array, batchRows: readonly number[] = [16]) {
  const width = live.channels.length;
  const rows = timesMs.length;
  const [alarms, onsets, pValues] = [new Uint8Array(rows), new Uint8Array(rows), new Float32Array(rows)];
  let state: Parameters<typeof screenRows>[2];
  for (let from = 0, batch = 0; from < rows; batch += 1) {
    const to = Math.min(rows, from + batchRows[batch % batchRows.length]!);
    const values = live.values.subarray(from * width, to * width);
    const result = await screenRows(engine, calibration, state, { timesMs: timesMs.subarray(from, to), values });
    state = JSON.parse(JSON.stringify(result.state)) as typeof result.state;
    unpackState(openCalibration(calibration), state);
    alarms.set(result.rows.alarms, from);
    onsets.set(result.rows.onsets, from);
    pValues.set(result.rows.pValues, from);
    from = to;
  }
  return { alarms, onsets, pValues, rows: state!.rows };
}

/** Row at which the clock is set, and the row at which it is set right again where it is. */
const stepAt = 3 * rowsADay;
const rightAgainAt = stepAt + rowsADay;
const days = 28;
const faultAt = 21 * rowsADay;

const sum = (alarms: Uint8Array): number => alarms.reduce((total, alarm) => total + alarm, 0);
const stepped = ({ live }: Process, stepMs: number, forGood: boolean): Float64Array =>
  live.timesMs.map((timeMs, row) => (row >= stepAt && (forGood || row < rightAgainAt) ? timeMs + stepMs : timeMs));

const harmless = [
  ['5 s forward', 5000],
  ['5 s back', -5000],
  ['a day forward', dayMs],
  ['a day back', -dayMs],
] as const;
const offSeason = [
  ['an hour forward', hourMs],
  ['an hour back', -hourMs],
  ['25 hours forward', dayMs + hourMs],
  ['25 hours back', -dayMs - hourMs],
] as const;

describe.each([1, 2])('process %i, when its clock is set', (seed) => {
  const plant = processOf(seed, days);
  const faulty = withFault(plant, faultAt);

  test.each(harmless)('%s: the season stays what it was, and so do false alarms', async (_, stepMs) => {
    const usual = (await screened(plant, plant.live.timesMs)).alarms;
    for (const forGood of [true, false]) {
      const { alarms, rows } = await screened(plant, stepped(plant, stepMs, forGood));
      expect(rows).toBe(days * rowsADay);
      // One for each time that the clock is set, which an alarm about a gap would be.
      expect(episodes(alarms)).toBeLessThanOrEqual(episodes(usual) + 2);
      expect(sum(alarms)).toBeLessThanOrEqual(sum(usual) + 12);
    }
  });

  test.each(offSeason)('%s: false alarms end within two hours after it is right again', async (_, stepMs) => {
    const usual = await screened(plant, plant.live.timesMs);
    const { alarms } = await screened(plant, stepped(plant, stepMs, false));
    const settledAt = rightAgainAt + 8;
    expect(alarms.subarray(settledAt)).toEqual(usual.alarms.subarray(settledAt));
    expect(alarms.subarray(0, stepAt)).toEqual(usual.alarms.subarray(0, stepAt));
    expect(episodes(alarms.subarray(stepAt, settledAt))).toBeLessThanOrEqual(10);
  });

  test.each(offSeason)('%s for good: as after a change to daylight saving, and no worse', async (_, stepMs) => {
    const { alarms } = await screened(plant, stepped(plant, stepMs, true));
    const after = alarms.subarray(stepAt);
    expect(sum(after) / after.length).toBeLessThan(0.65);
    expect(episodes(after) / ((days * rowsADay - stepAt) / rowsADay / 7)).toBeLessThan(25);
  });

  test.each([...harmless, ...offSeason])('%s: a fault is told within an hour, later on', async (_, stepMs) => {
    for (const forGood of [true, false]) {
      const { alarms, onsets } = await screened(faulty, stepped(faulty, stepMs, forGood));
      expect(onsets.subarray(faultAt, faultAt + 4)).toContain(1);
      expect([...alarms.subarray(faultAt + 4, faultAt + rowsADay)]).not.toContain(0);
    }
  });
});

describe('screening', () => {
  const plant = processOf(3, 3, 2);
  const stepMs = fc.oneof(
    fc.constantFrom(periodMs, periodMs, periodMs, 0, -periodMs, hourMs, -hourMs, dayMs, -dayMs, -365 * dayMs),
    fc.integer({ min: -2 * dayMs, max: 2 * dayMs }),
  );

  test('takes times that fall, repeat and jump, in batches of any size, and its state stays readable', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(stepMs, { minLength: 3 * rowsADay, maxLength: 3 * rowsADay }),
        fc.array(fc.integer({ min: 1, max: 70 }), { minLength: 1, maxLength: 6 }),
        async (steps, batchRows) => {
          let timeMs = Date.UTC(2040, 0, 1);
          const timesMs = Float64Array.from(steps, (by) => {
            timeMs += by;
            return timeMs;
          });
          const { rows, pValues } = await screened(plant, timesMs, batchRows);
          expect(rows).toBe(timesMs.length);
          expect(pValues.every((p) => p >= 0 && p <= 1)).toBe(true);
        },
      ),
      { numRuns: 25 },
    );
  });

  test('is itself again after an hour of rows that bear one time', async () => {
    const usual = await screened(plant, plant.live.timesMs);
    const held = plant.live.timesMs.map((timeMs, row) =>
      row >= rowsADay && row < rowsADay + 4 ? plant.live.timesMs[rowsADay]! : timeMs,
    );
    const { alarms } = await screened(plant, held);
    expect(alarms.subarray(rowsADay + 8)).toEqual(usual.alarms.subarray(rowsADay + 8));
  });
});

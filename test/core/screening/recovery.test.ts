import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { countRows, f1Of, falseAlarmRateOf, type RowCounts, sumCounts } from '../../../bench/detection/scores.ts';
import type { ScreenState } from '../../../lib/contracts/calibration.ts';
import { fitCalibration, smoothingOf } from '../../../lib/core/screening/fit.ts';
import { encodeFloats } from '../../../lib/core/screening/floats.ts';
import { openCalibration } from '../../../lib/core/screening/open.ts';
import { hasRecovered, startRecovery } from '../../../lib/core/screening/recovery.ts';
import { screenRows } from '../../../lib/core/screening/screen.ts';
import { newState, type OpenState, packState, unpackState } from '../../../lib/core/screening/state.ts';
import { releaseSmoothing } from '../../../lib/core/screening/threshold.ts';
import { rigSeries } from '../../../models/rotating-equipment/generator/rig.ts';
import { follow, normalSeries, onnxEngine, slice } from '../../support/screening.ts';

const smoothing = 1 / 12;
const open = openCalibration(fitCalibration(normalSeries(1, { rows: 400, channels: 2 })));

/** The state of an alarm after rows of −log10 p `loud` whose residuals are `size` deviations large. */
function standing(loud: number, size = 1): OpenState {
  const state = newState(open);
  Object.assign(state, { alarm: 1, alarmRows: 1 });
  startRecovery(state, { fresh: loud, size });
  for (let t = 1; t < 40; t += 1) step(state, loud, size);
  return state;
}

function step(state: OpenState, fresh: number, size = 1): boolean {
  state.alarmRows += 1;
  return hasRecovered(state, { fresh, size }, smoothing);
}

/** Rows of −log10 p `calm` and of this size until the alarm is over, at most 500. */
function rowsUntilOver(state: OpenState, calm: number, size = 1): number {
  for (let rows = 1; rows <= 500; rows += 1) if (step(state, calm, size)) return rows;
  return Number.POSITIVE_INFINITY;
}

const rowOf = (max: number): fc.Arbitrary<number> => fc.double({ min: 0, max, noNaN: true });

describe('an alarm ends', () => {
  test('after two calm rows where it was loud, and later where it was faint', () => {
    const loud = rowsUntilOver(standing(8), 0.2);
    const faint = rowsUntilOver(standing(1), 0.2);
    expect(loud).toBe(2);
    expect(faint).toBeGreaterThan(2 * loud);
  });

  test('not while rows stay as loud as they were', () => {
    for (const loud of [0.8, 1, 2, 5, 50, 300])
      expect(rowsUntilOver(standing(loud), loud)).toBe(Number.POSITIVE_INFINITY);
  });

  test('later by a loud row between calm ones, however loud that was', () => {
    fc.assert(
      fc.property(fc.double({ min: 3, max: 300, noNaN: true }), fc.integer({ min: 0, max: 1 }), (loud, calmBefore) => {
        const state = standing(6);
        for (let i = 0; i < calmBefore; i += 1) step(state, 0.2);
        const before = state.recovery;
        expect(step(state, loud)).toBe(false);
        expect(state.recovery).toBeLessThanOrEqual(before);
        expect(rowsUntilOver(state, 0.2)).toBeLessThanOrEqual(6);
      }),
    );
  });

  test('where what is left is half as large as the cause was, though it is as rare as before', () => {
    expect(rowsUntilOver(standing(12, 8), 12, 3.9)).toBe(2);
    expect(rowsUntilOver(standing(12, 8), 12, 4.5)).toBe(Number.POSITIVE_INFINITY);
  });

  test('later by a row as large as the cause was between small ones', () => {
    const state = standing(12, 8);
    for (const size of [2, 8]) expect(step(state, 12, size)).toBe(false);
    expect(rowsUntilOver(state, 12, 2)).toBe(2);
  });

  test('not by chance where residuals are hardly larger than normal ones, as those of a slow drift', () => {
    expect(rowsUntilOver(standing(3, 1.4), 3, 0.1)).toBe(Number.POSITIVE_INFINITY);
  });

  test('with finite numbers whatever comes', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(rowOf(300), rowOf(1e9)), { minLength: 1, maxLength: 60 }), (rows) => {
        const state = standing(3, 5);
        for (const [fresh, size] of rows) step(state, fresh, size);
        for (const one of [state.level, state.size, state.recovery]) {
          expect(Number.isFinite(one)).toBe(true);
          expect(one).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });
});

describe('the memory of release', () => {
  const memoryRows = (residualRows: number): number => 1 / releaseSmoothing(1 / residualRows);

  test('is half of twelve rows, and one row where rows are an hour apart', () => {
    expect(memoryRows(1 / smoothingOf(1000))).toBeCloseTo(6);
    expect(memoryRows(1 / smoothingOf(900_000))).toBeCloseTo(6);
    expect(memoryRows(1 / smoothingOf(3_600_000))).toBe(1);
  });

  test('grows with that of the residuals, is shorter than it, and never less than a row', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1.001, max: 1000, noNaN: true }),
        fc.double({ min: 0, max: 100, noNaN: true }),
        (rows, more) => {
          const memory = memoryRows(rows);
          expect(memory).toBeGreaterThanOrEqual(1);
          expect(memory).toBeLessThan(rows);
          expect(memoryRows(rows + more)).toBeGreaterThanOrEqual(memory - 1e-9);
        },
      ),
    );
  });
});

describe('rows of a series', () => {
  test('are free of the alarm soon after a loud fault that leaves something behind', async () => {
    const engine = await onnxEngine();
    const late: number[] = [];
    for (let seed = 31; seed < 37; seed += 1) {
      const all = normalSeries(seed, { rows: 900, channels: 6 });
      for (let t = 500; t < 900; t += 1) all.values[t * 6 + 2]! += t < 700 ? 12 : 4;
      const calibration = fitCalibration(slice(all, 0, 400));
      const { rows } = await screenRows(engine, calibration, undefined, slice(all, 400, 900));
      expect([...rows.alarms.subarray(100, 300)].every((alarm) => alarm === 1)).toBe(true);
      late.push(rows.alarms.indexOf(0, 300) - 300);
    }
    expect(Math.min(...late)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...late)).toBeLessThanOrEqual(12);
  });

  test('are free of the alarm soon after a loud fault, though smoothed evidence still remembers it', async () => {
    const engine = await onnxEngine();
    const late: number[] = [];
    for (let seed = 31; seed < 37; seed += 1) {
      const all = normalSeries(seed, { rows: 900, channels: 6 });
      for (let t = 500; t < 700; t += 1) all.values[t * 6 + 2]! += 8;
      const calibration = fitCalibration(slice(all, 0, 400));
      const { rows } = await screenRows(engine, calibration, undefined, slice(all, 400, 900));
      expect([...rows.alarms.subarray(100, 300)].every((alarm) => alarm === 1)).toBe(true);
      late.push(rows.alarms.indexOf(0, 300) - 300);
    }
    expect(Math.max(...late)).toBeLessThanOrEqual(12);
  });

  test('are in alarm again when a cause that comes and goes comes again, though it is no louder than before', async () => {
    const engine = await onnxEngine();
    const again: number[] = [];
    for (let seed = 31; seed < 37; seed += 1) {
      const all = normalSeries(seed, { rows: 800, channels: 6 });
      // On for 25 rows, then off for 15, and never quite gone.
      for (let t = 500; t < 800; t += 1) all.values[t * 6 + 2]! += (t - 500) % 40 < 25 ? 8 : 1.5;
      const calibration = fitCalibration(slice(all, 0, 400));
      const { alarms } = (await screenRows(engine, calibration, undefined, slice(all, 400, 800))).rows;
      const on = alarms.subarray(100).filter((_, t) => t % 40 < 25);
      again.push(on.reduce((sum, alarm) => sum + alarm, 0) / on.length);
    }
    expect(Math.min(...again)).toBeGreaterThan(0.9);
  });

  test('stay in alarm while a faint fault lasts, whose moments are often as calm as normal ones', async () => {
    const engine = await onnxEngine();
    let ends = 0;
    let alarmRows = 0;
    for (let seed = 1; seed <= 30; seed += 1) {
      const all = normalSeries(seed, { rows: 800, channels: 6 });
      for (let t = 600; t < 800; t += 1) all.values[t * 6 + 2]! += 1.6;
      const calibration = fitCalibration(slice(all, 0, 400));
      const { alarms } = (await screenRows(engine, calibration, undefined, slice(all, 400, 800))).rows;
      for (let t = 200; t < 399; t += 1) if (alarms[t] === 1 && alarms[t + 1] === 0) ends += 1;
      alarmRows += alarms.subarray(200).reduce((sum, alarm) => sum + alarm, 0);
    }
    expect(ends).toBeLessThanOrEqual(1);
    expect(alarmRows).toBeGreaterThanOrEqual(0.98 * 30 * 200);
  });

  test('of rigs that warm up and drift are mostly free of alarms between their faults, which are found', async () => {
    const engine = await onnxEngine();
    const counts: RowCounts[] = [];
    for (let seed = 1; seed <= 40; seed += 1) {
      const { series, labels } = rigSeries(seed);
      const { alarms } = await follow(engine, series, { warmupRows: 400 });
      counts.push(
        countRows(
          alarms,
          Uint8Array.from(labels, (label) => (label === 'normal' ? 0 : 1)),
          400,
        ),
      );
    }
    expect(falseAlarmRateOf(sumCounts(counts))).toBeLessThanOrEqual(0.2);
    expect(f1Of(sumCounts(counts))).toBeGreaterThanOrEqual(0.8);
  });
});

test('states from before recovery, and before trends, were weighed can still be read', () => {
  const state = standing(4, 3);
  Object.assign(state, { driftPart: 0.5, slowPart: 0.25 });
  state.slow.fill(2);
  const packed = packState(open, state);
  const { level, size, recovery, driftPart, slowPart, slow, ...rest } = unpackState(open, packed);
  expect(level).toBeCloseTo(4, 3);
  expect(size).toBeCloseTo(3, 3);
  expect([recovery, driftPart, slowPart, ...slow]).toEqual([0, 0.5, 0.25, 2, 2]);
  const without = { size: 0, driftPart: 0, slowPart: 0, slow: new Float32Array(2) };
  expect(unpackState(open, former(packed, 13))).toEqual({ ...rest, level, recovery, ...without });
  expect(unpackState(open, former(packed, 11))).toEqual({ ...rest, level: 0, recovery: 0, ...without });
  expect(() => unpackState(open, former(packed, 12))).toThrow('finite numbers');
});

/** A state of two channels as it was written when there were four vectors, all of float32, and so many scalars behind them. */
function former(packed: ScreenState, scalars: number): ScreenState {
  const { last, runs, shift, drift, fresh, alarm, calmRows, hold, ...more } = unpackState(open, packed);
  const { holdLoss, peak, alarmRows, decimals, windowDecimals, windowCells, level, recovery } = more;
  // First the size of the dynamic residual, which is no longer weighed.
  const all = [0.5, fresh, alarm, calmRows, hold, holdLoss, peak, alarmRows, decimals, windowDecimals, windowCells];
  const floats = Float32Array.of(
    ...[last, runs, shift, drift].flatMap((vector) => [...vector]),
    ...[...all, level, recovery].slice(0, scalars),
  );
  return { ...packed, floats: encodeFloats(floats) };
}

test('a state reads back: values and scalars to the last bit, counts whole, what is smoothed to within 2⁻¹⁶', () => {
  const number = fc.double({ min: -1e6, max: 1e6, noNaN: true });
  const pair = fc.tuple(number, number);
  const counts = fc.tuple(fc.nat(0xff_ffff), fc.nat(0xff_ffff));
  fc.assert(
    fc.property(pair, counts, pair, pair, pair, number, (last, runs, shift, drift, slow, level) => {
      const state: OpenState = { ...newState(open), level: Math.fround(level) };
      state.last.set(last);
      state.runs.set(runs);
      state.shift.set(shift);
      state.drift.set(drift);
      state.slow.set(slow);
      const again = unpackState(open, packState(open, state));
      expect([again.last, again.runs, again.level]).toEqual([state.last, state.runs, state.level]);
      for (const name of ['shift', 'drift', 'slow'] as const)
        again[name].forEach((value, c) => {
          expect(Math.abs(value - state[name][c]!)).toBeLessThanOrEqual(2 ** -16 * Math.abs(state[name][c]!) + 1e-37);
        });
      // What was packed once is packed to the same bytes again, however often.
      expect(packState(open, again)).toEqual(packState(open, state));
    }),
  );
});

test('a state that lost bytes, or holds what is no number, is refused', () => {
  const packed = packState(open, standing(4));
  const bytes = Buffer.from(packed.floats, 'base64');
  const refused = (changed: Buffer): void =>
    expect(() => unpackState(open, { ...packed, floats: changed.toString('base64') })).toThrow('finite numbers');
  const former = [84, 76];
  for (let length = 0; length < bytes.length; length += 1)
    if (!former.includes(length)) refused(bytes.subarray(0, length));
  refused(Buffer.concat([bytes, bytes]));
  const infinite = newState(open);
  infinite.slow[1] = Number.POSITIVE_INFINITY;
  expect(() => unpackState(open, packState(open, infinite))).toThrow('finite numbers');
});

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { rowOf, StandingValues, tellGrid, timeOfRow, usualIntervalMs } from '../../../lib/core/csv/join-grid.ts';

const startMs = Date.UTC(2024, 2, 1);
const minuteMs = 60_000;
const every = (stepMs: number, count: number, offset = (_: number) => 0): Float64Array =>
  Float64Array.from({ length: count }, (_, k) => startMs + k * stepMs + offset(k));
/** Between -1 and 1, without pattern. */
const wobble = (k: number): number => Math.sin(k * 12.9898) * Math.cos(k * 78.233);

describe('the usual interval', () => {
  test('is that of the clock, also one that nobody would set', () => {
    expect(usualIntervalMs(every(60_500, 100))).toBe(60_500);
  });
  test('is the one that was set where the clock jitters', () => {
    expect(usualIntervalMs(every(minuteMs, 500, (k) => 5000 * wobble(k)))).toBe(minuteMs);
    expect(usualIntervalMs(every(1000, 500, (k) => 50 * wobble(k)))).toBe(1000);
  });
  test('is not known from one reading', () => {
    expect(usualIntervalMs(every(minuteMs, 1))).toBeNaN();
  });
});

describe('the grid', () => {
  test('has each reading in the row nearest to it, whatever side of the row a sensor keeps to', () => {
    fc.assert(
      fc.property(fc.integer({ min: -30_000, max: 30_000 }), fc.integer({ min: 0, max: 9000 }), (sideMs, jitterMs) => {
        const heads = [every(minuteMs, 400), every(minuteMs, 400, (k) => sideMs + jitterMs * wobble(k))];
        const grid = tellGrid([heads[0]!, heads[0]!, heads[1]!]);
        expect(timeOfRow(grid, rowOf(grid, 0, startMs))).toBe(startMs);
        const rows = [...heads[1]!].map((ms) => rowOf(grid, 2, ms));
        for (let k = 1; k < rows.length; k += 1) expect(rows[k]! - rows[k - 1]!).toBe(1);
      }),
      { numRuns: 100 },
    );
  });
  test('takes the interval of most sensors, or the one that was said', () => {
    const heads = [every(1000, 300), every(minuteMs, 300), every(minuteMs, 300), every(15 * minuteMs, 300)];
    expect(tellGrid(heads).rowMs).toBe(minuteMs);
    expect(tellGrid(heads).sensors.map(({ standsRows }) => standsRows)).toEqual([1, 1, 1, 15]);
    expect(tellGrid(heads, 1000).sensors.map(({ standsRows }) => standsRows)).toEqual([1, 60, 60, 900]);
  });
  test('stands on full minutes where clocks jitter about them', () => {
    const grid = tellGrid([1, 2, 3].map((s) => every(minuteMs, 500, (k) => 4000 * wobble(k + s * 1000))));
    expect(grid.phaseMs).toBe(0);
  });
});

describe('a standing value', () => {
  test('ends with its rows, and with a reading that is missing', () => {
    const value = new StandingValues(1, 3);
    expect(value.at(0, 0)).toBeNaN();
    value.take(5, 0, 7);
    expect([5, 6, 7, 8].map((row) => value.at(row, 0))).toEqual([7, 7, 7, Number.NaN]);
    value.take(6, 0, Number.NaN);
    expect(value.at(6, 0)).toBeNaN();
  });
  test('is the last one of its row, which a missing reading does not take away', () => {
    const value = new StandingValues(1, 1);
    for (const reading of [1, 2, Number.NaN]) value.take(9, 0, reading);
    expect(value.at(9, 0)).toBe(2);
  });
});

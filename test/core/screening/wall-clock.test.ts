import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { changingZone, clockCases, clockSeries } from '../../../bench/detection/clocks.ts';
import { calibration as calibrationContract } from '../../../lib/contracts/calibration.ts';
import { fitCalibration } from '../../../lib/core/screening/fit.ts';
import { calibrationHash, expectedAt } from '../../../lib/core/screening/open.ts';
import { isTimeZone, wallClock } from '../../../lib/core/screening/wall-clock.ts';
import { episodes, follow, onnxEngine, slice } from '../../support/screening.ts';

const hourMs = 3_600_000;

describe('the clock on the wall', () => {
  test('is put forward and back where its zone says so, at that very moment', () => {
    const berlin = wallClock('Europe/Berlin');
    const ahead = (timeMs: number): number => (berlin(timeMs) - timeMs) / hourMs;
    for (const [change, before, after] of [
      [Date.UTC(2026, 2, 29, 1), 1, 2],
      [Date.UTC(2026, 9, 25, 1), 2, 1],
    ] as const) {
      expect([ahead(change - 1), ahead(change), ahead(change + 1)]).toEqual([before, after, after]);
      expect([ahead(change - 40 * 24 * hourMs), ahead(change + 40 * 24 * hourMs)]).toEqual([before, after]);
    }
    expect(wallClock('Asia/Kolkata')(0)).toBe(5.5 * hourMs);
    // Half an hour, in April, in the south.
    const island = wallClock('Australia/Lord_Howe');
    const change = Date.UTC(2026, 3, 4, 15);
    expect([island(change - 1) - change + 1, island(change) - change]).toEqual([11 * hourMs, 10.5 * hourMs]);
  });

  test('shows what a formatter shows, in whatever order it is asked', () => {
    const zones = ['Europe/Berlin', 'America/St_Johns', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'UTC'];
    const format = (timeZone: string, timeMs: number): string =>
      new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' }).format(timeMs);
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.integer({ min: Date.UTC(1990, 0, 1), max: Date.UTC(2040, 0, 1) }),
        (zone, timeMs) => {
          expect(format('UTC', wallClock(zone)(timeMs))).toBe(format(zone, timeMs));
        },
      ),
      { numRuns: 300 },
    );
  });

  test('is UTC, to the last bit, where no zone is said or none is known by that name', () => {
    for (const zone of [undefined, 'Nowhere/At_All', ''])
      for (const timeMs of [0, 0.25, 1_700_000_000_123]) expect(wallClock(zone)(timeMs)).toBe(timeMs);
    expect([isTimeZone('Europe/Berlin'), isTimeZone('Nowhere/At_All')]).toEqual([true, false]);
  });
});

describe('days that follow the clock on the wall', () => {
  const one = clockCases.find(({ name }) => name === '15 minutes, 6 channels')!;
  const series = clockSeries(1, one, true);
  const rowsADay = (24 * hourMs) / one.periodMs;
  const warmupRows = one.warmupDays * rowsADay;

  test('raise no false alarms for weeks after a change where the zone was said, and many where it was not', async () => {
    const engine = await onnxEngine();
    const alarmsAfter = async (zone: { timeZone?: string }): Promise<number> => {
      const { alarms } = await follow(engine, series, { warmupRows, fit: { falseAlarms: { perWeek: 1 }, ...zone } });
      return episodes(alarms.slice(one.changeDays * rowsADay));
    };
    expect(await alarmsAfter({})).toBeGreaterThan(20);
    expect(await alarmsAfter({ timeZone: changingZone })).toBeLessThanOrEqual(6);
  });

  test('a calibration says whose clock it follows, and one without says nothing new', () => {
    const warmup = slice(series, 0, warmupRows);
    const plain = fitCalibration(warmup);
    const local = fitCalibration(warmup, { timeZone: changingZone });
    expect(plain.model).not.toHaveProperty('timeZone');
    expect(calibrationContract.parse(local).model.timeZone).toBe(changingZone);
    expect(calibrationHash(local)).not.toBe(calibrationHash(plain));
    // Half past six on the wall, the winter's hour before the change and the summer's after it.
    const [winter, summer] = [Date.UTC(2026, 2, 20, 5, 30), Date.UTC(2026, 3, 10, 4, 30)];
    expect(expectedAt(local, 0, summer)).toEqual(expectedAt(local, 0, winter));
    expect(expectedAt(plain, 0, summer)).not.toEqual(expectedAt(plain, 0, winter));
  });
});

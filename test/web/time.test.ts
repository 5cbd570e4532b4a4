import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  clockTime,
  dateTime,
  duration,
  isoDay,
  measured,
  shortTime,
  utc,
  wallMs,
  zoneName,
} from '../../web/src/lib/time.ts';

const at = (text: string) => Date.parse(text);

describe('times at the site', () => {
  test('are told in its zone, summer and winter', () => {
    expect(clockTime(at('2026-01-15T02:41:00Z'), 'Europe/Berlin')).toBe('03:41');
    expect(clockTime(at('2026-07-15T02:41:00Z'), 'Europe/Berlin')).toBe('04:41');
    expect(zoneName(at('2026-01-15T02:41:00Z'), 'Europe/Berlin')).toBe('CET');
    expect(clockTime(at('2026-01-15T02:41:00Z'), 'Asia/Kolkata')).toBe('08:11');
  });
  test('midnight is 00, not 24', () => {
    expect(clockTime(at('2026-01-15T00:05:00Z'), 'UTC')).toBe('00:05');
  });
  test('a day is counted as the site counts it', () => {
    const now = at('2026-01-15T23:30:00Z');
    expect(shortTime(at('2026-01-15T22:30:00Z'), now, 'UTC')).toBe('22:30');
    expect(shortTime(at('2026-01-15T22:30:00Z'), now, 'Europe/Berlin')).toBe('15 Jan 23:30');
    expect(isoDay(now, 'Europe/Berlin')).toBe('2026-01-16');
  });
  test('a zone that the browser does not know is told as UTC instead of breaking the page', () => {
    const ms = at('2026-01-15T02:41:07Z');
    expect(dateTime(ms, 'Mars/Olympus')).toBe(dateTime(ms, 'UTC'));
    expect(zoneName(ms, 'Mars/Olympus')).toBe('UTC');
  });
  test('UTC stands beside them', () => {
    expect(utc(at('2026-01-15T02:41:07.999Z'))).toBe('2026-01-15 02:41:07 UTC');
  });
});

describe('lengths of time', () => {
  test.each([
    [-5_000, '0 s'],
    [59_999, '59 s'],
    [60_000, '1 min'],
    [3_600_000, '1 h'],
    [7_500_000, '2 h 05 min'],
    [86_400_000, '1 d'],
    [100_800_000, '1 d 4 h'],
  ])('%d ms is %s', (ms, text) => {
    expect(duration(ms)).toBe(text);
  });
  test('measured ones keep what is small', () => {
    expect([840, 2_350, 41_200, 80_000, 840_000, 7_500_000].map(measured)).toEqual([
      '840 ms',
      '2.4 s',
      '41 s',
      '1 min 20 s',
      '14 min',
      '2 h 05 min',
    ]);
  });
  test('never show more than two units', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e12, max: 1e13 }), (ms) => {
        expect(duration(ms)).toMatch(/^\d+ (s|min|h|d)( \d\d? (min|h))?$/);
      }),
    );
  });
});

describe('what the wall shows', () => {
  const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Pacific/Auckland', 'Australia/Lord_Howe'];
  test('is found again as a moment, in every zone', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.integer({ min: at('2020-01-01T00:00Z') / 60_000, max: at('2030-01-01T00:00Z') / 60_000 }),
        (zone, minute) => {
          const [day, time] = [isoDay(minute * 60_000, zone), clockTime(minute * 60_000, zone)];
          const found = wallMs(day, time, zone);
          expect([isoDay(found!, zone), clockTime(found!, zone)]).toEqual([day, time]);
        },
      ),
    );
  });

  test('in the hour that is leapt over, in the hour that comes twice, and for what is no time', () => {
    expect(wallMs('2026-03-29', '02:30', 'Europe/Berlin')).toBe(at('2026-03-29T01:30Z'));
    expect(wallMs('2026-10-25', '02:30', 'Europe/Berlin')).toBe(at('2026-10-25T00:30Z'));
    for (const [day, time] of [
      ['', '02:30'],
      ['2026-13-01', '02:30'],
      ['2026-10-25', ''],
    ] as const)
      expect(wallMs(day, time, 'Europe/Berlin')).toBeUndefined();
  });
});

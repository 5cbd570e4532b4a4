import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseSchedule } from '../../../local/scheduler/schedule-expression.ts';

const monday = Date.UTC(2026, 10, 23, 10, 30);

function runs(expression: string, count: number, timezone = 'UTC', afterMs = monday): string[] {
  const schedule = parseSchedule(expression, timezone);
  const found: string[] = [];
  for (let at: number | undefined = afterMs; found.length < count; ) {
    at = schedule.next(at, monday);
    if (at === undefined) break;
    found.push(new Date(at).toISOString().slice(0, 16));
  }
  return found;
}

describe('cron', () => {
  test.each([
    ['cron(0 12 * * ? *)', ['2026-11-23T12:00', '2026-11-24T12:00']],
    [
      'cron(15 10 ? * MON-FRI *)',
      ['2026-11-24T10:15', '2026-11-25T10:15', '2026-11-26T10:15', '2026-11-27T10:15', '2026-11-30T10:15'],
    ],
    // 1 is Sunday.
    ['cron(0 8 ? * 1 *)', ['2026-11-29T08:00', '2026-12-06T08:00']],
    ['cron(0 8 ? * 2-3 *)', ['2026-11-24T08:00', '2026-11-30T08:00', '2026-12-01T08:00']],
    ['cron(5/20 11 * * ? *)', ['2026-11-23T11:05', '2026-11-23T11:25', '2026-11-23T11:45', '2026-11-24T11:05']],
    ['cron(*/20 11 * * ? *)', ['2026-11-23T11:00', '2026-11-23T11:20', '2026-11-23T11:40']],
    ['cron(0 0 L * ? *)', ['2026-11-30T00:00', '2026-12-31T00:00']],
    [
      'cron(0 0 15W * ? *)',
      [
        '2026-12-15T00:00',
        '2027-01-15T00:00',
        '2027-02-15T00:00',
        '2027-03-15T00:00',
        '2027-04-15T00:00',
        '2027-05-14T00:00',
      ],
    ],
    // The last Friday, and the second Monday.
    ['cron(0 0 ? * 6L *)', ['2026-11-27T00:00', '2026-12-25T00:00']],
    ['cron(0 0 ? * MON#2 *)', ['2026-12-14T00:00', '2027-01-11T00:00']],
    ['cron(0 0 ? * L *)', ['2026-11-28T00:00', '2026-12-05T00:00']],
    [
      'cron(0 0 1 JAN,jul ? 2027-2028)',
      ['2027-01-01T00:00', '2027-07-01T00:00', '2028-01-01T00:00', '2028-07-01T00:00'],
    ],
    ['cron(0 0 29 2 ? *)', ['2028-02-29T00:00']],
  ])('%s', (expression, expected) => {
    expect(runs(expression, expected.length)).toEqual(expected);
  });

  test('ends after its last year', () => {
    expect(runs('cron(0 0 1 1 ? 2027)', 5)).toEqual(['2027-01-01T00:00']);
  });

  test('follows the clock of its time zone', () => {
    expect(runs('cron(0 8 * * ? *)', 2, 'Europe/Berlin', Date.UTC(2027, 2, 27))).toEqual([
      '2027-03-27T07:00',
      '2027-03-28T06:00',
    ]);
  });
});

describe('rate and at', () => {
  test('a rate counts from when the schedule was made', () => {
    expect(runs('rate(1 minute)', 2)).toEqual(['2026-11-23T10:31', '2026-11-23T10:32']);
    expect(runs('rate(7 hours)', 2)).toEqual(['2026-11-23T17:30', '2026-11-24T00:30']);
    expect(parseSchedule('rate(5 minutes)', 'UTC').next(monday - 1, monday)).toBe(monday);
  });

  test('the next run of a rate is a whole number of periods away, later than now and no more than a period', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 5000 }), fc.nat(10_000_000_000), (minutes, passedMs) => {
        const next = parseSchedule(`rate(${minutes} minutes)`, 'UTC').next(monday + passedMs, monday)!;
        expect((next - monday) % (minutes * 60_000)).toBe(0);
        expect(next).toBeGreaterThan(monday + passedMs);
        expect(next).toBeLessThanOrEqual(monday + passedMs + minutes * 60_000);
      }),
      { numRuns: 100, seed: 3 },
    );
  });

  test('at runs once, in its time zone', () => {
    expect(runs('at(2026-12-01T10:00:00)', 3, 'Europe/Berlin')).toEqual(['2026-12-01T09:00']);
    expect(runs('at(2020-01-01T00:00:00)', 1)).toEqual([]);
  });
});

test.each([
  ['every minute', 'none of rate'],
  ['rate(1 minutes)', 'singular'],
  ['rate(5 minute)', 'plural'],
  ['rate(0 minutes)', 'whole number'],
  ['rate(5 seconds)', 'whole number'],
  ['cron(* * * * *)', '6 fields, not 5'],
  ['cron(0 0 1 * MON *)', 'exactly one'],
  ['cron(0 0 * * * *)', 'exactly one'],
  ['cron(0 0 ? * ? *)', 'exactly one'],
  ['cron(60 0 * * ? *)', 'minutes'],
  ['cron(0 24 * * ? *)', 'hours'],
  ['cron(0 0 0 * ? *)', 'day-of-month'],
  ['cron(0 0 ? * 8 *)', 'day-of-week'],
  ['cron(0 0 ? * 0 *)', 'day-of-week'],
  ['cron(0 0 * 13 ? *)', 'month'],
  ['cron(0 0 * * ? 1969)', 'year'],
  ['cron(9-5 0 * * ? *)', 'backwards'],
  ['cron(0/0 0 * * ? *)', 'step'],
  ['cron(1-2-3 0 * * ? *)', 'not valid'],
  ['cron(, 0 * * ? *)', 'not valid'],
  ['at(2026-02-30T00:00:00)', 'no such time'],
  ['at(tomorrow)', 'yyyy-mm-dd'],
])('%s is refused', (expression, message) => {
  expect(() => parseSchedule(expression, 'UTC')).toThrow(message);
});

test('an unknown time zone is refused', () => {
  expect(() => parseSchedule('rate(1 minute)', 'Europe/Atlantis')).toThrow('no time zone');
});

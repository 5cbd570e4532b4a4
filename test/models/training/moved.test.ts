import { describe, expect, test } from '@jest/globals';
import { saidSince, stoodStill } from '../../../models/training/moved.ts';

const minuteMs = 60_000;
const startMs = Date.UTC(2024, 4, 1, 22);
const none = Number.NaN;

describe('a channel that stands still', () => {
  const said = (values: readonly number[], timeZone?: string): string =>
    stoodStill(
      { name: 'p-1', raw: Float64Array.from(values) },
      values.map((_, row) => startMs + row * 10 * minuteMs),
      timeZone === undefined ? {} : { timeZone },
      'minutes',
    );

  test('is said to do so since the first row of its value, whenever the alarm began; missing cells end nothing', () => {
    expect(said([3, 1, 2, 2, 2, 2])).toBe('p-1 has not moved since 22:20 UTC, longer than ever before');
    expect(said([3, 1, none, 2, none, 2, none])).toBe('p-1 has not moved since 22:30 UTC, longer than ever before');
  });

  test('with the date where that was the day before, at the clock of its site', () => {
    const values = [1, ...Array.from({ length: 20 }, () => 2)];
    expect(said(values)).toContain('since 2024-05-01 22:10 UTC,');
    expect(said(values, 'Europe/Berlin')).toContain('since 00:10,');
  });

  test('and since before the first row that is there, with its date, where it shows no other value', () => {
    expect(said([2, 2, 2])).toContain('since before 2024-05-01 22:00 UTC,');
    expect(said([none, none, 2, none, 2])).toContain('since before 2024-05-01 22:20 UTC,');
    expect(said([2, 2, 2], 'Europe/Berlin')).toContain('since before 2024-05-02 00:00,');
  });
});

test('the first part says since when, and that nothing stands out where there is none', () => {
  expect(saidSince(['a', 'b'], 'since 02:00')).toEqual(['a since 02:00', 'b']);
  expect(saidSince([], 'since 02:00')[0]).toMatch(/^no channel stands out, .* since 02:00$/);
});

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isQuiet, minuteOfDay, quietUntil } from '../../../lib/core/notification/quiet-hours.ts';

const night = { from: '22:00', to: '06:00' };
const at = (text: string): number => Date.parse(text);

describe('quiet hours', () => {
  test.each([
    ['2026-01-10T21:59:59Z', 'UTC', undefined],
    ['2026-01-10T22:00:00Z', 'UTC', '2026-01-11T06:00:00Z'],
    ['2026-01-11T05:59:59Z', 'UTC', '2026-01-11T06:00:00Z'],
    ['2026-01-11T06:00:00Z', 'UTC', undefined],
    ['2026-01-10T21:30:00Z', 'Europe/Berlin', '2026-01-11T05:00:00Z'],
    ['2026-07-10T20:30:00Z', 'Europe/Berlin', '2026-07-11T04:00:00Z'],
    // The night in which clocks go forward has seven hours, the one in which they go back nine.
    ['2026-03-28T22:00:00Z', 'Europe/Berlin', '2026-03-29T04:00:00Z'],
    ['2026-10-24T21:00:00Z', 'Europe/Berlin', '2026-10-25T05:00:00Z'],
    ['2026-01-10T18:00:00Z', 'Asia/Kathmandu', '2026-01-11T00:15:00Z'],
  ])('%s in %s', (now, zone, end) => {
    const found = quietUntil(at(now), night, zone);
    expect(found === undefined ? undefined : new Date(found).toISOString().replace('.000', '')).toBe(end);
  });

  test('an end that spring leaps over comes with the leap', () => {
    const found = quietUntil(at('2026-03-29T00:30:00Z'), { from: '22:00', to: '02:30' }, 'Europe/Berlin')!;
    expect(new Date(found).toISOString()).toBe('2026-03-29T01:30:00.000Z');
  });

  test('an unknown time zone is an error, not a guess', () => {
    expect(() => quietUntil(0, night, 'Mars/Olympus')).toThrow(RangeError);
  });

  const clock = fc
    .integer({ min: 0, max: 1439 })
    .map((minute) => `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`);
  test('it is over within a day and an hour, nothing is quiet then, and all is quiet until then', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: at('2026-01-01T00:00:00Z'), max: at('2027-01-01T00:00:00Z') }),
        clock,
        clock,
        fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Adelaide'),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (nowMs, from, to, zone, share) => {
          fc.pre(from !== to);
          const hours = { from, to };
          const endMs = quietUntil(nowMs, hours, zone);
          if (endMs === undefined) return !isQuiet(nowMs, hours, zone);
          expect(endMs).toBeGreaterThan(nowMs);
          expect(endMs - nowMs).toBeLessThanOrEqual(25 * 3_600_000);
          // Where clocks go back within the span, the hour comes twice and what was over may hold once more.
          const changed = offset(nowMs, zone) !== offset(endMs, zone);
          if (!changed) {
            expect(isQuiet(endMs, hours, zone)).toBe(false);
            expect(isQuiet(nowMs + share * (endMs - nowMs), hours, zone)).toBe(true);
          }
          return true;
        },
      ),
      { numRuns: 300 },
    );
  });
});

const offset = (atMs: number, zone: string): number =>
  (minuteOfDay(atMs, zone) - minuteOfDay(atMs, 'UTC') + 1440) % 1440;

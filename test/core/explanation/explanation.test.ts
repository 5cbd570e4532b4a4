import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { absurdReadings } from '../../../lib/core/decision/absurd.ts';
import {
  absoluteWords,
  departure,
  judgedRows,
  relativeWords,
  scaleOf,
} from '../../../lib/core/explanation/departure.ts';
import { generalSentence } from '../../../lib/core/explanation/general-sentence.ts';
import { dateAndTime, isNight, sinceOnset, sinceWhen, withUnit } from '../../../lib/core/explanation/words.ts';
import { fitCalibration } from '../../../lib/core/screening/fit.ts';
import { expectedAt } from '../../../lib/core/screening/open.ts';
import { type TownDay, town, townChannels, weekRows } from '../../models/water-network/support/town.ts';

const at = (text: string): number => Date.parse(text);
const calibration = fitCalibration(town(0, weekRows));
const flow = { unit: 'l/s', least: 0.1 };
const pressure = { unit: 'm', least: 0.2 };
const windowOf = (day: TownDay) => town(weekRows, 96, day);

describe('times', () => {
  test.each([
    ['2026-01-10T02:15:00Z', '2026-01-10T09:00:00Z', undefined, '02:15 UTC'],
    ['2026-01-09T23:15:00Z', '2026-01-10T09:00:00Z', undefined, '2026-01-09 23:15 UTC'],
    ['2026-01-10T02:15:00Z', '2026-01-10T09:00:00Z', 'Europe/Berlin', '03:15'],
    ['2026-01-09T23:15:00Z', '2026-01-10T09:00:00Z', 'Europe/Berlin', '00:15'],
    ['2026-01-10T02:15:00Z', '2026-01-10T09:00:00Z', 'America/New_York', '2026-01-09 21:15'],
    // The hour that summer time leaves out, and the one that comes twice.
    ['2026-03-29T01:00:00Z', '2026-03-29T02:00:00Z', 'Europe/Berlin', '03:00'],
    ['2026-10-25T00:30:00Z', '2026-10-25T02:00:00Z', 'Europe/Berlin', '02:30'],
    ['2026-01-10T02:15:00Z', '2026-01-10T09:00:00Z', 'Not/AZone', '02:15 UTC'],
  ])('%s seen at %s in %s is %s', (then, now, zone, said) => {
    expect(sinceWhen(at(then), at(now), zone)).toBe(said);
  });

  test('of an alarm that is older than the window is said before when it began', () => {
    const times = [at('2026-01-09T23:15:20Z'), at('2026-01-10T02:00:00Z'), at('2026-01-10T09:00:00Z')];
    expect(sinceOnset(times, { onsetRow: 0 })).toBe('since 2026-01-09 23:15 UTC');
    expect(sinceOnset(times, { onsetRow: 0, olderThanWindow: true })).toBe('since before 2026-01-09 23:15 UTC');
    expect(sinceOnset(times.slice(1), { onsetRow: 0, olderThanWindow: true })).toBe(
      'since before 2026-01-10 02:00 UTC',
    );
    expect(sinceOnset(times.slice(1), { onsetRow: 0, olderThanWindow: true }, 'seconds')).toMatch(/-10 02:00:00 UTC$/);
    expect(sinceOnset(times, { onsetRow: 1, timeZone: 'Asia/Kolkata' })).toBe('since 07:30');
    expect(sinceOnset(times, { onsetRow: 0, timeZone: 'Asia/Kolkata' }, 'seconds')).toBe('since 04:45:20');
    expect(sinceOnset(times, { onsetRow: 99 })).toBe('since 09:00 UTC');
    expect(dateAndTime(times[0]!, 'Asia/Kolkata')).toBe('2026-01-10 04:45');
    expect(dateAndTime(times[0]!, undefined)).toBe('2026-01-09 23:15 UTC');
  });

  test('night is what a clock at the site says, and unknown without one', () => {
    const times = [at('2026-01-10T23:30:00Z'), at('2026-01-11T01:00:00Z')];
    expect(isNight(times, 'Europe/Berlin')).toBe(true);
    expect(isNight(times, 'Asia/Tokyo')).toBe(false);
    expect(isNight(times, undefined)).toBe(false);
    expect(isNight([], 'Europe/Berlin')).toBe(false);
  });
});

describe('departures', () => {
  test('are judged since the onset, of a long alarm its last hours, and always on the last row', () => {
    const quarters = Float64Array.from({ length: 40 }, (_, i) => i * 900_000);
    expect(judgedRows(quarters, 38)).toEqual([38, 40]);
    expect(judgedRows(quarters, 5)).toEqual([27, 40]);
    expect(judgedRows(quarters, 99)).toEqual([39, 40]);
    expect(
      judgedRows(
        quarters.map((one) => one * 96),
        5,
      ),
    ).toEqual([39, 40]);
  });

  test('are medians, so that one spike is none, and skip what is missing', () => {
    expect(departure([9, 15, 500, 15, Number.NaN], [9, 10, 10, 10, 10], [1, 5])).toEqual({
      difference: 5,
      expected: 10,
    });
    expect(departure([Number.NaN], [1], [0, 1]).difference).toBeNaN();
  });

  test('of nothing but missing readings are none', () => {
    const nothing = { difference: Number.NaN, expected: Number.NaN };
    expect([relativeWords(nothing, flow), absoluteWords(nothing, pressure)]).toEqual([
      'sends no values',
      'sends no values',
    ]);
  });

  test('are told in percent unless the profile is next to nothing', () => {
    expect(relativeWords({ difference: 3.8, expected: 10 }, flow)).toBe('is 38 % above its profile');
    expect(relativeWords({ difference: -3.8, expected: 0.01 }, flow)).toBe(
      'is 3.8 l/s below its profile of next to nothing',
    );
    expect([withUnit(-4.07, 'm'), withUnit(1234.5, ''), withUnit(0, 'bar')]).toEqual(['4.1 m', '1235', '0 bar']);
  });

  test('that round to nothing are not told', () => {
    // Less than half a per cent, less than what the channel strays by anyway, and what float64 leaves of the same number.
    expect(relativeWords({ difference: 0.4, expected: 100 }, { ...flow, least: 0 })).toBeUndefined();
    expect(relativeWords({ difference: 0.1, expected: 1 }, flow)).toBeUndefined();
    expect(relativeWords({ difference: 0, expected: 0 }, { ...flow, least: 0 })).toBeUndefined();
    expect(absoluteWords({ difference: -0.2, expected: 50 }, pressure)).toBeUndefined();
    expect(absoluteWords({ difference: 50.1 + 0.2 - 50.3, expected: 50.3 }, { unit: 'm', least: 0 })).toBeUndefined();
    expect(absoluteWords({ difference: -0.21, expected: 50 }, pressure)).toBe('is 0.21 m below its profile');
  });

  test('never show a 0 or an exponent, whatever the numbers', () => {
    const number = fc.double({ min: -1e9, max: 1e9, noNaN: true });
    const found = fc.record({ difference: number, expected: number });
    fc.assert(
      fc.property(found, fc.double({ min: 0, max: 10, noNaN: true }), (one, least) => {
        for (const words of [relativeWords(one, { unit: 'm', least }), absoluteWords(one, { unit: 'm', least })]) {
          if (words === undefined) continue;
          const said = /^is ([\d.]+) (?:%|m) (above|below) its profile/.exec(words);
          expect([words, Number(said?.[1]) > 0]).toEqual([words, true]);
          expect(said![2]).toBe(one.difference < 0 ? 'below' : 'above');
        }
      }),
      { numRuns: 500 },
    );
  });

  test('are nothing below half a step of the instrument and a tenth of what the channel strays by', () => {
    const atMs = windowOf({}).timesMs.at(-1)!;
    const { least, unit } = scaleOf(calibration, 6, atMs);
    expect(unit).toBe('m');
    expect(least).toBeCloseTo(0.1 * expectedAt(calibration, 6, atMs).spread, 9);
    const coarse = {
      ...calibration,
      channels: calibration.channels.map((channel) => ({ ...channel, step: 3 })),
    };
    expect(scaleOf(coarse, 6, atMs).least).toBe(1.5);
  });
});

describe('the general sentence', () => {
  const say = (day: TownDay, channels: number[], kind: 'leak' | 'anomaly' = 'anomaly') =>
    generalSentence({
      kind,
      window: windowOf(day),
      calibration,
      alarm: {
        onsetRow: 90,
        rowsSinceOnset: 5,
        score: 5,
        topChannels: channels.map((channel) => ({ channel, share: 0.3 })),
      },
    });

  test('names the channels of the alarm with what they do', () => {
    expect(say({ leakLps: 15, fromRow: 90 }, [2, 6], 'leak')).toMatch(
      /^zone-2-flow is \d+ l\/s above its profile since 22:30 UTC; p-22 is [\d.]+ m below its profile; looks like leak\.$/,
    );
  });

  test('has words for silence, for what does not move, and for no channel at all', () => {
    const missing: TownDay = { tamper: (row, name, value) => (row >= 90 && name === 'tank' ? Number.NaN : value) };
    expect(say(missing, [7])).toMatch(/^tank sends no values since 22:30 UTC; no kind is known for it\.$/);
    const quiet: TownDay = { tamper: (row, name, value) => (row >= 85 && name === 'tank' ? 2.7 : value) };
    expect(say(quiet, [7])).toContain('tank');
    expect(say({}, [])).toMatch(/^no channel stands out, but together they have behaved in a new way since 22:30 UTC;/);
  });
});

describe('absurd and missing readings', () => {
  const find = (day: TownDay) => absurdReadings(windowOf(day), calibration, 90);
  const from = (name: string, change: (value: number) => number): TownDay => ({
    tamper: (row, channel, value) => (row >= 90 && (name === '*' || channel === name) ? change(value) : value),
  });

  test('are none in a normal window, a burst, a pressure of nothing or a stopped pump', () => {
    for (const day of [{}, { leakLps: 40, fromRow: 90 }, from('p-22', () => 0), from('pump', () => 0)]) {
      expect(find(day)).toEqual([]);
    }
  });

  test('are named with what they read', () => {
    expect(find(from('p-12', (value) => value * 1e5))).toEqual([
      expect.stringMatching(/^p-12 reads 4\d{6} m, far beyond anything it was calibrated on$/),
    ]);
    expect(find(from('p-12', (value) => -value * 1e5))[0]).toMatch(/^p-12 reads −4/);
    expect(find(from('*', (value) => value * 1e9))).toHaveLength(4);
  });

  test('count channels that send nothing since the onset: a dead sensor is a fault, most of them are no window', () => {
    expect(find(from('p-12', () => Number.NaN))).toEqual([]);
    expect(find(from('*', () => Number.NaN))).toEqual(['9 of 9 channels send no values']);
    const half: TownDay = {
      tamper: (row, name, value) =>
        row >= 90 && townChannels.findIndex((one) => one.name === name) < 5 ? Number.NaN : value,
    };
    expect(find(half)).toEqual(['5 of 9 channels send no values']);
  });
});

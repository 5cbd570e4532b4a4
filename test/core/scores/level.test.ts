import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { codeOf, isAlarmIn, largestCode, levelIn, levelOf, noLevel, scoreOf } from '../../../lib/core/scores/level.ts';

describe('a score in one byte', () => {
  test('reads back within 0.7 % and 0.013, and is never taken for none', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 50, noNaN: true }), (score) => {
        const level = levelOf(score);
        expect(level).toBeGreaterThan(noLevel);
        expect(Math.abs(scoreOf(level) - score)).toBeLessThanOrEqual(0.007 * score + 0.013);
      }),
    );
  });

  test('keeps the order of scores', () => {
    const score = fc.double({ min: 0, max: 60, noNaN: true });
    fc.assert(
      fc.property(score, score, (a, b) => {
        expect(Math.sign(levelOf(a) - levelOf(b)) * Math.sign(a - b)).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  test('of a p-value of 1 is 0, of one that is 0 or no number the largest', () => {
    expect(scoreOf(levelOf(-Math.log10(1)))).toBe(0);
    for (const odd of [-Math.log10(0), Number.NaN, 1e9]) expect(levelOf(odd)).toBe(255);
    expect(scoreOf(255)).toBeCloseTo(50, 9);
  });

  test('goes with whether the alarm stood', () => {
    for (const level of [1, 77, 255])
      for (const isAlarm of [true, false]) {
        const code = codeOf(level, isAlarm);
        expect([levelIn(code), isAlarmIn(code), code <= largestCode]).toEqual([level, isAlarm, true]);
      }
  });
});

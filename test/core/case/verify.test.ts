import { describe, expect, test } from '@jest/globals';
import type { Calibration } from '../../../lib/contracts/calibration.ts';
import { evidenceRows, judgeVerification, type VerifyFacts } from '../../../lib/core/case/verify.ts';
import type { Recovery } from '../../../lib/core/pack.ts';
import type { Window } from '../../../lib/core/window/read-window.ts';
import { proposalFor } from '../../support/remediation-world.ts';

const minuteMs = 60_000;
/** One row a minute from minute 0; the effect's outcome stands at row 10. */
const windowOf = (rows: number, bootAt?: number): Window => ({
  series: {
    channels: [{ name: 'F1', role: 'flow', unit: '' }],
    timesMs: Float64Array.from({ length: rows }, (_, n) => n * minuteMs),
    values: Float64Array.from({ length: rows }, (_, n) => n),
  },
  bootIds: Array.from({ length: rows }, (_, n) => (bootAt !== undefined && n >= bootAt ? 'b' : 'a')),
  seqs: Array.from({ length: rows }, (_, n) => (bootAt !== undefined && n >= bootAt ? n - bootAt : n)),
});

const after = { bootId: 'a', seq: 10, atMs: 10 * minuteMs };
const calibration = { warmup: { periodMs: minuteMs } } as Calibration;

const facts = (rows: number, judged: Recovery, change: Partial<VerifyFacts> = {}): VerifyFacts => ({
  window: windowOf(rows),
  boots: ['b', 'a'],
  proposal: {
    ...proposalFor(),
    verification: { settleMs: 5 * minuteMs, deadlineMs: 30 * minuteMs, minRows: 4 },
  },
  outcome: { after, atMs: 1_000_000 },
  calibration,
  clockRate: 60,
  nowMs: 1_000_000,
  judge: () => judged,
  ...change,
});

describe('verification', () => {
  test('counts only readings after the outcome and the settling time', () => {
    expect([...evidenceRows(windowOf(20), after, 5 * minuteMs, ['a']).values]).toEqual([15, 16, 17, 18, 19]);
    expect([...evidenceRows(windowOf(20, 16), after, 5 * minuteMs, ['b', 'a']).values]).toEqual([15, 16, 17, 18, 19]);
    // Delivered late, measured before the outcome: no evidence.
    const backdated = windowOf(20);
    const early = { ...backdated, seqs: backdated.seqs.map(() => 5) };
    expect([...evidenceRows(early, after, 0, ['a']).values]).toEqual([]);
  });

  test('counts no reading of an older boot, whose clock was ahead of the one that the outcome was timed by', () => {
    const rows = (boots: readonly string[]) => [...evidenceRows(windowOf(20, 16), after, 5 * minuteMs, boots).values];
    expect(rows(['a', 'b'])).toEqual([15]);
    expect(rows(['a'])).toEqual([15]);
    // The outcome's boot is so old that it is forgotten: what is known is newer.
    expect(rows(['c', 'b'])).toEqual([15, 16, 17, 18, 19]);
    expect(judgeVerification(facts(20, 'recovered', { window: windowOf(20, 16), boots: ['a', 'b'] }))).toMatchObject({
      result: 'not-yet',
      rows: 1,
    });
  });

  test('waits for as many rows as are missing, in seconds of the wall clock', () => {
    // Row 12 is the newest: 3 min to the settling time, then 4 rows: 7 min of event time at 60 to 1.
    expect(judgeVerification(facts(13, 'recovered'))).toEqual({ result: 'not-yet', waitS: 7, rows: 0 });
    expect(judgeVerification(facts(17, 'recovered'))).toEqual({ result: 'not-yet', waitS: 2, rows: 2 });
  });

  test.each<[Recovery, number, string]>([
    ['recovered', 20, 'recovered'],
    // A failure is believed from half of the deadline on: row 10 is the last before the outcome, a row a minute.
    ['not-recovered', 20, 'not-yet'],
    ['not-recovered', 25, 'not-yet'],
    ['not-recovered', 26, 'not-recovered'],
    ['not-yet', 20, 'not-yet'],
    ['not-yet', 41, 'not-recovered'],
  ])('%s with %i rows is %s', (judged, rows, result) => {
    expect(judgeVerification(facts(rows, judged))).toMatchObject({ result });
  });

  test('too few rows by the deadline are unknown, also when the asset has fallen silent', () => {
    const late = { nowMs: 1_000_000 + 30_000 + 120_000 };
    expect(judgeVerification(facts(17, 'recovered', late))).toMatchObject({ result: 'unknown', rows: 2 });
    expect(judgeVerification(facts(17, 'recovered', { nowMs: late.nowMs - 1 }))).toMatchObject({ result: 'not-yet' });
  });

  test('without a position or a test nothing is claimed', () => {
    expect(judgeVerification(facts(50, 'recovered', { outcome: { atMs: 1 } }))).toMatchObject({ result: 'unknown' });
    expect(judgeVerification(facts(50, 'recovered', { proposal: proposalFor() }))).toMatchObject({ result: 'unknown' });
  });
});

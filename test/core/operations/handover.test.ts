import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { alarmLoad } from '../../../lib/core/operations/alarm-load.ts';
import { handover, handoverText } from '../../../lib/core/operations/handover.ts';
import { newOrder } from '../../../lib/core/operations/orders.ts';
import { caseIdOf, caseOf } from '../../support/notify-world.ts';

const hourMs = 3_600_000;
const toMs = Date.UTC(2026, 4, 4, 14);
const fromMs = toMs - 8 * hourMs;

describe('the alarm load', () => {
  test('is held against the rates of the standards', () => {
    const every = (ms: number) => Array.from({ length: Math.floor((8 * hourMs) / ms) }, (_, n) => fromMs + n * ms);
    expect(alarmLoad(every(600_000), fromMs, toMs, 1)).toMatchObject({
      perOperatorHour: 6,
      verdict: 'acceptable',
      peakIn10Minutes: 1,
    });
    expect(alarmLoad(every(300_000), fromMs, toMs, 1)).toMatchObject({ perOperatorHour: 12, verdict: 'manageable' });
    expect(alarmLoad(every(290_000), fromMs, toMs, 1)).toMatchObject({ verdict: 'too many' });
    expect(alarmLoad(every(300_000), fromMs, toMs, 2)).toMatchObject({ perOperatorHour: 6, verdict: 'acceptable' });
  });

  test('a flood is too many, however quiet the rest is', () => {
    const flood = Array.from({ length: 11 }, (_, n) => fromMs + n * 1_000);
    expect(alarmLoad(flood, fromMs, toMs, 1)).toMatchObject({
      peakIn10Minutes: 11,
      floodShare: 1 / 48,
      verdict: 'too many',
    });
    expect(alarmLoad(flood.slice(1), fromMs, toMs, 1)).toMatchObject({ floodShare: 0, verdict: 'acceptable' });
  });

  test('refuses what has no rate', () => {
    expect(() => alarmLoad([], toMs, toMs, 1)).toThrow(RangeError);
    expect(() => alarmLoad([], fromMs, toMs, 0)).toThrow(RangeError);
  });

  test('counts what lies in the span and nothing else, in any order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: fromMs - hourMs, max: toMs + hourMs })), (times) => {
        const load = alarmLoad(times, fromMs, toMs, 1);
        expect(load.alarms).toBe(times.filter((atMs) => atMs >= fromMs && atMs < toMs).length);
        expect(alarmLoad([...times].reverse(), fromMs, toMs, 1)).toEqual(load);
        expect(load.peakIn10Minutes).toBeLessThanOrEqual(load.alarms);
        expect(load.floodShare).toBeGreaterThanOrEqual(0);
        expect(load.floodShare).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe('the note for the next shift', () => {
  const by = 'person-0123456789abcdef';
  const order = (what: 'planned-work' | 'shelving', hours: number) =>
    newOrder(
      {
        what,
        scope: 'asset#town-1',
        ...(what === 'shelving' && { kind: 'leak' }),
        fromMs: toMs - hourMs,
        toMs: toMs + hours * hourMs,
        by,
        reason: 'the meter is changed',
      },
      toMs - hourMs,
    ).order;
  const shift = {
    fromMs,
    toMs,
    operators: 1,
    cases: [
      caseOf({ caseId: caseIdOf(1), openedAtMs: fromMs - hourMs, status: 'in-review' }),
      caseOf({
        caseId: caseIdOf(2),
        openedAtMs: fromMs,
        closedAtMs: toMs - 1,
        status: 'closed',
        resolution: 'verified',
      }),
      caseOf({ caseId: caseIdOf(3), openedAtMs: toMs - 1, status: 'acting', verdict: 'act' }),
      caseOf({ caseId: caseIdOf(4), openedAtMs: 0, closedAtMs: fromMs - 1, status: 'closed', resolution: 'rejected' }),
    ],
    orders: [order('planned-work', 2), order('shelving', 3)],
    stops: [{ v: 1 as const, scope: 'site#north', stopped: true, by, reason: 'x', atMs: 0 }],
  };

  test('says what is open, what is set for a while and what happened', () => {
    const note = handover(shift);
    expect(note.open.map(({ caseId }) => caseId)).toEqual([caseIdOf(1), caseIdOf(3)]);
    expect(note).toMatchObject({
      opened: 2,
      closed: { verified: 1 },
      stopped: ['site#north'],
      alarmLoad: { alarms: 1 },
    });
    const text = handoverText(note);
    expect(text).toContain('STOPPED: site#north');
    expect(text).toContain('Planned work (1)');
    expect(text).toContain('asset#town-1 leak');
    expect(text).toContain('ISA-18.2');
  });

  test('passes over what is over, and says so of what is empty', () => {
    const quiet = handoverText(
      handover({ ...shift, cases: [], stops: [], orders: [{ ...order('planned-work', 2), toMs }] }),
    );
    expect(quiet).toContain('Planned work (0)');
    expect(quiet).not.toContain('STOPPED');
    expect(quiet).toContain('0 cases opened; closed: none');
  });
});

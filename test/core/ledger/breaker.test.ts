import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { BreakerState } from '../../../lib/contracts/ledger.ts';
import {
  afterFailure,
  afterSuccess,
  closedBreaker,
  failuresToOpen,
  firstPauseMs,
  longestPauseMs,
  mayPass,
  probeMs,
} from '../../../lib/core/ledger/breaker.ts';

const opened = (nowMs: number): BreakerState => {
  let state = closedBreaker('e');
  for (let n = 0; n < failuresToOpen; n += 1) state = afterFailure(state, nowMs)!;
  return state;
};

describe('a breaker', () => {
  test('writes nothing while all is well', () => {
    expect(mayPass(undefined, 'a', 1)).toEqual({ pass: true });
    expect(afterSuccess(undefined)).toBeUndefined();
    expect(afterSuccess(closedBreaker('e'))).toBeUndefined();
  });

  test('opens after failures in a row, lets one probe pass, and closes on its success', () => {
    const open = opened(1_000);
    expect(mayPass(open, 'a', 1_001)).toEqual({ pass: false, waitMs: firstPauseMs - 1 });
    const atMs = 1_000 + firstPauseMs;
    const passage = mayPass(open, 'a', atMs);
    expect(passage.pass).toBe(true);
    const half = (passage as { write: BreakerState }).write;
    expect(mayPass(half, 'b', atMs + 1)).toMatchObject({ pass: false });
    expect(mayPass(half, 'a', atMs + 1)).toEqual({ pass: true });
    expect(mayPass(half, 'b', atMs + probeMs)).toMatchObject({ pass: true, write: { probe: { holder: 'b' } } });
    expect(afterSuccess(half)).toMatchObject({ failures: 0, openUntilMs: 0, openings: 0 });
    expect(afterSuccess(half)).not.toHaveProperty('probe');
  });

  test('calls that were under way when it opened do not lengthen the pause', () => {
    const open = opened(1_000);
    expect(afterFailure(open, 1_001)).toBeUndefined();
    expect(afterFailure(open, 1_000 + firstPauseMs - 1)).toBeUndefined();
    expect(afterFailure(open, 1_000 + firstPauseMs)).toMatchObject({ openings: 2 });
  });

  test('a failed probe opens it for longer, within a bound', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), (times) => {
        let state = opened(0);
        let pauseMs = firstPauseMs;
        for (let n = 0; n < times; n += 1) {
          const nowMs = state.openUntilMs;
          state = afterFailure((mayPass(state, 'a', nowMs) as { write: BreakerState }).write, nowMs)!;
          const next = state.openUntilMs - nowMs;
          expect(next).toBeGreaterThanOrEqual(pauseMs);
          expect(next).toBeLessThanOrEqual(longestPauseMs);
          pauseMs = next;
        }
      }),
    );
  });
});

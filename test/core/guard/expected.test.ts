import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { AssetState } from '../../../lib/contracts/asset.ts';
import { type Hold, withHold, withoutHold } from '../../../lib/core/case/holds.ts';
import { explainedBy, sentenceOf } from '../../../lib/core/guard/expected.ts';
import { flagOf } from '../../support/decision-data.ts';

const hold = (action: string, expectedChannels: string[]): Hold => ({
  caseId: 'a'.repeat(64),
  action,
  target: 'V1',
  expectedChannels,
  effectKey: 'e'.repeat(64),
  sinceMs: 1,
});

describe('the expected effect of an action that holds', () => {
  test('masks by name: which channels, because of which effect of which case', () => {
    const [expected] = explainedBy(flagOf(), [hold('close-valve', ['p1', 'q1', 'p9'])]);
    expect(expected).toMatchObject({ effectKey: 'e'.repeat(64), action: 'close-valve', channels: ['p1', 'q1'] });
    expect(sentenceOf(expected!)).toMatch(/^expected-effect of close-valve V1 \(effect e+, case a+\): p1, q1$/);
  });

  test('two effects may explain it together, and each is named', () => {
    const holds = [hold('close-valve', ['p1']), hold('start-pump', ['q1']), hold('other', ['zz'])];
    expect(explainedBy(flagOf(), holds).map(({ action }) => action)).toEqual(['close-valve', 'start-pump']);
  });

  test('masks nothing that goes beyond it, nothing without channels, and nothing when nothing holds', () => {
    expect(explainedBy(flagOf(), [hold('close-valve', ['q1'])])).toEqual([]);
    expect(explainedBy(flagOf({ topChannels: [] }), [hold('close-valve', ['p1', 'q1'])])).toEqual([]);
    expect(explainedBy(flagOf(), [])).toEqual([]);
  });

  test('never more than a fifth of the evidence is beyond what is expected', () => {
    const channels = ['a', 'b', 'c', 'd'];
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 0.25, noNaN: true }), { minLength: 4, maxLength: 4 }),
        fc.subarray(channels),
        (shares, expectedChannels) => {
          const topChannels = channels.map((name, at) => ({ name, share: shares[at]! }));
          if (explainedBy(flagOf({ topChannels }), [hold('close-valve', expectedChannels)]).length === 0) return;
          const sum = (names: readonly string[]) =>
            topChannels.reduce((total, { name, share }) => total + (names.includes(name) ? share : 0), 0);
          expect(sum(channels) - sum(expectedChannels)).toBeLessThanOrEqual(0.2 * sum(channels) + 1e-9);
        },
      ),
    );
  });
});

describe('holds', () => {
  const state = {
    asset: 'a',
    version: 3,
    holds: [] as Hold[],
    calibrationHash: 'c'.repeat(64),
  } as unknown as AssetState;
  const alarm = { bootId: 'b', seq: 1, atMs: 1, score: 9, rows: 4 };

  test('are put once and taken away once', () => {
    const held = withHold(state, hold('close-valve', ['p1']));
    expect(withHold(held, hold('close-valve', ['p1']))).toBe(held);
    expect(withoutHold(held, { caseId: 'b'.repeat(64), action: 'close-valve' })).toBe(held);
    expect(withoutHold(held, hold('close-valve', [])).holds).toEqual([]);
  });

  test('undoing restores the old baseline: same calibration, nothing remembered of the time in between', () => {
    const screen = { v: 1 as const, calibration: 'c'.repeat(16), lastMs: 1, rows: 9, floats: '' };
    const held = { ...withHold(state, hold('close-valve', ['p1'])), screen, alarm };
    const undone = withoutHold(held, hold('close-valve', []));
    expect(undone).toEqual(state);
  });
});

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { assetState } from '../../../lib/contracts/asset.ts';
import { codeOf, isAlarmIn, largestCode, levelIn } from '../../../lib/core/scores/level.ts';
import { maxPendingRows, maxRuns, type RowCode, withPending, withScores } from '../../../lib/core/scores/pending.ts';
import type { Segment } from '../../../lib/core/window/rows.ts';

const parsed = (pending: unknown) => assetState.shape.scores.parse(pending);
const segment = (bootId: string, seq: number, rows: number): Segment => ({
  bootId,
  seq,
  channels: ['p'],
  rows: Array.from({ length: rows }, (_, at) => [1_000 * (seq + at), at]),
});
/** Codes by row of the segments, rows without one left out. */
const found = (segments: readonly Segment[]): RowCode[] =>
  segments.flatMap(({ bootId, seq, scores }) =>
    (scores ?? []).flatMap((code, at) => (code === 0 ? [] : [{ bootId, seq: seq + at, code }])),
  );
const code = fc.tuple(fc.integer({ min: 1, max: 255 }), fc.boolean()).map(([level, on]) => codeOf(level, on));

describe('scores that wait for their rows', () => {
  test('come back to exactly their rows, whatever is missing between, in however many batches', () => {
    // Steps to the next row, now and then long ones, and of another boot.
    const step = fc.record({
      skip: fc.constantFrom(1, 1, 1, 1, 2, 5, 17, 40),
      isNewBoot: fc.integer({ max: 20 }),
      code,
    });
    fc.assert(
      fc.property(fc.array(fc.array(step, { maxLength: 12 }), { maxLength: 12 }), (batches) => {
        let at = { boot: 0, seq: 0 };
        let pending: ReturnType<typeof parsed>;
        const all: RowCode[] = [];
        for (const batch of batches) {
          const rows = batch.map(({ skip, isNewBoot, code: one }): RowCode => {
            at = isNewBoot === 0 ? { boot: at.boot + 1, seq: 0 } : { ...at, seq: at.seq + skip };
            return { bootId: `b${at.boot}`, seq: at.seq, code: one };
          });
          all.push(...rows);
          pending = parsed(withScores(pending, rows));
        }
        const runs = new Set(all.map(({ bootId }) => bootId)).size;
        fc.pre((pending?.length ?? 0) < maxRuns && runs < maxRuns);
        const segments = Array.from({ length: at.boot + 1 }, (_, boot) => segment(`b${boot}`, 0, 6_000));
        expect(found(withPending(segments, pending))).toEqual(all);
      }),
    );
  });

  test('leave what a row has, what is of another boot, and rows that did not come', () => {
    const pending = withScores(undefined, [
      { bootId: 'a', seq: 5, code: 9 },
      { bootId: 'a', seq: 7, code: 11 },
    ]);
    const scored = { ...segment('a', 4, 3), scores: [0, 3, 0] };
    expect(found(withPending([scored, segment('b', 4, 9)], pending))).toEqual([{ bootId: 'a', seq: 5, code: 3 }]);
    const untouched = [segment('b', 0, 3)];
    expect(withPending(untouched, undefined)).toBe(untouched);
    expect(withScores(pending, [])).toBe(pending);
  });

  test('of a large backlog keep the highest of each few and every alarm, and fit into a state', () => {
    const peak = codeOf(250, false);
    const rows = Array.from({ length: 100_000 }, (_, seq) => ({
      bootId: 'a',
      seq,
      code: seq === 77_777 ? peak : codeOf(20, seq === 33_331),
    }));
    const pending = parsed(withScores(parsed(withScores(undefined, rows.slice(0, 40))), rows.slice(40)))!;
    expect(pending.length).toBeLessThan(4);
    const all = found(withPending([segment('a', 0, rows.length)], pending));
    expect(all.length).toBeLessThanOrEqual(maxPendingRows + 1);
    expect(all.find(({ code: one }) => levelIn(one) === 250)!.seq).toBeGreaterThan(77_770);
    expect(all.filter(({ code: one }) => isAlarmIn(one))).toHaveLength(1);
    // The next batch goes on, a score a row.
    const next = parsed(withScores(pending, [{ bootId: 'a', seq: 100_000, code: largestCode }]));
    expect(found(withPending([segment('a', 99_990, 20)], next)).at(-1)).toEqual({
      bootId: 'a',
      seq: 100_000,
      code: largestCode,
    });
  });

  test('stay within what a state may hold where nearly every row is of another stretch', () => {
    const rows = Array.from({ length: 500 }, (_, at) => ({ bootId: 'a', seq: at * 100, code: 7 }));
    const pending = parsed(withScores(undefined, rows))!;
    expect(pending).toHaveLength(maxRuns);
    expect(found(withPending([segment('a', 0, 50_000)], pending))).toEqual(rows.slice(0, maxRuns));
  });
});

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type LastRow, onePass, type PassingRow } from '../../../lib/core/window/clock-passes.ts';
import { assemble } from '../../../lib/core/window/read-window.ts';

/** Rows of a boot that bear these times, as `boot/number@time`. */
const rowsOf = (bootId: string, times: readonly number[], firstSeq = 0): PassingRow[] =>
  times.map((tMs, at) => ({ bootId, seq: firstSeq + at, tMs }));
const names = (rows: readonly PassingRow[]): string[] => rows.map(({ bootId, seq, tMs }) => `${bootId}${seq}@${tMs}`);
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, at) => from + at);
const pass = (rows: readonly PassingRow[], last: LastRow): string[] => names(onePass(rows, last));

describe('one pass of a clock', () => {
  test('set back: what it passes again gives way, at once and later', () => {
    const rows = rowsOf('a', [...range(0, 10), 5.5, 6.5, 7.5, 8.5, 9.5, 10.5]);
    const from = (to: number): string[] => [...names(rows.slice(0, 6)), ...names(rows.slice(10, to))];
    for (const to of [11, 12, 14, 16]) expect(pass(rows.slice(0, to), { bootId: 'a', seq: to - 1 })).toEqual(from(to));
    // A decision on a row of the first pass sees nothing of the second, though it was delivered before.
    expect(pass(rows, { bootId: 'a', seq: 8 })).toEqual(names(rows.slice(0, 9)));
  });

  test('ahead for a moment: those rows alone give way', () => {
    const rows = rowsOf('a', [...range(0, 10), 90, 91, ...range(12, 100)]);
    for (const to of [13, 20, 100])
      expect(pass(rows.slice(0, to), { bootId: 'a' })).toEqual(names([...rows.slice(0, 10), ...rows.slice(12, to)]));
  });

  test('back for a moment: once it is right again those rows alone give way', () => {
    const rows = rowsOf('a', [...range(0, 10), 1.5, 2.5, 12, 13]);
    expect(pass(rows, { bootId: 'a' })).toEqual(names([...rows.slice(0, 10), ...rows.slice(12)]));
    // Until then nobody can tell it from a clock that was set back.
    expect(pass(rows.slice(0, 12), { bootId: 'a' })).toEqual(['a0@0', 'a1@1', 'a10@1.5', 'a11@2.5']);
  });

  test('set back by a device that starts anew: the boot before gives way', () => {
    const [old, now] = [rowsOf('a', range(0, 10)), rowsOf('b', [4.5, 5.5, 6.5])];
    expect(pass([...old, ...now], { bootId: 'b' })).toEqual(names([...old.slice(0, 5), ...now]));
    // And the boot that is to come is not in a decision on the one before.
    expect(pass([...old, ...now], { bootId: 'a', seq: 9 })).toEqual(names(old));
  });

  test('lost at a start and found soon: the boot before stays', () => {
    const [old, now] = [rowsOf('a', range(100, 110)), rowsOf('b', [1, 2, 112, 113])];
    expect(pass([...old, ...now], { bootId: 'b' })).toEqual(names([...old, ...now.slice(2)]));
  });

  test('that was never set: rows of all boots stand by their times, however late they come', () => {
    const rows = rowsOf('a', [2, 4, 6]);
    const others = rowsOf('b', [1, 3, 5]);
    expect(pass([rows[0]!, others[0]!, rows[2]!, others[2]!, rows[1]!, others[1]!], { bootId: 'a', seq: 2 })).toEqual([
      ...['b0@1', 'a0@2', 'b1@3', 'a1@4', 'b2@5', 'a2@6'],
    ]);
  });

  test('whatever a clock says: times rise with the numbers, the last row is there, and clocks that rise lose nothing', () => {
    const steps = fc.array(fc.oneof({ weight: 9, arbitrary: fc.constant(1) }, fc.integer({ min: -60, max: 60 })), {
      minLength: 1,
      maxLength: 150,
    });
    fc.assert(
      fc.property(steps, (by) => {
        let tMs = 10_000;
        const rows = rowsOf(
          'a',
          by.map((step) => {
            tMs += step;
            return tMs;
          }),
        );
        const kept = onePass(rows, { bootId: 'a' });
        expect(kept.at(-1)).toEqual(rows.at(-1));
        for (const [at, row] of kept.slice(1).entries()) {
          expect(row.tMs).toBeGreaterThanOrEqual(kept[at]!.tMs);
          expect(row.seq).toBeGreaterThan(kept[at]!.seq);
        }
        if (by.every((step) => step >= 0)) expect(kept).toEqual(rows);
      }),
      { numRuns: 300 },
    );
  });
});

test('a window holds one pass of a clock that was set back', () => {
  const hourMs = 3_600_000;
  const quarter = hourMs / 4;
  const rows = range(0, 12).map((at) => [100 * hourMs + at * quarter - (at >= 8 ? hourMs + 1 : 0), at]);
  const segments = [{ bootId: 'a', seq: 0, channels: ['p'], rows }];
  const channels = [{ name: 'p', role: 'pressure' as const, unit: '' }];
  const until = { bootId: 'a', seq: 10, atMs: rows[10]![0]! };
  const window = assemble(segments, { channels, maxMs: 1e12, maxRows: 1e6, until });
  expect(window.seqs).toEqual([0, 1, 2, 3, 8, 9, 10]);
  expect([...window.series.values]).toEqual(window.seqs);
});

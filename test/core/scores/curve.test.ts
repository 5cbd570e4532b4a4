import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { scoreCurve } from '../../../lib/contracts/api.ts';
import { CorruptDataError } from '../../../lib/core/errors.ts';
import { curveOf } from '../../../lib/core/scores/curve.ts';
import { codeOf } from '../../../lib/core/scores/level.ts';
import {
  decodeParts,
  encodeParts,
  joined,
  partsOfChunk,
  type ScorePart,
  scoredRows,
} from '../../../lib/core/scores/parts.ts';

const startMs = Date.UTC(2026, 5, 1);
/** A row of a segment for each `[time, code]`. */
const rowsOf = (rows: readonly (readonly [number, number])[]): ScorePart[] =>
  scoredRows([
    { bootId: 'a', seq: 0, channels: ['p'], rows: rows.map(([tMs]) => [tMs, 1]), scores: rows.map(([, code]) => code) },
  ]);
/** Rows a second apart with now and then a pause. */
const rows = fc
  .array(
    fc.record({
      pauseMs: fc.constantFrom(1_000, 1_000, 1_000, 1_000, 1_000, 1_001, 60_000, 86_400_000),
      level: fc.integer({ min: 1, max: 255 }),
      isAlarm: fc.boolean(),
    }),
    { minLength: 1, maxLength: 600 },
  )
  .map((all) => {
    let tMs = startMs;
    return rowsOf(
      all.map(({ pauseMs, level, isAlarm }) => {
        tMs += pauseMs;
        return [tMs, codeOf(level, isAlarm)] as const;
      }),
    );
  });
const highestOf = (parts: readonly ScorePart[]): number => Math.max(...parts.map(({ highest }) => highest));

describe('parts of a chunk', () => {
  test('have every row, its peak and its alarm, in order, and read back as they were written', () => {
    fc.assert(
      fc.property(rows, (all) => {
        const parts = partsOfChunk(all);
        expect(joined(parts)).toEqual({ ...joined(all), mean: expect.closeTo(joined(all).mean, 9) });
        for (const [at, part] of parts.entries()) {
          expect(part.toMs).toBeGreaterThanOrEqual(part.fromMs);
          if (at > 0) expect(part.fromMs).toBeGreaterThan(parts[at - 1]!.toMs);
          const its = all.filter(({ fromMs }) => fromMs >= part.fromMs && fromMs <= part.toMs);
          expect([part.rows, part.highest, part.isAlarm]).toEqual([
            its.length,
            highestOf(its),
            its.some(({ isAlarm }) => isAlarm),
          ]);
        }
        const read = decodeParts(encodeParts(parts));
        expect(read.map(({ mean: _, ...part }) => part)).toEqual(parts.map(({ mean: _, ...part }) => part));
        for (const [at, { mean }] of read.entries())
          expect(Math.abs(mean - parts[at]!.mean)).toBeLessThanOrEqual(0.007 * mean + 0.014);
      }),
    );
  });

  test('are few of a regular chunk, and no more than bounded of a backlog or a torn one', () => {
    const regular = rowsOf(Array.from({ length: 256 }, (_, at) => [startMs + at * 1000, 40] as const));
    expect(partsOfChunk(regular)).toHaveLength(8);
    expect(encodeParts(partsOfChunk(regular)).length).toBeLessThan(90);
    const backlog = rowsOf(Array.from({ length: 30_000 }, (_, at) => [startMs + at * 1000, 40] as const));
    expect(partsOfChunk(backlog).length).toBeLessThanOrEqual(32);
    const torn = rowsOf(
      Array.from(
        { length: 256 },
        (_, at) => [startMs + at * 1_000 + Math.floor(at / 3) * (1_000_000 + at), 40] as const,
      ),
    );
    expect(partsOfChunk(torn).length).toBeLessThanOrEqual(8 + 16);
  });

  test('are cut at a gap', () => {
    const all = rowsOf([0, 1, 2, 90, 91].map((s) => [startMs + s * 1000, 40] as const));
    expect(partsOfChunk(all).map(({ rows: count }) => count)).toEqual([3, 2]);
    expect(partsOfChunk([])).toEqual([]);
  });

  test('that are damaged are told', () => {
    const bytes = encodeParts(partsOfChunk(rowsOf([[startMs, 40]])));
    for (const bad of [Uint8Array.of(), Uint8Array.of(2), bytes.slice(0, -1), Uint8Array.of(1, ...Array(12).fill(255))])
      expect(() => decodeParts(bad)).toThrow(CorruptDataError);
  });
});

describe('a curve of scores', () => {
  const span = (parts: readonly ScorePart[]) => ({ fromMs: parts[0]!.fromMs, toMs: parts.at(-1)!.toMs });

  test('never hides a peak or an alarm, however far away it is seen', () => {
    fc.assert(
      fc.property(rows, fc.integer({ min: 10, max: 60 }), (all, points) => {
        const curve = curveOf(all, { ...span(all), points, periodMs: 1000 });
        expect(scoreCurve.safeParse(curve).success).toBe(true);
        const drawn = curve.highest.filter((score) => score !== null);
        expect(drawn.length).toBeLessThanOrEqual(points);
        expect(Math.max(...drawn)).toBeCloseTo(highestOf(all), 2);
        for (const { fromMs, isAlarm } of all)
          if (isAlarm) expect(curve.alarms.some((alarm) => alarm.fromMs <= fromMs && fromMs <= alarm.toMs)).toBe(true);
        expect(curve.timesMs).toEqual(curve.timesMs.toSorted((a, b) => a - b));
      }),
    );
  });

  test('shows a gap as one, between rows and from afar, and no gap where readings come more slowly than they did', () => {
    const all = rowsOf([0, 1, 2, 90, 91].map((s) => [startMs + s * 1000, 40] as const));
    for (const points of [800, 10]) {
      const { highest, mean } = curveOf(all, { ...span(all), points, periodMs: 1000 });
      expect(highest.filter((score) => score === null)).toHaveLength(1);
      expect(mean.map((score) => score === null)).toEqual(highest.map((score) => score === null));
    }
    const slow = rowsOf([0, 90, 180, 270].map((s) => [startMs + s * 1000, 40] as const));
    expect(curveOf(slow, { ...span(slow), points: 800, periodMs: 1000 }).highest).not.toContain(null);
  });

  test('has what reaches into the span, both ends included, and nothing where nothing does', () => {
    const all = rowsOf([0, 1, 2, 3, 4].map((s) => [startMs + s * 1000, 40 + s] as const));
    const of = (fromS: number, toS: number) =>
      curveOf(all, { fromMs: startMs + fromS * 1000, toMs: startMs + toS * 1000, points: 100, periodMs: 1000 }).timesMs;
    expect(of(1, 3)).toEqual([1, 2, 3].map((s) => startMs + s * 1000));
    expect(of(7, 9)).toEqual([]);
    expect(
      curveOf([joined(all)], { fromMs: startMs + 4000, toMs: startMs + 9000, points: 10, periodMs: 1 }).highest,
    ).toHaveLength(1);
  });
});

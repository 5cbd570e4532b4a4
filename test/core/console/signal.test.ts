import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { channelsWorthShowing, chart, keptRows } from '../../../lib/core/console/signal.ts';
import type { Series } from '../../../lib/core/series.ts';

const seriesOf = (values: readonly (number | null)[], stepMs = 1_000, gapAfter = -1): Series => ({
  channels: [{ name: 'a', role: 'flow', unit: 'l/s' }],
  timesMs: Float64Array.from(values, (_, row) => row * stepMs + (gapAfter >= 0 && row > gapAfter ? 3_600_000 : 0)),
  values: Float64Array.from(values, (value) => value ?? Number.NaN),
});
const cell = fc.option(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { nil: null, freq: 5 });

describe('thinning a channel out', () => {
  test('keeps the lowest and the highest value, the order and the bound, whatever the values are', () => {
    fc.assert(
      fc.property(
        fc.array(cell, { minLength: 1, maxLength: 600 }),
        fc.integer({ min: 4, max: 100 }),
        (values, points) => {
          const rows = keptRows(seriesOf(values), 0, points);
          expect(rows.length).toBeLessThanOrEqual(points);
          expect(rows).toEqual([...new Set(rows)].sort((a, b) => a - b));
          const there = values.filter((value) => value !== null);
          const kept = rows.map((row) => values[row]).filter((value) => value !== null);
          if (there.length === 0) return;
          expect(Math.min(...(kept as number[]))).toBe(Math.min(...there));
          expect(Math.max(...(kept as number[]))).toBe(Math.max(...there));
        },
      ),
    );
  });

  test('a gap in the readings is a null between them; a missing cell is one in its place', () => {
    const values = Array.from({ length: 50 }, (_, row) => (row === 10 ? null : row));
    const [channel] = chart(seriesOf(values, 1_000, 29), { channels: ['a', 'none'], points: 500 });
    expect(channel!.timesMs).toHaveLength(51);
    expect(channel!.values[10]).toBeNull();
    expect(channel!.values[30]).toBeNull();
    expect(channel!.values[31]).toBe(30);
  });

  test('many channels get fewer points each', () => {
    const channels = Array.from({ length: 200 }, (_, at) => ({ name: `c${at}`, role: 'flow' as const, unit: '' }));
    const rows = 1_000;
    const series: Series = {
      channels,
      timesMs: Float64Array.from({ length: rows }, (_, row) => row),
      values: new Float64Array(rows * channels.length).fill(1),
    };
    const drawn = chart(series, { channels: channels.map(({ name }) => name), points: 500 });
    expect(drawn.reduce((sum, { values }) => sum + values.length, 0)).toBeLessThanOrEqual(30_000);
  });
});

test('channels that carry the evidence come first, then those of the zone, in their order', () => {
  const channels = ['a', 'b', 'c', 'd'].map((name) => ({
    name,
    role: 'flow' as const,
    unit: '',
    ...(name === 'c' && { zone: 'Z' }),
  }));
  const shares = new Map([
    ['d', 0.2],
    ['b', 0.7],
  ]);
  expect(channelsWorthShowing(channels, shares, 'Z', 3)).toEqual(['b', 'd', 'c']);
});

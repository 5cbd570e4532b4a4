import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ScreenEngine, ScreenTensors } from '../../../lib/core/screening/engine.ts';
import { fitCalibration } from '../../../lib/core/screening/fit.ts';
import { screenBatch, screenRows } from '../../../lib/core/screening/screen.ts';
import type { ScreenResult } from '../../../lib/core/screening/types.ts';
import { referenceEngine } from '../../support/reference-engine.ts';
import { normalSeries, onnxEngine, slice } from '../../support/screening.ts';

const engine = await onnxEngine();

const setUp = (seed: number, channels: number, missing = 0) => {
  const all = normalSeries(seed, { rows: 480, channels, missing });
  return { calibration: fitCalibration(slice(all, 0, 400)), rows: slice(all, 400, 480) };
};

/** Scores within float32's error of each other, alarms the same. */
function expectAlike(a: ScreenResult, b: ScreenResult): void {
  expect([...a.rows.alarms]).toEqual([...b.rows.alarms]);
  a.rows.pValues.forEach((p, t) => {
    expect(Math.log10(p)).toBeCloseTo(Math.log10(b.rows.pValues[t]!), 2);
  });
}

describe('screenBatch', () => {
  test('gets from ONNX Runtime what the reference computes, missing cells and several assets included', async () => {
    const both: ScreenEngine = {
      async run(tensors: ScreenTensors, outputs) {
        const found = await engine.run(tensors, outputs);
        const wanted = await referenceEngine.run(tensors, outputs);
        for (const name of outputs) {
          expect(found[name]!.length).toBe(wanted[name]!.length);
          found[name]!.forEach((value, i) => {
            expect(Math.abs(value - wanted[name]![i]!)).toBeLessThanOrEqual(2e-3 * (1 + Math.abs(wanted[name]![i]!)));
          });
        }
        return found;
      },
    };
    const requests = [1, 3, 5].map((channels, i) => {
      const { calibration, rows } = setUp(i + 1, channels, 0.1);
      return { calibration, rows: slice(rows, 0, 20 + 10 * i), state: undefined };
    });
    const results = await screenBatch(both, requests);
    expect(results.map(({ rows }) => rows.scores.length)).toEqual([20, 30, 40]);
  });

  test('gives the same alone, together, and cut into pieces', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 79 }), fc.constantFrom(0, 0.3), async (cut, missing) => {
        const assets = [2, 7, 8].map((channels) => setUp(channels + cut, channels, missing));
        const requests = assets.map(({ calibration, rows }) => ({ calibration, rows, state: undefined }));
        const together = await screenBatch(engine, requests);
        for (const [i, { calibration, rows }] of assets.entries()) {
          const alone = await screenRows(engine, calibration, undefined, rows);
          expectAlike(together[i]!, alone);
          const head = await screenRows(engine, calibration, undefined, slice({ ...rows }, 0, cut));
          const tail = await screenRows(engine, calibration, head.state, slice(rows, cut, 80));
          expect([...head.rows.alarms, ...tail.rows.alarms]).toEqual([...alone.rows.alarms]);
          [...head.rows.pValues, ...tail.rows.pValues].forEach((p, t) => {
            expect(Math.log10(p)).toBeCloseTo(Math.log10(alone.rows.pValues[t]!), 2);
          });
        }
      }),
      { numRuns: 8 },
    );
  });

  test('has no evidence where nothing was measured, and keeps the alarm as it is', async () => {
    const { calibration, rows } = setUp(9, 4);
    const loud = rows.values.map((value) => value + 50);
    loud.fill(Number.NaN, 40 * 4);
    const { rows: found, flags } = await screenRows(engine, calibration, undefined, { ...rows, values: loud });
    expect(found.alarms[39]).toBe(1);
    expect([...found.scores.subarray(40)].every((score) => score === 0)).toBe(true);
    expect([...found.alarms.subarray(40)].every((alarm) => alarm === 1)).toBe(true);
    expect(flags).toContain('all-missing');
  });

  test('names the channel that departs, peaks once at the onset, releases after the end, and alarms again', async () => {
    const all = normalSeries(11, { rows: 800, channels: 5 });
    const calibration = fitCalibration(slice(all, 0, 400));
    for (const start of [460, 640]) for (let t = start; t < start + 60; t += 1) all.values[t * 5 + 3]! += 8;
    const { rows } = await screenRows(engine, calibration, undefined, slice(all, 400, 800));
    const onset = rows.onsets.indexOf(1, 55);
    expect(onset).toBe(60);
    expect(rows.topChannels[60 * 3]).toBe(3);
    expect(rows.scores[60]).toBeGreaterThan(5);
    expect(Math.max(...rows.scores.subarray(75, 118))).toBeLessThanOrEqual(1);
    expect([...rows.alarms.subarray(60, 120)].every((alarm) => alarm === 1)).toBe(true);
    expect(rows.alarms[160]).toBe(0);
    expect(rows.alarms[245]).toBe(1);
  });

  test.each([
    { warmup: 400, withinRows: 12 },
    { warmup: 4000, withinRows: 5 },
  ])('sees a sensor that stands still, sooner the more was seen of it: %j', async ({ warmup, withinRows }) => {
    const all = normalSeries(12, { rows: warmup + 200, channels: 3 });
    const calibration = fitCalibration(slice(all, 0, warmup));
    const from = warmup + 50;
    for (let t = from; t < warmup + 200; t += 1) all.values[t * 3 + 1] = all.values[from * 3 + 1]!;
    const { rows } = await screenRows(engine, calibration, undefined, slice(all, warmup, warmup + 200));
    expect(rows.alarms.subarray(40, 52).every((alarm) => alarm === 0)).toBe(true);
    expect(rows.alarms.subarray(50, 50 + withinRows)).toContain(1);
  });

  test('is not moved by absurd values, and stays finite', async () => {
    const { calibration, rows } = setUp(13, 3);
    const values = rows.values.slice();
    values.set([1e308, -1e308, Number.POSITIVE_INFINITY], 30);
    const { rows: found } = await screenRows(engine, calibration, undefined, { ...rows, values });
    expect(found.scores.every(Number.isFinite)).toBe(true);
    expect(found.alarms[10]).toBe(1);
  });

  test('keeps a small state: at most 1,000 bytes for 40 channels', async () => {
    const { calibration, rows } = setUp(14, 40);
    const { state } = await screenRows(engine, calibration, undefined, rows);
    expect(state.floats.length).toBeLessThanOrEqual(1000);
  });

  test('refuses rows of another width and the state of another calibration', async () => {
    const a = setUp(15, 3);
    const b = setUp(16, 3);
    const { state } = await screenRows(engine, a.calibration, undefined, a.rows);
    await expect(screenRows(engine, b.calibration, state, b.rows)).rejects.toThrow('belongs to calibration');
    const narrow = { timesMs: a.rows.timesMs, values: a.rows.values.slice(1) };
    await expect(screenRows(engine, a.calibration, undefined, narrow)).rejects.toThrow('do not fill');
  });
});

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { normal, seededRandom } from '../../../lib/core/random.ts';
import { fitCalibration } from '../../../lib/core/screening/fit.ts';
import { decodeFloats, encodeFloats } from '../../../lib/core/screening/floats.ts';
import { trendOf } from '../../../lib/core/screening/kernel.ts';
import { screenRows } from '../../../lib/core/screening/screen.ts';
import type { Series } from '../../../lib/core/series.ts';
import { episodes, follow, normalSeries, onnxEngine, slice } from '../../support/screening.ts';

const engine = await onnxEngine();
const warmupRows = 400;
const rows = 1000;

/** A machine that is still warming: two temperatures settle, two channels stand; from row 600 on the first heats up. */
function warmingMachine(seed: number, heatPerRow: number): Series {
  const random = seededRandom(seed);
  const values = new Float64Array(rows * 4);
  for (let t = 0; t < rows; t += 1) {
    const settled = 6 * (1 - Math.exp(-t / 500));
    const heat = heatPerRow * Math.min(Math.max(t - 600, 0), 150);
    values.set(
      [
        20 + settled + heat + 0.2 * normal(random),
        60 + 2 * settled + 0.3 * normal(random),
        5 + normal(random),
        230 + 2 * normal(random),
      ],
      t * 4,
    );
  }
  const channels = ['fluid', 'motor', 'flow', 'voltage'].map((name) => ({ name, role: 'unknown' as const, unit: '' }));
  return { channels, timesMs: Float64Array.from({ length: rows }, (_, t) => 1_700_000_000_000 + t * 1000), values };
}

describe('the trend of a channel', () => {
  const numbers = fc.double({ min: -10, max: 10, noNaN: true });

  test('is what it gained outwards, never more than it is off, and the same to either side', () => {
    fc.assert(
      fc.property(numbers, numbers, (drift, slow) => {
        const trend = trendOf(drift, slow);
        expect(trend).toBeGreaterThanOrEqual(0);
        expect(trend).toBeLessThanOrEqual(Math.abs(drift));
        expect(trendOf(-drift, -slow)).toBe(trend);
      }),
    );
    expect(trendOf(3, 1)).toBe(2);
    expect(trendOf(3, -2)).toBe(3);
    expect(trendOf(1, 3)).toBe(0);
  });
});

describe('a channel that warms up', () => {
  test('and then heats at several times its pace alarms soon after, though its level had wandered before', async () => {
    // What a machine says depends on how it wandered, so many are asked, of which a few may be late.
    const machines = 40;
    const found: number[] = [];
    for (let seed = 1; seed <= machines; seed += 1) {
      const { alarms } = await follow(engine, warmingMachine(seed, 0.08), { warmupRows });
      found.push(alarms.subarray(620, 720).reduce((sum, alarm) => sum + alarm, 0));
    }
    expect(found.reduce((sum, rows) => sum + rows, 0)).toBeGreaterThanOrEqual(85 * machines);
    expect(found.filter((rows) => rows < 60).length).toBeLessThanOrEqual(4);
  });

  test('and goes on settling does not', async () => {
    let found = 0;
    for (let seed = 1; seed <= 6; seed += 1)
      found += episodes((await follow(engine, warmingMachine(seed, 0), { warmupRows })).alarms);
    // Six times 600 rows, of which one alarm in 1,500 is promised.
    expect(found).toBeLessThanOrEqual(4);
  });
});

test('a calibration from before trends were weighed screens on, without them', async () => {
  const series = normalSeries(5, { rows: 600, channels: 3 });
  const now = fitCalibration(slice(series, 0, 400));
  const former = {
    ...now,
    model: { ...now.model, deviations: encodeFloats(decodeFloats(now.model.deviations).subarray(0, 6 * 3)) },
    evidence: now.evidence.filter(({ name }) => !name.startsWith('trend')),
  };
  const rest = slice(series, 400, 600);
  for (let t = 100; t < 200; t += 1) rest.values[t * 3] = rest.values[t * 3]! + 5;
  const [a, b] = [await screenRows(engine, now, undefined, rest), await screenRows(engine, former, undefined, rest)];
  expect(b.rows.alarms.subarray(100, 120)).toEqual(a.rows.alarms.subarray(100, 120));
  expect([...b.rows.pValues].every((p, t) => p >= a.rows.pValues[t]!)).toBe(true);
  await expect(screenRows(engine, { ...former, evidence: now.evidence }, undefined, rest)).rejects.toThrow(
    'deviations',
  );
});

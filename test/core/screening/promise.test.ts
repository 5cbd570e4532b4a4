import { describe, expect, test } from '@jest/globals';
import { fitCalibration } from '../../../lib/core/screening/fit.ts';
import { screenRows } from '../../../lib/core/screening/screen.ts';
import { episodes, normalSeries, onnxEngine, slice } from '../../support/screening.ts';

const engine = await onnxEngine();
const seeds = 5;

interface Promised {
  readonly perWeek: number;
  readonly periodMinutes: number;
  /** Days to learn from, then fresh days. */
  readonly warmupDays: number;
  readonly freshDays: number;
  /** Autocorrelation from row to row. */
  readonly memory: number;
}

/** Episodes a week on fresh rows over the promised ones, over all seeds, and whether the threshold was extrapolated. */
async function kept({ perWeek, periodMinutes, warmupDays, freshDays, memory }: Promised) {
  const perDay = 1440 / periodMinutes;
  const warmup = warmupDays * perDay;
  let found = 0;
  const extrapolated = new Set<boolean>();
  for (let seed = 0; seed < seeds; seed += 1) {
    const all = normalSeries(500 + seed, {
      rows: warmup + freshDays * perDay,
      channels: 4,
      periodMs: periodMinutes * 60_000,
      memory,
    });
    const calibration = fitCalibration(slice(all, 0, warmup), { falseAlarms: { perWeek } });
    extrapolated.add(calibration.threshold.extrapolated);
    const { rows } = await screenRows(engine, calibration, undefined, slice(all, warmup, all.timesMs.length));
    found += episodes(rows.alarms);
  }
  return { ratio: found / (seeds * (freshDays / 7)) / perWeek, extrapolated: [...extrapolated] };
}

describe('so many false alarms a week, promised on autocorrelated normal rows', () => {
  // The spread between seeds allows a fifth more than promised before it can be called broken.
  test.each<[Promised, boolean]>([
    [{ perWeek: 1, periodMinutes: 15, warmupDays: 28, freshDays: 56, memory: 0.6 }, true],
    [{ perWeek: 1, periodMinutes: 15, warmupDays: 28, freshDays: 56, memory: 0.9 }, true],
    [{ perWeek: 7, periodMinutes: 15, warmupDays: 28, freshDays: 28, memory: 0.9 }, false],
    [{ perWeek: 1, periodMinutes: 60, warmupDays: 60, freshDays: 120, memory: 0.9 }, false],
    [{ perWeek: 0.25, periodMinutes: 60, warmupDays: 240, freshDays: 180, memory: 0.9 }, false],
    [{ perWeek: 7, periodMinutes: 5, warmupDays: 7, freshDays: 14, memory: 0.9 }, true],
  ])('are kept where weeks were seen: %j', async (promised, extrapolated) => {
    const found = await kept(promised);
    expect(found.ratio).toBeLessThanOrEqual(1.2);
    expect(found.extrapolated).toEqual([extrapolated]);
  });

  // Here a memory of fifty rows leaves some dozen independent ones, of which no method knows a rate of one a week.
  test.each<Promised>([
    { perWeek: 1, periodMinutes: 15, warmupDays: 7, freshDays: 28, memory: 0.9 },
    { perWeek: 1, periodMinutes: 15, warmupDays: 7, freshDays: 28, memory: 0.98 },
    { perWeek: 1, periodMinutes: 15, warmupDays: 28, freshDays: 56, memory: 0.98 },
  ])('are exceeded threefold at most where few independent rows were seen, and marked: %j', async (promised) => {
    const found = await kept(promised);
    expect(found.ratio).toBeLessThanOrEqual(3);
    expect(found.extrapolated).toEqual([true]);
  });
});

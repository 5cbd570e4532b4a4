import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { calibration as contract } from '../../../lib/contracts/calibration.ts';
import { normal, seededRandom } from '../../../lib/core/random.ts';
import { fitCalibration } from '../../../lib/core/screening/fit.ts';
import { screenRows } from '../../../lib/core/screening/screen.ts';
import { viewCaution } from '../../../lib/core/screening/views.ts';
import type { Series } from '../../../lib/core/series.ts';
import { episodes, follow, normalSeries, onnxEngine, slice } from '../../support/screening.ts';

const engine = await onnxEngine();
const minuteMs = 60_000;
const warmupRows = 1500;
const faultAt = 2000;
const faultRows = 200;
const rows = faultAt + faultRows;

const single = (values: ArrayLike<number>, periodMs = 5 * minuteMs): Series => ({
  channels: [{ name: 'value', role: 'unknown', unit: '' }],
  timesMs: Float64Array.from(values, (_, t) => 1_700_006_400_000 + t * periodMs),
  values: Float64Array.from(values),
});

/** A load that jobs of seven rows raise every twenty, about a level that wanders a little. */
function jobs(seed: number, change: (t: number, base: number, job: number, noise: number) => number): Series {
  const random = seededRandom(seed);
  let slow = 0;
  return single(
    Array.from({ length: rows }, (_, t) => {
      slow = 0.9 * slow + 0.05 * normal(random);
      return change(t, 30 + slow, t % 20 < 7 ? 10 : 0, 0.3 * normal(random));
    }),
  );
}

const usual = (_: number, base: number, job: number, noise: number): number => base + job + noise;
const faults = {
  'jobs that do not come': (base: number, _: number, noise: number) => base + noise,
  'jobs that come twice as often': (base: number, _: number, noise: number, t: number) =>
    base + noise + (t % 10 < 4 ? 10 : 0),
  'trembling at levels that are usual': (base: number, _: number, noise: number, t: number) =>
    base + (t % 2 === 0 ? 9 : 1) + noise,
  'jobs half as high': (base: number, job: number, noise: number) => base + job / 2 + noise,
};

async function screened(series: Series, calibration = fitCalibration(slice(series, 0, warmupRows))) {
  const { rows: found } = await screenRows(engine, calibration, undefined, slice(series, warmupRows, rows));
  const alarmsOf = (from: number, to: number): number =>
    found.alarms.subarray(from - warmupRows, to - warmupRows).reduce((sum, alarm) => sum + alarm, 0);
  return { calibration, found, before: alarmsOf(warmupRows, faultAt), within: alarmsOf(faultAt, rows) };
}

describe('a channel that is alone', () => {
  test.each(Object.entries(faults))('shows %s, each of whose values is usual', async (_, fault) => {
    let found = 0;
    for (let seed = 1; seed <= 4; seed += 1) {
      const series = jobs(seed, (t, base, job, noise) =>
        t < faultAt ? usual(t, base, job, noise) : fault(base, job, noise, t),
      );
      const { before, within } = await screened(series);
      expect(before).toBeLessThanOrEqual(10);
      if (within >= 0.4 * faultRows) found += 1;
    }
    expect(found).toBe(4);
  });

  test.each([
    { perWeek: 1, periodMinutes: 15, warmupDays: 28, freshDays: 84, memory: 0.6 },
    { perWeek: 1, periodMinutes: 60, warmupDays: 60, freshDays: 240, memory: 0.9 },
    { perWeek: 7, periodMinutes: 5, warmupDays: 7, freshDays: 21, memory: 0.9 },
  ])(
    'keeps the promised rate of false alarms: %j',
    async ({ perWeek, periodMinutes, warmupDays, freshDays, memory }) => {
      const perDay = 1440 / periodMinutes;
      const warmup = warmupDays * perDay;
      const seeds = 5;
      let found = 0;
      for (let seed = 1; seed <= seeds; seed += 1) {
        const options = { rows: warmup + freshDays * perDay, channels: 1, periodMs: periodMinutes * minuteMs, memory };
        const all = normalSeries(900 + seed, options);
        const calibration = fitCalibration(slice(all, 0, warmup), { falseAlarms: { perWeek } });
        const fresh = await screenRows(engine, calibration, undefined, slice(all, warmup, all.timesMs.length));
        found += episodes(fresh.rows.alarms);
      }
      expect(found / seeds / (freshDays / 7) / perWeek).toBeLessThanOrEqual(1.2);
    },
  );

  // Some dozen independent values of a mean: no method knows a rate of one in 1,500 rows of them.
  test.each([0, 0.6, 0.9])('exceeds it about twofold at most after 400 rows that remember by %d', async (memory) => {
    let found = 0;
    const seeds = 30;
    for (let seed = 1; seed <= seeds; seed += 1) {
      const all = normalSeries(seed, { rows: 1900, channels: 1, memory });
      const calibration = fitCalibration(slice(all, 0, 400));
      expect(calibration.threshold.extrapolated).toBe(true);
      found += episodes((await screenRows(engine, calibration, undefined, slice(all, 400, 1900))).rows.alarms);
    }
    expect(found / seeds).toBeLessThanOrEqual(2.2);
  });

  test.each([4, 30])('is calm again soon after a cause of %d deviations has gone', async (size) => {
    let after = 0;
    for (let seed = 1; seed <= 20; seed += 1) {
      const series = normalSeries(seed, { rows: 1500, channels: 1 });
      for (let t = 1200; t < 1240; t += 1) series.values[t]! += size;
      const { alarms } = await follow(engine, series, { warmupRows: 1000 });
      expect(alarms.subarray(1200, 1240).filter((alarm) => alarm === 1).length).toBeGreaterThanOrEqual(30);
      after += alarms.subarray(1240, 1440).filter((alarm) => alarm === 1).length;
    }
    expect(after / 20).toBeLessThanOrEqual(20);
  });

  test('gets the same however its rows are cut, with missing cells and a gap among them', async () => {
    const series = jobs(7, (t, ...rest) => (t % 37 === 5 || (t > 1800 && t < 1830) ? Number.NaN : usual(t, ...rest)));
    for (let t = 1900; t < rows; t += 1) series.timesMs[t] = series.timesMs[t]! + 500 * minuteMs;
    const calibration = fitCalibration(slice(series, 0, warmupRows));
    const whole = await screenRows(engine, calibration, undefined, slice(series, warmupRows, rows), { padRows: true });
    for (const size of [1, 13, 100]) {
      let state: typeof whole.state | undefined;
      const pValues: number[] = [];
      const alarms: number[] = [];
      for (let from = warmupRows; from < warmupRows + 450; from += size) {
        const part = slice(series, from, Math.min(from + size, warmupRows + 450));
        const got = await screenRows(engine, calibration, state, part, { padRows: true });
        state = got.state;
        pValues.push(...got.rows.pValues);
        alarms.push(...got.rows.alarms);
      }
      expect(alarms).toEqual([...whole.rows.alarms.subarray(0, 450)]);
      const off = pValues.map((p, t) => Math.abs(Math.log(p / whole.rows.pValues[t]!)));
      expect(Math.max(...off)).toBeLessThan(1e-2);
    }
  });

  test('is not taken for another where the stream brings fewer decimals than the warm-up', async () => {
    let alarms = 0;
    for (let seed = 1; seed <= 8; seed += 1) {
      const fine = jobs(seed, (t, base, _, noise) => base + noise + Math.sin(t / 40));
      const calibration = fitCalibration(slice(fine, 0, warmupRows));
      const rounded = fine.values.map((value, t) => (t < warmupRows ? value : Number(value.toFixed(1))));
      const { before, within } = await screened({ ...fine, values: rounded }, calibration);
      alarms += before + within;
    }
    expect(alarms).toBeLessThanOrEqual(10);
  });

  test('names itself alone for whatever shows in its views', async () => {
    const series = jobs(1, (t, base, job, noise) =>
      t < faultAt ? usual(t, base, job, noise) : faults['jobs that do not come'](base, job, noise),
    );
    const { found } = await screened(series);
    for (let i = 0; i < found.topChannels.length; i += 3) {
      expect([-1, 0]).toContain(found.topChannels[i]);
      expect([found.topChannels[i + 1], found.topChannels[i + 2]]).toEqual([-1, -1]);
      expect(found.topShares[i]).toBeLessThanOrEqual(1);
    }
  });

  test('has no views where it is dead, beside others or after few rows; its calibration is of the contract', () => {
    const fitted = fitCalibration(slice(jobs(1, usual), 0, warmupRows));
    expect(contract.parse(fitted)).toEqual(fitted);
    expect(fitCalibration(normalSeries(1, { rows: 500, channels: 2 })).model.views).toBeUndefined();
    const few = fitCalibration(normalSeries(1, { rows: 399, channels: 1 }), { minRows: 50 });
    expect(few.model.views).toBeUndefined();
    const series = normalSeries(1, { rows: 460, channels: 1 });
    const viewsOf = (left: number, missing: number) => {
      const values = series.values.map((value, t) => (t >= 100 && t < 100 + missing ? Number.NaN : value));
      const exclude = Uint8Array.from(values, (_, t) => (t >= 460 - left ? 1 : 0));
      return fitCalibration({ ...series, values }, { exclude, minRows: 50 }).model.views;
    };
    // Only rows that it learns from count.
    expect([viewsOf(0, 0), viewsOf(60, 0), viewsOf(0, 60), viewsOf(30, 30)]).not.toContain(undefined);
    expect([viewsOf(61, 0), viewsOf(0, 61), viewsOf(31, 30)]).toEqual([undefined, undefined, undefined]);
    const constant = fitCalibration(single(new Float64Array(500).fill(7)));
    expect([constant.model.views, constant.channels[0]!.dead]).toEqual([undefined, true]);
  });

  test('is trusted with its views as far as the rows go that it learns from', () => {
    const there = (count: number, of: number) => Uint8Array.from({ length: of }, (_, t) => (t < count ? 1 : 0));
    const none = new Uint8Array(1500);
    const all = viewCaution(there(500, 500), none.subarray(0, 500));
    expect(viewCaution(there(500, 1500), none)).toEqual(all);
    expect(viewCaution(there(1500, 1500), there(1000, 1500))).toEqual(all);
    expect(viewCaution(there(1500, 1500), none)[1]).toBeLessThan(all[1]!);
  });

  const beside = (series: Series, before: readonly number[], behind: readonly number[]): Series => ({
    ...series,
    channels: ['a', 'b', 'value', 'c']
      .slice(2 - before.length, 3 + behind.length)
      .map((name) => ({ name, role: 'unknown', unit: '' })),
    values: Float64Array.from([...series.values].flatMap((value) => [...before, value, ...behind])),
  });

  test.each([
    ['one that stands still', [], [7]],
    ['one that was never there', [Number.NaN], []],
    ['two before it and one behind', [0, Number.NaN], [12]],
  ])('is screened as if it were the only one beside %s', async (_, before, behind) => {
    const series = jobs(3, (t, base, job, noise) =>
      t % 97 === 5 ? Number.NaN : t < faultAt ? usual(t, base, job, noise) : base + noise,
    );
    const more = beside(series, before, behind);
    const [one, other] = [await screened(series), await screened(more)];
    expect(other.calibration.model.views).toEqual(one.calibration.model.views);
    // How far weights are shrunk is chosen to within a tolerance that counts all channels, so not to the digit.
    expect(Math.abs(other.before - one.before)).toBeLessThanOrEqual(3);
    expect(Math.abs(other.within - one.within)).toBeLessThanOrEqual(5);
    expect(one.within).toBeGreaterThan(faultRows / 2);
    for (const [t, alarm] of other.found.alarms.entries())
      if (alarm === 1 && other.found.topChannels[t * 3] !== -1)
        expect(other.found.topChannels[t * 3]).toBe(before.length);
    // However its rows are cut, too.
    const calibration = other.calibration;
    const stream = slice(more, warmupRows, rows);
    let state: Awaited<ReturnType<typeof screenRows>>['state'] | undefined;
    const alarms: number[] = [];
    for (let at = 0; at < rows - warmupRows; at += 37) {
      const part = slice(stream, at, Math.min(at + 37, rows - warmupRows));
      const got = await screenRows(engine, calibration, state, part);
      state = got.state;
      alarms.push(...got.rows.alarms);
    }
    expect(alarms).toEqual([...other.found.alarms]);
  });

  test('is screened to the digit as it was by a calibration that was made before there were views', async () => {
    const path = new URL('../../support/former-single-calibration.json', import.meta.url);
    const former = contract.parse(JSON.parse(readFileSync(path, 'utf8')));
    const series = normalSeries(78, { rows: 60, channels: 1 });
    for (let t = 40; t < 60; t += 1) series.values[t]! += 3;
    const { rows: found } = await screenRows(engine, former, undefined, series, { padRows: true });
    expect([...found.alarms].indexOf(1)).toBe(41);
    // As that version gave them.
    for (const [t, p] of [
      [0, 0.9768],
      [20, 0.94332],
      [40, 0.00090601],
      [44, 0.00020722],
      [50, 1.7427e-7],
      [59, 6.3883e-10],
    ] as const)
      expect(found.pValues[t]! / p).toBeCloseTo(1, 3);
  });
});

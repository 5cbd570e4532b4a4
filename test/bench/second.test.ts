import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Stretch } from '../../bench/detection/scores.ts';
import { meanOf, overdispersed, poisson, shuffled } from '../../bench/detection/second/draws.ts';
import { type LabelledSeries, truthOf } from '../../bench/detection/second/labelled.ts';
import { causeAt, loopFaultKinds, loopNormalRows, planLoop } from '../../bench/detection/second/loop-plan.ts';
import { loopSeries } from '../../bench/detection/second/loops.ts';
import { planAttacks } from '../../bench/detection/second/plant-attacks.ts';
import { demandsOf, drawPlant } from '../../bench/detection/second/plant-network.ts';
import { runPlant } from '../../bench/detection/second/plant-run.ts';
import { plantSeries } from '../../bench/detection/second/plants.ts';
import { planSignal, signalNormalShare, signalPlans } from '../../bench/detection/second/signal-plan.ts';
import { signalSeries } from '../../bench/detection/second/signals.ts';
import { seededRandom } from '../../lib/core/random.ts';
import type { Series } from '../../lib/core/series.ts';

const bytesOf = ({ timesMs, values }: Series): Buffer =>
  Buffer.concat([timesMs, values].map((one) => Buffer.from(one.buffer, one.byteOffset, one.byteLength)));
const seedsTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);

/** First row in which two series of the same rows differ; the number of rows where they are alike. */
function firstDifference(one: Series, other: Series): number {
  const width = one.channels.length;
  const at = one.values.findIndex((value, i) => !Object.is(value, other.values[i]));
  return at < 0 ? one.timesMs.length : Math.floor(at / width);
}

function differs(one: Series, other: Series, { from, to }: Stretch): boolean {
  const width = one.channels.length;
  return one.values.subarray(from * width, to * width).some((value, i) => value !== other.values[from * width + i]);
}

function expectSound({ series, events }: LabelledSeries): void {
  const { channels, timesMs, values } = series;
  expect(values).toHaveLength(timesMs.length * channels.length);
  expect(values.every(Number.isFinite)).toBe(true);
  expect(timesMs.every((timeMs, t) => t === 0 || timeMs > timesMs[t - 1]!)).toBe(true);
  for (const [i, { from, to }] of events.entries()) {
    expect(from).toBeLessThan(to);
    expect(to).toBeLessThanOrEqual(timesMs.length);
    if (i > 0) expect(from).toBeGreaterThanOrEqual(events[i - 1]!.to);
  }
  const rows = events.reduce((sum, { from, to }) => sum + to - from, 0);
  expect(truthOf({ series, events }).reduce((sum, one) => sum + one, 0)).toBe(rows);
}

describe('draws', () => {
  test.each([0.3, 4, 150, 250, 4000])('counts have the mean %d that was asked for', (mean) => {
    const random = seededRandom(7);
    const counts = Array.from({ length: 4000 }, () => poisson(random, mean));
    const wide = Array.from({ length: 4000 }, () => overdispersed(random, mean, 8));

    expect(counts.every((count) => Number.isInteger(count) && count >= 0)).toBe(true);
    // Five deviations of the mean of 4,000 counts.
    expect(Math.abs(meanOf(counts) - mean)).toBeLessThan(5 * Math.sqrt(mean / 4000));
    expect(Math.abs(meanOf(wide) - mean)).toBeLessThan(5 * Math.sqrt((mean + mean ** 2 / 8) / 4000));
  });

  test('shuffling keeps each element, and the list itself as it was', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.integer(), (list, seed) => {
        const before = [...list];
        const out = shuffled(seededRandom(seed), list);
        expect(list).toEqual(before);
        expect(out.sort((a, b) => a - b)).toEqual(before.sort((a, b) => a - b));
      }),
    );
  });
});

describe('loops', () => {
  test('faults lie after the rows that are always normal, apart from each other, and each kind comes first somewhere', () => {
    const firsts = new Set<string>();
    for (const seed of seedsTo(400)) {
      const { rows, faults } = planLoop(seed);
      firsts.add(faults[0]!.kind);
      let free = loopNormalRows;
      for (const fault of faults) {
        expect(fault.from).toBeGreaterThanOrEqual(free + 40);
        expect(fault.to - fault.from).toBeGreaterThanOrEqual(80);
        expect(fault.to).toBeLessThan(rows);
        free = fault.to;
      }
    }
    expect(firsts).toEqual(new Set(loopFaultKinds));
  });

  test('a cause is there from its first row on and gone after its last, whatever its onset', () => {
    for (const seed of seedsTo(100)) {
      for (const fault of planLoop(seed).faults) {
        expect(causeAt(fault, fault.from - 1)).toBe(0);
        expect(causeAt(fault, fault.from)).toBeGreaterThan(0);
        expect(causeAt(fault, fault.to - 1)).toBeGreaterThan(0);
        expect(causeAt(fault, fault.to)).toBe(0);
        for (let t = fault.from; t < fault.to; t += 1) expect(causeAt(fault, t)).toBeLessThanOrEqual(1);
      }
    }
  });

  test.each(seedsTo(4))('seed %d gives the same bytes; its faults change what follows, and nothing before', (seed) => {
    const made = loopSeries(seed);
    const without = loopSeries(seed, false);

    expectSound(made);
    expect(bytesOf(loopSeries(seed).series).equals(bytesOf(made.series))).toBe(true);
    expect(bytesOf(loopSeries(seed + 100, false).series).equals(bytesOf(without.series))).toBe(false);
    expect(without.events).toEqual([]);
    expect(without.series.timesMs).toEqual(made.series.timesMs);
    expect(made.events[0]!.from).toBeGreaterThanOrEqual(loopNormalRows);
    expect(firstDifference(made.series, without.series)).toBeGreaterThanOrEqual(made.events[0]!.from);
    for (const event of made.events) expect(differs(made.series, without.series, event)).toBe(true);
  });
});

describe('signals', () => {
  const kinds = Object.keys(signalPlans);

  test('windows lie after the normal part, apart from each other, and share a tenth of the rows', () => {
    let withNone = 0;
    for (const seed of seedsTo(600)) {
      const { rows, anomalies } = planSignal(seed);
      if (anomalies.length === 0) withNone += 1;
      let free = signalNormalShare * rows;
      for (const { from, to, window } of anomalies) {
        expect(window.from).toBeGreaterThan(free);
        expect(from).toBeGreaterThanOrEqual(window.from);
        expect(from).toBeLessThan(window.to);
        expect(to).toBeGreaterThan(from);
        expect(window.to).toBeLessThan(rows);
        free = window.to;
      }
      const inWindows = anomalies.reduce((sum, { window }) => sum + window.to - window.from, 0);
      expect(inWindows).toBeLessThan(0.102 * rows + 3 * anomalies.length);
    }
    expect(withNone).toBeGreaterThan(60);
    expect(withNone).toBeLessThan(150);
  });

  test.each(seedsTo(2 * kinds.length))(
    'seed %d gives the same bytes; its first anomaly changes values, and nothing before does',
    (seed) => {
      const made = signalSeries(seed);
      const without = signalSeries(seed, false);
      const rows = made.series.timesMs.length;

      expectSound(made);
      expect(made.kind).toBe(kinds[(seed - 1) % kinds.length]);
      expect(bytesOf(signalSeries(seed).series).equals(bytesOf(made.series))).toBe(true);
      expect(made.windows).toHaveLength(made.events.length);
      for (const [i, { from, to }] of made.windows.entries()) {
        expect(from).toBeGreaterThanOrEqual(Math.floor(signalNormalShare * rows));
        expect(to).toBeLessThanOrEqual(rows);
        expect(made.events[i]!.from).toBeGreaterThanOrEqual(from);
        expect(made.events[i]!.from).toBeLessThan(to);
      }
      const [first] = made.events;
      const valuesOf = ({ timesMs, values }: Series) =>
        new Map(Array.from(timesMs, (timeMs, t) => [timeMs, values[t]]));
      // A gap of the collector may lie elsewhere where there are no windows to keep clear of.
      const usual = valuesOf(without.series);
      const changed = Array.from(made.series.timesMs).findIndex(
        (timeMs, t) => usual.has(timeMs) && usual.get(timeMs) !== made.series.values[t],
      );
      if (first === undefined) expect(changed).toBe(-1);
      else {
        expect(changed).toBeGreaterThanOrEqual(first.from);
        expect(changed).toBeLessThan(first.to);
      }
    },
  );
});

describe('plants', () => {
  const historyHours = 720;
  const made = plantSeries(3, historyHours);

  test('the same seed gives the same bytes', () => {
    const again = plantSeries(3, historyHours);
    expect(bytesOf(again.series).equals(bytesOf(made.series))).toBe(true);
    expect(bytesOf(again.history).equals(bytesOf(made.history))).toBe(true);
    expect(again.events).toEqual(made.events);
  });

  test('the stream has two decimals, the history all; one goes on an hour after the other', () => {
    const rounded = (value: number): boolean => Number(value.toFixed(2)) === value;
    expectSound(made);
    expect(made.series.channels).toHaveLength(43);
    expect(made.series.channels).toEqual(made.history.channels);
    expect(made.series.values.every(rounded)).toBe(true);
    expect(made.history.values.every(rounded)).toBe(false);
    expect(made.series.timesMs[0]! - made.history.timesMs.at(-1)!).toBe(3_600_000);
  });

  test('what is done changes readings from its first hours on, and nothing before it', () => {
    const without = plantSeries(3, historyHours, false);
    expect(without.events).toEqual([]);
    expect(bytesOf(without.history).equals(bytesOf(made.history))).toBe(true);
    expect(made.events.length).toBeGreaterThanOrEqual(7);
    expect(made.events[0]!.from).toBeGreaterThanOrEqual(140);
    expect(firstDifference(made.series, without.series)).toBeGreaterThanOrEqual(made.events[0]!.from);
    expect(firstDifference(made.series, without.series)).toBeLessThan(made.events[0]!.to);
    for (const event of made.events) expect(differs(made.series, without.series, event)).toBe(true);
  });

  test('what is replayed was recorded in the history or the stream, while nothing was done', () => {
    const startMs = Date.UTC(2020, 0, 1);
    const plant = drawPlant(1);
    const demands = demandsOf(1, plant, startMs, historyHours);
    const history = runPlant(1, plant, demands, startMs, historyHours, []);
    for (const seed of seedsTo(100)) {
      const attacks = planAttacks(seed, plant, history, 2000 + 20 * seed);
      for (const { from, to, backHours } of attacks) {
        const recorded = { from: from - backHours, to: to - backHours };
        expect(recorded.from).toBeGreaterThanOrEqual(0);
        expect(recorded.to).toBeLessThan(from);
        const touched = attacks.filter((one) => one.from < recorded.to && one.to > recorded.from);
        expect(touched).toEqual([]);
      }
    }
  });

  test.each([0, 719, 1000.5, Number.NaN])('a history of %d hours is refused', (hours) => {
    expect(() => plantSeries(1, hours)).toThrow(/Got a history of .* at least 720/);
  });
});

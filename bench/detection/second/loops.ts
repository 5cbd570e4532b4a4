/** Series of a circulation loop with eight channels, about a row a second, with one or two faults. */
import { between, childRandom, integerBetween, normal } from '../../../lib/core/random.ts';
import type { Series } from '../../../lib/core/series.ts';
import { chance, deviationOf, meanOf } from './draws.ts';
import { type LabelledSeries, plainChannels } from './labelled.ts';
import { drawBench, type LoopBench, loopChannels } from './loop-bench.ts';
import { type LoopFault, type LoopFaultKind, type LoopPlan, loopNormalRows, planLoop } from './loop-plan.ts';
import { type LoopRun, runLoop } from './loop-run.ts';

/** Range in which the strength of each cause is looked for, in the unit in which `runLoop` takes it. */
const strengths: Readonly<Record<LoopFaultKind, readonly [number, number]>> = {
  'outlet-valve': [0.01, 60],
  'inlet-valve': [0.01, 60],
  imbalance: [0.005, 8],
  cavitation: [0.005, 1],
  'heated-fluid': [0.0005, 0.12],
  leak: [0.02, 0.85],
  air: [0.003, 0.5],
  pulsation: [0.01, 6],
  'speed-change': [0.001, 0.45],
  'water-added': [0.02, 0.9],
};
const halvings = 14;
const temperatures = [4, 5];

/** The same seed gives the same series; `asPlanned` false leaves out all faults and changes nothing else. */
export function loopSeries(seed: number, asPlanned = true): LabelledSeries {
  const plan = planLoop(seed);
  const bench = drawBench(seed);
  const faults = asPlanned ? withStrengths(seed, bench, plan) : [];
  return observed(seed, runLoop(seed, bench, plan.rows, faults), faults);
}

/** Finds for each cause the strength that shows as much as was planned, by halving on a logarithmic scale. */
function withStrengths(seed: number, bench: LoopBench, { rows, faults }: LoopPlan): LoopFault[] {
  const usual = usualDeviations(runLoop(seed, bench, rows, []), bench.steps);
  const out: LoopFault[] = [];
  for (const fault of faults) {
    const without = runLoop(seed, bench, rows, out);
    let [low, high] = strengths[fault.kind];
    for (let i = 0; i < halvings; i += 1) {
      const strength = Math.sqrt(low * high);
      const run = runLoop(seed, bench, rows, [...out, { ...fault, strength }]);
      if (shownDeviations(run, without, fault, usual) < fault.wantedDeviations) low = strength;
      else high = strength;
    }
    out.push({ ...fault, strength: Math.sqrt(low * high) });
  }
  return out;
}

/**
 * Yardstick of each channel: its deviation about a line in the rows that are always normal, at least half a step of its
 * sensor; of temperatures also a third of how far they rose meanwhile, or any warmth would be loud.
 */
function usualDeviations(run: LoopRun, steps: readonly number[]): number[] {
  const last = run.exact[loopNormalRows - 5]!;
  const first = run.exact[5]!;
  return loopChannels.map((_, c) =>
    Math.max(
      deviationAboutLine(run.shown, c),
      deviationAboutLine(run.exact, c),
      0.5 * steps[c]!,
      temperatures.includes(c) ? 0.33 * Math.abs(last[c]! - first[c]!) : 0,
    ),
  );
}

function deviationAboutLine(rows: readonly (readonly number[])[], channel: number): number {
  const values = rows.slice(0, loopNormalRows).map((row) => row[channel]!);
  const middle = (values.length - 1) / 2;
  const mean = meanOf(values);
  let along = 0;
  let square = 0;
  for (const [t, value] of values.entries()) {
    along += (t - middle) * (value - mean);
    square += (t - middle) ** 2;
  }
  return deviationOf(values.map((value, t) => value - (along / square) * (t - middle)));
}

/** Root mean square of what a fault changes, on the channel where it is most, in usual deviations. */
function shownDeviations(run: LoopRun, without: LoopRun, { from, to }: LoopFault, usual: readonly number[]): number {
  const ofChannel = usual.map((deviation, c) => {
    let sum = 0;
    for (let t = from; t < to; t += 1) sum += (run.exact[t]![c]! - without.exact[t]![c]!) ** 2;
    return Math.sqrt(sum / (to - from)) / deviation;
  });
  return Math.max(...ofChannel);
}

/** What a logger makes of it: its clock may tremble, or be slow, and now and then rows are missing. */
function observed(seed: number, { shown }: LoopRun, faults: readonly LoopFault[]): LabelledSeries {
  const random = childRandom(seed, 'loop', 'clock');
  const jitterMs = chance(random, 0.5) ? between(random, 5, 60) : 0;
  const periodMs = chance(random, 0.2) ? 1020 : 1000;
  const lostShare = between(random, 0.002, 0.03);
  const startMs = Date.UTC(2024, integerBetween(random, 0, 11), integerBetween(random, 1, 28), 9);
  const seen: number[] = [];
  const timesMs: number[] = [];
  let lost = 0;
  for (const t of shown.keys()) {
    if (lost === 0 && chance(random, lostShare)) lost = chance(random, 0.85) ? 1 : integerBetween(random, 2, 5);
    const late = Math.round(jitterMs * normal(random));
    if (lost > 0 && t > 0 && t < shown.length - 1) {
      lost -= 1;
      continue;
    }
    seen.push(t);
    timesMs.push(startMs + t * periodMs + late);
  }
  const series: Series = {
    channels: plainChannels(loopChannels),
    timesMs: Float64Array.from(timesMs),
    // Nine digits: multiples of a step would otherwise show how they were multiplied.
    values: Float64Array.from(seen.flatMap((t) => shown[t]!.map((value) => Number(value.toPrecision(9))))),
  };
  const rowOf = (t: number): number => seen.findIndex((one) => one >= t);
  return {
    series,
    events: faults.map(({ kind, size, from, to }) => ({ from: rowOf(from), to: rowOf(to), what: `${size} ${kind}` })),
  };
}

/**
 * How well screening does on generated data that nothing was fitted to, with one configuration for all:
 * `node bench/detection/run.ts [rigs|sensors|city|network|loops|signals|plants|clocks …] [--seeds N] [--from SEED]
 * [--verbose]`. One JSON line a suite. Loops, signals and plants are a second family, made by other rules and by
 * somebody who knew neither the detector nor the first four; `clocks` counts false alarms after a change to daylight
 * saving; `network` also says what its days brought where alarms are called false. A city takes some fifteen seconds to
 * simulate; what was simulated is kept in `.cache/detection/`.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { deserialize, serialize } from 'node:v8';
import { openScreenEngine } from '../../lib/adapters/onnx/screen-engine.ts';
import type { ScreenEngine } from '../../lib/core/screening/engine.ts';
import { rigSeries } from '../../models/rotating-equipment/generator/rig.ts';
import { changingZone, clockCases, clockSeries } from './clocks.ts';
import { followAll } from './follow.ts';
import { cityYear, largeNetwork, largeNetworkDays } from './networks.ts';
import {
  countRows,
  earned,
  f1Of,
  falseAlarmRateOf,
  type RowCounts,
  recallOf,
  type Stretch,
  stateScore,
  sumCounts,
  type WindowedSeries,
  windowScore,
} from './scores.ts';
import { dayMs } from './second/days.ts';
import { type LabelledEvent, truthOf } from './second/labelled.ts';
import { loopSeries } from './second/loops.ts';
import { plantSeries } from './second/plants.ts';
import { signalNormalShare } from './second/signal-plan.ts';
import { signalSeries } from './second/signals.ts';
import { sensorSeries, windowsOf } from './sensors.ts';

const { values: options, positionals } = parseArgs({
  options: {
    seeds: { type: 'string' },
    from: { type: 'string', default: '1' },
    verbose: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});
const rigWarmupRows = 400;
const rowsAnHour = 4;
const scenariosANetwork = 8;

const seedsOf = (usual: number): number[] =>
  Array.from({ length: Number(options.seeds ?? usual) }, (_, i) => Number(options.from) + i);
const rounded = (value: number): number => Number(value.toFixed(4));
const tell = (text: string): void => {
  if (options.verbose) process.stderr.write(`${text}\n`);
};

const whatsOf = (events: readonly LabelledEvent[]): string[] => events.map(({ what }) => what);
/** One line a stretch: when something was first said in it, and in how many of its rows. */
function tellStretches(stretches: readonly Stretch[], whats: readonly string[], said: Uint8Array): void {
  for (const [i, { from, to }] of stretches.entries()) {
    const first = said.indexOf(1, from);
    const rows = said.subarray(from, to).reduce((sum, one) => sum + one, 0);
    const found = rows > 0 ? `found after ${first - from} rows, ${rows} rows found` : 'missed';
    tell(`  ${whats[i]}, ${to - from} rows: ${found}`);
  }
}

const folder = fileURLToPath(new URL('../../.cache/detection/', import.meta.url));
async function kept<T>(name: string, make: () => Promise<T>): Promise<T> {
  const path = `${folder}${name}.v8`;
  if (existsSync(path)) return deserialize(readFileSync(path)) as T;
  const made = await make();
  mkdirSync(folder, { recursive: true });
  writeFileSync(path, serialize(made));
  return made;
}

function rowFigures(counts: readonly RowCounts[]) {
  const all = sumCounts(counts);
  return { f1: rounded(f1Of(all)), falseAlarmRate: rounded(falseAlarmRateOf(all)), recall: rounded(recallOf(all)) };
}

type KindedSeries = WindowedSeries & { readonly kind: string };

function windowFigures(all: readonly KindedSeries[]) {
  const byKind = Object.fromEntries(
    [...new Set(all.map(({ kind }) => kind))].map((kind) => [
      kind,
      rounded(windowScore(all.filter((one) => one.kind === kind)).score),
    ]),
  );
  const { score, threshold, hit, windows, falses } = windowScore(all);
  return { score: rounded(score), threshold: rounded(threshold), hit, windows, falses, byKind };
}

function stateFigures(scores: readonly ReturnType<typeof stateScore>[]) {
  const mean = (of: (one: (typeof scores)[number]) => number): number =>
    rounded(scores.reduce((sum, one) => sum + of(one), 0) / scores.length);
  return {
    score: mean(({ score }) => score),
    time: mean(({ time }) => time),
    rows: mean(({ rows }) => rows),
    trueNegativeRate: mean(({ trueNegativeRate }) => trueNegativeRate),
    found: scores.reduce((sum, one) => sum + one.found, 0),
    of: scores.reduce((sum, one) => sum + one.of, 0),
  };
}

async function rigs(engine: ScreenEngine) {
  const counts: RowCounts[] = [];
  for (const seed of seedsOf(40)) {
    const { series, labels } = rigSeries(seed);
    const truth = Uint8Array.from(labels, (label) => (label === 'normal' ? 0 : 1));
    const { alarms } = await followAll(engine, series, { warmupRows: rigWarmupRows });
    const own = countRows(alarms, truth, rigWarmupRows);
    counts.push(own);
    tell(`rig ${seed}: F1 ${rounded(f1Of(own))}, false-alarm rate ${rounded(falseAlarmRateOf(own))}`);
  }
  return rowFigures(counts);
}

async function sensors(engine: ScreenEngine) {
  const all: KindedSeries[] = [];
  for (const seed of seedsOf(64)) {
    const made = sensorSeries(seed);
    const channels = [{ name: 'value', role: 'unknown' as const, unit: '' }];
    const series = { channels, timesMs: made.timesMs, values: made.values };
    const { scores } = await followAll(engine, series, { warmupRows: made.warmupRows });
    all.push({ scores, windows: windowsOf(made), from: made.warmupRows, kind: made.kind });
  }
  return windowFigures(all);
}

async function city(engine: ScreenEngine) {
  const scores: ReturnType<typeof stateScore>[] = [];
  for (const seed of seedsOf(10)) {
    const { history, stream, attacks, names } = await kept(`city-${seed}`, () => cityYear(seed));
    const { alarms } = await followAll(engine, stream, { warmupRows: 1, history });
    const truth = new Uint8Array(stream.timesMs.length);
    for (const { from, to } of attacks) truth.fill(1, from, to);
    const own = stateScore(alarms, attacks, countRows(alarms, truth, 0));
    scores.push(own);
    tell(`city ${seed}, ${stream.channels.length} channels: ${JSON.stringify(own)}`);
    tellStretches(attacks, names, alarms);
  }
  return stateFigures(scores);
}

async function network(engine: ScreenEngine) {
  let leaks = 0;
  let found = 0;
  const normal = new Map<string, { rows: number; inAlarm: number }>();
  for (const seed of seedsOf(10)) {
    for (let scenario = 0; scenario < scenariosANetwork; scenario += 1) {
      const made = await kept(`network-${seed}-${scenario}`, () => largeNetwork(seed, scenario));
      const { series, warmupRows, fault, stretch } = made;
      const { alarms, onsets } = await followAll(engine, series, { warmupRows });
      const until = stretch?.from ?? alarms.length;
      const own = alarms.subarray(warmupRows, until).reduce((sum, alarm) => sum + alarm, 0);
      const broughtBy = largeNetworkDays(seed, scenario, made);
      for (let t = warmupRows; t < until; t += 1) {
        const day = broughtBy(t) ?? 'usual';
        const { rows, inAlarm } = normal.get(day) ?? { rows: 0, inAlarm: 0 };
        normal.set(day, { rows: rows + 1, inAlarm: inAlarm + alarms[t]! });
      }
      const first = stretch ? onsets.indexOf(1, stretch.from) : -1;
      const afterHours = stretch && first >= 0 ? (first - stretch.from) / rowsAnHour : Number.NaN;
      if (fault?.kind === 'leak') {
        leaks += 1;
        if (afterHours <= 24) found += 1;
      }
      const what = fault ? `${fault.kind}/${fault.subKind} ${fault.severity.toFixed(2)}` : 'normal';
      tell(`network ${seed}/${scenario}, ${what}: after ${afterHours} h; ${own} normal rows in alarm`);
    }
  }
  const share = (some: readonly { rows: number; inAlarm: number }[]): number =>
    rounded(some.reduce((sum, { inAlarm }) => sum + inAlarm, 0) / some.reduce((sum, { rows }) => sum + rows, 0));
  const days = [...normal].map(([day, one]) => [day, `${share([one])} of ${one.rows}`]);
  return {
    leaksFoundIn24h: rounded(found / leaks),
    leaks,
    rowsFalselyAlarmed: share([...normal.values()]),
    byDay: Object.fromEntries(days),
  };
}

async function loops(engine: ScreenEngine) {
  const counts: RowCounts[] = [];
  for (const seed of seedsOf(24)) {
    const made = loopSeries(seed);
    const { alarms } = await followAll(engine, made.series, { warmupRows: rigWarmupRows });
    const own = countRows(alarms, truthOf(made), rigWarmupRows);
    counts.push(own);
    tell(`loop ${seed}: F1 ${rounded(f1Of(own))}, false-alarm rate ${rounded(falseAlarmRateOf(own))}`);
    tellStretches(made.events, whatsOf(made.events), alarms);
  }
  return rowFigures(counts);
}

async function signals(engine: ScreenEngine) {
  const all: (KindedSeries & { readonly seed: number; readonly whats: readonly string[] })[] = [];
  for (const seed of seedsOf(60)) {
    const { kind, series, events, windows } = signalSeries(seed);
    const warmupRows = Math.floor(signalNormalShare * series.timesMs.length);
    const { scores } = await followAll(engine, series, { warmupRows });
    all.push({ seed, kind, scores, windows, from: warmupRows, whats: whatsOf(events) });
  }
  const figures = windowFigures(all);
  for (const one of all) {
    const { sum, falses } = earned(one, figures.threshold);
    tell(`signal ${one.seed}, ${one.kind}: ${rounded(sum)} points, ${falses} rows told outside of windows`);
    const said = Uint8Array.from(one.scores, (score) => (score >= figures.threshold ? 1 : 0));
    tellStretches(one.windows, one.whats, said);
  }
  return figures;
}

async function plants(engine: ScreenEngine) {
  const scores: ReturnType<typeof stateScore>[] = [];
  for (const seed of seedsOf(4)) {
    const made = await kept(`plant-${seed}`, async () => plantSeries(seed));
    const { series, history, events } = made;
    const { alarms } = await followAll(engine, series, { warmupRows: 1, history });
    const own = stateScore(alarms, events, countRows(alarms, truthOf(made), 0));
    scores.push(own);
    tell(`plant ${seed}, ${series.channels.length} channels: ${JSON.stringify(own)}`);
    tellStretches(events, whatsOf(events), alarms);
  }
  return stateFigures(scores);
}

/** False alarms a week, and part of the rows in alarm, once the clock on the wall has changed or would have. */
async function clocks(engine: ScreenEngine) {
  const found: Record<string, unknown> = {};
  for (const one of clockCases) {
    for (const [what, changes, timeZone] of [
      ['unchanged', false, undefined],
      ['changed, no zone', true, undefined],
      ['changed, zone said', true, changingZone],
    ] as const) {
      let [episodes, alarmRows, rows] = [0, 0, 0];
      for (const seed of seedsOf(6)) {
        const series = clockSeries(seed, one, changes);
        const warmupRows = Math.round((one.warmupDays * dayMs) / one.periodMs);
        const { alarms } = await followAll(engine, series, {
          warmupRows,
          fit: { falseAlarms: { perWeek: 1 }, ...(timeZone && { timeZone }) },
        });
        const after = alarms.subarray(Math.round((one.changeDays * dayMs) / one.periodMs));
        rows += after.length;
        alarmRows += after.reduce((sum, alarm) => sum + alarm, 0);
        episodes += after.filter((alarm, t) => alarm === 1 && after[t - 1] !== 1).length;
      }
      found[`${one.name}, ${what}`] = {
        episodesAWeek: rounded((episodes * 7 * dayMs) / (rows * one.periodMs)),
        rowsInAlarm: rounded(alarmRows / rows),
      };
    }
  }
  return found;
}

const engine = await openScreenEngine(fileURLToPath(new URL('../../models/screen/screen.onnx', import.meta.url)));
for (const [suite, run] of Object.entries({ rigs, sensors, city, network, loops, signals, plants, clocks })) {
  if (positionals.length > 0 && !positionals.includes(suite)) continue;
  process.stdout.write(`${JSON.stringify({ suite, ...(await run(engine)) })}\n`);
}

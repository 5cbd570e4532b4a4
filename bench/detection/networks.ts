/** Water networks for measuring screening: a city watched for a year, and a large network with a week of warm-up. */
import { between, childRandom, integerBetween, type Random } from '../../lib/core/random.ts';
import type { Series } from '../../lib/core/series.ts';
import { calendar, dayNumber, type NormalEvent } from '../../models/water-network/twin/calendar.ts';
import type { FaultKind, FaultSpec } from '../../models/water-network/twin/faults.ts';
import { generateNetwork, type TwinNetwork } from '../../models/water-network/twin/network.ts';
import { simulate } from '../../models/water-network/twin/simulate.ts';
import type { Stretch } from './scores.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** Heat, holidays and street life are rare here: how far screening copes with them is another question. */
const calm = { heatWavesPerMonth: 0.5, holidaysPerMonth: 0.3, eventsPerWeek: 0.2, plannedOutagesPerMonth: 0.2 };
const originMs = Date.UTC(2025, 2, 3);

export interface CityYear {
  /** A year of normal hours at full precision. */
  readonly history: Series;
  /** Months after it, rounded to two decimals. */
  readonly stream: Series;
  readonly attacks: readonly Stretch[];
  readonly names: readonly string[];
}

const pick = <T>(random: Random, list: readonly T[]): T => list[integerBetween(random, 0, list.length - 1)]!;

const stretchOf = (fault: FaultSpec, series: Series): Stretch => ({
  from: series.timesMs.findIndex((time) => time >= fault.startMs),
  to: series.timesMs.findLastIndex((time) => time < fault.endMs) + 1,
});

/**
 * A city with tanks, pumps and about forty channels; each attack lasts 30 to 100 hours, some hide what they do. A pump
 * that trips without having been needed in the year before changes no reading, and is no attack.
 */
export async function cityYear(seed: number, historyDays = 365): Promise<CityYear> {
  const random = childRandom(seed, 'city');
  const network = generateNetwork({
    seed,
    nodes: integerBetween(random, 250, 390),
    zones: 6,
    tanks: integerBetween(random, 4, 7),
    source: 'pumped',
    pumpStates: true,
    pumpFlowMeters: true,
    tankLevels: true,
    zoneMeters: 'none',
    pressureSensors: 14,
    naming: 'plain',
  });
  const history = await simulate({
    network,
    startMs: originMs,
    days: historyDays,
    stepS: 3600,
    seed,
    faults: [],
    normal: calm,
  });
  const startMs = originMs + (historyDays + 14) * dayMs;
  const days = 100;
  const faults: FaultSpec[] = [];
  const names: string[] = [];
  for (let at = startMs + 6 * dayMs; at < startMs + (days - 8) * dayMs; at += between(random, 11, 15) * dayMs) {
    const draw = attack(random, network, history.series, at, at + Math.round(between(random, 30, 100)) * hourMs);
    if (draw === undefined) continue;
    faults.push(draw);
    names.push(`${draw.kind}/${draw.subKind} ${draw.severity.toFixed(2)}`);
  }
  const run = await simulate({ network, startMs, days, stepS: 3600, seed: seed + 1, faults, normal: calm });
  const attacks = faults.map((fault) => stretchOf(fault, run.series));
  hide(random, network, run.series, faults, attacks);
  const counted = (_: unknown, i: number): boolean => !isIdlePump(network, history.series, faults[i]!.element);
  return {
    history: history.series,
    stream: { ...run.series, values: run.series.values.map((value) => Math.round(value * 100) / 100) },
    attacks: attacks.filter(counted),
    names: names.filter(counted),
  };
}

/** Part of the hours below which a pump counts as never needed. */
const idleShare = 0.001;

/** Whether the element is a pump whose own state was off for all of the history. */
function isIdlePump(network: TwinNetwork, history: Series, element: string): boolean {
  const state = network.sensors.findIndex(({ kind, elements }) => kind === 'pump-state' && elements.includes(element));
  if (state < 0) return false;
  const width = history.channels.length;
  let onRows = 0;
  for (let i = state; i < history.values.length; i += width) if (history.values[i]! > 0.5) onRows += 1;
  return onRows < idleShare * history.timesMs.length;
}

function attack(
  random: Random,
  network: TwinNetwork,
  history: Series,
  startMs: number,
  endMs: number,
): FaultSpec | undefined {
  const at = { startMs, endMs };
  const what = pick(random, [0, 0, 1, 1, 2, 3, 4, 4]);
  const pumps = network.pumps.filter(({ duty }) => duty === 'duty');
  if (what === 0 && pumps.length > 0)
    return { kind: 'pump-failure', subKind: 'tripped', element: pick(random, pumps).id, severity: 1, ...at };
  if (what === 1 && network.valves.length > 0)
    return { kind: 'valve-stuck', subKind: 'shut', element: pick(random, network.valves).id, severity: 1, ...at };
  if (what === 2)
    return {
      kind: 'leak',
      subKind: 'abrupt',
      element: pick(random, network.junctions).id,
      severity: between(random, 0.1, 0.25),
      ...at,
    };
  const levels = network.sensors.flatMap((sensor, c) => (sensor.kind === 'level' ? [c] : []));
  if (levels.length === 0) return undefined;
  const c = pick(random, levels);
  const width = history.channels.length;
  const values = history.values.filter((value, i) => i % width === c && Number.isFinite(value)).sort();
  const spread = values[Math.floor(0.84 * values.length)]! - values[Math.floor(0.16 * values.length)]!;
  const element = network.sensors[c]!.channel;
  if (what === 3) return { kind: 'sensor-fault', subKind: 'stuck', element, severity: 1, ...at };
  return {
    kind: 'sensor-fault',
    subKind: 'offset',
    element,
    severity: spread * between(random, 0.6, 1.5) * (random() < 0.5 ? -1 : 1),
    ...at,
  };
}

/** Half of the attacks replay, on the channels of what they touch, the readings of a week before. */
function hide(
  random: Random,
  network: TwinNetwork,
  series: Series,
  faults: readonly FaultSpec[],
  attacks: readonly Stretch[],
): void {
  const width = series.channels.length;
  for (const [i, fault] of faults.entries()) {
    if (random() < 0.5 || fault.kind === 'sensor-fault') continue;
    const { from, to } = attacks[i]!;
    const touched = network.sensors.flatMap((sensor, c) => (sensor.elements.includes(fault.element) ? [c] : []));
    for (const c of touched) {
      for (let t = from; t < to; t += 1) series.values[t * width + c] = series.values[(t - 168) * width + c]!;
    }
  }
}

export interface LargeNetwork {
  readonly network: TwinNetwork;
  /** Seven days of normal rows, then the scenario. */
  readonly series: Series;
  readonly warmupRows: number;
  readonly fault: FaultSpec | undefined;
  readonly stretch: Stretch | undefined;
}

/** One scenario of a large network with channels called by numbers: 33 pressures, flows at the sources, tank levels. */
export async function largeNetwork(seed: number, scenario: number): Promise<LargeNetwork> {
  const plan = childRandom(seed, 'large');
  const network = generateNetwork({
    seed,
    nodes: integerBetween(plan, 330, 400),
    tanks: 1,
    source: seed % 3 === 0 ? 'pumped' : 'gravity',
    pumpFlowMeters: true,
    pressureSensors: 33,
    zoneMeters: 'none',
    totalMeter: true,
    pumpStates: false,
    valveStates: false,
    naming: plan() < 0.5 ? 'generic' : 'plain',
    topologyKnown: false,
  });
  const random = childRandom(seed, 'scenario', scenario);
  const kinds: readonly (FaultKind | 'normal')[] = [
    'leak',
    'leak',
    'normal',
    'burst',
    'leak',
    'sensor-fault',
    'pump-failure',
    'valve-stuck',
  ];
  const kind = kinds[scenario % kinds.length]!;
  const days = 12;
  const startMs = originMs;
  const faultMs = originMs + Math.round(between(random, 8, 9.5) * 96) * (dayMs / 96);
  const fault = kind === 'normal' ? undefined : largeFault(random, network, kind, faultMs, originMs + days * dayMs);
  const run = await simulate({
    network,
    startMs,
    days,
    stepS: 900,
    seed: daySeed(seed, scenario),
    faults: fault ? [fault] : [],
    normal: calm,
  });
  return { network, series: run.series, warmupRows: 672, fault, stretch: fault && stretchOf(fault, run.series) };
}

const daySeed = (seed: number, scenario: number): number => seed + 7 * scenario;

/** After an event so much more counts as its own: tanks fill again, pressures come back. */
const afterEventMs = 3 * hourMs;

/**
 * What the days of a large network's scenario brought, by row: heat, a holiday, a fire flow, … that began before it and
 * lasts, or ended less than three hours ago. Undefined on a usual day.
 */
export function largeNetworkDays(seed: number, scenario: number, { network, series }: LargeNetwork) {
  const day = calendar(network, daySeed(seed, scenario), calm);
  const fromDay = dayNumber(series.timesMs[0]!) - 1;
  const days = dayNumber(series.timesMs.at(-1)!) + 1 - fromDay;
  const events = Array.from({ length: days }, (_, i) => day(fromDay + i).events).flat();
  return (row: number): NormalEvent['subKind'] | undefined => {
    const timeMs = series.timesMs[row]!;
    return events.find(({ startMs, endMs }) => timeMs >= startMs && timeMs < endMs + afterEventMs)?.subKind;
  };
}

function largeFault(
  random: Random,
  network: TwinNetwork,
  kind: FaultKind,
  startMs: number,
  endMs: number,
): FaultSpec | undefined {
  const at = { startMs, endMs };
  const element = pick(random, network.junctions).id;
  if (kind === 'leak') {
    const severity = between(random, 0.1, 0.25);
    if (random() < 0.5) return { kind, subKind: 'abrupt', element, severity, ...at };
    return { kind, subKind: 'incipient', element, severity, rampHours: between(random, 6, 36), ...at };
  }
  if (kind === 'burst') return { kind, subKind: 'abrupt', element, severity: between(random, 0.26, 0.8), ...at };
  if (kind === 'pump-failure') {
    const pumps = network.pumps.filter(({ duty }) => duty === 'duty');
    return pumps.length === 0
      ? undefined
      : { kind, subKind: 'tripped', element: pick(random, pumps).id, severity: 1, ...at };
  }
  if (kind === 'valve-stuck') {
    return network.valves.length === 0
      ? undefined
      : { kind, subKind: 'shut', element: pick(random, network.valves).id, severity: 1, ...at };
  }
  const sensor = pick(
    random,
    network.sensors.filter((one) => one.kind === 'pressure'),
  );
  return { kind, subKind: 'offset', element: sensor.channel, severity: between(random, 2, 6), ...at };
}

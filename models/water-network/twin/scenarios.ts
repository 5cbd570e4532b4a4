/** Domain randomisation: networks, normal life and faults drawn for training, so that no model learns one town. */
import { between, integerBetween, normal, type Random } from '../../../lib/core/random.ts';
import type { NormalDayOptions } from './calendar.ts';
import { type FaultKind, type FaultSpec, type SubKind, subKinds } from './faults.ts';
import type { NetworkOptions, TwinNetwork } from './network-types.ts';

const dayMs = 86_400_000;
const hourMs = 3_600_000;

export interface ScenarioOptions {
  readonly startMs: number;
  readonly days: number;
  /** Days at the beginning that stay normal, for calibration. @default 7 */
  readonly warmupDays?: number;
  /** Most faults in a run; they never overlap. @default 3 */
  readonly maxFaults?: number;
  /** Share of runs without any fault. @default 0.2 */
  readonly normalShare?: number;
  /** Relative frequency of the kinds, where the network can have them. @default `defaultWeights` */
  readonly weights?: Readonly<Record<FaultKind, number>>;
}

/** Pipes fail more often than pumps, instruments more often than pipes; bursts are rarer than leaks. */
export const defaultWeights: Readonly<Record<FaultKind, number>> = {
  leak: 0.28,
  burst: 0.14,
  'pump-failure': 0.18,
  'valve-stuck': 0.14,
  'sensor-fault': 0.26,
};

const pick = <T>(random: Random, items: readonly T[]): T => items[integerBetween(random, 0, items.length - 1)]!;

/** A network unlike the last one: sizes are log-uniform, so that small and large ones are equally common. */
export function sampleNetworkOptions(random: Random, seed: number, largest = 400): NetworkOptions {
  const nodes = Math.round(Math.exp(between(random, Math.log(20), Math.log(largest + 0.5))));
  const base = { seed, nodes: Math.min(largest, Math.max(20, nodes)) };
  const style = random();
  // One in five is a large site as small utilities have it: many loggers of pressure, hardly a meter, no topology.
  if (style < 0.2) {
    return {
      ...base,
      nodes: Math.max(base.nodes, Math.min(largest, 90)),
      zones: integerBetween(random, 1, 3),
      tanks: integerBetween(random, 0, 1),
      pressureSensors: integerBetween(random, 18, 35),
      zoneMeters: 'none',
      totalMeter: true,
      secondSource: random() < 0.6,
      pumpFlowMeters: random() < 0.7,
      pumpStates: random() < 0.3,
      valveStates: false,
      topologyKnown: false,
      ...(random() < 0.5 ? { naming: 'generic' as const } : {}),
    };
  }
  // One in seven is mostly pumps and tanks, with every state reported.
  if (style < 0.35) {
    const tanks = integerBetween(random, 2, 5);
    return {
      ...base,
      nodes: Math.max(base.nodes, Math.min(largest, 60)),
      zones: Math.max(tanks, integerBetween(random, 3, 6)),
      tanks,
      source: 'pumped',
      pumpFlowMeters: true,
      pumpStates: true,
      pressureSensors: integerBetween(random, 2, 14),
    };
  }
  return base;
}

/** What is normal differs from town to town as well. */
export function sampleNormal(random: Random): NormalDayOptions {
  return {
    heatWavesPerMonth: between(random, 0, 2.5),
    holidaysPerMonth: between(random, 0, 2),
    eventsPerWeek: between(random, 0, 2.5),
    plannedOutagesPerMonth: between(random, 0, 4),
    dayDrift: between(random, 0.01, 0.06),
    demandNoise: between(random, 0.4, 1.5),
    sensorNoise: between(random, 0.4, 1.6),
    missingCells: random() < 0.3 ? 0 : between(random, 0, 0.01),
  };
}

/** Draws the faults of one run: none, or a few that follow each other with normal time between. */
export function sampleScenario(random: Random, network: TwinNetwork, options: ScenarioOptions): FaultSpec[] {
  const { startMs, days } = options;
  const warmupDays = options.warmupDays ?? 7;
  const leftMs = (days - warmupDays) * dayMs;
  if (leftMs < 12 * hourMs)
    throw new RangeError(`a scenario needs at least half a day after ${warmupDays} days of warm-up, got ${days} days`);
  if (random() < (options.normalShare ?? 0.2)) return [];
  const most = Math.max(1, Math.min(options.maxFaults ?? 3, Math.floor(leftMs / (2 * dayMs))));
  const count = integerBetween(random, 1, most);
  const slotMs = leftMs / count;
  return Array.from({ length: count }, (_, index) => {
    const fromMs = startMs + warmupDays * dayMs + index * slotMs;
    // At any time of day, with room behind it so that the fault can show and normal life can return.
    const beginMs = Math.round(fromMs + random() * Math.min(slotMs * 0.5, slotMs - 8 * hourMs));
    const mostMs = Math.max(4 * hourMs, fromMs + slotMs * 0.9 - beginMs);
    const kind = sampleKind(random, network, options.weights ?? defaultWeights);
    return sampleFault(random, network, kind, beginMs, mostMs);
  });
}

/** The kinds that a network can have at all. */
export const possibleKinds = (network: TwinNetwork): FaultKind[] =>
  (Object.keys(subKinds) as FaultKind[]).filter((kind) => kind !== 'pump-failure' || network.pumps.length > 0);

function sampleKind(random: Random, network: TwinNetwork, weights: Readonly<Record<FaultKind, number>>): FaultKind {
  const kinds = possibleKinds(network);
  let draw = random() * kinds.reduce((sum, kind) => sum + weights[kind], 0);
  for (const kind of kinds) {
    draw -= weights[kind];
    if (draw < 0) return kind;
  }
  return kinds.at(-1)!;
}

/** One fault of a kind, of any sub-kind and size that the network allows, lasting at most `mostMs`. */
export function sampleFault(
  random: Random,
  network: TwinNetwork,
  kind: FaultKind,
  startMs: number,
  mostMs: number,
): FaultSpec {
  const lasting = (low: number, high: number): number =>
    startMs + Math.round(Math.min(mostMs, between(random, low, high) * hourMs));
  if (kind === 'leak' || kind === 'burst') {
    const inZone = network.junctions.filter((junction) => junction.zone !== undefined);
    const element = pick(random, random() < 0.94 ? inZone : network.junctions).id;
    if (kind === 'burst') {
      const severity = 0.2501 + 0.75 * random() ** 1.5;
      return { kind, subKind: 'abrupt', element, severity, startMs, endMs: lasting(4, 24) };
    }
    const severity = Math.min(0.25, Math.exp(between(random, Math.log(0.02), Math.log(0.25))));
    if (random() < 0.6) return { kind, subKind: 'abrupt', element, severity, startMs, endMs: lasting(12, 96) };
    return {
      kind,
      subKind: 'incipient',
      element,
      severity,
      startMs,
      endMs: lasting(30, 140),
      rampHours: between(random, 6, 60),
    };
  }
  if (kind === 'pump-failure') {
    const duties = network.pumps.filter((pump) => pump.duty === 'duty');
    const element = pick(random, duties).id;
    if (random() < 0.65) return { kind, subKind: 'tripped', element, severity: 1, startMs, endMs: lasting(5, 48) };
    const severity = between(random, 0.15, 0.6);
    return {
      kind,
      subKind: 'worn',
      element,
      severity,
      startMs,
      endMs: lasting(24, 120),
      rampHours: between(random, 0, 48),
    };
  }
  if (kind === 'valve-stuck') return sampleValve(random, network, startMs, lasting);
  return sampleSensor(random, network, startMs, lasting);
}

type Lasting = (low: number, high: number) => number;

function sampleValve(random: Random, network: TwinNetwork, startMs: number, lasting: Lasting): FaultSpec {
  const kind = 'valve-stuck';
  const working = network.valves.filter((valve) => valve.kind !== 'isolation');
  const valve = pick(random, working.length > 0 && random() < 0.75 ? working : network.valves);
  const base = { kind, element: valve.id, severity: 1, startMs, endMs: lasting(5, 60) } as const;
  if (valve.kind === 'isolation') return { ...base, subKind: 'shut' };
  const draw = random();
  if (valve.kind === 'fill') return { ...base, subKind: draw < 0.5 ? 'open' : 'shut' };
  if (draw < 0.3) return { ...base, subKind: 'open' };
  if (draw < 0.55) return { ...base, subKind: 'shut' };
  const change = between(random, 4, 16) * (random() < 0.5 ? -1 : 1);
  return { ...base, subKind: 'wrong-setpoint', severity: change };
}

function sampleSensor(random: Random, network: TwinNetwork, startMs: number, lasting: Lasting): FaultSpec {
  const kind = 'sensor-fault';
  const analogue = network.sensors.filter((s) => s.kind === 'pressure' || s.kind === 'flow' || s.kind === 'level');
  const kindOf = pick(random, [...new Set(analogue.map((sensor) => sensor.kind))]);
  const sensor = pick(random, random() < 0.5 ? analogue : analogue.filter((candidate) => candidate.kind === kindOf));
  const subKind: SubKind = pick(random, subKinds['sensor-fault']);
  // The size of what is usual: the top of a flow meter's range is eight times its mean.
  const usual = sensor.kind === 'pressure' ? 40 : sensor.kind === 'level' ? sensor.high : sensor.high / 8;
  const sign = random() < 0.5 ? -1 : 1;
  const base = { kind, subKind, element: sensor.channel, startMs } as const;
  if (subKind === 'stuck') return { ...base, severity: 1, endMs: lasting(6, 72) };
  if (subKind === 'dropout')
    return { ...base, severity: between(random, 0.6, 1), endMs: lasting(2, 36), readsZero: random() < 0.4 };
  if (subKind === 'noise') return { ...base, severity: usual * between(random, 0.04, 0.3), endMs: lasting(6, 60) };
  if (subKind === 'spike') return { ...base, severity: usual * between(random, 0.15, 1), endMs: lasting(6, 60) };
  if (subKind === 'drift') {
    return {
      ...base,
      severity: sign * usual * between(random, 0.08, 0.5),
      endMs: lasting(24, 120),
      rampHours: between(random, 12, 72),
    };
  }
  return {
    ...base,
    severity: sign * usual * Math.min(0.7, 0.06 + 0.12 * Math.abs(normal(random))),
    endMs: lasting(6, 72),
  };
}

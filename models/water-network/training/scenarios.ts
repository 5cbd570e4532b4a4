/** Draws networks and what happens in them: sizes, sampling, names, faults of every kind and severity. */
import type { Calibration } from '../../../lib/contracts/calibration.ts';
import { between, integerBetween, type Random } from '../../../lib/core/random.ts';
import type { FaultSpec } from '../twin/faults.ts';
import type { NetworkOptions, TwinNetwork } from '../twin/network.ts';

const hourMs = 3_600_000;

export interface Plant {
  readonly options: NetworkOptions;
  readonly stepS: number;
  readonly warmupDays: number;
  /** Channels come without roles, as from a file whose names say nothing. */
  readonly rolesHidden: boolean;
}

const pickOne = <T>(random: Random, list: readonly T[]): T => list[integerBetween(random, 0, list.length - 1)]!;

/** A third are large and called by numbers, as the hardest cases are; the rest is anything that the generator makes. */
export function drawPlant(random: Random, seed: number): Plant {
  const stepS = pickOne(random, [900, 900, 900, 900, 900, 300, 3600]);
  const warmupDays = stepS === 3600 ? 21 : pickOne(random, [7, 7, 7, 14]);
  const large = random() < 0.34;
  const nodes = large
    ? integerBetween(random, 180, 400)
    : Math.round(Math.exp(between(random, Math.log(22), Math.log(300))));
  const options: NetworkOptions = large
    ? {
        seed,
        nodes,
        naming: 'generic',
        pressureSensors: integerBetween(random, 20, 35),
        pumpStates: random() < 0.3,
        topologyKnown: false,
      }
    : { seed, nodes };
  return { options, stepS, warmupDays, rolesHidden: large || random() < 0.15 };
}

export type FaultDraw = 'normal' | FaultSpec['kind'];

/** The mix of one network's scenarios; kinds that the network cannot have are left out by `drawFault`. */
export const scenarioMix: readonly FaultDraw[] = [
  'normal',
  'leak',
  'sensor-fault',
  'pump-failure',
  'valve-stuck',
  'burst',
  'leak',
  'sensor-fault',
  'pump-failure',
  'valve-stuck',
  'leak',
  'burst',
  'sensor-fault',
  'normal',
  'pump-failure',
  'valve-stuck',
  'sensor-fault',
];

/** One fault of a kind, or undefined where the network has nothing that could fail so. */
export function drawFault(
  random: Random,
  network: TwinNetwork,
  calibration: Calibration,
  kind: FaultSpec['kind'],
  startMs: number,
  endMs: number,
): FaultSpec | undefined {
  const until = random() < 0.7 ? endMs : startMs + between(random, 8, 40) * hourMs;
  const at = { startMs, endMs: Math.min(until, endMs) };
  if (kind === 'leak') {
    const element = pickOne(random, network.junctions).id;
    const severity = Math.min(0.25, Math.exp(between(random, Math.log(0.025), Math.log(0.26))));
    if (random() < 0.5) return { kind, subKind: 'abrupt', element, severity, ...at };
    return { kind, subKind: 'incipient', element, severity, rampHours: between(random, 6, 48), ...at };
  }
  if (kind === 'burst') {
    return {
      kind,
      subKind: 'abrupt',
      element: pickOne(random, network.junctions).id,
      severity: between(random, 0.26, 1.2),
      ...at,
    };
  }
  if (kind === 'pump-failure') {
    const duty = network.pumps.filter((pump) => pump.duty === 'duty');
    if (duty.length === 0) return undefined;
    const element = pickOne(random, duty).id;
    if (random() < 0.65) return { kind, subKind: 'tripped', element, severity: 1, ...at };
    return {
      kind,
      subKind: 'worn',
      element,
      severity: between(random, 0.2, 0.6),
      rampHours: between(random, 2, 36),
      ...at,
    };
  }
  if (kind === 'valve-stuck') return drawValve(random, network, at);
  return drawSensor(random, network, calibration, at);
}

function drawValve(
  random: Random,
  network: TwinNetwork,
  at: { startMs: number; endMs: number },
): FaultSpec | undefined {
  if (network.valves.length === 0) return undefined;
  const valve = pickOne(random, network.valves);
  const base = { kind: 'valve-stuck', element: valve.id, ...at } as const;
  if (valve.kind === 'isolation') return { ...base, subKind: 'shut', severity: 1 };
  const draw = random();
  if (valve.kind === 'fill') return { ...base, subKind: draw < 0.5 ? 'open' : 'shut', severity: 1 };
  if (draw < 0.3) return { ...base, subKind: 'open', severity: 1 };
  if (draw < 0.55) return { ...base, subKind: 'shut', severity: 1 };
  return { ...base, subKind: 'wrong-setpoint', severity: between(random, 6, 20) * (random() < 0.6 ? -1 : 1) };
}

/** Sizes go by the channel's own spread: what matters is how it stands out, in whatever unit. */
function drawSensor(
  random: Random,
  network: TwinNetwork,
  calibration: Calibration,
  at: { startMs: number; endMs: number },
): FaultSpec | undefined {
  const eligible = network.sensors.filter(
    (sensor, index) => ['pressure', 'flow', 'level'].includes(sensor.kind) && !calibration.channels[index]!.dead,
  );
  if (eligible.length === 0) return undefined;
  const sensor = pickOne(random, eligible);
  const { scale } = calibration.channels.find((channel) => channel.name === sensor.channel)!;
  const sign = random() < 0.5 ? -1 : 1;
  const base = { kind: 'sensor-fault', element: sensor.channel, ...at } as const;
  switch (integerBetween(random, 0, 5)) {
    case 0:
      return { ...base, subKind: 'stuck', severity: 1 };
    case 1:
      return {
        ...base,
        subKind: 'drift',
        severity: sign * scale * between(random, 2.5, 9),
        rampHours: between(random, 12, 60),
      };
    case 2:
      return { ...base, subKind: 'offset', severity: sign * scale * between(random, 1.5, 8) };
    case 3:
      return { ...base, subKind: 'spike', severity: sign * scale * between(random, 4, 15) };
    case 4:
      return { ...base, subKind: 'noise', severity: scale * between(random, 0.7, 4) };
    default:
      return { ...base, subKind: 'dropout', severity: between(random, 0.3, 1), readsZero: random() < 0.3 };
  }
}

/** What the card reports on: kind, form and size. */
export function segmentOf(fault: FaultSpec): string {
  if (fault.kind === 'leak') {
    const band = fault.severity < 0.05 ? 'below 5 %' : fault.severity < 0.1 ? '5 to 10 %' : '10 to 25 %';
    return `leak, ${fault.subKind}, ${band} of demand`;
  }
  if (fault.kind === 'burst')
    return fault.severity < 0.6 ? 'burst, 25 to 60 % of demand' : 'burst, above 60 % of demand';
  return `${fault.kind}, ${fault.subKind}`;
}

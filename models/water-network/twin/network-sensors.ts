/** Places sensors in a network and names their channels as one of several kinds of utilities would. */
import type { ChannelMeta, ChannelRole } from '../../../lib/contracts/telemetry.ts';
import { between, childRandom, integerBetween, type Random } from '../../../lib/core/random.ts';
import type { NamingScheme, NetworkOptions, Sensor, TwinNetwork } from './network-types.ts';

type Bare = Omit<TwinNetwork, 'inp' | 'sensors' | 'channels'>;

/** A sensor before it has a name. */
interface Point {
  readonly kind: Sensor['kind'];
  readonly elements: readonly string[];
  readonly role: ChannelRole;
  readonly unit: string;
  readonly scale: number;
  readonly noise: number;
  readonly step: number;
  readonly low: number;
  readonly high: number;
  readonly zone?: string;
  readonly element?: string;
  /** What stands behind the measurement, for schemes that show it. */
  readonly subject: string;
}

const schemes: readonly NamingScheme[] = ['plain', 'scada', 'dotted', 'generic', 'words'];

/** Chooses what is measured (5 to about 45 channels) and with which noise, resolution, unit and name. */
export function placeSensors(network: Bare, options: NetworkOptions): { sensors: Sensor[]; channels: ChannelMeta[] } {
  const random = childRandom(options.seed, 'sensors');
  const draw = <T>(given: T | undefined, make: () => T): T => {
    const drawn = make();
    return given ?? drawn;
  };
  const naming = draw(options.naming, () => schemes[integerBetween(random, 0, schemes.length - 1)]!);
  const flowUnit = draw(options.flowUnit, () => (random() < 0.8 ? 'l/s' : 'm3/h'));
  const topologyKnown = draw(options.topologyKnown, () => random() < 0.65);
  const zoneMeters = draw(options.zoneMeters, () => (random() < 0.5 ? 'all' : random() < 0.5 ? 'some' : 'none'));
  const totalMeter = draw(options.totalMeter, () => random() < 0.9);
  const pumpFlows = draw(options.pumpFlowMeters, () => random() < 0.5);
  const pumpStates = draw(options.pumpStates, () => random() < 0.65);
  const valveStates = draw(options.valveStates, () => random() < 0.45);
  const tankLevels = draw(options.tankLevels, () => random() < 0.9);
  const mostPressures = Math.min(35, Math.floor(network.junctions.length / 2));
  const pressures = draw(options.pressureSensors, () =>
    Math.round(between(random, 1.1, Math.sqrt(mostPressures)) ** 2),
  );
  const flowScale = flowUnit === 'l/s' ? 1 : 3.6;
  const points: Point[] = [];
  const flow = (
    elements: string[],
    meanLps: number,
    subject: string,
    more: { zone?: string; element?: string } = {},
  ): void => {
    const step = [0.01, 0.01, 0.05, 0.1][integerBetween(random, 0, 3)]!;
    const noise = meanLps * flowScale * between(random, 0.002, 0.015);
    const high = Math.max(10, meanLps * 8) * flowScale;
    points.push({
      kind: 'flow',
      elements,
      role: 'flow',
      unit: flowUnit,
      scale: flowScale,
      noise,
      step,
      low: 0,
      high,
      subject,
      ...more,
    });
  };
  if (totalMeter) for (const r of network.reservoirs) flow([r.meterLink], network.meanDemandLps, r.id);
  for (const zone of network.zones) {
    const metered = zoneMeters === 'all' || (zoneMeters === 'some' && random() < 0.5);
    if (metered)
      flow([zone.isolationValve], zone.meanDemandLps, zone.id, { zone: zone.id, element: zone.isolationValve });
  }
  if (pumpFlows)
    for (const pump of network.pumps) flow([pump.id], pump.designFlowLps / 1.8, pump.id, { element: pump.id });
  if (tankLevels) {
    for (const tank of network.tanks) {
      const noise = between(random, 0.002, 0.02);
      const zone = tank.zone === undefined ? {} : { zone: tank.zone };
      points.push({
        kind: 'level',
        elements: [tank.id],
        role: 'level',
        unit: 'm',
        scale: 1,
        noise,
        step: 0.01,
        low: 0,
        high: tank.maxLevelM + 0.5,
        subject: tank.id,
        element: tank.id,
        ...zone,
      });
    }
  }
  const state = { unit: '', scale: 1, noise: 0, step: 1, low: 0, high: 1 } as const;
  if (pumpStates) {
    for (const p of network.pumps)
      points.push({ kind: 'pump-state', elements: [p.id], role: 'pump-state', subject: p.id, element: p.id, ...state });
  }
  if (valveStates) {
    for (const v of network.valves.filter((valve) => valve.kind !== 'prv')) {
      points.push({
        kind: 'valve-state',
        elements: [v.id],
        role: 'valve-state',
        subject: v.id,
        element: v.id,
        zone: v.zone,
        ...state,
      });
    }
  }
  const noise = between(random, 0.02, 0.25);
  const step = [0.01, 0.01, 0.05, 0.1][integerBetween(random, 0, 3)]!;
  const wanted = Math.min(network.junctions.length, Math.max(pressures, 5 - points.length, 1));
  for (const junction of choosePressures(random, network, wanted)) {
    const zone = junction.zone === undefined ? {} : { zone: junction.zone };
    points.push({
      kind: 'pressure',
      elements: [junction.id],
      role: 'pressure',
      unit: 'm',
      scale: 1,
      noise: noise * between(random, 0.7, 1.4),
      step,
      low: 0,
      high: 160,
      subject: junction.id,
      ...zone,
    });
  }
  return name(random, points.slice(0, 64), naming, topologyKnown);
}

/** Pressure points spread over the zones in turn, at random places within each. */
function choosePressures(random: Random, network: Bare, wanted: number): Bare['junctions'][number][] {
  const shuffled = network.junctions
    .map((junction) => ({ junction, draw: random() }))
    .sort((a, b) => a.draw - b.draw)
    .map(({ junction }) => junction);
  const byZone = new Map<string, Bare['junctions'][number][]>();
  for (const junction of shuffled) {
    const key = junction.zone ?? 'trunk';
    byZone.set(key, [...(byZone.get(key) ?? []), junction]);
  }
  const queues = [...network.zones.map((zone) => zone.id), 'trunk'].map((key) => byZone.get(key) ?? []);
  const chosen: Bare['junctions'][number][] = [];
  for (let turn = 0; chosen.length < wanted; turn += 1) {
    for (const queue of queues) if (turn < queue.length && chosen.length < wanted) chosen.push(queue[turn]!);
  }
  return chosen;
}

const words: Record<Sensor['kind'], string> = {
  pressure: 'pressure',
  flow: 'inflow',
  level: 'level',
  'pump-state': 'running',
  'valve-state': 'open',
};
const plain: Record<Sensor['kind'], string> = {
  pressure: 'P',
  flow: 'F',
  level: 'L',
  'pump-state': 'S',
  'valve-state': 'S',
};
const tags: Record<Sensor['kind'], string> = {
  pressure: 'PT',
  flow: 'FT',
  level: 'LT',
  'pump-state': 'XS',
  'valve-state': 'ZS',
};

function name(
  random: Random,
  points: readonly Point[],
  naming: NamingScheme,
  topologyKnown: boolean,
): { sensors: Sensor[]; channels: ChannelMeta[] } {
  const firstNumber = integerBetween(random, 1, 9) * 100;
  const shuffle = naming === 'generic' || random() < 0.3;
  const ordered = shuffle
    ? points
        .map((point) => ({ point, draw: random() }))
        .sort((a, b) => a.draw - b.draw)
        .map(({ point }) => point)
    : points;
  const sensors: Sensor[] = [];
  const channels: ChannelMeta[] = [];
  for (const [index, point] of ordered.entries()) {
    const { kind, elements, scale, noise, step, low, high } = point;
    const channel = {
      plain: `${plain[kind]}_${point.subject}`,
      scada: `${tags[kind]}-${firstNumber + index}`,
      dotted: `${(point.zone ?? 'net').toLowerCase()}.${words[kind]}.${point.subject.toLowerCase()}`,
      generic: `S${String(index + 1).padStart(3, '0')}`,
      words: `${point.subject} ${words[kind]}`,
    }[naming];
    sensors.push({ channel, kind, elements, scale, noise, step, low, high });
    const topology = topologyKnown
      ? {
          ...(point.zone === undefined ? {} : { zone: point.zone }),
          ...(point.element === undefined ? {} : { element: point.element }),
        }
      : {};
    channels.push({ name: channel, role: point.role, unit: point.unit, ...topology });
  }
  return { sensors, channels };
}

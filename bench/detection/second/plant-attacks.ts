/** Plans what is done to a water supply: readings shifted, held or replayed, devices forced, much of it hidden. */
import { between, childRandom, integerBetween, type Random } from '../../../lib/core/random.ts';
import type { Stretch } from '../scores.ts';
import { chance, deviationOf, exponential, logBetween, meanOf, pick, shuffled, sign } from './draws.ts';
import {
  deviceName,
  flowChannel,
  type PlantNetwork,
  plantChannels,
  pressureCount,
  pumpCount,
  stateChannel,
  stationChannels,
  stationRoutes,
  tankCount,
} from './plant-network.ts';
import type { PlantAttack } from './plant-run.ts';

const kinds = [
  'level shifted',
  'level replayed',
  'level shifted, hidden',
  'level shifted, station hidden',
  'pump on',
  'pump off',
  'set points',
  'pump slowed',
  'pressure',
  'valve',
  'pump hidden',
  'pressure',
] as const;
type Kind = (typeof kinds)[number];

/** Hours that are normal at the beginning of the stream, between attacks and at the end, at least. */
const hoursBefore = 140;
const hoursBetween = 50;
const hoursAfter = 20;
/** Part of the stream in which something is done, at most. */
const attackedShare = 0.32;

/** What a plan is made from: the plant, what was measured before, and a deck of tanks not yet touched. */
interface Planning {
  readonly random: Random;
  readonly plant: PlantNetwork;
  /** Part of the history's hours in which each pump ran. */
  readonly duty: (pump: number) => number;
  readonly deviation: (channel: number) => number;
  readonly nextTank: (fits?: (tank: number) => boolean) => number;
}

/** Seven to twelve attacks of 20 to 200 hours in the hours after the history. */
export function planAttacks(
  seed: number,
  plant: PlantNetwork,
  history: readonly (readonly number[])[],
  streamHours: number,
): PlantAttack[] {
  const random = childRandom(seed, 'plant', 'attacks');
  const column = (channel: number): number[] => history.map((row) => row[channel]!);
  const planning: Planning = {
    random,
    plant,
    duty: (pump) => meanOf(column(stateChannel(pump))),
    deviation: (channel) => deviationOf(column(channel)),
    nextTank: deckOf(random, tankCount),
  };
  const order: Kind[] = [];
  const out: PlantAttack[] = [];
  for (const stretch of stretchesOf(random, streamHours)) {
    if (order.length === 0) order.push(...shuffled(random, kinds));
    const at = { from: history.length + stretch.from, to: history.length + stretch.to };
    const backHours = recordedBefore(random, at, out);
    out.push({ hidden: [], ...at, backHours, ...makers[order.pop()!](planning) });
  }
  return out;
}

/** Numbers drawn without putting back, until all were drawn or none of the rest fits. */
function deckOf(random: Random, count: number): Planning['nextTank'] {
  let deck: number[] = [];
  return (fits = () => true) => {
    if (!deck.some(fits)) deck = shuffled(random, [...Array(count).keys()]);
    const drawn = deck.find(fits)!;
    deck = deck.filter((one) => one !== drawn);
    return drawn;
  };
}

/** In hours of the stream. */
function stretchesOf(random: Random, streamHours: number): Stretch[] {
  const count = integerBetween(random, 7, 12);
  const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);
  const draw = (): number[] => Array.from({ length: count }, () => Math.round(logBetween(random, 20, 200)));
  let lengths = draw();
  while (sum(lengths) > attackedShare * streamHours) lengths = draw();
  const free = streamHours - hoursBefore - hoursAfter - sum(lengths) - count * hoursBetween;
  const shares = Array.from({ length: count + 1 }, () => exponential(random));
  let at = hoursBefore;
  return lengths.map((length, i) => {
    const from = at + hoursBetween + Math.floor((free * shares[i]!) / sum(shares));
    at = from + length;
    return { from, to: at };
  });
}

/** How long before what is replayed was recorded: mostly whole weeks, and while nothing was done. */
function recordedBefore(random: Random, { from, to }: Stretch, others: readonly Stretch[]): number {
  const weeks = 168 * integerBetween(random, 1, 3);
  const days = chance(random, 0.3) ? 24 * integerBetween(random, -2, 2) : 0;
  let back = Math.max(weeks + days, 24 * Math.ceil((to - from + 2) / 24));
  while (others.some((other) => from - back < other.to + 24 && to - back > other.from - 2)) {
    back += chance(random, 0.8) ? 168 : 24;
  }
  return back;
}

type Made = Pick<PlantAttack, 'what'> & Partial<PlantAttack>;

/** Named as a reader of the plant's screens would: tanks count from one. */
const tankName = (tank: number): string => `tank ${tank + 1}`;

function shifted({ random, plant }: Planning, tank: number): NonNullable<PlantAttack['level']> {
  const by = sign(random) * logBetween(random, 0.1, 0.45) * plant.heights[tank]!;
  return { tank, how: 'shifted', by, rampHours: pick(random, [0, 0, 6, 24]) };
}

const busyPump = ({ random, duty }: Planning): number =>
  pick(
    random,
    pumpsWith((pump) => duty(pump) > 0.25),
  );
const idlePump = ({ random, duty }: Planning): number =>
  pick(
    random,
    pumpsWith((pump) => duty(pump) < 0.7),
  );
const pumpsWith = (fits: (pump: number) => boolean): number[] => [...Array(pumpCount).keys()].filter(fits);

const makers: Readonly<Record<Kind, (planning: Planning) => Made>> = {
  'level shifted': (planning) => {
    const tank = planning.nextTank();
    return { what: `${tankName(tank)} level shifted`, level: shifted(planning, tank) };
  },
  'level replayed': ({ random, nextTank }) => {
    const tank = nextTank();
    const how = chance(random, 0.35) ? 'held' : 'replayed';
    return { what: `${tankName(tank)} level ${how}`, level: { tank, how } };
  },
  'level shifted, hidden': (planning) => {
    const tank = planning.nextTank();
    return {
      what: `${tankName(tank)} level shifted for controllers, hidden`,
      level: shifted(planning, tank),
      hidden: [tank],
    };
  },
  'level shifted, station hidden': (planning) => {
    const tank = planning.nextTank((one) => stationRoutes.some(({ into }) => into === one));
    const station = stationRoutes.findIndex(({ into }) => into === tank);
    return {
      what: `${tankName(tank)} level shifted for controllers, hidden with its station`,
      level: shifted(planning, tank),
      hidden: [tank, ...stationChannels(station)],
    };
  },
  'pump on': (planning) => {
    const index = idlePump(planning);
    return { what: `${deviceName(index)} forced on`, device: { index, forced: true } };
  },
  'pump off': (planning) => {
    const index = busyPump(planning);
    return { what: `${deviceName(index)} forced off`, device: { index, forced: false } };
  },
  'set points': setPoints,
  'pump slowed': (planning) => {
    const pump = busyPump(planning);
    return { what: `${deviceName(pump)} slowed`, slowed: { pump, speed: between(planning.random, 0.86, 0.97) } };
  },
  pressure: ({ random, deviation }) => {
    const channel = tankCount + integerBetween(random, 0, pressureCount - 1);
    const how = pick(random, ['held', 'shifted', 'shifted', 'scaled'] as const);
    const by = sign(random) * logBetween(random, 0.8, 5) * deviation(channel);
    const factor = 1 + sign(random) * between(random, 0.05, 0.3);
    const what = `${plantChannels[channel]} ${how}`;
    if (how === 'scaled') return { what, reading: { channel, how, factor } };
    if (how === 'held') return { what, reading: { channel, how } };
    return { what, reading: { channel, how, by, rampHours: pick(random, [0, 0, 6, 24]) } };
  },
  valve: ({ random }) => {
    const index = pumpCount + integerBetween(random, 0, 1);
    const forced = chance(random, 0.4);
    return { what: `${deviceName(index)} forced ${forced ? 'open' : 'shut'}`, device: { index, forced } };
  },
  'pump hidden': (planning) => {
    const { random } = planning;
    const forced = chance(random, 0.5);
    const index = forced ? idlePump(planning) : busyPump(planning);
    const hidden = [stateChannel(index), flowChannel(index)];
    if (chance(random, 0.6)) hidden.push(stationRoutes.find(({ pumps }) => pumps.includes(index))!.into);
    return { what: `${deviceName(index)} forced ${forced ? 'on' : 'off'}, hidden`, device: { index, forced }, hidden };
  },
};

/** Other set points of a leading pump that runs, or of a valve. */
function setPoints({ random, plant, duty }: Planning): Made {
  const index = pick(
    random,
    [0, 1, 3, 5, 7, 8, 10, 11].filter((device) => device >= pumpCount || duty(device) > 0.2),
  );
  const { tank, on, off } = plant.setPoints[index]!;
  const height = plant.heights[tank]!;
  const how = pick(random, ['low', 'high', 'narrow'] as const);
  const points = {
    low: { on: 0.35 * on, off: 0.55 * off },
    high: { on: 0.93 * height, off: 1.1 * height },
    narrow: { on: on + 0.42 * (off - on), off: on + 0.58 * (off - on) },
  }[how];
  return { what: `${deviceName(index)} set points ${how}`, device: { index, ...points } };
}

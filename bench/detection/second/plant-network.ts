/**
 * A water supply of seven tanks, five pumping stations with ten pumps, and two valves. Elevations, levels and heads in
 * metres, flows in litres a second, areas in square metres.
 */
import { between, childRandom, type Random } from '../../../lib/core/random.ts';
import { hourMs, hump, momentOf } from './days.ts';
import { autoregression, chance } from './draws.ts';

interface Route {
  /** Index of the tank that is drawn from, or none for the source. */
  readonly from: number | undefined;
  readonly into: number;
}

export const stationRoutes: readonly (Route & { readonly pumps: readonly number[] })[] = [
  { pumps: [0, 1, 2], from: undefined, into: 0 },
  { pumps: [3, 4], from: 0, into: 1 },
  { pumps: [5, 6], from: 0, into: 2 },
  { pumps: [7], from: 1, into: 3 },
  { pumps: [8, 9], from: 2, into: 4 },
];
const valveRoutes = [
  { from: 0, into: 5 },
  { from: 2, into: 6 },
] as const;
export const tankCount = 7;
export const pumpCount = 10;
/** Pumps first, then valves. */
export const deviceCount = pumpCount + valveRoutes.length;

const numbered = (count: number, name: (number: number) => string): string[] =>
  Array.from({ length: count }, (_, i) => name(i + 1));
const deviceNames = [...numbered(pumpCount, (n) => `pump ${n}`), ...numbered(valveRoutes.length, (n) => `valve ${n}`)];
export const deviceName = (device: number): string => deviceNames[device]!;

/** 43 channels: levels, pressures before and after each station and before each valve, flows, states. */
export const plantChannels: readonly string[] = [
  ...numbered(tankCount, (n) => `tank ${n} level`),
  ...stationRoutes.flatMap((_, i) => [`station ${i + 1} suction`, `station ${i + 1} discharge`]),
  ...numbered(valveRoutes.length, (n) => `valve ${n} inlet`),
  ...deviceNames.map((name) => `${name} flow`),
  ...deviceNames.map((name) => `${name} state`),
];
export const pressureCount = 2 * stationRoutes.length + valveRoutes.length;
export const flowChannel = (device: number): number => tankCount + pressureCount + device;
export const stateChannel = (device: number): number => tankCount + pressureCount + deviceCount + device;
/** Pressures, flows and states of a station. */
export const stationChannels = (station: number): number[] => [
  tankCount + 2 * station,
  tankCount + 2 * station + 1,
  ...stationRoutes[station]!.pumps.flatMap((pump) => [flowChannel(pump), stateChannel(pump)]),
];

export type PlantNetwork = ReturnType<typeof drawPlant>;
export type Station = PlantNetwork['stations'][number];

/** A device is switched on below one level of its tank and off above another. */
export interface SetPoints {
  readonly tank: number;
  readonly on: number;
  readonly off: number;
}

export function drawPlant(seed: number) {
  const random = childRandom(seed, 'plant', 'network');
  const among = (ranges: readonly (readonly [number, number])[]): number[] =>
    ranges.map(([low, high]) => between(random, low, high));
  const demands = among([
    [12, 26],
    [8, 16],
    [8, 16],
    [3.5, 9],
    [5, 11],
    [6, 12],
    [4, 8],
  ]);
  const elevations = [75, 108, 102, 137, 133, 67, 88].map((metres) => metres + between(random, -3, 3));
  const heights = demands.map(() => between(random, 3.2, 6.2));
  const [, second, third, fourth, fifth, , seventh] = demands as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  // What flows through a tank is its own demand and that of all which is fed from it.
  const through = demands.with(
    0,
    demands.reduce((a, b) => a + b),
  );
  through[1] = second + fourth;
  through[2] = third + fifth + seventh;
  const areas = through.map((flow, i) => {
    const hours = i === 0 ? between(random, 5, 8) : between(random, 9, 18);
    return (flow * 3.6 * hours) / (0.5 * heights[i]!);
  });
  const sourceHead = 40;
  const usualHead = (tank: number): number => elevations[tank]! + 0.65 * heights[tank]!;
  const stations = stationRoutes.map(({ pumps, from, into }) => {
    const share = [1.75, 0.85, 0.62][pumps.length - 1]!;
    const pumpFlow = through[into]! * share * between(random, 0.95, 1.15);
    const before = from === undefined ? sourceHead : usualHead(from);
    const lift = usualHead(into) - before;
    const total = pumpFlow * Math.min(pumps.length, 2) * (pumps.length > 1 ? 0.85 : 1);
    const friction = lift * between(random, 0.1, 0.3);
    return {
      pumps,
      from,
      into,
      loss: friction / total ** 2,
      suctionLoss: between(random, 0.5, 3) / total ** 2,
      shutOffHead: 1.33 * (lift + friction),
      pumpLoss: (0.33 * (lift + friction)) / pumpFlow ** 2,
      elevation: before - between(random, 8, 25),
      demandLoss: between(random, 0.02, 0.08) / 100,
    };
  });
  const valves = valveRoutes.map(({ from, into }) => {
    const flow = through[into]! * between(random, 1.6, 2.4);
    const drop = elevations[from]! + 0.6 * heights[from]! - elevations[into]! - 0.6 * heights[into]!;
    return { from, into, loss: Math.max(3, drop) / flow ** 2, elevation: elevations[into]! - between(random, 5, 15) };
  });
  const setPoints: SetPoints[] = [];
  for (const { pumps, into } of stationRoutes) {
    for (const i of pumps.keys()) {
      const on = [0.6, 0.42, 0.26][i]! + between(random, -0.04, 0.04);
      const off = Math.min(0.95, on + [0.3, 0.32, 0.35][i]! + between(random, -0.04, 0.03));
      setPoints.push({ tank: into, on: on * heights[into]!, off: off * heights[into]! });
    }
  }
  for (const { into } of valveRoutes) {
    const on = between(random, 0.45, 0.6) * heights[into]!;
    setPoints.push({ tank: into, on, off: between(random, 0.85, 0.95) * heights[into]! });
  }
  return {
    demands,
    elevations,
    heights,
    areas,
    sourceHead,
    stations,
    valves,
    setPoints,
    /** How much higher the first tank is filled at night, over its height. */
    nightFilling: chance(random, 0.5) ? between(random, 0.04, 0.08) : 0,
    /** Every second plant has sensors without noise, as a simulation has. */
    noisy: seed % 2 === 0,
  };
}

/** Demand at each tank, hour by hour; one hour more than asked for, to draw lines between hours. */
export function demandsOf(seed: number, plant: PlantNetwork, startMs: number, hours: number): Float64Array[] {
  const random = childRandom(seed, 'plant', 'demand');
  const town = autoregression(random, 0.7);
  const heat = autoregression(random, 0.85);
  const places = plant.demands.map((usual, i) => ({
    usual,
    shape: drawShape(random, i),
    daily: autoregression(random, 0.5),
    hourly: autoregression(random, 0.6),
    spread: between(random, 0.04, 0.09),
    ofDay: 1,
    out: new Float64Array(hours + 1),
  }));
  let townOfDay = 1;
  let heatOfDay = 0;
  for (let t = 0; t <= hours; t += 1) {
    const { hour, weekend, yearDay } = momentOf(startMs + t * hourMs);
    const summer = -Math.cos((2 * Math.PI * (yearDay - 25)) / 365.25);
    if (t % 24 === 0) {
      townOfDay = Math.exp(0.03 * town());
      heatOfDay = heat();
      for (const place of places) place.ofDay = Math.exp(0.03 * place.daily());
    }
    for (const { usual, shape, hourly, spread, ofDay, out } of places) {
      const clock = weekend ? (hour - shape.laterAtWeekends + 24) % 24 : hour;
      const season = 1 + shape.season * summer + 0.03 * heatOfDay * Math.max(0, summer);
      let value = usual * shape.day(clock) * (weekend ? shape.weekend : 1) * season;
      if (summer > 0.2 && (hour < 5 || hour > 22)) value += usual * shape.irrigation * summer;
      out[t] = Math.max(0.05 * usual, value * townOfDay * ofDay * Math.exp(spread * hourly()));
    }
  }
  return places.map(({ out }) => out);
}

/** Homes with a morning and an evening, or works that stand still on days off. */
function drawShape(random: Random, tank: number) {
  const morning = between(random, 6.5, 8.5);
  const evening = between(random, 18, 21);
  const floor = between(random, 0.3, 0.55);
  const works = chance(random, 0.2);
  const form = (hour: number): number =>
    works
      ? floor + 0.9 * hump(hour, 12, 4)
      : floor + hump(hour, morning, 1.7) + 0.45 * hump(hour, 13, 2.5) + 0.85 * hump(hour, evening, 2.2);
  let mean = 0;
  for (let hour = 0; hour < 24; hour += 1) mean += form(hour) / 24;
  return {
    day: (hour: number): number => form(hour) / mean,
    weekend: works ? between(random, 0.5, 0.8) : between(random, 0.98, 1.12),
    laterAtWeekends: works ? 0 : between(random, 0.4, 1.6),
    season: between(random, 0.05, 0.22),
    irrigation: tank === 4 || chance(random, 0.15) ? between(random, 0.1, 0.4) : 0,
  };
}

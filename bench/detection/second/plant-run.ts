/** Runs a water supply hour by hour: hydraulics and controllers every five minutes, one reading an hour. */
import { childRandom, normal, type Random } from '../../../lib/core/random.ts';
import type { Stretch } from '../scores.ts';
import { hourMs } from './days.ts';
import { autoregression, clamp } from './draws.ts';
import { deviceCount, type PlantNetwork, pumpCount, type Station, stationRoutes, tankCount } from './plant-network.ts';

const stepsAnHour = 12;
const stepS = 3600 / stepsAnHour;
/** Part of its height below which a tank gives less and less. */
const nearlyEmpty = 0.06;

/** What somebody does to the plant, in hours since the first row, [from, to). */
export interface PlantAttack extends Stretch {
  readonly what: string;
  /** What the controllers, and all who read it, are told of a tank's level. */
  readonly level?: { readonly tank: number } & (Shifted | { readonly how: 'held' | 'replayed' });
  /** A device that no longer heeds its level: forced, or switched at other set points. */
  readonly device?: { readonly index: number } & (
    | { readonly forced: boolean }
    | { readonly on: number; readonly off: number }
  );
  readonly slowed?: { readonly pump: number; readonly speed: number };
  /** A reading that is changed on its way to the operators, and to nobody else. */
  readonly reading?: { readonly channel: number } & (
    | Shifted
    | { readonly how: 'held' }
    | { readonly how: 'scaled'; readonly factor: number }
  );
  /** Channels that show what they showed so many hours before. */
  readonly hidden: readonly number[];
  readonly backHours: number;
}

interface Shifted {
  readonly how: 'shifted';
  readonly by: number;
  /** Hours until all of it is there; nought for at once. */
  readonly rampHours: number;
}

const shiftAt = ({ by, rampHours }: Shifted, sinceHours: number): number =>
  rampHours === 0 ? by : by * Math.min(1, sinceHours / rampHours);

/** Readings of each hour, in the order of `plantChannels`, at full precision. */
export function runPlant(
  seed: number,
  plant: PlantNetwork,
  demands: readonly Float64Array[],
  startMs: number,
  hours: number,
  attacks: readonly PlantAttack[],
): number[][] {
  const random = childRandom(seed, 'plant', 'sensors');
  const source = autoregression(childRandom(seed, 'plant', 'source'), 0.9995);
  const levels = plant.heights.map((height) => 0.7 * height);
  const on = Array.from({ length: deviceCount }, (_, device) => stationRoutes.some(({ pumps }) => pumps[0] === device));
  const readings: number[][] = [];
  const held = new Map<PlantAttack, number>();
  const hold = (attack: PlantAttack, value: number): number => {
    if (!held.has(attack)) held.set(attack, value);
    return held.get(attack)!;
  };
  for (let t = 0; t < hours; t += 1) {
    const live = attacks.filter(({ from, to }) => t >= from && t < to);
    const sourceHead = plant.sourceHead + 0.8 * source();
    const speeds = speedsOf(live);
    const raised = nightRise(plant, startMs / hourMs + t);
    for (let step = 0; step < stepsAnHour; step += 1) {
      const part = step / stepsAnHour;
      const drawn = demands.map((hourly) => hourly[t]! + (hourly[t + 1]! - hourly[t]!) * part);
      const told = (tank: number): number => {
        const attack = live.find(({ level }) => level?.tank === tank);
        const { level } = attack ?? {};
        if (attack === undefined || level === undefined) return levels[tank]!;
        if (level.how === 'shifted') return levels[tank]! + shiftAt(level, t + part - attack.from);
        if (level.how === 'held') return hold(attack, levels[tank]!);
        const before = readings[t - attack.backHours]![tank]!;
        return before + (readings[t + 1 - attack.backHours]![tank]! - before) * part;
      };
      control(plant, on, live, raised, told);
      const flows = flowsOf(plant, levels, drawn, on, speeds, sourceHead);
      if (step === 0) {
        const row = measured(
          random,
          plant,
          levels.map((_, tank) => told(tank)),
          flows,
          on,
        );
        for (const attack of live) falsify(attack, row, t, readings, hold);
        readings.push(row);
      }
      fill(plant, levels, flows.gains, drawn);
    }
  }
  return readings;
}

function speedsOf(live: readonly PlantAttack[]): number[] {
  const speeds = new Array<number>(pumpCount).fill(1);
  for (const { slowed } of live) if (slowed) speeds[slowed.pump] = slowed.speed;
  return speeds;
}

/** How much higher, in metres, the first station fills its tank by night. */
function nightRise({ nightFilling, heights }: PlantNetwork, hours: number): number {
  const hour = hours % 24;
  return hour >= 22 || hour < 6 ? nightFilling * heights[0]! : 0;
}

/** Switches devices by the levels that controllers are told, or as an attacker wants. */
function control(
  { setPoints, heights }: PlantNetwork,
  on: boolean[],
  live: readonly PlantAttack[],
  raised: number,
  told: (tank: number) => number,
): void {
  const first = stationRoutes[0]!.pumps;
  for (const [device, own] of setPoints.entries()) {
    const attack = live.find((one) => one.device?.index === device)?.device;
    const rise = raised > 0 && first.includes(device) ? raised : 0;
    const raisedOff = rise > 0 ? Math.min(0.97 * heights[own.tank]!, own.off + rise) : own.off;
    const points = attack && 'on' in attack ? attack : { on: own.on + rise, off: raisedOff };
    const level = told(own.tank);
    if (level < points.on) on[device] = true;
    else if (level > points.off) on[device] = false;
    if (attack && 'forced' in attack) on[device] = attack.forced;
  }
}

interface Flows {
  /** Of each device. */
  readonly flows: number[];
  readonly pressures: number[];
  /** What each tank gains, before its demand. */
  readonly gains: number[];
}

function flowsOf(
  { stations, valves, elevations, heights }: PlantNetwork,
  levels: readonly number[],
  drawn: readonly number[],
  on: readonly boolean[],
  speeds: readonly number[],
  sourceHead: number,
): Flows {
  const flows = new Array<number>(deviceCount).fill(0);
  const gains = new Array<number>(tankCount).fill(0);
  const pressures: number[] = [];
  const headOf = (tank: number): number => elevations[tank]! + levels[tank]!;
  const given = (tank: number): number => clamp(levels[tank]! / (nearlyEmpty * heights[tank]!), 0, 1);
  for (const station of stations) {
    const { from, into, pumps } = station;
    const before = from === undefined ? sourceHead : headOf(from);
    const running = pumps.filter((pump) => on[pump]);
    const lift = running.length === 0 ? 0 : liftOf(station, running, speeds, headOf(into) - before);
    let total = 0;
    for (const pump of running) {
      flows[pump] = pumpFlow(station, speeds[pump]!, lift) * (from === undefined ? 1 : given(from));
      total += flows[pump]!;
    }
    gains[into]! += total;
    if (from !== undefined) gains[from]! -= total;
    const demandBefore = from === undefined ? 0 : drawn[from]!;
    const line = total - 0.5 * drawn[into]!;
    pressures.push(
      before - station.suctionLoss * total ** 2 - station.demandLoss * demandBefore ** 2 - station.elevation,
      headOf(into) + station.loss * line * Math.abs(line) - station.elevation,
    );
  }
  for (const [i, { from, into, loss, elevation }] of valves.entries()) {
    const drop = headOf(from) - headOf(into);
    const flow = on[pumpCount + i] && drop > 0 ? Math.sqrt(drop / loss) * given(from) : 0;
    flows[pumpCount + i] = flow;
    gains[into]! += flow;
    gains[from]! -= flow;
    pressures.push(headOf(from) - 0.35 * loss * flow ** 2 - 0.0025 * drawn[from]! ** 2 - elevation);
  }
  return { flows, pressures, gains };
}

const pumpFlow = ({ shutOffHead, pumpLoss }: Station, speed: number, lift: number): number =>
  Math.sqrt(Math.max(0, (speed ** 2 * shutOffHead - lift) / pumpLoss));

/** The head at which the pumps give what the pipe takes, by halving. */
function liftOf(station: Station, running: readonly number[], speeds: readonly number[], staticLift: number): number {
  let low = 0;
  let high = 2 * station.shutOffHead;
  for (let i = 0; i < 26; i += 1) {
    const lift = (low + high) / 2;
    let total = 0;
    for (const pump of running) total += pumpFlow(station, speeds[pump]!, lift);
    if (staticLift + (station.loss + station.suctionLoss) * total ** 2 > lift) low = lift;
    else high = lift;
  }
  return (low + high) / 2;
}

/** What the sensors of this hour say. Draws are the same whether a device runs or not. */
function measured(
  random: Random,
  { noisy }: PlantNetwork,
  levels: readonly number[],
  { flows, pressures }: Flows,
  on: readonly boolean[],
): number[] {
  const noise = noisy ? 1 : 0;
  return [
    ...levels.map((metres) => metres + 0.004 * noise * normal(random)),
    ...pressures.map((metres) => metres + 0.06 * noise * normal(random)),
    ...flows.map((flow) => flow * (1 + 0.004 * noise * normal(random))),
    ...on.map(Number),
  ];
}

function falsify(
  attack: PlantAttack,
  row: number[],
  t: number,
  readings: readonly (readonly number[])[],
  hold: (attack: PlantAttack, value: number) => number,
): void {
  const { reading, hidden, backHours, from } = attack;
  for (const channel of hidden) row[channel] = readings[t - backHours]![channel]!;
  if (reading === undefined) return;
  const value = row[reading.channel]!;
  if (reading.how === 'held') row[reading.channel] = hold(attack, value);
  else if (reading.how === 'scaled') row[reading.channel] = value * reading.factor;
  else row[reading.channel] = value + shiftAt(reading, t - from);
}

function fill(
  { heights, areas }: PlantNetwork,
  levels: number[],
  gains: readonly number[],
  drawn: readonly number[],
): void {
  for (const [tank, height] of heights.entries()) {
    // An empty tank serves less of its demand.
    const served = clamp(levels[tank]! / (0.03 * height), 0, 1);
    const gained = ((gains[tank]! - drawn[tank]! * served) / 1000) * (stepS / areas[tank]!);
    levels[tank] = clamp(levels[tank]! + gained, 0, height);
  }
}

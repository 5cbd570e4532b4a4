/** Runs a machine over time: what it does in normal operation, what faults do to it, and what its sensors report. */
import { between, childRandom, integerBetween, normal, type Random } from '../../../lib/core/random.ts';
import type { Series } from '../../../lib/core/series.ts';
import {
  type Condition,
  type FaultSpec,
  healthy,
  type InstrumentFault,
  type MachineFault,
  progress,
  worsen,
} from './faults.ts';
import { type OperatingPoint, operatingPoint } from './hydraulics.ts';
import type { LoadLevel, Machine } from './machine.ts';
import { electrical, motorRpm } from './motor.ts';
import { freshSensor, type Quantity, readSensor, type SensorState } from './sensors.ts';
import { warmed } from './thermal.ts';
import { cavitationIntensity, reportedRms, vibrationSources } from './vibration.ts';

/** What a machine carries from row to row. */
export interface MachineState {
  windingC: number;
  casingC: number;
  bearingC: number;
  fluidC: number;
  opening: number;
  supply: number;
  level: LoadLevel;
  /** Slow wandering of valve, supply, inlet and air, in standard deviations. */
  wander: [number, number, number, number];
  sensors: SensorState[];
}

/** Normal, and yet a false alarm may come of it: outside what the warm-up has shown. */
export interface NormalEvent {
  readonly kind: 'new-load' | 'stop' | 'restart' | 'warm-room';
  readonly startMs: number;
  readonly endMs: number;
  /** The load that is new; kelvin of a warm room. */
  readonly level?: LoadLevel;
  readonly kelvin?: number;
}

export interface RunOptions {
  readonly seed: number;
  readonly startMs: number;
  readonly rows: number;
  /** State to go on from; the machine starts cold without one, or warm where `warm` says so. */
  readonly state?: MachineState;
  readonly warm?: boolean;
  readonly faults?: readonly FaultSpec[];
  readonly events?: readonly NormalEvent[];
}

export interface Run {
  readonly series: Series;
  readonly state: MachineState;
}

const dayMs = 86_400_000;

/** The same machine, options and state give the same series. */
export function runMachine(machine: Machine, options: RunOptions): Run {
  const { periodS, sensors } = machine;
  const process = childRandom(options.seed, 'process');
  const vibrating = childRandom(options.seed, 'vibration');
  const noise = childRandom(options.seed, 'noise');
  const state = options.state === undefined ? initialState(machine, options.warm === true) : copyState(options.state);
  const faults = options.faults ?? [];
  const machineFaults = faults.filter((fault): fault is MachineFault => fault.kind !== 'sensor-fault');
  const instrumentFaults = faults.filter((fault): fault is InstrumentFault => fault.kind === 'sensor-fault');
  const timesMs = Float64Array.from({ length: options.rows }, (_, row) => options.startMs + row * periodS * 1000);
  const values = new Float64Array(options.rows * sensors.length);
  timesMs.forEach((timeMs, row) => {
    const condition = healthy();
    for (const fault of machineFaults) worsen(condition, fault, timeMs);
    const events = (options.events ?? []).filter((event) => timeMs >= event.startMs && timeMs < event.endMs);
    const truth = advance(machine, state, condition, events, timeMs, process);
    sensors.forEach((spec, index) => {
      const own = instrumentFaults.find((fault) => fault.sensor.channel === index && progress(fault, timeMs) > 0);
      const exact =
        spec.quantity === 'vibration'
          ? vibrationAt(machine, spec.position, truth, condition, vibrating)
          : truth.quantities[spec.quantity];
      values[row * sensors.length + index] = readSensor(
        spec,
        state.sensors[index]!,
        exact,
        row,
        periodS,
        noise,
        own && { spec: own.sensor, progress: progress(own, timeMs) },
      );
    });
  });
  return { series: { channels: machine.channels, timesMs, values }, state };
}

interface Truth {
  readonly point: OperatingPoint;
  readonly speed: number;
  readonly cavitation: number;
  readonly quantities: Readonly<Record<Exclude<Quantity, 'vibration'>, number>>;
}

function advance(
  machine: Machine,
  state: MachineState,
  condition: Condition,
  events: readonly NormalEvent[],
  timeMs: number,
  random: Random,
): Truth {
  const { periodS, motor, pump, system } = machine;
  changeLoad(machine, state, events, random);
  const keep = Math.exp(-periodS / machine.wanderS);
  for (let i = 0; i < state.wander.length; i += 1) {
    state.wander[i] = keep * state.wander[i]! + Math.sqrt(1 - keep ** 2) * normal(random);
  }
  const voltageV = motor.ratedVoltageV * (1 + machine.wander.voltage * state.wander[1]);
  const hydraulic = {
    ...system,
    opening: Math.max(
      0.02,
      Math.min(1.1, state.opening * condition.openingFactor * (1 + machine.wander.opening * state.wander[0])),
    ),
    suctionLoss: system.suctionLoss + condition.strainer * (system.pipeLoss + system.valveLoss / state.opening ** 2),
    suctionHeadM: system.suctionHeadM + machine.wander.inletM * state.wander[2],
    fluidC: state.fluidC,
    headFactor: condition.headFactor,
    efficiencyFactor: condition.efficiencyFactor,
  };
  // Load decides the slip and the slip the load; two rounds settle it within a thousandth.
  let speed = 0.97 * state.supply;
  let point = operatingPoint(pump, { ...hydraulic, speed });
  speed = motorRpm(motor, point.shaftW, state.supply) / motor.synchronousRpm;
  if (condition.starving > 0 && point.relativeFlow > 0) {
    const perMarginM = pump.npshRequiredM * speed ** 2 * (0.55 + 0.45 * point.relativeFlow ** 2);
    const fallM = condition.starving * Math.max(0, point.npshMargin - condition.starvedMargin) * perMarginM;
    hydraulic.suctionHeadM -= fallM;
    // The column falls on the other side, too: a starved inlet is a lower source, and the lift grows.
    hydraulic.staticHeadM += 0.3 * fallM;
  } else if (condition.strainer > 0 && point.npshMargin < 0.05) {
    // A strainer so clogged starves the inlet; air finds its way in before it boils.
    hydraulic.suctionHeadM += (0.05 - point.npshMargin) * pump.npshRequiredM;
  }
  point = operatingPoint(pump, { ...hydraulic, speed });
  const cavitation = cavitationIntensity(point.npshMargin) * (speed > 0.1 ? 1 : 0);
  // Vapour comes and goes: head, flow and power flutter.
  const flutter = 1 + 0.025 * cavitation * normal(random);
  const power = electrical(motor, point.shaftW * flutter, voltageV, state.supply);
  warm(machine, state, condition, events, timeMs, point, speed, power.lossW);
  return {
    point,
    speed,
    cavitation,
    quantities: {
      current: power.currentA,
      voltage: voltageV,
      'winding-temperature': state.windingC,
      'bearing-temperature': state.bearingC,
      'casing-temperature': state.casingC,
      'fluid-temperature': state.fluidC,
      flow: point.flowM3h * flutter,
      'discharge-pressure': point.dischargeM * flutter,
      'suction-pressure': point.suctionM,
      speed: speed * motor.synchronousRpm,
    },
  };
}

/** Steps between the usual levels come at random; a new load or a stop overrides them. */
function changeLoad(machine: Machine, state: MachineState, events: readonly NormalEvent[], random: Random): void {
  const change = random() < machine.periodS / machine.levelHoldS;
  const next = machine.levels[integerBetween(random, 0, machine.levels.length - 1)]!;
  if (change) state.level = next;
  const stopped = events.some((event) => event.kind === 'stop');
  const level = events.find((event) => event.kind === 'new-load')?.level ?? state.level;
  const move = 1 - Math.exp(-machine.periodS / machine.loadLagS);
  state.opening += (level.opening - state.opening) * move;
  state.supply += ((stopped ? 0 : level.supply) - state.supply) * (stopped ? Math.max(move, 0.5) : move);
}

function warm(
  machine: Machine,
  state: MachineState,
  condition: Condition,
  events: readonly NormalEvent[],
  timeMs: number,
  point: OperatingPoint,
  speed: number,
  lossW: number,
): void {
  const { bodies, periodS, ambient } = machine;
  const roomK = events.reduce((sum, event) => sum + (event.kelvin ?? 0), 0);
  const ambientC =
    ambient.meanC +
    roomK +
    ambient.dailyC * Math.sin((2 * Math.PI * (timeMs % dayMs)) / dayMs - 2) +
    ambient.wanderC * state.wander[3];
  const sourceC = (machine.closedLoop ? Math.max(ambientC - 3, 5) : machine.sourceC) + condition.fluidHeatingK;
  state.fluidC = warmed(bodies.fluid, state.fluidC, Math.min(92, sourceC), point.shaftW, periodS);
  state.windingC = warmed(bodies.winding, state.windingC, ambientC, lossW, periodS);
  state.casingC = warmed(bodies.casing, state.casingC, ambientC, lossW, periodS);
  const frictionW = machine.bearingFrictionW * speed * (1 + 2.5 * condition.bearingDefect ** 2);
  // The bearing sits between motor and fluid and is warmed a little by both.
  const aroundC = 0.6 * ambientC + 0.2 * state.windingC + 0.2 * state.fluidC;
  state.bearingC = warmed(bodies.bearing, state.bearingC, aroundC, frictionW, periodS);
}

/** How much of a defect at the other end reaches an accelerometer. */
const farEnd = 0.3;

function vibrationAt(machine: Machine, position: number, truth: Truth, condition: Condition, random: Random): number {
  const near = (condition.wornBearing === 'drive-end') === (position === 0);
  const sources = vibrationSources(machine.vibration, machine.paths[position === 0 ? 0 : 1], {
    speed: truth.speed,
    relativeFlow: truth.point.relativeFlow,
    cavitation: truth.cavitation,
    eccentricity: condition.eccentricity,
    bearingDefect: condition.bearingDefect * (near ? 1 : farEnd),
  });
  return reportedRms(random, sources, machine.vibrationSamples);
}

function initialState(machine: Machine, alreadyWarm: boolean): MachineState {
  const level = machine.levels[0]!;
  const { meanC } = machine.ambient;
  const state: MachineState = {
    windingC: meanC,
    casingC: meanC,
    bearingC: meanC,
    fluidC: machine.closedLoop ? Math.max(meanC - 3, 5) : machine.sourceC,
    opening: level.opening,
    supply: level.supply,
    level,
    wander: [0, 0, 0, 0],
    sensors: machine.sensors.map(freshSensor),
  };
  if (!alreadyWarm) return state;
  // Two steps, each far longer than any time constant: bodies settle at this load.
  const slow = { ...machine, periodS: 10 * dayMs };
  for (let i = 0; i < 2; i += 1) {
    const random = childRandom(1, 'settle');
    state.wander = [0, 0, 0, 0];
    state.level = level;
    advance({ ...slow, levels: [level] }, state, healthy(), [], 0, random);
  }
  state.wander = [0, 0, 0, 0];
  return state;
}

const copyState = (state: MachineState): MachineState => ({
  ...state,
  wander: [...state.wander],
  sensors: state.sensors.map((sensor) => ({ ...sensor })),
});

/** A load that the machine was not run at before. */
export function newLoad(machine: Machine, random: Random): LoadLevel {
  const { opening, supply } = machine.levels[0]!;
  const inverter = machine.levels.some((level) => level.supply !== 1);
  return inverter
    ? {
        opening,
        supply: Math.min(1.08, supply * (random() < 0.5 ? between(random, 0.78, 0.92) : between(random, 1.05, 1.12))),
      }
    : {
        opening: Math.min(1, opening * (random() < 0.7 ? between(random, 0.68, 0.85) : between(random, 1.05, 1.25))),
        supply,
      };
}

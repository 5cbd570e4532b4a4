/** Draws machines: a pump with its motor and system, what is measured on it, and how it is run. */
import type { ChannelMeta } from '../../../lib/contracts/telemetry.ts';
import { between, childRandom, integerBetween, type Random } from '../../../lib/core/random.ts';
import { type HydraulicState, operatingPoint, type Pump } from './hydraulics.ts';
import { drawSensors } from './instruments.ts';
import { type Motor, motorLossW } from './motor.ts';
import type { SensorSpec } from './sensors.ts';
import type { ThermalBody } from './thermal.ts';
import type { SensorPath, VibrationCharacter } from './vibration.ts';

/** A way in which the machine is run in normal operation. */
export interface LoadLevel {
  readonly opening: number;
  /** Supply frequency as a part of the rated one; 1 without an inverter. */
  readonly supply: number;
}

export interface Machine {
  readonly pump: Pump;
  readonly motor: Motor;
  readonly system: Pick<HydraulicState, 'staticHeadM' | 'pipeLoss' | 'valveLoss' | 'suctionLoss' | 'suctionHeadM'>;
  readonly bodies: Readonly<Record<'winding' | 'casing' | 'bearing' | 'fluid', ThermalBody>>;
  /** A closed loop: all the power ends as heat in the fluid, and a cooler carries it away. */
  readonly closedLoop: boolean;
  readonly sourceC: number;
  /** Friction of the bearings at rated speed. */
  readonly bearingFrictionW: number;
  readonly vibration: VibrationCharacter;
  /** One for each accelerometer, the drive end first. */
  readonly paths: readonly [SensorPath, SensorPath];
  /** Independent samples of the broadband part in one reported RMS. */
  readonly vibrationSamples: number;
  readonly levels: readonly LoadLevel[];
  /** Mean time on one level; a quarter of the machines never change it. */
  readonly levelHoldS: number;
  readonly loadLagS: number;
  readonly ambient: { readonly meanC: number; readonly dailyC: number; readonly wanderC: number };
  /** Standard deviations of slow wandering, as parts. */
  readonly wander: { readonly opening: number; readonly voltage: number; readonly inletM: number };
  readonly wanderS: number;
  readonly periodS: number;
  readonly sensors: readonly SensorSpec[];
  readonly channels: readonly ChannelMeta[];
}

export interface MachineOptions {
  readonly seed: number;
  /** Seconds between rows, 1 to 60. */
  readonly periodS: number;
  /** `rig`: eight channels of a laboratory rig. Drawn where left out. */
  readonly suite?: 'rig';
}

const logBetween = (random: Random, low: number, high: number): number =>
  Math.exp(between(random, Math.log(low), Math.log(high)));

/** The same seed gives the same machine. */
export function drawMachine(options: MachineOptions): Machine {
  const random = childRandom(options.seed, 'machine');
  const pump = drawPump(random, options.suite === 'rig');
  const inverter = random() < 0.45;
  const levels = drawLevels(random, inverter, options.suite === 'rig' ? 0.5 : 1);
  const first = levels[0]!;
  const closedLoop = options.suite === 'rig' || random() < 0.45;
  const sourceC = closedLoop ? between(random, 16, 30) : between(random, 6, 45);
  const system = drawSystem(random, pump, first, sourceC, closedLoop);
  const point = operatingPoint(pump, {
    ...system,
    ...cleanState,
    speed: 0.97 * first.supply,
    opening: first.opening,
    fluidC: sourceC,
  });
  const motor = drawMotor(random, point.shaftW / first.supply ** 3);
  const bearingFrictionW = motor.ratedShaftW * between(random, 0.004, 0.012);
  const sensors = drawSensors(childRandom(options.seed, 'instruments'), options.suite === 'rig', {
    flowM3h: point.flowM3h,
    headM: Math.max(1, point.dischargeM),
    currentA: motor.ratedShaftW / motor.ratedEfficiency / motor.ratedVoltageV,
    voltageV: motor.ratedVoltageV,
    rpm: motor.synchronousRpm,
  });
  return {
    pump,
    motor,
    system,
    bodies: drawBodies(random, motor, bearingFrictionW, point.shaftW, closedLoop),
    closedLoop,
    sourceC,
    bearingFrictionW,
    vibration: {
      imbalance: between(random, 0.3, 0.7),
      turbulence: between(random, 0.25, 0.6),
      recirculation: between(random, 0.5, 2),
      bladePassing: between(random, 0.1, 0.5),
      bearing: between(random, 0.1, 0.3),
      background: between(random, 0.02, 0.15),
    },
    paths: [drawPath(random, sensors.velocity), drawPath(random, sensors.velocity)],
    vibrationSamples: Math.round(logBetween(random, 80, 600) * Math.min(options.periodS, 4)),
    levels,
    levelHoldS: options.periodS * logBetween(random, 90, 400),
    loadLagS: between(random, 2, 15),
    ambient: { meanC: between(random, 12, 32), dailyC: between(random, 0.5, 5), wanderC: between(random, 0.2, 1) },
    wander: {
      opening: between(random, 0.002, 0.012),
      voltage: between(random, 0.002, 0.01),
      inletM: between(random, 0.02, 0.2),
    },
    wanderS: options.periodS * between(random, 30, 150),
    periodS: options.periodS,
    sensors: sensors.specs,
    channels: sensors.channels,
  };
}

/** Pumps seldom lift from deeper. */
const deepestLiftM = -3.5;

const cleanState = { headFactor: 1, efficiencyFactor: 1 } as const;

function drawPump(random: Random, rig: boolean): Pump {
  const ratedFlowM3h = rig ? between(random, 1.5, 12) : logBetween(random, 3, 400);
  const ratedHeadM = rig ? between(random, 5, 25) : logBetween(random, 6, 90);
  return {
    ratedFlowM3h,
    ratedHeadM,
    shutoffHeadM: ratedHeadM * between(random, 1.12, 1.45),
    // Larger pumps are better ones.
    peakEfficiency: Math.min(0.87, 0.42 + 0.065 * Math.log(ratedFlowM3h + 1) + between(random, -0.05, 0.06)),
    npshRequiredM: between(random, 1.2, 4.5),
  };
}

function drawMotor(random: Random, shaftW: number): Motor {
  const ratedShaftW = shaftW * between(random, 1.1, 1.6);
  const phases = ratedShaftW < 1500 && random() < 0.4 ? 1 : 3;
  return {
    ratedShaftW,
    ratedVoltageV: phases === 1 ? 230 : 400,
    phases,
    ratedEfficiency: Math.min(0.95, 0.72 + 0.035 * Math.log(1 + ratedShaftW / 300)),
    ratedPowerFactor: between(random, 0.74, 0.9),
    fixedLossShare: between(random, 0.3, 0.5),
    synchronousRpm: random() < 0.5 ? 1500 : 3000,
    ratedSlip: between(random, 0.015, 0.05),
  };
}

/** @param reach how far the levels lie apart, 1 as in a plant */
function drawLevels(random: Random, inverter: boolean, reach: number): LoadLevel[] {
  const opening = between(random, 0.55, 1);
  const supply = inverter ? between(random, 0.75, 1) : 1;
  const count = random() < 0.25 ? 1 : integerBetween(random, 2, 4);
  return Array.from({ length: count }, (_, i) => {
    if (i === 0) return { opening, supply };
    return inverter && random() < 0.6
      ? { opening, supply: Math.min(1.05, supply * between(random, 1 - 0.12 * reach, 1 + 0.1 * reach)) }
      : { opening: Math.min(1, opening * between(random, 1 - 0.22 * reach, 1 + 0.15 * reach)), supply };
  });
}

/** The system whose curve meets the pump's near its best point, with an inlet that has some margin. */
function drawSystem(
  random: Random,
  pump: Pump,
  level: LoadLevel,
  fluidC: number,
  closedLoop: boolean,
): Machine['system'] {
  const speed = 0.97 * level.supply;
  const flowM3h = pump.ratedFlowM3h * speed * between(random, 0.7, 1.1);
  const a = (pump.shutoffHeadM - pump.ratedHeadM) / pump.ratedFlowM3h ** 2;
  const headM = pump.shutoffHeadM * speed ** 2 - a * flowM3h ** 2;
  const staticHeadM = closedLoop ? headM * between(random, 0, 0.08) : headM * between(random, 0.05, 0.65);
  const suctionLossM = Math.min(0.1 * headM, between(random, 0.1, 0.8));
  const frictionM = headM - staticHeadM - suctionLossM;
  const valveShare = between(random, 0.25, 0.7);
  const base = {
    staticHeadM,
    pipeLoss: (frictionM * (1 - valveShare)) / flowM3h ** 2,
    valveLoss: (frictionM * valveShare * level.opening ** 2) / flowM3h ** 2,
    suctionLoss: suctionLossM / flowM3h ** 2,
    suctionHeadM: 0,
  };
  const point = operatingPoint(pump, {
    ...base,
    ...cleanState,
    speed,
    opening: level.opening,
    fluidC,
    suctionHeadM: 5,
  });
  const wanted = between(random, 1.3, 3);
  return { ...base, suctionHeadM: Math.max(deepestLiftM, 5 + (wanted - point.npshMargin) * requiredAt(pump, point)) };
}

/** What one unit of margin is in metres: the required head near the rated speed. */
const requiredAt = (pump: Pump, point: { relativeFlow: number }): number =>
  pump.npshRequiredM * 0.94 * (0.55 + 0.45 * point.relativeFlow ** 2);

function drawBodies(
  random: Random,
  motor: Motor,
  bearingFrictionW: number,
  shaftW: number,
  closedLoop: boolean,
): Machine['bodies'] {
  const lossW = motorLossW(motor, shaftW);
  const body = (riseK: number, heatW: number, timeConstantS: number): ThermalBody => ({
    kelvinPerW: riseK / heatW,
    timeConstantS,
  });
  return {
    winding: body(between(random, 25, 70), lossW, between(random, 500, 2400)),
    casing: body(between(random, 10, 30), lossW, between(random, 900, 3600)),
    bearing: body(between(random, 8, 28), bearingFrictionW, between(random, 250, 1500)),
    fluid: closedLoop ? body(between(random, 4, 18), shaftW, between(random, 700, 5000)) : body(0.02, shaftW, 60),
  };
}

/** A velocity sensor hears low tones best, an accelerometer high ones: cavitation and bearings. */
function drawPath(random: Random, velocity: boolean): SensorPath {
  const [low, high] = velocity ? [1, 0.55] : [0.6, 1.1];
  return {
    imbalance: low * between(random, 0.6, 1.3),
    flow: between(random, 0.6, 1.2),
    bearing: high * between(random, 0.6, 1.2),
    cavitation: high * between(random, 0.6, 1.2),
  };
}

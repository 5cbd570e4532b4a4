/** One circulation loop as it was built: pump, motor, tank, valves, its sensors and what is unsteady about it. */
import { between, childRandom, integerBetween, type Random } from '../../../lib/core/random.ts';
import { chance, logBetween, pick } from './draws.ts';

export const loopChannels = [
  'motor vibration',
  'pump vibration',
  'motor current',
  'outlet pressure',
  'motor temperature',
  'fluid temperature',
  'mains voltage',
  'flow',
] as const;

export type LoopBench = ReturnType<typeof drawBench>;

/** Sensors round to 1, 2.5 or 5 of a decimal place. */
function niceStep(value: number): number {
  const decade = 10 ** Math.floor(Math.log10(value));
  const lead = value / decade;
  return (lead < 1.5 ? 1 : lead < 3.5 ? 2.5 : lead < 7.5 ? 5 : 10) * decade;
}

/** Flows in litres a minute, heads in bar, power in watts, temperatures in °C, volumes in litres, times in rows. */
export function drawBench(seed: number) {
  const random = childRandom(seed, 'loop', 'bench');
  const duty = drawDuty(random);
  return { ...duty, ...drawHeat(random, duty), ...drawNoise(random), steps: drawSteps(random, duty) };
}

function drawDuty(random: Random) {
  const flow = logBetween(random, 8, 140);
  const head = between(random, 0.6, 4);
  const shutOffHead = head * between(random, 1.25, 1.6);
  const inletShare = between(random, 0.05, 0.2);
  const staticHead = between(random, 0, 0.25) * head;
  const volts = pick(random, [230, 230, 400, 115, 240]);
  const power = (head * 1e5 * flow) / 60_000 / between(random, 0.25, 0.55);
  const phases = volts === 400 ? Math.sqrt(3) : 1;
  const vibration = logBetween(random, 0.02, 2.5);
  return {
    flow,
    head,
    shutOffHead,
    staticHead,
    pumpLoss: (shutOffHead - head) / flow ** 2,
    inletLoss: (inletShare * (head - staticHead)) / flow ** 2,
    outletLoss: ((1 - inletShare) * (head - staticHead)) / flow ** 2,
    suctionMargin: between(random, 0.25, 0.6) * head,
    volts,
    phases,
    power,
    magnetizing: (0.35 * power) / (phases * volts * 0.8),
    volume: logBetween(random, 6, 90),
    motorVibration: vibration,
    pumpVibration: vibration * between(random, 0.4, 2.2),
    flowLagRows: between(random, 0.6, 3),
    /** Flow at the first row over the usual one: some loops still spin up. */
    firstFlow: chance(random, 0.25) ? between(random, 0.5, 0.9) : undefined,
    /** A thermostat or governor swings slowly around its mark. */
    swingRows: chance(random, 0.2) ? integerBetween(random, 40, 180) : undefined,
    swing: between(random, 0.003, 0.012),
  };
}

function drawHeat(random: Random, { power, volume }: { readonly power: number; readonly volume: number }) {
  const ambient = between(random, 15, 27);
  const warming = chance(random, 0.65);
  const motorMemory = logBetween(random, 500, 2500);
  const motorRise = between(random, 12, 40);
  const fluidMemory = logBetween(random, 1500, 9000);
  const fluidHeat = (between(random, 0.3, 1) * power) / (4180 * volume);
  const fluidRise = fluidHeat * fluidMemory;
  const fluidAtFirst = warming
    ? ambient + between(random, -1.5, 0.8)
    : ambient + fluidRise * between(random, 0.6, 1.02);
  return {
    ambient,
    motorMemory,
    motorRise,
    fluidMemory,
    fluidHeat,
    fluidSettled: ambient + fluidRise,
    fluidAtFirst,
    motorAtFirst: warming
      ? ambient + between(random, 0, 8)
      : ambient + motorRise + (fluidAtFirst - ambient) * 0.5 + between(random, -1, 1),
    coolsFast: chance(random, 0.5),
  };
}

function drawNoise(random: Random) {
  const keep = (): number => pick(random, [0, 0.3, 0.6, 0.85, 0.95]);
  return {
    motorVibrationNoise: between(random, 0.015, 0.07),
    pumpVibrationNoise: between(random, 0.02, 0.1),
    knockShare: pick(random, [0, 0.003, 0.006, 0.012, 0.025]),
    knock: between(random, 0.05, 0.3),
    currentNoise: between(random, 0.004, 0.02),
    pressureNoise: between(random, 0.004, 0.03),
    flowNoise: between(random, 0.003, 0.025),
    voltNoise: between(random, 0.0008, 0.003),
    temperatureNoise: between(random, 0.01, 0.08),
    /** What each channel's noise keeps of its last value, in the order of the channels. */
    keeps: Array.from(loopChannels, keep),
    turbulenceShare: between(random, 0, 0.8),
    mainsWander: between(random, 0.003, 0.012),
    mainsMemory: logBetween(random, 80, 700),
    mainsSteps: chance(random, 0.3),
    lossWander: pick(random, [0, 0.01, 0.02, 0.05]),
    lossMemory: logBetween(random, 200, 900),
    vibrationWander: pick(random, [0, 0.02, 0.05, 0.1]),
    vibrationMemory: logBetween(random, 100, 600),
  };
}

/** What each sensor rounds to, in the order of the channels. */
function drawSteps(
  random: Random,
  { flow, head, volts, phases, power, motorVibration }: ReturnType<typeof drawDuty>,
): number[] {
  const vibration = niceStep(motorVibration * pick(random, [1e-4, 1e-3, 5e-3]));
  const current = niceStep((power / (phases * volts * 0.8)) * pick(random, [0.003, 0.008, 0.02, 0.035]));
  const pressure = niceStep(head * pick(random, [0.001, 0.005, 0.02, 0.06]));
  const fine = niceStep(flow * pick(random, [0.004, 0.01, 0.02, 0.03, 0.045]));
  return [
    vibration,
    vibration,
    current,
    pressure,
    pick(random, [0.001, 0.05, 0.0625, 0.1, 0.25]),
    pick(random, [0.001, 0.01, 0.0625, 0.1, 0.25]),
    volts > 300 ? pick(random, [0.1, 1]) : pick(random, [0.01, 0.1, 0.5, 1]),
    // A meter that counts pulses alternates between two of them.
    chance(random, 0.12) ? niceStep(flow * 0.009) : fine,
  ];
}

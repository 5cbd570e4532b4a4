/** Draws what is measured on a machine and what the channels are called. */
import type { ChannelMeta, ChannelRole } from '../../../lib/contracts/telemetry.ts';
import { between, integerBetween, type Random } from '../../../lib/core/random.ts';
import type { Quantity, SensorSpec } from './sensors.ts';

const roles: Readonly<Record<Quantity, ChannelRole>> = {
  vibration: 'vibration',
  current: 'current',
  voltage: 'unknown',
  'winding-temperature': 'temperature',
  'bearing-temperature': 'temperature',
  'casing-temperature': 'temperature',
  'fluid-temperature': 'temperature',
  flow: 'flow',
  'discharge-pressure': 'pressure',
  'suction-pressure': 'pressure',
  speed: 'unknown',
};

/** The ways in which plants call their channels; `#` takes a number. */
const schemes: readonly Readonly<Record<Quantity, readonly [string, string]>>[] = [
  {
    vibration: ['vib_de', 'vib_nde'],
    current: ['motor_current_a', ''],
    voltage: ['supply_voltage_v', ''],
    'winding-temperature': ['winding_temp', ''],
    'bearing-temperature': ['bearing_temp', ''],
    'casing-temperature': ['casing_temp', ''],
    'fluid-temperature': ['fluid_temp', ''],
    flow: ['flow', ''],
    'discharge-pressure': ['discharge_pressure', ''],
    'suction-pressure': ['suction_pressure', ''],
    speed: ['rpm', ''],
  },
  {
    vibration: ['AccelerometerDriveRMS', 'AccelerometerPumpRMS'],
    current: ['MotorCurrent', ''],
    voltage: ['MotorVoltage', ''],
    'winding-temperature': ['MotorTemperature', ''],
    'bearing-temperature': ['BearingTemperature', ''],
    'casing-temperature': ['Thermocouple', ''],
    'fluid-temperature': ['WaterTemperature', ''],
    flow: ['FlowRate', ''],
    'discharge-pressure': ['Pressure', ''],
    'suction-pressure': ['InletPressure', ''],
    speed: ['Speed', ''],
  },
  {
    vibration: ['Vibration 1', 'Vibration 2'],
    current: ['Amps', ''],
    voltage: ['Volts', ''],
    'winding-temperature': ['Temperature 1', ''],
    'bearing-temperature': ['Temperature 2', ''],
    'casing-temperature': ['Temperature 3', ''],
    'fluid-temperature': ['Temperature 4', ''],
    flow: ['Flow', ''],
    'discharge-pressure': ['Pressure 1', ''],
    'suction-pressure': ['Pressure 2', ''],
    speed: ['Shaft speed', ''],
  },
];

/** What a quantity is about at this machine, to size noise by. */
export interface Nominal {
  readonly flowM3h: number;
  readonly headM: number;
  readonly currentA: number;
  readonly voltageV: number;
  readonly rpm: number;
}

export interface Instruments {
  readonly specs: readonly SensorSpec[];
  readonly channels: readonly ChannelMeta[];
  /** Vibration is reported as velocity, else as acceleration. */
  readonly velocity: boolean;
}

const rigSuite: readonly Quantity[] = [
  'vibration',
  'vibration',
  'current',
  'discharge-pressure',
  'winding-temperature',
  'fluid-temperature',
  'voltage',
  'flow',
];

/** How often each quantity is measured at all. */
const shares: readonly (readonly [Quantity, number])[] = [
  ['vibration', 1],
  ['vibration', 0.65],
  ['current', 0.9],
  ['voltage', 0.5],
  ['winding-temperature', 0.5],
  ['bearing-temperature', 0.6],
  ['casing-temperature', 0.2],
  ['fluid-temperature', 0.45],
  ['flow', 0.75],
  ['discharge-pressure', 0.85],
  ['suction-pressure', 0.35],
  ['speed', 0.4],
];
const fewestChannels = 5;

export function drawSensors(random: Random, rig: boolean, nominal: Nominal): Instruments {
  const velocity = random() < 0.5;
  let suite = rig ? [...rigSuite] : [];
  while (suite.length < fewestChannels) {
    suite = shares.filter(([, share]) => random() < share).map(([quantity]) => quantity);
  }
  const scheme = schemes[integerBetween(random, 0, schemes.length - 1)]!;
  const bar = random() < 0.7;
  const seen = new Map<Quantity, number>();
  const noisy = Math.exp(between(random, Math.log(0.5), Math.log(1.6)));
  const gapRate = random() < 0.5 ? 0 : between(random, 0, 0.01);
  const specs: SensorSpec[] = [];
  const channels: ChannelMeta[] = [];
  for (const quantity of suite) {
    const position = seen.get(quantity) ?? 0;
    seen.set(quantity, position + 1);
    const { gain, unit, noise, step, lagS } = characterOf(quantity, { random, velocity, bar, nominal });
    const slow = !rig && quantity.endsWith('temperature') && random() < 0.3;
    specs.push({
      quantity,
      position,
      gain,
      noise: noise * noisy,
      noiseMemory: random() < 0.6 ? between(random, 0.2, 0.85) : 0,
      lagS,
      step: random() < 0.85 ? step : 0,
      everyRows: slow ? integerBetween(random, 2, 10) : 1,
      between: random() < 0.7 ? 'hold' : 'gap',
      missingRate: gapRate,
    });
    channels.push({ name: scheme[quantity][position]!, role: roles[quantity], unit });
  }
  // Channels come in any order.
  const order = specs.map((_, i) => ({ i, key: random() })).sort((a, b) => a.key - b.key);
  return { specs: order.map(({ i }) => specs[i]!), channels: order.map(({ i }) => channels[i]!), velocity };
}

interface Draw {
  readonly random: Random;
  readonly velocity: boolean;
  readonly bar: boolean;
  readonly nominal: Nominal;
}

function characterOf(
  quantity: Quantity,
  { random, velocity, bar, nominal }: Draw,
): { gain: number; unit: string; noise: number; step: number; lagS: number } {
  switch (quantity) {
    case 'vibration': {
      const gain = velocity ? between(random, 0.6, 2.2) : between(random, 0.03, 0.4);
      return { gain, unit: velocity ? 'mm/s' : 'g', noise: gain * 0.01, step: velocity ? 0.01 : 0.0005, lagS: 0 };
    }
    case 'current':
      return { gain: 1, unit: 'A', noise: nominal.currentA * 0.006, step: stepFor(nominal.currentA, 0.002), lagS: 0 };
    case 'voltage':
      return { gain: 1, unit: 'V', noise: nominal.voltageV * 0.004, step: 0.1, lagS: 0 };
    case 'flow':
      return { gain: 1, unit: 'm3/h', noise: nominal.flowM3h * 0.008, step: stepFor(nominal.flowM3h, 0.001), lagS: 1 };
    case 'discharge-pressure':
    case 'suction-pressure': {
      // Metres of water to bar or kPa.
      const gain = bar ? 0.0980665 : 9.80665;
      const span = nominal.headM * gain;
      return { gain, unit: bar ? 'bar' : 'kPa', noise: span * 0.005, step: stepFor(span, 0.001), lagS: 0.5 };
    }
    case 'speed':
      return { gain: 1, unit: 'rpm', noise: nominal.rpm * 0.0008, step: 1, lagS: 0 };
    default:
      return { gain: 1, unit: 'degC', noise: between(random, 0.04, 0.2), step: 0.1, lagS: between(random, 5, 40) };
  }
}

/** The power of ten nearest to a part of a range. */
const stepFor = (range: number, part: number): number => 10 ** Math.round(Math.log10(range * part));

/** Draws machines and what happens to them: sampling, warm-up, faults of every kind and severity, lively normal hours. */
import type { Calibration } from '../../../lib/contracts/calibration.ts';
import { between, integerBetween, type Random } from '../../../lib/core/random.ts';
import type { FaultSpec, MachineFaultKind } from '../generator/faults.ts';
import type { Machine } from '../generator/machine.ts';
import { type NormalEvent, newLoad } from '../generator/run.ts';
import type { SensorFaultForm } from '../generator/sensors.ts';

export interface Plan {
  readonly periodS: number;
  readonly warmupRows: number;
  /** The machine has run for hours when its warm-up begins. */
  readonly warm: boolean;
  /** Channels come without roles, as from a bare file. */
  readonly rolesHidden: boolean;
}

const pickOne = <T>(random: Random, list: readonly T[]): T => list[integerBetween(random, 0, list.length - 1)]!;

/** Rows a minute or slower are warmed up on seven days, as screening wants it. */
const weekOfMinutes = 7 * 24 * 60;

export function drawPlan(random: Random): Plan {
  const periodS = pickOne(random, [1, 1, 1, 1, 1, 2, 5, 10, 10, 30, 60]);
  return {
    periodS,
    warmupRows: periodS === 60 ? weekOfMinutes : integerBetween(random, 400, random() < 0.5 ? 600 : 3000),
    warm: random() < 0.55,
    rolesHidden: random() < 0.4,
  };
}

export type Draw = 'normal' | MachineFaultKind | 'sensor-fault';

/** The mix of one machine's scenarios. */
export const scenarioMix: readonly Draw[] = [
  'normal',
  'cavitation',
  'blockage',
  'imbalance',
  'bearing-wear',
  'valve-closing',
  'sensor-fault',
  'normal',
  'sensor-fault',
  'cavitation',
  'blockage',
  'valve-closing',
  'bearing-wear',
  'imbalance',
  'normal',
  'sensor-fault',
];

export interface Times {
  readonly startMs: number;
  readonly endMs: number;
  readonly periodS: number;
}

/** One fault of a kind; incipient ones grow over most of their time. */
export function drawFault(
  random: Random,
  machine: Machine,
  calibration: Calibration,
  kind: Draw,
  at: Times,
): FaultSpec[] {
  if (kind === 'normal') return [];
  const rows = (at.endMs - at.startMs) / 1000 / at.periodS;
  const abrupt = random() < 0.5;
  const rampS = at.periodS * (abrupt ? between(random, 1, 10) : between(random, 0.3, 0.9) * rows);
  const time = { startMs: at.startMs, endMs: at.endMs, rampS };
  if (kind === 'sensor-fault') return drawSensorFault(random, machine, calibration, time);
  return [{ kind, severity: between(random, 0.15, 1), site: siteOf(random, kind), ...time }];
}

function siteOf(random: Random, kind: MachineFaultKind): 'drive-end' | 'free-end' | 'impeller' | 'strainer' | 'none' {
  if (kind === 'blockage') return random() < 0.65 ? 'impeller' : 'strainer';
  if (kind === 'bearing-wear') return random() < 0.5 ? 'drive-end' : 'free-end';
  return 'none';
}

const forms: readonly SensorFaultForm[] = ['stuck', 'drift', 'offset', 'spike', 'noise', 'dropout'];

/** Sizes go by the channel's own spread: what matters is how it stands out, in whatever unit. */
function drawSensorFault(
  random: Random,
  machine: Machine,
  calibration: Calibration,
  time: { startMs: number; endMs: number; rampS: number },
): FaultSpec[] {
  const living = machine.channels.map((_, channel) => channel).filter((c) => !calibration.channels[c]!.dead);
  if (living.length === 0) return [];
  const channel = pickOne(random, living);
  const { scale } = calibration.channels[channel]!;
  const form = pickOne(random, forms);
  const sign = random() < 0.5 ? -1 : 1;
  const sizes: Readonly<Record<SensorFaultForm, number>> = {
    stuck: 0,
    drift: sign * scale * between(random, 4, 15),
    offset: sign * scale * between(random, 3, 15),
    spike: sign * scale * between(random, 5, 30),
    noise: scale * between(random, 1.5, 6),
    dropout: between(random, 0.4, 1),
  };
  const sensor = { channel, form, size: sizes[form], readsZero: random() < 0.35 };
  return [{ kind: 'sensor-fault', sensor, ...time }];
}

/** What is normal and may yet alarm: a load never seen, a stop, a warm room. Half of the normal runs have none. */
export function drawEvents(random: Random, machine: Machine, at: Times): NormalEvent[] {
  const draw = random();
  const time = { startMs: at.startMs, endMs: at.endMs };
  if (draw < 0.4) return [];
  if (draw < 0.65) return [{ kind: 'new-load', level: newLoad(machine, random), ...time }];
  if (draw < 0.85) return [{ kind: 'stop', ...time }];
  return [{ kind: 'warm-room', kelvin: between(random, 4, 12), ...time }];
}

/** What the card reports on: kind, form and size. */
export function segmentOf(fault: FaultSpec, periodS: number): string {
  if (fault.kind === 'sensor-fault') return `sensor-fault, ${fault.sensor.form}`;
  const size = fault.severity < 0.4 ? 'mild' : fault.severity < 0.7 ? 'medium' : 'severe';
  const form = fault.rampS <= 10 * periodS ? 'abrupt' : 'incipient';
  return `${fault.kind}, ${form}, ${size}`;
}

/** Draws what happens in a city: faults and episodes of every form and severity, and lively weeks without any. */
import type { Calibration } from '../../../lib/contracts/calibration.ts';
import { between, integerBetween, type Random } from '../../../lib/core/random.ts';
import type { Episode, LocalEpisode, RegionalEpisode } from '../generator/air.ts';
import type { City } from '../generator/city.ts';
import type { SensorFault } from '../generator/faults.ts';
import type { WeatherEvent } from '../generator/weather.ts';

const hourMs = 3_600_000;

export interface Plan {
  readonly stepS: number;
  readonly warmupDays: number;
  /** Channels come as their names alone say, as from a bare file. */
  readonly rolesHidden: boolean;
}

const pickOne = <T>(random: Random, list: readonly T[]): T => list[integerBetween(random, 0, list.length - 1)]!;

export function drawPlan(random: Random): Plan {
  const stepS = pickOne(random, [900, 900, 600, 1800, 1800, 3600, 3600, 3600, 300]);
  const warmupDays = stepS === 3600 ? pickOne(random, [21, 28]) : pickOne(random, [9, 14, 14, 21]);
  return { stepS, warmupDays, rolesHidden: random() < 0.35 };
}

export type Draw = 'normal' | SensorFault['kind'] | Episode['kind'];

/** The mix of one city's scenarios; a data set takes as many from the front as it wants. */
export const scenarioMix: readonly Draw[] = [
  'normal',
  'pollution-episode',
  'sensor-fault',
  'regional-episode',
  'sensor-fault',
  'pollution-episode',
  'sensor-fault',
  'regional-episode',
  'normal',
  'pollution-episode',
  'sensor-fault',
  'pollution-episode',
  'regional-episode',
];

/** @returns undefined where the city has nothing that could fail so */
export function drawEvent(
  random: Random,
  city: City,
  calibration: Calibration,
  kind: Exclude<Draw, 'normal'>,
  startMs: number,
  lastMs: number,
): SensorFault | Episode | undefined {
  if (kind === 'sensor-fault') return drawSensor(random, calibration, startMs, lastMs);
  return kind === 'pollution-episode' ? drawLocal(random, city, startMs) : drawRegional(random, startMs);
}

/** Near one of the stations, most often upwind or downwind by chance; how far decides how many see it. */
function drawLocal(random: Random, city: City, startMs: number): LocalEpisode {
  const station = pickOne(random, city.stations);
  const distanceKm = between(random, 0.2, 2.5);
  const angle = between(random, 0, 2 * Math.PI);
  return {
    kind: 'pollution-episode',
    form: pickOne(random, ['traffic', 'fire', 'fire', 'industry'] as const),
    xKm: station.xKm + distanceKm * Math.cos(angle),
    yKm: station.yKm + distanceKm * Math.sin(angle),
    startMs,
    endMs: startMs + between(random, 4, 30) * hourMs,
    severity: Math.exp(between(random, Math.log(0.8), Math.log(10))),
  };
}

function drawRegional(random: Random, startMs: number): RegionalEpisode {
  const form = pickOne(random, ['haze', 'dust', 'smoke', 'ozone'] as const);
  return {
    kind: 'regional-episode',
    form,
    startMs,
    endMs: startMs + between(random, 14, 52) * hourMs,
    severity: Math.exp(between(random, Math.log(0.9), Math.log(form === 'ozone' ? 2.5 : 8))),
  };
}

/** Sizes go by the channel's own spread: what matters is how it stands out, in whatever unit. */
function drawSensor(
  random: Random,
  calibration: Calibration,
  startMs: number,
  lastMs: number,
): SensorFault | undefined {
  const alive = calibration.channels.filter((channel) => !channel.dead);
  if (alive.length === 0) return undefined;
  const { name, scale } = pickOne(random, alive);
  const form = pickOne(random, ['stuck', 'drift', 'offset', 'spike', 'noise', 'dropout'] as const);
  const sign = random() < 0.5 ? -1 : 1;
  const spreads = {
    stuck: 1,
    drift: between(random, 2.5, 9),
    offset: between(random, 1.5, 8),
    spike: between(random, 4, 15),
    noise: between(random, 0.7, 4),
    dropout: 1,
  }[form];
  const base = { kind: 'sensor-fault', form, channel: name, spreads, startMs } as const;
  const endMs = random() < 0.7 ? lastMs : Math.min(lastMs, startMs + between(random, 8, 40) * hourMs);
  if (form === 'dropout') return { ...base, endMs, size: between(random, 0.3, 1), readsZero: random() < 0.3 };
  if (form === 'drift') return { ...base, endMs, size: sign * spreads * scale, rampHours: between(random, 12, 60) };
  // Spikes of a counter or a cell go up; a reading below zero is cut off.
  return { ...base, endMs, size: (form === 'spike' || form === 'noise' ? 1 : sign) * spreads * scale };
}

/** Livelier than life, so that what a screen flags without a fault is known as normal. */
export function drawWeatherEvents(random: Random, startMs: number, days: number): WeatherEvent[] {
  return Array.from({ length: integerBetween(random, 1, 3) }, () => {
    const at = startMs + between(random, 1, days - 1) * 24 * hourMs;
    return {
      kind: pickOne(random, ['rain', 'front', 'fog', 'stagnation', 'heat'] as const),
      startMs: at,
      endMs: at + between(random, 5, 30) * hourMs,
      strength: between(random, 0.4, 0.9),
    };
  });
}

/** What the card reports on: kind, form and size. */
export function segmentOf(event: SensorFault | Episode): string {
  if (event.kind === 'sensor-fault') {
    if (event.form === 'stuck' || event.form === 'dropout') return `sensor-fault, ${event.form}`;
    return `sensor-fault, ${event.form}, ${event.spreads < 4 ? 'below' : 'above'} 4 spreads`;
  }
  const band = event.severity < 2 ? 'below 2 times' : event.severity < 4 ? '2 to 4 times' : 'above 4 times';
  return `${event.kind}, ${event.form}, ${band} the usual`;
}

/**
 * Weather over a city, one value a step: wind, temperature, humidity, light, the height that the air mixes to, rain.
 *
 * - Sun's elevation: from latitude, day of the year and hour (Cooper 1969 for the declination); light under cloud after
 *   Kasten & Czeplak 1980: 1 − 0.75 c^3.4.
 * - Humidity from temperature and dew point by the Magnus formula (Alduchov & Eskridge 1996).
 * - The mixed layer grows with the light of the last hours and with wind, and is shallow at night (Stull 1988, ch. 1).
 */
import { between, childRandom } from '../../../lib/core/random.ts';
import { wander } from './ornstein-uhlenbeck.ts';

const hourMs = 3_600_000;

export interface Climate {
  readonly latitudeDeg: number;
  readonly meanTemperatureC: number;
  readonly dailySwingC: number;
  /** Mean difference of temperature and dew point. */
  readonly drynessC: number;
  readonly windMs: number;
  /** Direction that the wind mostly blows to, radians from east. */
  readonly prevailingRad: number;
  readonly cloudiness: number;
  readonly rainsPerWeek: number;
}

/** What makes a day unlike the last ones without anything being wrong, or worse than that. */
export interface WeatherEvent {
  readonly kind: 'rain' | 'front' | 'fog' | 'stagnation' | 'heat';
  readonly startMs: number;
  readonly endMs: number;
  /** 0 to 1. */
  readonly strength: number;
}

export interface Weather {
  readonly stepS: number;
  readonly timesMs: Float64Array;
  /** Wind towards east and north, m/s. */
  readonly eastMs: Float64Array;
  readonly northMs: Float64Array;
  readonly temperatureC: Float64Array;
  /** Relative humidity, 0 to 1. */
  readonly humidity: Float64Array;
  /** Light, 0 at night to 1 for a clear noon in the tropics. */
  readonly light: Float64Array;
  readonly mixingM: Float64Array;
  /** Share of the particles that rain leaves in the air. */
  readonly washout: Float64Array;
}

/** @returns `steps` values, the first at `startMs` */
export function makeWeather(
  climate: Climate,
  seed: number,
  startMs: number,
  steps: number,
  stepS: number,
  events: readonly WeatherEvent[],
): Weather {
  const of = (name: string, tauHours: number): Float64Array =>
    wander(childRandom(seed, 'weather', name), steps, stepS, tauHours);
  const [turn, gust, warm, dry, cloudy] = [
    of('turn', 16),
    of('gust', 6),
    of('warm', 40),
    of('dry', 24),
    of('cloud', 9),
  ];
  const all = [...events, ...rains(climate, seed, startMs, steps * stepS * 1000)];
  const weather: Weather = {
    stepS,
    timesMs: Float64Array.from({ length: steps }, (_, i) => startMs + i * stepS * 1000),
    eastMs: new Float64Array(steps),
    northMs: new Float64Array(steps),
    temperatureC: new Float64Array(steps),
    humidity: new Float64Array(steps),
    light: new Float64Array(steps),
    mixingM: new Float64Array(steps),
    washout: new Float64Array(steps),
  };
  let warmed = 0;
  for (let i = 0; i < steps; i += 1) {
    const timeMs = weather.timesMs[i]!;
    const { rain, front, fog, stagnation, heat } = strengths(all, timeMs);
    const sun = Math.max(0, sineOfElevation(climate.latitudeDeg, timeMs));
    const cloud = Math.min(1, Math.max(0, climate.cloudiness + 0.3 * cloudy[i]! + rain + 0.5 * fog - heat));
    const light = sun * (1 - 0.75 * cloud ** 3.4);
    warmed += (light - warmed) * Math.min(1, stepS / (3 * 3600));
    const speed =
      climate.windMs *
      Math.exp(0.4 * gust[i]!) *
      (0.75 + 0.6 * warmed) *
      (1 + front) *
      (1 - 0.65 * stagnation) *
      (1 - 0.5 * fog);
    const direction = climate.prevailingRad + 0.9 * turn[i]! + 1.2 * front;
    weather.eastMs[i] = speed * Math.cos(direction);
    weather.northMs[i] = speed * Math.sin(direction);
    const day = 2 * Math.PI * ((timeMs / hourMs - 9) / 24);
    const temperature =
      climate.meanTemperatureC +
      (climate.dailySwingC / 2) * Math.sin(day) * (1 - 0.6 * cloud) +
      2.2 * warm[i]! -
      6 * front -
      2 * rain +
      6 * heat;
    const spread = climate.drynessC * Math.exp(0.35 * dry[i]!) * (1 - 0.9 * fog) * (1 - 0.6 * rain);
    const dewPoint = climate.meanTemperatureC + 2.2 * warm[i]! - 6 * front - spread + 2 * heat;
    weather.temperatureC[i] = temperature;
    weather.humidity[i] = Math.min(0.99, Math.max(0.08, magnus(Math.min(dewPoint, temperature)) / magnus(temperature)));
    weather.light[i] = light;
    weather.mixingM[i] =
      (170 + 1500 * warmed + 35 * Math.min(speed, 8)) * (1 - 0.5 * stagnation) * (1 - 0.4 * fog) * (1 + 0.4 * front);
    weather.washout[i] = 1 - 0.55 * rain;
  }
  return weather;
}

/** Proportional to the vapour pressure at saturation. */
const magnus = (temperatureC: number): number => Math.exp((17.625 * temperatureC) / (243.04 + temperatureC));

/** Hours are UTC and so is the sun: the cities of the generator lie on the zero meridian. */
function sineOfElevation(latitudeDeg: number, timeMs: number): number {
  const dayOfYear = (timeMs / 86_400_000) % 365.25;
  const declination = 0.4093 * Math.sin((2 * Math.PI * (284 + dayOfYear)) / 365.25);
  const hourAngle = (2 * Math.PI * ((timeMs / hourMs) % 24)) / 24 - Math.PI;
  const latitude = (latitudeDeg * Math.PI) / 180;
  return Math.sin(latitude) * Math.sin(declination) + Math.cos(latitude) * Math.cos(declination) * Math.cos(hourAngle);
}

function rains(climate: Climate, seed: number, startMs: number, lastsMs: number): WeatherEvent[] {
  const random = childRandom(seed, 'rain');
  const events: WeatherEvent[] = [];
  const meanGapMs = (7 * 24 * hourMs) / Math.max(climate.rainsPerWeek, 1e-3);
  for (let at = startMs; ; ) {
    at += -Math.log(1 - random()) * meanGapMs;
    if (at >= startMs + lastsMs) return events;
    events.push({
      kind: 'rain',
      startMs: at,
      endMs: at + between(random, 1, 7) * hourMs,
      strength: between(random, 0.3, 1),
    });
  }
}

type Strengths = Record<WeatherEvent['kind'], number>;

/** How strong each kind of event is now; each comes and goes over a fifth of its time. */
function strengths(events: readonly WeatherEvent[], timeMs: number): Strengths {
  const now: Strengths = { rain: 0, front: 0, fog: 0, stagnation: 0, heat: 0 };
  for (const event of events)
    now[event.kind] = Math.max(now[event.kind], event.strength * trapezoid(event, timeMs, 0.2));
  return now;
}

/** 0 outside, 1 in the middle, straight between over `share` of the time at either end. */
export function trapezoid(
  { startMs, endMs }: { readonly startMs: number; readonly endMs: number },
  timeMs: number,
  share: number,
): number {
  const place = (timeMs - startMs) / (endMs - startMs);
  return Math.max(0, Math.min(1, place / share, (1 - place) / share));
}

/** What is in the air at each station: regional background, what sources add downwind, chemistry, and episodes. */
import { between, childRandom } from '../../../lib/core/random.ts';
import { microgramsPerPpb, photostationary } from './chemistry.ts';
import type { City, Source } from './city.ts';
import { disperse, type Emitter } from './dispersion.ts';
import { wander } from './ornstein-uhlenbeck.ts';
import { trapezoid, type Weather } from './weather.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** A source that is not there on other days. */
export interface LocalEpisode {
  readonly kind: 'pollution-episode';
  readonly form: 'traffic' | 'fire' | 'industry';
  readonly xKm: number;
  readonly yKm: number;
  readonly startMs: number;
  readonly endMs: number;
  /** Highest addition at the station that gets most, in its usual mean of the form's leading species. */
  readonly severity: number;
}

/** Air that comes over the whole city. */
export interface RegionalEpisode {
  readonly kind: 'regional-episode';
  readonly form: 'haze' | 'dust' | 'smoke' | 'ozone';
  readonly startMs: number;
  readonly endMs: number;
  /** Highest addition in the usual background (ozone: in half of it). */
  readonly severity: number;
}

export type Episode = LocalEpisode | RegionalEpisode;

/** µg/m³ (CO in mg/m³), `[station][step]`. PM2.5 never exceeds PM10. */
export interface Air {
  readonly pm25: readonly Float64Array[];
  readonly pm10: readonly Float64Array[];
  readonly no2: readonly Float64Array[];
  readonly o3: readonly Float64Array[];
  readonly co: readonly Float64Array[];
  /** What the episode adds of its leading species, as a share of its highest addition. */
  readonly episodeShare: readonly Float64Array[];
}

const species = ['nox', 'co', 'fine', 'coarse'] as const;
type Species = (typeof species)[number];

/** Leading species, and what comes with a gram of it. */
const mixtures: Readonly<Record<LocalEpisode['form'], Readonly<Record<Species, number>> & { readonly lead: Species }>> =
  {
    traffic: { lead: 'nox', nox: 1, co: 2.5, fine: 0.07, coarse: 0.1 },
    fire: { lead: 'fine', nox: 0.1, co: 8, fine: 1, coarse: 0.15 },
    industry: { lead: 'coarse', nox: 0.2, co: 0.1, fine: 0.5, coarse: 1 },
  };

export interface AirOptions {
  readonly city: City;
  readonly weather: Weather;
  readonly seed: number;
  readonly episode?: Episode;
  /** Days (by their number since 1970) on which traffic is that of a Sunday. */
  readonly holidays?: ReadonlySet<number>;
}

export function makeAir({ city, weather, seed, episode, holidays = new Set() }: AirOptions): Air {
  const { stations, sources, background } = city;
  const steps = weather.timesMs.length;
  const activity = { traffic: trafficOf(weather, holidays), plant: plantOf(seed, weather), homes: homesOf(weather) };
  const added = Object.fromEntries(
    species.map((name) => [name, stations.map(() => new Float64Array(steps))]),
  ) as Record<Species, Float64Array[]>;
  for (const source of sources) spread(weather, source, activity[source.kind], stations, added);
  stations.forEach(({ roadside }, s) => {
    addKerb(weather, activity.traffic, roadside, added, s);
  });
  const regional = backgroundOf(city, weather, seed);
  const episodeShare = stations.map(() => new Float64Array(steps));
  if (episode?.kind === 'pollution-episode') addLocal(city, weather, episode, added, episodeShare, regional);
  const air = { pm25: [], pm10: [], no2: [], o3: [], co: [] } as Record<
    keyof Omit<Air, 'episodeShare'>,
    Float64Array[]
  >;
  stations.forEach((station, s) => {
    const own = Object.fromEntries(Object.keys(air).map((name) => [name, new Float64Array(steps)])) as Record<
      string,
      Float64Array
    >;
    for (let step = 0; step < steps; step += 1) {
      // What comes from afar reaches upwind stations first.
      const at =
        step - lagSteps(weather, step, station.xKm - middle(stations, 'xKm'), station.yKm - middle(stations, 'yKm'));
      const far = (values: Float64Array): number => between01(values, at);
      const lift = episode?.kind === 'regional-episode' ? liftOf(episode, background, weather, at) : noLift;
      if (episode?.kind === 'regional-episode') episodeShare[s]![step] = lift.share;
      const wet = weather.washout[step]!;
      const fine = (far(regional.fine) + added.fine[s]![step]! + lift.fine) * wet;
      const coarse = (far(regional.coarse) + added.coarse[s]![step]! + lift.coarse) * wet;
      const nox = far(regional.nox) + added.nox[s]![step]! + lift.nox;
      // Near the ground ozone is lost at night, when the mixed layer is shallow.
      const ozone = (far(regional.ozone) + lift.ozone) * (0.55 + 0.45 * Math.min(1, weather.mixingM[step]! / 900));
      const { no2Ppb, o3Ppb } = photostationary(nox / microgramsPerPpb.no2, ozone, weather.light[step]!);
      own['pm25']![step] = fine;
      own['pm10']![step] = fine + coarse;
      own['no2']![step] = no2Ppb * microgramsPerPpb.no2;
      own['o3']![step] = o3Ppb * microgramsPerPpb.o3;
      own['co']![step] = far(regional.co) + added.co[s]![step]! / 1000 + lift.co;
    }
    for (const name of Object.keys(air)) air[name as keyof typeof air].push(own[name]!);
  });
  return { ...air, episodeShare };
}

/** Hours of the day of a working day and of a Sunday, as shares of the busiest hour. */
const workday = [8, 5, 4, 4, 8, 25, 60, 95, 100, 75, 62, 62, 66, 66, 68, 76, 92, 100, 88, 62, 45, 36, 26, 15];
const sunday = [18, 13, 9, 6, 5, 7, 11, 17, 25, 35, 46, 54, 58, 58, 56, 56, 58, 58, 52, 44, 36, 28, 21, 14];

function trafficOf(weather: Weather, holidays: ReadonlySet<number>): (step: number) => number {
  return (step) => {
    const timeMs = weather.timesMs[step]!;
    const day = Math.floor(timeMs / dayMs);
    // 1970-01-01 was a Thursday.
    const weekday = (day + 4) % 7;
    const profile = weekday === 0 || holidays.has(day) ? sunday : workday;
    const hours = (timeMs % dayMs) / hourMs;
    const low = Math.floor(hours);
    const share = hours - low;
    const value = (1 - share) * profile[low]! + share * profile[(low + 1) % 24]!;
    return (value / 100) * (weekday === 6 ? 0.75 : 1);
  };
}

/** A plant runs or does not, for about a day each. */
function plantOf(seed: number, weather: Weather): (step: number) => number {
  const load = wander(childRandom(seed, 'plant-load'), weather.timesMs.length, weather.stepS, 20);
  return (step) => Math.max(0, 0.7 + 0.4 * load[step]!);
}

/** Heating: the colder, the more, and most in the evening. */
function homesOf(weather: Weather): (step: number) => number {
  return (step) => {
    const cold = Math.max(0, Math.min(1.5, (16 - weather.temperatureC[step]!) / 12));
    const hour = (weather.timesMs[step]! % dayMs) / hourMs;
    return cold * (0.5 + 0.5 * Math.exp(-(((hour - 20) / 3) ** 2)));
  };
}

function spread(
  weather: Weather,
  source: Source,
  activity: (step: number) => number,
  stations: City['stations'],
  added: Record<Species, Float64Array[]>,
): void {
  const field = disperse(weather, [{ ...source, gramsPerS: activity }], stations);
  for (const name of species) addTimes(added[name], field, source.rates[name]);
}

function addTimes(to: readonly Float64Array[], field: readonly Float64Array[], factor: number): void {
  field.forEach((values, s) => {
    for (let step = 0; step < values.length; step += 1) to[s]![step]! += factor * values[step]!;
  });
}

/** The road at the station's own door: a line source, diluted by wind and by the mixed layer. */
function addKerb(
  weather: Weather,
  traffic: (step: number) => number,
  roadside: number,
  added: Record<Species, Float64Array[]>,
  s: number,
): void {
  if (roadside === 0) return;
  for (let step = 0; step < weather.timesMs.length; step += 1) {
    const wind = Math.hypot(weather.eastMs[step]!, weather.northMs[step]!);
    const nox = (90 * roadside * traffic(step)) / ((0.6 + wind) * Math.sqrt(weather.mixingM[step]! / 300));
    added.nox[s]![step]! += nox;
    added.co[s]![step]! += nox * 2.5;
    added.fine[s]![step]! += nox * 0.05;
    added.coarse[s]![step]! += nox * 0.1;
  }
}

interface Background {
  readonly fine: Float64Array;
  readonly coarse: Float64Array;
  readonly nox: Float64Array;
  readonly ozone: Float64Array;
  readonly co: Float64Array;
}

/** Slow swings of the air mass; ozone also builds up with the light of the last hours. */
function backgroundOf(city: City, weather: Weather, seed: number): Background {
  const steps = weather.timesMs.length;
  const of = (name: string, tauHours: number): Float64Array =>
    wander(childRandom(seed, 'background', name), steps, weather.stepS, tauHours);
  const [mass, dust, own, ozone] = [of('mass', 48), of('dust', 30), of('own', 12), of('ozone', 40)];
  const { background } = city;
  let built = 0;
  return {
    fine: mass.map((value, i) => background.fine * Math.exp(0.33 * value + 0.1 * own[i]!)),
    coarse: dust.map((value) => background.coarse * Math.exp(0.35 * value)),
    nox: own.map((value, i) => background.nox * Math.exp(0.25 * value + 0.15 * mass[i]!)),
    ozone: ozone.map((value, i) => {
      built += (weather.light[i]! - built) * Math.min(1, weather.stepS / (4 * 3600));
      return background.ozonePpb * (0.75 + 0.9 * built) * Math.exp(0.13 * value);
    }),
    co: mass.map((value, i) => background.coMg * Math.exp(0.14 * value + 0.08 * own[i]!)),
  };
}

/** Steps that air from the middle of the town is away: the way along the wind over its speed, two hours at most. */
function lagSteps(weather: Weather, step: number, xKm: number, yKm: number): number {
  const east = weather.eastMs[step]!;
  const north = weather.northMs[step]!;
  const speed = Math.max(0.7, Math.hypot(east, north));
  const alongM = ((xKm * east + yKm * north) * 1000) / speed;
  return Math.max(-7200, Math.min(7200, alongM / speed)) / weather.stepS;
}

const middle = (stations: City['stations'], axis: 'xKm' | 'yKm'): number =>
  stations.reduce((sum, station) => sum + station[axis], 0) / stations.length;

function between01(values: Float64Array, at: number): number {
  const low = Math.max(0, Math.min(values.length - 1, Math.floor(at)));
  const share = Math.max(0, Math.min(1, at - low));
  return (1 - share) * values[low]! + share * values[Math.min(values.length - 1, low + 1)]!;
}

interface Lift extends Readonly<Record<'fine' | 'coarse' | 'nox' | 'ozone' | 'co' | 'share', number>> {}
const noLift: Lift = { fine: 0, coarse: 0, nox: 0, ozone: 0, co: 0, share: 0 };

function liftOf(episode: RegionalEpisode, background: City['background'], weather: Weather, at: number): Lift {
  const timeMs = weather.timesMs[0]! + at * weather.stepS * 1000;
  // Smoke and dust come as a front; haze gathers.
  const share = trapezoid(episode, timeMs, episode.form === 'haze' ? 0.4 : 0.12);
  const size = episode.severity * share;
  const { fine, coarse, nox, ozonePpb, coMg } = background;
  if (episode.form === 'haze')
    return {
      ...noLift,
      fine: 1.2 * size * fine,
      nox: 0.6 * size * nox,
      coarse: 0.2 * size * coarse,
      co: 0.25 * size * coMg,
      share,
    };
  if (episode.form === 'dust') return { ...noLift, coarse: 2 * size * coarse, fine: 0.3 * size * fine, share };
  if (episode.form === 'smoke')
    return { ...noLift, fine: 1.5 * size * fine, coarse: 0.2 * size * coarse, co: 0.012 * size * fine, share };
  return { ...noLift, ozone: 0.5 * size * ozonePpb, fine: 0.15 * size * fine, share };
}

/** A unit of emission first; then as much of it as makes the highest addition what the severity says. */
function addLocal(
  city: City,
  weather: Weather,
  episode: LocalEpisode,
  added: Record<Species, Float64Array[]>,
  episodeShare: readonly Float64Array[],
  regional: Background,
): void {
  const random = childRandom(city.seed, 'episode', episode.startMs);
  const flicker = wander(random, weather.timesMs.length, weather.stepS, 1.5);
  const emitter: Emitter = {
    xKm: episode.xKm,
    yKm: episode.yKm,
    sigmaKm: between(random, 0.2, 0.7),
    gramsPerS: (step) => trapezoid(episode, weather.timesMs[step]!, 0.1) * Math.exp(0.2 * flicker[step]!),
  };
  const field = disperse(weather, [emitter], city.stations);
  const { lead, ...mixture } = mixtures[episode.form];
  const background = lead === 'nox' ? regional.nox : lead === 'fine' ? regional.fine : regional.coarse;
  let peak = 0;
  let usual = 1;
  field.forEach((values, s) => {
    for (const value of values) {
      if (value <= peak) continue;
      peak = value;
      usual = mean(added[lead][s]!) + mean(background);
    }
  });
  if (peak <= 0) return;
  const factor = (episode.severity * usual) / peak;
  for (const name of species) addTimes(added[name], field, factor * mixture[name]);
  field.forEach((values, s) => {
    episodeShare[s]!.set(values.map((value) => value / peak));
  });
}

const mean = (values: Float64Array): number => values.reduce((a, b) => a + b, 0) / values.length;

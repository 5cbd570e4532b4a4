/** One run of a city: weather, air and readings of some days, from seeds alone. */
import type { Series } from '../../../lib/core/series.ts';
import { type Air, type Episode, makeAir } from './air.ts';
import type { City } from './city.ts';
import type { SensorFault } from './faults.ts';
import { readings } from './sensing.ts';
import { makeWeather, type Weather, type WeatherEvent } from './weather.ts';

export interface RunOptions {
  readonly city: City;
  readonly startMs: number;
  readonly days: number;
  /** Seconds between rows: 300 to 3,600, a multiple of 300. */
  readonly stepS: number;
  /** Of the weather and of everything random; another seed is another week. */
  readonly seed: number;
  readonly event?: Episode | SensorFault;
  readonly weatherEvents?: readonly WeatherEvent[];
  readonly holidays?: ReadonlySet<number>;
}

export interface SimulatedRun {
  readonly series: Series;
  readonly weather: Weather;
  readonly air: Air;
  /** Steps of weather and air in one row of the series. */
  readonly stepsPerRow: number;
}

/** The air of the first hours has no past yet: it is computed and not shown. */
const spinUpS = 4 * 3600;
const finestS = 300;

/** @throws RangeError for a step that rows cannot have */
export function simulate(options: RunOptions): SimulatedRun {
  const { city, startMs, days, stepS, seed, event } = options;
  if (!Number.isInteger(stepS / finestS) || stepS < finestS || stepS > 3600) {
    throw new RangeError(`stepS is ${stepS}; a multiple of ${finestS} from ${finestS} to 3600 is allowed`);
  }
  // Puffs need steps short against the way across a town; ten minutes do, five where rows are that close.
  const innerS = stepS % 600 === 0 ? 600 : finestS;
  const stepsPerRow = stepS / innerS;
  const spinUpRows = Math.ceil(spinUpS / stepS);
  const rows = Math.round((days * 86_400) / stepS);
  const fromMs = startMs - spinUpRows * stepS * 1000;
  const steps = (spinUpRows + rows) * stepsPerRow;
  const weather = makeWeather(city.climate, seed, fromMs, steps, innerS, options.weatherEvents ?? []);
  const air = makeAir({
    city,
    weather,
    seed,
    ...(event !== undefined && event.kind !== 'sensor-fault' ? { episode: event } : {}),
    ...(options.holidays === undefined ? {} : { holidays: options.holidays }),
  });
  const fault = event?.kind === 'sensor-fault' ? event : undefined;
  const read = readings(city, weather, air, stepsPerRow, seed, fault);
  const width = city.channels.length;
  return {
    series: {
      channels: city.channels,
      timesMs: read.timesMs.slice(spinUpRows),
      values: read.values.slice(spinUpRows * width),
    },
    weather,
    air,
    stepsPerRow,
  };
}

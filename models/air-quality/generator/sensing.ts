/**
 * From the air to readings. Optical counters see particles swollen in damp air, by 1 + (κ/1.65) · a/(1 − a) at relative
 * humidity a (Crilley et al. 2018, eq. 5); NO₂ cells answer to some ozone, zeros move with temperature, all have noise,
 * steps and missing cells.
 */
import { childRandom, normal } from '../../../lib/core/random.ts';
import type { Air } from './air.ts';
import { microgramsPerPpb } from './chemistry.ts';
import type { City, Instrument } from './city.ts';
import type { SensorFault } from './faults.ts';
import { progressOf } from './faults.ts';
import type { Weather } from './weather.ts';

const densityRatio = 1.65;
/** Above this counters are past what the formula was made for. */
const dampest = 0.95;

/** Row-major readings, NaN for missing; rows are means over `stepsPerRow` steps. */
export function readings(
  city: City,
  weather: Weather,
  air: Air,
  stepsPerRow: number,
  seed: number,
  fault?: SensorFault,
): { timesMs: Float64Array; values: Float64Array } {
  const rows = Math.floor(weather.timesMs.length / stepsPerRow);
  const width = city.instruments.length;
  const values = new Float64Array(rows * width);
  // A row bears the time of its last step, as loggers stamp the end of what they average.
  const timesMs = Float64Array.from({ length: rows }, (_, row) => weather.timesMs[(row + 1) * stepsPerRow - 1]!);
  city.instruments.forEach((instrument, c) => {
    const own = fault?.channel === city.channels[c]!.name ? fault : undefined;
    const column = read(city, weather, air, instrument, stepsPerRow, timesMs, childRandom(seed, 'sensor', c), own);
    for (let row = 0; row < rows; row += 1) values[row * width + c] = column[row]!;
  });
  return { timesMs, values };
}

function read(
  city: City,
  weather: Weather,
  air: Air,
  instrument: Instrument,
  stepsPerRow: number,
  timesMs: Float64Array,
  random: () => number,
  fault: SensorFault | undefined,
): Float64Array {
  const { noise, noiseShare, step, gain, zero, missingShare } = instrument;
  const truth = trueValues(city, weather, air, instrument);
  let stuckAt = Number.NaN;
  return timesMs.map((timeMs, row) => {
    let sum = 0;
    for (let k = 0; k < stepsPerRow; k += 1) sum += truth[row * stepsPerRow + k]!;
    const mean = sum / stepsPerRow;
    const own = normal(random);
    const [lost, drawn, second] = [random(), random(), normal(random)];
    let value = gain * mean + zero + own * (noise + noiseShare * Math.abs(mean));
    const progress = fault === undefined ? 0 : progressOf(fault, timeMs);
    if (fault !== undefined && progress > 0) {
      const { form, size } = fault;
      if (form === 'stuck') {
        if (Number.isNaN(stuckAt)) stuckAt = value;
        value = stuckAt;
      } else if (form === 'noise') value += size * second;
      else if (form === 'spike') value += drawn < 0.12 ? size : 0;
      else if (form === 'dropout') value = drawn < size ? (fault.readsZero ? 0 : Number.NaN) : value;
      else value += size * progress;
    }
    if (lost < missingShare) return Number.NaN;
    const held = instrument.quantity === 'temperature' ? value : Math.max(0, value);
    // Without the dust of binary fractions: a logger writes 21.2, not 21.200000000000003.
    return Number((Math.round(held / step) * step).toFixed(3));
  });
}

/** What an instrument without noise would show at each step, in the channel's unit. */
function trueValues(city: City, weather: Weather, air: Air, instrument: Instrument): Float64Array {
  const { station, quantity, kappa, ozoneShare, zeroPerC } = instrument;
  if (quantity === 'temperature') return weather.temperatureC;
  if (quantity === 'humidity') return weather.humidity.map((value) => 100 * value);
  if (quantity === 'pm25' || quantity === 'pm10') {
    return air[quantity][station]!.map((value, i) => {
      const damp = Math.min(dampest, weather.humidity[i]!);
      return value * (1 + ((kappa / densityRatio) * damp) / (1 - damp));
    });
  }
  const drift = (i: number): number => zeroPerC * (weather.temperatureC[i]! - city.climate.meanTemperatureC);
  if (quantity === 'co') {
    const unit = city.volumetric ? 1 / microgramsPerPpb.co : 1;
    return air.co[station]!.map((value, i) => value * unit + drift(i));
  }
  const unit = city.volumetric ? 1 / microgramsPerPpb[quantity] : 1;
  const ozone = air.o3[station]!;
  const ozonePart = ozoneShare * (city.volumetric ? 1 / microgramsPerPpb.o3 : 1);
  return air[quantity][station]!.map((value, i) => value * unit + ozonePart * ozone[i]! + drift(i));
}

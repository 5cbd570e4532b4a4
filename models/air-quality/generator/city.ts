/** Draws a city: stations on a plane, roads and plants that emit, a climate, instruments, and how channels are called. */
import type { ChannelMeta } from '../../../lib/contracts/telemetry.ts';
import { between, childRandom, integerBetween, type Random } from '../../../lib/core/random.ts';
import { type Quantity, quantities } from '../quantity.ts';
import type { Place } from './dispersion.ts';
import type { Climate } from './weather.ts';

export interface Station extends Place {
  readonly name: string;
  /** Traffic at its own kerb, as a share of a busy road's. */
  readonly roadside: number;
}

export interface Source extends Place {
  readonly kind: 'traffic' | 'plant' | 'homes';
  readonly sigmaKm: number;
  /** Nitrogen oxides in NO₂ equivalents, CO, fine and coarse particles: grams a second at full load. */
  readonly rates: Readonly<Record<'nox' | 'co' | 'fine' | 'coarse', number>>;
}

/** One channel's instrument. Its errors are those of small networks: optical particle counters, electrochemical cells. */
export interface Instrument {
  readonly station: number;
  readonly quantity: Quantity;
  /** The true value times this, plus `zero` (in the channel's unit). */
  readonly gain: number;
  readonly zero: number;
  /** Noise: a part of the value and a part of its own, one standard deviation. */
  readonly noiseShare: number;
  readonly noise: number;
  /** Values are whole multiples of this. */
  readonly step: number;
  /** Growth of particles in damp air, κ of Petters & Kreidenweis 2007; 0 for instruments that dry the air. */
  readonly kappa: number;
  /** Part of ozone (ppb for ppb) that an NO₂ cell takes for NO₂. */
  readonly ozoneShare: number;
  /** Change of the zero a degree, in the channel's unit. */
  readonly zeroPerC: number;
  readonly missingShare: number;
}

export interface City {
  readonly seed: number;
  readonly stations: readonly Station[];
  readonly sources: readonly Source[];
  readonly climate: Climate;
  /** Backgrounds of the region, µg/m³ (CO in mg/m³, ozone in ppb). */
  readonly background: Readonly<Record<'fine' | 'coarse' | 'nox' | 'ozonePpb' | 'coMg', number>>;
  /** Gases in ppb and ppm rather than µg/m³ and mg/m³. */
  readonly volumetric: boolean;
  readonly instruments: readonly Instrument[];
  /** With the station as zone; in the order of `instruments`. */
  readonly channels: readonly ChannelMeta[];
}

export interface CityOptions {
  readonly seed: number;
  /** @default drawn, 3 to 9 */
  readonly stations?: number;
}

export function drawCity({ seed, stations: wanted }: CityOptions): City {
  const random = childRandom(seed, 'city');
  const count = wanted ?? integerBetween(random, 3, 9);
  const sizeKm = between(random, 4, 18);
  const place = (): Place => ({ xKm: between(random, 0, sizeKm), yKm: between(random, 0, sizeKm) });
  const naming = drawNaming(random);
  const stations = Array.from({ length: count }, (_, i): Station => {
    const at = place();
    return { ...at, name: naming.station(i), roadside: random() < 0.4 ? between(random, 0.2, 1) : 0 };
  });
  const climate: Climate = {
    latitudeDeg: between(random, 5, 58),
    meanTemperatureC: between(random, 2, 28),
    dailySwingC: between(random, 5, 14),
    drynessC: between(random, 3, 14),
    windMs: between(random, 1.4, 4.5),
    prevailingRad: between(random, 0, 2 * Math.PI),
    cloudiness: between(random, 0.15, 0.65),
    rainsPerWeek: between(random, 0.3, 3),
  };
  const dirty = Math.exp(between(random, -0.9, 0.9));
  const volumetric = random() < 0.4;
  const instruments = stations.flatMap((_, s) => drawInstruments(random, s, volumetric));
  return {
    seed,
    stations,
    sources: drawSources(random, place, sizeKm, dirty),
    climate,
    background: {
      fine: 8 * dirty * between(random, 0.7, 1.5),
      coarse: 7 * Math.sqrt(dirty) * between(random, 0.6, 1.8),
      nox: 5 * dirty * between(random, 0.6, 1.4),
      ozonePpb: between(random, 24, 44),
      coMg: between(random, 0.14, 0.3),
    },
    volumetric,
    instruments,
    channels: instruments.map(({ station, quantity }) => ({
      name: naming.channel(stations[station]!.name, quantity),
      role: quantity === 'temperature' ? 'temperature' : 'quality',
      unit: unitOf(quantity, volumetric),
      zone: stations[station]!.name,
    })),
  };
}

/** Units of channels: ASCII, as contracts have them. */
export function unitOf(quantity: Quantity, volumetric: boolean): string {
  if (quantity === 'temperature') return 'degC';
  if (quantity === 'humidity') return '%';
  if (quantity === 'pm25' || quantity === 'pm10') return 'ug/m3';
  if (quantity === 'co') return volumetric ? 'ppm' : 'mg/m3';
  return volumetric ? 'ppb' : 'ug/m3';
}

function drawSources(random: Random, place: () => Place, sizeKm: number, dirty: number): Source[] {
  const cars = integerBetween(random, 3, 7);
  // The same traffic spread over more roads; a larger town has more of it.
  const each = ((30 + 12 * sizeKm) * dirty) / cars;
  const traffic = Array.from({ length: cars }, (): Source => {
    const nox = each * between(random, 0.5, 1.5);
    return {
      ...place(),
      kind: 'traffic',
      sigmaKm: between(random, 0.5, 1.6),
      rates: { nox, co: nox * between(random, 1.5, 3.5), fine: nox * 0.06, coarse: nox * between(random, 0.04, 0.15) },
    };
  });
  const plants = Array.from({ length: integerBetween(random, 0, 2) }, (): Source => {
    const nox = each * between(random, 0.1, 0.8);
    return {
      ...place(),
      kind: 'plant',
      sigmaKm: between(random, 0.15, 0.5),
      rates: { nox, co: nox * 0.3, fine: nox * between(random, 0.1, 0.5), coarse: nox * between(random, 0, 0.3) },
    };
  });
  const fine = dirty * between(random, 0, 6);
  const homes: Source = {
    xKm: sizeKm / 2,
    yKm: sizeKm / 2,
    kind: 'homes',
    sigmaKm: sizeKm / 3,
    rates: { nox: fine * 0.5, co: fine * 6, fine, coarse: fine * 0.1 },
  };
  return [...traffic, ...plants, homes];
}

/** Which quantities a station measures: all, or only particles, or only gases; weather at most of them. */
function drawInstruments(random: Random, station: number, volumetric: boolean): Instrument[] {
  const draw = random();
  const has = (quantity: Quantity): boolean => {
    if (quantity === 'temperature' || quantity === 'humidity') return random() < 0.85;
    if (draw < 0.5) return true;
    const particles = quantity === 'pm25' || quantity === 'pm10';
    return draw < 0.7 ? particles || random() < 0.3 : draw < 0.8 ? !particles || random() < 0.4 : random() < 0.75;
  };
  const there = quantities.filter(has);
  // A station without a pollutant is none of an air-quality network.
  const measured = there.some((one) => one !== 'temperature' && one !== 'humidity')
    ? there
    : [...there, 'pm25' as const];
  return measured.map((quantity) => instrument(random, station, quantity, volumetric));
}

/** Sizes of zero, noise and step are in the channel's unit; typical values of small monitors. */
function instrument(random: Random, station: number, quantity: Quantity, volumetric: boolean): Instrument {
  const good = random() < 0.4;
  const base = {
    station,
    quantity,
    gain: 1 + between(random, -0.1, 0.1) * (good ? 0.3 : 1),
    zero: 0,
    noiseShare: good ? 0.01 : between(random, 0.01, 0.05),
    kappa: 0,
    ozoneShare: 0,
    zeroPerC: 0,
    missingShare: random() < 0.5 ? 0 : between(random, 0, 0.02),
  };
  const pick = (...steps: number[]): number => steps[integerBetween(random, 0, steps.length - 1)]!;
  if (quantity === 'pm25' || quantity === 'pm10') {
    const kappa = good ? 0 : between(random, 0.05, 0.3);
    return {
      ...base,
      zero: between(random, -0.5, 1),
      noise: good ? 0.4 : between(random, 0.3, 1.2),
      step: pick(0.01, 0.1, 1),
      kappa,
    };
  }
  if (quantity === 'temperature')
    return { ...base, gain: 1, zero: between(random, -0.6, 0.6), noise: 0.08, noiseShare: 0, step: pick(0.01, 0.1) };
  if (quantity === 'humidity')
    return { ...base, gain: 1, zero: between(random, -2, 2), noise: 0.4, noiseShare: 0, step: pick(0.1, 1) };
  if (quantity === 'co') {
    const step = pick(0.001, 0.01, 0.01);
    return {
      ...base,
      zero: between(random, -0.02, 0.03),
      noise: between(random, 0.004, 0.02),
      step,
      zeroPerC: good ? 0 : between(random, -0.002, 0.002),
    };
  }
  const unit = volumetric ? 1 : 2;
  const ozoneShare = quantity === 'no2' && !good ? between(random, 0, 0.12) : 0;
  const zeroPerC = good ? 0 : unit * between(random, -0.08, 0.08);
  return {
    ...base,
    zero: unit * between(random, -0.8, 0.8),
    noise: unit * between(random, 0.2, 1),
    step: pick(0.01, 0.1, 1),
    ozoneShare,
    zeroPerC,
  };
}

interface Naming {
  readonly station: (index: number) => string;
  readonly channel: (station: string, quantity: Quantity) => string;
}

const places = ['North', 'Harbour', 'Market', 'School', 'Airport', 'Park', 'Ring', 'Hill', 'Mill'];
const shortNames: Readonly<Record<Quantity, string>> = {
  pm25: 'pm25',
  pm10: 'pm10',
  no2: 'no2',
  co: 'co',
  o3: 'o3',
  temperature: 'temp',
  humidity: 'rh',
};
const longNames: Readonly<Record<Quantity, string>> = {
  pm25: 'PM2.5',
  pm10: 'PM10',
  no2: 'NO2',
  co: 'CO',
  o3: 'O3',
  temperature: 'Temperature',
  humidity: 'Humidity',
};

function drawNaming(random: Random): Naming {
  const byNumber = (prefix: string) => (index: number) => `${prefix}${index + 1}`;
  const byPlace = (index: number): string => places[index] ?? `Site ${index + 1}`;
  const namings: readonly Naming[] = [
    { station: byNumber('st'), channel: (station, quantity) => `${station}_${shortNames[quantity]}` },
    { station: byNumber('station'), channel: (station, quantity) => `${shortNames[quantity]}_${station}` },
    { station: byPlace, channel: (station, quantity) => `${station}.${longNames[quantity]}` },
    { station: byPlace, channel: (station, quantity) => `${longNames[quantity]} ${station}` },
    { station: byNumber('aq-'), channel: (station, quantity) => `${station}/${longNames[quantity]}` },
  ];
  return namings[integerBetween(random, 0, namings.length - 1)]!;
}

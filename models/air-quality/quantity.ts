/** What a channel of a station measures and which station it is, told from the channel's meta. */
import type { ChannelMeta } from '../../lib/contracts/telemetry.ts';
import { spacedName } from '../../lib/core/roles/infer.ts';

/** In an order for trees to cut: particles, gases, weather. */
export const quantities = ['pm25', 'pm10', 'no2', 'co', 'o3', 'temperature', 'humidity'] as const;
export type Quantity = (typeof quantities)[number];

/** The narrower ones first: "pm 10" also holds the number of a station, "co 2" is no pollutant of this pack. */
const patterns: readonly (readonly [Quantity, RegExp])[] = [
  ['pm10', /\bpm 10\b/],
  ['pm25', /\b(pm 2 5|pm 25|pm 2|fine particulate)\b/],
  ['no2', /\b(no 2|nitrogen dioxide)\b/],
  ['o3', /\b(o 3|ozone)\b/],
  ['co', /\b(co(?! 2\b)|carbon monoxide)\b/],
  ['humidity', /\b(humidity|rh|hum)\b/],
  ['temperature', /\b(temperature|temp|thermocouple|tt)\b/],
];
/** Units that some names end in; they belong to no station. */
const unitWords = /\b(ug m 3|ugm 3|ug m3|mg m 3|mgm 3|µg m³|mg m³|ppb|ppm|degc|c|percent)\b/g;

/** Undefined where the pack does not know what the channel measures. */
export function quantityOf({ name, role }: Pick<ChannelMeta, 'name' | 'role'>): Quantity | undefined {
  if (role === 'temperature') return 'temperature';
  if (role !== 'quality') return undefined;
  const text = spacedName(name);
  return patterns.find(([, pattern]) => pattern.test(text))?.[0];
}

/** The pollutants: what an episode raises. Ozone falls where fresh exhaust meets it, and so stands apart. */
export const isPollutant = (quantity: Quantity | undefined): boolean =>
  quantity !== undefined && quantity !== 'temperature' && quantity !== 'humidity';

/** The zone where it is given, else what the name says besides the quantity; all of one where nothing is left. */
export function stationOf({ name, zone }: Pick<ChannelMeta, 'name' | 'zone'>): string {
  if (zone !== undefined) return zone;
  let text = spacedName(name).replace(unitWords, ' ');
  for (const [, pattern] of patterns) text = text.replace(pattern, ' ');
  return text.replace(/\s+/g, ' ').trim() || 'station';
}

/** Tells what each channel measures from its name, its unit and how it behaves. An unsure role is `unknown`. */
import { type ChannelMeta, type ChannelRole, channelName } from '../../contracts/telemetry.ts';

export interface ChannelHint {
  readonly name: string;
  /** Some values of the channel, NaN for missing; without them the name alone speaks. */
  readonly values?: Float64Array;
}

/** Words by role; the first that fits wins, so the narrower ones come first. */
const words: readonly (readonly [ChannelRole, RegExp])[] = [
  ['setpoint', /\b(setpoint|set point|sp|target)\b/],
  ['vibration', /\b(vibration|vib|accelerometer\d*|accel|acceleration|acc|velocity rms|rms velocity)\b/],
  ['current', /\b(current|curr|amps?|ampere|amperage|motor load)\b/],
  ['temperature', /\b(temperature|temp|thermocouple|tt)\b/],
  ['pressure', /\b(pressure|press|head|pt|pi)\b/],
  ['level', /\b(level|lvl|tank height|lt|li)\b/],
  [
    'quality',
    /\b(quality|chlorine|turbidity|ph|conductivity|ntu|pm 10|pm 2|pm 25|no 2|o 3|co|co 2|humidity|rh|ozone|nitrogen dioxide|carbon monoxide|particulate)\b/,
  ],
  ['flow', /\b(flow|flowrate|flow rate|discharge|inflow|outflow|ft|fi|consumption|demand)\b/],
];
const units: Readonly<Record<string, ChannelRole>> = {
  bar: 'pressure',
  mbar: 'pressure',
  kpa: 'pressure',
  psi: 'pressure',
  mwc: 'pressure',
  mh2o: 'pressure',
  'm3/h': 'flow',
  'm³/h': 'flow',
  cmh: 'flow',
  'l/s': 'flow',
  lps: 'flow',
  'l/min': 'flow',
  gpm: 'flow',
  degc: 'temperature',
  '°c': 'temperature',
  'mm/s': 'vibration',
  g: 'vibration',
  a: 'current',
  ma: 'current',
  'µg/m³': 'quality',
  'μg/m³': 'quality',
  'ug/m3': 'quality',
  'mg/m³': 'quality',
  'mg/m3': 'quality',
  ugm3: 'quality',
  mgm3: 'quality',
  ppb: 'quality',
  ppm: 'quality',
  '%rh': 'quality',
};
const inMetres: ReadonlySet<ChannelRole> = new Set(['pressure', 'level']);
/** Quantities that no role stands for: a name that says one is no tag of another. */
const otherQuantity = /\b(rpm|speed|voltage|volts?|power|kw|hz|frequency|torque)\b/;
/** Tags of control systems: a letter for the quantity, then the element: P_J12, F_PU3, S_PU3, L_T1. */
const tag = /^([plfs])[_-]?(?:pu|v|t|j|n|prv)?[_-]?\d/i;
const tagRoles: Readonly<Record<string, ChannelRole>> = { p: 'pressure', l: 'level', f: 'flow' };

/** Words of a name, with unit and digits set apart: "PressureInlet_bar" → "pressure inlet bar". */
export const spacedName = (name: string): string =>
  name
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .replace(/[_\-./:#()[\]]+/g, ' ')
    .replace(/([A-Za-z])(\d)/g, '$1 $2')
    .toLowerCase()
    .trim();

function isSwitch(values: Float64Array | undefined): boolean | undefined {
  if (!values) return undefined;
  const seen = new Set<number>();
  for (const value of values) if (Number.isFinite(value)) seen.add(value);
  // A constant says nothing: a pump that never ran has a flow of 0.
  if (seen.size < 2) return undefined;
  return [...seen].every((value) => Number.isInteger(value) && value >= 0 && value <= 2);
}

function unitOf(name: string): string {
  const match =
    /(?:[([]([^)\]]{1,15})[)\]]|_(m3\/h|bar|mbar|kpa|psi|l\/s|lps|gpm|degc|cmh|mwc|ug\/?m3|mg\/?m3|ppb|ppm))\s*$/i.exec(
      name,
    );
  return match?.[1] ?? match?.[2] ?? '';
}

function elementOf(name: string): string | undefined {
  return /(?:pump|valve|tank|reservoir|prv|pu|(?<![a-z])[vt])[-_ ]?\d{1,5}/i.exec(name)?.[0]?.toLowerCase();
}

function roleOf({ name, values }: ChannelHint, unit: string): ChannelRole {
  const text = spacedName(name);
  const switching = isSwitch(values);
  const states = /\b(state|status|on|running|open|position)\b/.test(text) || /^s[_-]/i.test(name);
  const measured = words.some(([, pattern]) => pattern.test(text));
  if (switching !== false && (states || (switching === true && !measured))) {
    if (/\b(pump|pu|motor|compressor)\b/.test(text)) return 'pump-state';
    if (/\b(valve|v|prv|gate)\b/.test(text)) return 'valve-state';
  }
  if (/\bvalve\b/.test(text) && /\b(position|opening)\b/.test(text)) return 'valve-state';
  const byUnit = units[unit.toLowerCase()];
  for (const [role, pattern] of words) if (pattern.test(text)) return role;
  if (byUnit) return byUnit;
  if (otherQuantity.test(text)) return 'unknown';
  const match = tag.exec(name);
  const byTag = match && tagRoles[match[1]!.toLowerCase()];
  // A tag's single letter is weak: a level or a pressure that never leaves two values is something else.
  return byTag && switching !== true ? byTag : 'unknown';
}

/**
 * Infers a channel's meta from its name and values. Names that the contract does not allow are made to fit.
 * @example inferChannels([{ name: 'Pressure_inlet (bar)' }])[0].role // 'pressure'
 */
export function inferChannels(hints: readonly ChannelHint[]): ChannelMeta[] {
  const used = new Set<string>();
  return hints.map((hint) => {
    const named = unitOf(hint.name).slice(0, 16);
    const element = elementOf(hint.name);
    let name = channelName.safeParse(hint.name).success
      ? hint.name
      : hint.name
          .normalize('NFKD')
          .replace(/[^A-Za-z0-9 _.:/#-]+/g, ' ')
          .replace(/\s+/g, ' ')
          .replace(/^[^A-Za-z0-9]+/, '')
          .slice(0, 60)
          .trim() || 'channel';
    for (let n = 2; used.has(name); n += 1) name = `${name.slice(0, 60)}-${n}`;
    used.add(name);
    const role = roleOf(hint, named);
    // A lone m is a unit only of what is measured in metres: elsewhere it may stand for motor or main.
    const unit = named === '' && inMetres.has(role) && /_m\s*$/i.test(hint.name) ? 'm' : named;
    return { name, role, unit, ...(element ? { element } : {}) };
  });
}

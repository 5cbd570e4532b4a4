/** What a channel measures at a machine: its role, and where the roles of the contract have no word for it, its name. */
import type { ChannelMeta } from '../../../lib/contracts/telemetry.ts';

export const quantities = [
  'vibration',
  'current',
  'voltage',
  'power',
  'speed',
  'flow',
  'discharge-pressure',
  'suction-pressure',
  'pressure',
  'bearing-temperature',
  'fluid-temperature',
  'temperature',
  'other',
] as const;
export type Quantity = (typeof quantities)[number];

/** Words of a name: "MotorCurrent_A" → " motor current a ". */
const wordsOf = (name: string): string =>
  ` ${name
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .replace(/[^A-Za-z0-9]+/g, ' ')
    .replace(/([A-Za-z])(\d)/g, '$1 $2')
    .toLowerCase()} `;

const speedWords = / (rpm|speed|rotation|rev|revs|tacho|tachometer|frequency|freq|hz) /;
const voltageWords = / (voltage|volt|volts) /;
const powerWords = / (power|kw|watt|watts) /;
const suctionWords = / (suction|inlet|intake|suct|npsh) /;
const dischargeWords = / (discharge|outlet|delivery|head|disch) /;
const bearingWords = / (bearing|brg) /;
const fluidWords = / (fluid|water|liquid|oil|medium|coolant) /;

/** Does not depend on other channels, so that an asset with a channel less reads the rest as before. */
export function quantityOf({ name, role, unit }: Pick<ChannelMeta, 'name' | 'role' | 'unit'>): Quantity {
  const words = wordsOf(name);
  switch (role) {
    case 'vibration':
    case 'current':
    case 'flow':
      return role;
    case 'pressure':
      if (suctionWords.test(words)) return 'suction-pressure';
      return dischargeWords.test(words) ? 'discharge-pressure' : 'pressure';
    case 'temperature':
      if (bearingWords.test(words)) return 'bearing-temperature';
      return fluidWords.test(words) ? 'fluid-temperature' : 'temperature';
    case 'unknown':
    case 'setpoint':
      break;
    default:
      return 'other';
  }
  const inUnit = unit.toLowerCase();
  if (role === 'setpoint') return 'other';
  if (inUnit === 'rpm' || inUnit === 'hz' || speedWords.test(words)) return 'speed';
  if (inUnit === 'v' || voltageWords.test(words)) return 'voltage';
  if (inUnit === 'kw' || inUnit === 'w' || powerWords.test(words)) return 'power';
  return 'other';
}

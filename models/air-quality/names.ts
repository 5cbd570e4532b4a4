/** Names that the pack's parts share. */
import type { Kind } from '../../lib/contracts/common.ts';

export const packName = 'air-quality';
export const packVersion = '0.1.0';
/**
 * In the order of the model's probabilities. `pollution-episode` has a source near some of the stations (a fire, a jam,
 * a plant); `regional-episode` comes over all of them (haze, dust, smoke from afar, ozone on hot days).
 */
export const kinds = [
  'normal',
  'pollution-episode',
  'regional-episode',
  'sensor-fault',
] as const satisfies readonly Kind[];

/** Names that the pack's parts share. */
import type { Kind } from '../../lib/contracts/common.ts';

export const packName = 'rotating-equipment';
export const packVersion = '0.1.0';
/** In the order of the model's probabilities. */
export const kinds = [
  'normal',
  'cavitation',
  'blockage',
  'imbalance',
  'bearing-wear',
  'valve-closing',
  'sensor-fault',
] as const satisfies readonly Kind[];

/** Kinds that people may say: those of the packs, and what is none of these. */
import { type Kind, kind as kindSchema } from '../../../lib/contracts/common.ts';
import { allPacks } from '../../../lib/core/pack.ts';
import { CommandFailure } from './failure.ts';

/**
 * Checks a kind that was given by `--kind`.
 * @param others kinds allowed beside those of the packs
 * @throws CommandFailure listing what is allowed
 */
export async function kindOf(text: string, others: readonly string[]): Promise<Kind> {
  const { packs } = await import('../../../models/index.ts');
  const known = new Set((await allPacks(packs)).flatMap((pack) => pack.manifest.kinds));
  for (const name of others) known.add(name);
  if (known.has(text)) return kindSchema.parse(text);
  throw new CommandFailure(`--kind is "${text}"; allowed are ${[...known].sort().join(', ')}.`, 2);
}

/** Kinds of a label: `normal` is a false alarm, `anomaly` something else than what the packs know. */
export const labelKindOf = (text: string): Promise<Kind> => kindOf(text, ['normal', 'anomaly']);

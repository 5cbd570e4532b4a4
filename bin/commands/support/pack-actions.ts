/** Actions that people may order: those of the packs, what undoes them, and what the case itself names. */
import type { CaseRecord } from '../../../lib/contracts/case.ts';
import { allPacks } from '../../../lib/core/pack.ts';
import { CommandFailure } from './failure.ts';

/**
 * Checks an action that was given by `--action`: a mistyped one would be sent as it is, past what a pack says of its
 * impact.
 * @throws CommandFailure listing what is known
 */
export async function checkAction(record: CaseRecord, action: string): Promise<void> {
  const { packs } = await import('../../../models/index.ts');
  const remedies = (await allPacks(packs)).flatMap(({ manifest }) => manifest.remedies);
  const { proposal, ways = {}, orderParameters = {}, highImpactActions = [] } = record;
  const known = new Set([
    ...[...remedies, ...(proposal ? [proposal] : [])].flatMap((one) => [one.action, one.inverse ?? []].flat()),
    ...Object.keys(ways),
    ...Object.keys(orderParameters),
    ...highImpactActions,
  ]);
  if (known.has(action)) return;
  throw new CommandFailure(
    `--action is "${action}", which no pack knows: nothing was ordered. Known are ${[...known].sort().join(', ')}; --unlisted orders it all the same.`,
    2,
  );
}

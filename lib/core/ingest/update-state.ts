/** Changes of an asset's state by others than screening: registration, calibration, silence, holds. */
import type { AssetState } from '../../contracts/asset.ts';
import { ConflictError } from '../errors.ts';
import type { StateStore } from './ports.ts';

const maxAttempts = 8;

/**
 * Reads, changes and writes a state, again when somebody else was faster.
 * @param change gets the state as it is and returns the new one, or the same object when there is nothing to do; it sees
 *   `undefined` where there is no state. `version` is set here.
 * @throws ConflictError after 8 lost writes
 */
export async function updateState(
  states: Pick<StateStore, 'get' | 'put'>,
  asset: string,
  change: (state: AssetState | undefined) => AssetState | undefined,
): Promise<AssetState | undefined> {
  for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
    const before = await states.get(asset);
    const changed = change(before);
    if (changed === before || changed === undefined) return before;
    const after = { ...changed, version: before === undefined ? 0 : before.version + 1 };
    if (await states.put(after)) return after;
  }
  throw new ConflictError(`The state of ${asset} was written by others ${maxAttempts} times: try again.`, {
    code: 'state-conflict',
  });
}

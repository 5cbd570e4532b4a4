/** What ingest needs of the world. */
import type { AssetState } from '../../contracts/asset.ts';
import type { CorruptDataError } from '../errors.ts';
import type { ScreenRequest, ScreenResult } from '../screening/types.ts';

export interface StateStore {
  /** Read consistently; `undefined` only where there is none. @throws CorruptDataError when it does not parse */
  get(asset: string): Promise<AssetState | undefined>;
  /** As `get` for many; a state that does not parse is an error in its place, so that it harms no other asset. */
  getMany(assets: readonly string[]): Promise<ReadonlyMap<string, AssetState | CorruptDataError>>;
  /** Writes where the stored version is `state.version − 1` (or nothing is stored, for 0). False when it is not. */
  put(state: AssetState): Promise<boolean>;
  /** All assets with the wall time of their last reading; may be a moment old. */
  list(): AsyncIterable<{ readonly asset: string; readonly lastReceivedMs?: number | undefined }>;
}

/** Screening of a group of assets in one vectorised run; results in the order of the requests. */
export type Screen = (requests: readonly ScreenRequest[]) => Promise<readonly ScreenResult[]>;

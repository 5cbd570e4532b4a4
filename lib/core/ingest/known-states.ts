/**
 * States that this process wrote last, so that it need not read them before every batch. A state may have been changed by
 * others since, so it is used only where that cannot matter:
 *
 * - The batch continues it without a gap: the asset's rows are the very next ones of its newest boot, in rising time. Had
 *   anybody screened rows of it since, these would not be the next ones; or they come again, and are screened from the
 *   same state as they were.
 * - It refuses nothing: a registration that has changed is read anew before anything goes to quarantine.
 * - It is written conditional on its version, as every state: another one's change is met there, and read.
 */
import type { AssetState } from '../../contracts/asset.ts';
import { LruCache } from '../window/lru.ts';
import type { SequencedRow } from './sequence.ts';

export class KnownStates {
  private readonly states: LruCache<AssetState | undefined>;

  /** @param maxStates states (some 3 KB each) that are kept at most */
  constructor(maxStates = 20_000) {
    this.states = new LruCache(maxStates);
  }

  /** The state that the rows continue without a gap, if it is known. */
  continuedBy(asset: string, rows: readonly SequencedRow[]): AssetState | undefined {
    const state = this.states.get(asset);
    const boot = state?.boots[0];
    if (!state || !boot) return undefined;
    let { lastSeq } = boot;
    let lastMs = state.lastEventMs ?? Number.NEGATIVE_INFINITY;
    for (const { bootId, seq, tMs } of rows) {
      if (bootId !== boot.bootId || seq !== lastSeq + 1 || tMs <= lastMs) return undefined;
      lastSeq = seq;
      lastMs = tMs;
    }
    return state;
  }

  /** After it was written, by this process. */
  wrote(state: AssetState): void {
    this.states.set(state.asset, state);
  }

  /** After a write that was lost, or may have been. */
  forget(asset: string): void {
    this.states.set(asset, undefined);
  }
}

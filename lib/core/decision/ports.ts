/** What deciding needs of the world. */
import type { Decision } from '../../contracts/decision.ts';
import type { FlaggedSignal } from '../../contracts/flag.ts';
import type { FlagStore } from '../ingest/flags.ts';

/** A flag as its item holds it. */
export interface StoredFlag {
  readonly flag: FlaggedSignal;
  readonly status: 'pending' | 'decided';
  /** The first decision that was claimed for it; every later run takes this one. */
  readonly decision?: Decision;
  readonly publishedTimes: number;
}

export interface FlagBook extends FlagStore {
  /** Read consistently; `undefined` only where there is none. */
  get(flagId: string): Promise<StoredFlag | undefined>;
  /** Writes the decision beside the flag unless one is there; returns the one that stands. */
  claimDecision(decision: Decision): Promise<Decision>;
  /** Marks the flag as decided; harmless when it is. */
  markDecided(flagId: string): Promise<void>;
  /** Ids of flags that are pending since before `dueBeforeMs`: candidates, to be read with `get`. */
  pending(dueBeforeMs: number, limit: number): Promise<readonly string[]>;
  /** Notes that a pending flag was published again and is due next at `dueAtMs`. */
  postpone(flagId: string, dueAtMs: number): Promise<void>;
}

export interface DecisionBook {
  /** Puts the projection; the same decision any number of times. */
  put(decision: Decision): Promise<void>;
}

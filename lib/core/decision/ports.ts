/** What deciding needs of the world. */
import type { Decision } from '../../contracts/decision.ts';
import type { FlaggedSignal } from '../../contracts/flag.ts';
import type { FlagStore } from '../ingest/flags.ts';

/** A flag as its item holds it. */
export interface StoredFlag {
  readonly flag: FlaggedSignal;
  readonly status: 'pending' | 'decided';
  /** While it is pending: the first decision that was claimed for it; every later run takes this one. */
  readonly decision?: Decision;
  /** Once it is decided: what remains of the decision beside the flag. The audit holds all of it. */
  readonly end?: FlagEnd;
  readonly publishedTimes: number;
}

/** What a repeated run must know of a flag that is dealt with. */
export interface FlagEnd {
  readonly verdict: Decision['guard']['verdict'];
  /** The case that the flag was placed in, where one was. */
  readonly caseId?: string | undefined;
}

export interface FlagBook extends FlagStore {
  /** Read consistently; `undefined` only where there is none. */
  get(flagId: string): Promise<StoredFlag | undefined>;
  /**
   * Writes the decision beside the flag unless one is there; returns the one that stands.
   * @throws ConflictError when the flag was decided meanwhile (retryable), NotFoundError when there is no such flag
   */
  claimDecision(decision: Decision): Promise<Decision>;
  /** Marks a flag with a claimed decision as decided and sheds the decision; harmless when it is decided. */
  markDecided(flagId: string, end: FlagEnd, nowMs: number): Promise<void>;
  /** Ids of flags that are pending since before `dueBeforeMs`: candidates, to be read with `get`. */
  pending(dueBeforeMs: number, limit: number): Promise<readonly string[]>;
  /** Notes that a pending flag was published again and is due next at `dueAtMs`. */
  postpone(flagId: string, dueAtMs: number): Promise<void>;
}

export interface DecisionBook {
  /** Puts the projection; the same decision any number of times. */
  put(decision: Decision): Promise<void>;
}

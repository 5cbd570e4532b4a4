import type { Random } from './types.ts';

/** One entry of `Retry`, with the specification's defaults filled in. */
export interface Retrier {
  readonly errorEquals: readonly string[];
  readonly intervalS: number;
  readonly maxAttempts: number;
  readonly backoffRate: number;
  readonly maxDelayS?: number;
  readonly fullJitter: boolean;
}

/**
 * Whether a list of `ErrorEquals` names an error, by the reserved names' meaning:
 * - `States.Runtime` is never retried or caught, whatever the list says (AWS: "will always cause the execution to fail").
 * - `States.ALL` names every other error. The guide excepts `States.DataLimitExceeded`, but recorded executions show
 *   that AWS catches it; the recording decides.
 * - `States.TaskFailed` names every error but `States.Timeout`.
 * - `States.Timeout` also names a missed heartbeat, which the specification counts as a timeout.
 */
export function errorMatches(errorEquals: readonly string[], error: string | undefined): boolean {
  if (error === 'States.Runtime') return false;
  return errorEquals.some((name) => {
    if (name === error || name === 'States.ALL') return true;
    if (name === 'States.TaskFailed') return error !== 'States.Timeout';
    return name === 'States.Timeout' && error === 'States.HeartbeatTimeout';
  });
}

/** The delay before retry number `attempt` (0 is the first): interval × rate^attempt, capped, jittered on [0, delay]. */
export function retryDelayMs(retrier: Retrier, attempt: number, random: Random): number {
  const grownS = retrier.intervalS * retrier.backoffRate ** attempt;
  const delayS = retrier.maxDelayS === undefined ? grownS : Math.min(grownS, retrier.maxDelayS);
  // A year bounds what repeated doubling can reach; AWS ends an execution after a year.
  const delayMs = Math.min(delayS, 31_536_000) * 1000;
  return Math.round(retrier.fullJitter ? random.next() * delayMs : delayMs);
}

/** A queue of work by when each of what waits in it came. */
import type { WorkQueue } from '../../contracts/api.ts';

/** Age of the oldest; of none there is none. Clocks of two functions may differ: nothing has waited for less than no time. */
export const oldestAge = (sinceMs: readonly number[], nowMs: number): { readonly oldestAgeMs?: number } =>
  sinceMs.length > 0 ? { oldestAgeMs: Math.max(0, nowMs - Math.min(...sinceMs)) } : {};

/**
 * @param sinceMs when each of those that wait came
 * @param complete these are all
 */
export const workQueue = (name: string, sinceMs: readonly number[], complete: boolean, nowMs: number): WorkQueue => ({
  name,
  waiting: sinceMs.length,
  ...oldestAge(sinceMs, nowMs),
  complete,
});

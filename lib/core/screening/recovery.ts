/**
 * Whether the cause of a standing alarm has gone: a sequential probability ratio test of normal rows against rows like
 * those of the alarm, restarted whenever it speaks for the alarm (Page, Biometrika 41, 1954). −log10 p of the fresh
 * evidence is exponential, with mean 1/ln 10 where all is normal and with the alarm's own mean while it stands; so one
 * calm row says much after a loud alarm and little in a faint one, whose rows were hardly louder than normal ones. What
 * a loud cause leaves behind, a warm motor or a valve that does not close as it did, is no longer that cause: rows a
 * quarter as loud as the alarm speak for its end, too. Each row counts for whichever of the two ends it suits better.
 */
import type { OpenState } from './state.ts';

/** Mean −log10 p of normal rows. */
const normalMean = Math.LOG10E;
/** An alarm counts as so many times as loud as normal rows at least, or no row could speak against it. */
const leastLoudness = 1.5;
/** What a cause leaves behind may be as loud as this part of it, where that is more than normal rows are. */
const remainsShare = 0.25;
/** −log10 p above this is cut: a fault that roars does not make what it leaves behind a recovery. */
const levelCut = 20;
/** One row changes the logarithm of the odds by no more than this. */
const rowCut = 3;
/** Logarithm of the odds at which the alarm ends: fifty to one. */
const recoveredOdds = Math.log(50);
/** The alarm's own mean remembers so many lengths of the residuals' memory. */
const levelMemories = 4;

/** Begins to learn how loud a new alarm is; `fresh` is −log10 p of its first row. */
export function startRecovery(state: OpenState, fresh: number): void {
  state.level = Math.fround(Math.min(fresh, levelCut));
  state.recovery = 0;
}

/** Takes a row of a standing alarm into account and says whether it is over; `state.alarmRows` counts the row. */
export function hasRecovered(state: OpenState, fresh: number, smoothing: number): boolean {
  const loud = Math.min(fresh, levelCut);
  const mean = Math.max(state.level, leastLoudness * normalMean);
  const oddsOf = (ended: number): number => Math.log(mean / ended) - loud * (1 / ended - 1 / mean);
  const odds = Math.max(oddsOf(normalMean), oddsOf(Math.max(normalMean, remainsShare * mean)));
  state.recovery = Math.fround(Math.max(0, state.recovery + Math.min(Math.max(odds, -rowCut), rowCut)));
  const weight = Math.max(1 / state.alarmRows, smoothing / levelMemories);
  state.level = Math.fround(state.level + weight * (loud - state.level));
  return state.recovery >= recoveredOdds;
}

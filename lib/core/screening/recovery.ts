/**
 * Whether the cause of a standing alarm has gone: a sequential probability ratio test of normal rows against rows like
 * those of the alarm, restarted whenever it speaks for the alarm (Page, Biometrika 41, 1954). −log10 p of the fresh
 * evidence is exponential, with mean 1/ln 10 where all is normal and with the alarm's own mean while it stands; so one
 * calm row says much after a loud alarm and little in a faint one, whose rows were hardly louder than normal ones.
 */
import type { OpenState } from './state.ts';

/** Mean −log10 p of normal rows. */
const normalMean = Math.LOG10E;
/** An alarm counts as so many times as loud as normal rows at least, or no row could speak against it. */
const leastLoudness = 1.5;
/** −log10 p above this is cut: a fault that roars does not make what it leaves behind a recovery. */
const levelCut = 10;
/** One row changes the logarithm of the odds by no more than this. */
const rowCut = 3;
/** Logarithm of the odds at which the alarm ends: a hundred to one. */
const recoveredOdds = Math.log(100);
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
  const odds = Math.log(mean / normalMean) - loud * (1 / normalMean - 1 / mean);
  state.recovery = Math.fround(Math.max(0, state.recovery + Math.min(Math.max(odds, -rowCut), rowCut)));
  const weight = Math.max(1 / state.alarmRows, smoothing / levelMemories);
  state.level = Math.fround(state.level + weight * (loud - state.level));
  return state.recovery >= recoveredOdds;
}

/**
 * Whether the cause of a standing alarm has gone: a sequential probability ratio test of normal rows against rows like
 * those of the alarm, restarted whenever it speaks for the alarm (Page, Biometrika 41, 1954). −log10 p of the fresh
 * evidence is exponential, with mean 1/ln 10 where all is normal and with the alarm's own mean while it stands; so one
 * calm row says much after a loud alarm and little in a faint one, whose rows were hardly louder than normal ones. What
 * a loud cause leaves behind, a warm motor or a valve that does not close as it did, is no longer that cause, however
 * rare it would be on a normal day: rows whose residuals are half as large as the alarm's speak for its end, too.
 */
import type { OpenState } from './state.ts';

/** Mean −log10 p of normal rows. */
const normalMean = Math.LOG10E;
/** An alarm counts as so many times as loud as normal rows at least, or no row could speak against it. */
const leastLoudness = 1.5;
/** −log10 p above this is cut: a fault that roars does not make what it leaves behind a recovery. */
const levelCut = 20;
/** What a cause leaves behind is smaller than this part of it, in residuals. */
const remainsShare = 0.5;
/** Rows in a row that small for an alarm to be over, where nothing else speaks for that. */
const remainsRows = 2;
/** Residuals of an alarm must have been this large, in deviations, or chance alone would halve them. */
const leastSize = 2;
/** The cause of an alarm that ended is back where residuals are this part as large again. */
const returnShare = 0.8;
/** Residuals above this are cut, in deviations. */
const sizeCut = 30;
/** One row changes the logarithm of the odds by no more than this. */
const rowCut = 3;
/** Logarithm of the odds at which the alarm ends: fifty to one. */
const recoveredOdds = Math.log(50);
/** The alarm's own mean remembers so many lengths of the residuals' memory. */
const levelMemories = 4;

/** What one row says of a standing alarm. */
export interface AlarmRow {
  /** −log10 p of its fresh evidence. */
  readonly fresh: number;
  /** Root mean square of its residuals, in deviations. */
  readonly size: number;
}

/** Begins to learn how loud and how large a new alarm is, from its first row. */
export function startRecovery(state: OpenState, { fresh, size }: AlarmRow): void {
  state.level = Math.fround(Math.min(fresh, levelCut));
  state.size = Math.fround(Math.min(size, sizeCut));
  state.recovery = 0;
}

/** Takes a row of a standing alarm into account and says whether it is over; `state.alarmRows` counts the row. */
export function hasRecovered(state: OpenState, row: AlarmRow, smoothing: number): boolean {
  const loud = Math.min(row.fresh, levelCut);
  const mean = Math.max(state.level, leastLoudness * normalMean);
  const calm = Math.log(mean / normalMean) - loud * (1 / normalMean - 1 / mean);
  const isRemains = state.size >= leastSize && row.size < remainsShare * state.size;
  const odds = isRemains ? Math.max(calm, recoveredOdds / remainsRows) : calm;
  state.recovery = Math.fround(Math.max(0, state.recovery + Math.min(Math.max(odds, -rowCut), rowCut)));
  const weight = Math.max(1 / state.alarmRows, smoothing / levelMemories);
  state.level = Math.fround(state.level + weight * (loud - state.level));
  state.size = Math.fround(state.size + weight * (Math.min(row.size, sizeCut) - state.size));
  return state.recovery >= recoveredOdds;
}

/** Whether the cause of an alarm that has ended is back, though its evidence never fell to what is normal in between. */
export const hasReturned = (state: OpenState, row: AlarmRow): boolean =>
  state.size >= leastSize && Math.min(row.size, sizeCut) > returnShare * state.size;

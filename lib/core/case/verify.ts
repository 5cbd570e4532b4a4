/** Did it help? Judged from the asset's own readings after the effect, in event time. */
import type { Calibration } from '../../contracts/calibration.ts';
import type { Proposal, RemediationOutcome } from '../../contracts/remediation.ts';
import type { Recovery } from '../pack.ts';
import type { Series } from '../series.ts';
import type { Window } from '../window/read-window.ts';

export type VerifyResult = 'recovered' | 'not-yet' | 'not-recovered' | 'unknown';

export interface VerifyJudgement {
  readonly result: VerifyResult;
  /** Seconds of the wall clock until there can be more to see; 0 when the result stands. */
  readonly waitS: number;
  /** Rows that counted as evidence. */
  readonly rows: number;
}

export interface VerifyFacts {
  /** Readings of the asset, at least back to the outcome. */
  readonly window: Window;
  /** The asset's boots, newest first. */
  readonly boots: readonly string[];
  readonly proposal: Proposal;
  readonly outcome: Pick<RemediationOutcome, 'after' | 'atMs'>;
  readonly calibration: Calibration;
  readonly clockRate: number;
  readonly nowMs: number;
  readonly judge: (window: Series, calibration: Calibration, proposal: Proposal) => Recovery;
}

/** Patience beyond the deadline for readings that are on their way, wall clock. */
const lateMs = 120_000;
const maxWaitS = 900;

/**
 * Rows after the outcome's reading and the settling time. A reading that was on its way before does not count, nor does
 * one of a boot that is not newer than the outcome's: where its clock was set back, older boots have later times.
 * @param boots newest first; where the outcome's is forgotten all of them are newer
 */
export function evidenceRows(
  { series, bootIds, seqs }: Window,
  after: NonNullable<RemediationOutcome['after']>,
  settleMs: number,
  boots: readonly string[],
): Series {
  const place = boots.indexOf(after.bootId);
  const newer = new Set(place < 0 ? boots : boots.slice(0, place));
  const width = series.channels.length;
  const kept: number[] = [];
  for (let row = 0; row < series.timesMs.length; row += 1) {
    const isLater = bootIds[row] === after.bootId ? (seqs[row] ?? -1) > after.seq : newer.has(bootIds[row]!);
    if (isLater && (series.timesMs[row] ?? 0) > after.atMs && (series.timesMs[row] ?? 0) >= after.atMs + settleMs)
      kept.push(row);
  }
  const values = new Float64Array(kept.length * width);
  for (const [at, row] of kept.entries())
    values.set(series.values.subarray(row * width, (row + 1) * width), at * width);
  return { channels: series.channels, timesMs: Float64Array.from(kept, (row) => series.timesMs[row] ?? 0), values };
}

/** Judges with what is there. Without a position of the outcome or a stated test nothing can be said. */
export function judgeVerification(facts: VerifyFacts): VerifyJudgement {
  const { window, proposal, outcome, calibration, clockRate, nowMs } = facts;
  const { after } = outcome;
  const { verification } = proposal;
  if (!after || !verification) return { result: 'unknown', waitS: 0, rows: 0 };
  const series = evidenceRows(window, after, verification.settleMs, facts.boots);
  const rows = series.timesMs.length;
  const lastEventMs = window.series.timesMs.at(-1) ?? after.atMs;
  const elapsedMs = (nowMs - outcome.atMs) * clockRate;
  const over =
    lastEventMs >= after.atMs + verification.deadlineMs || elapsedMs >= verification.deadlineMs + lateMs * clockRate;
  const isEnough = rows >= verification.minRows;
  const judged = isEnough ? facts.judge(series, calibration, proposal) : 'not-yet';
  // A failure is believed late: rows under way when the action took hold still show the old state, and undoing what
  // was about to help is worse than waiting.
  const isEarly = lastEventMs < after.atMs + Math.max(verification.settleMs, verification.deadlineMs / 2);
  const recovery = judged === 'not-recovered' && isEarly ? 'not-yet' : judged;
  if (recovery !== 'not-yet') return { result: recovery, waitS: 0, rows };
  if (over) return { result: isEnough ? 'not-recovered' : 'unknown', waitS: 0, rows };
  const missingRows = Math.max(1, verification.minRows - rows);
  const settledAtMs = after.atMs + verification.settleMs;
  const wantedMs = Math.max(settledAtMs, lastEventMs) + missingRows * calibration.warmup.periodMs - lastEventMs;
  return { result: 'not-yet', waitS: Math.min(maxWaitS, Math.max(1, Math.ceil(wantedMs / clockRate / 1000))), rows };
}

/**
 * Scores that wait in an asset's state for their rows to go into a chunk. They name their rows by boot and number, so that
 * neither a repeat of a row nor a late one moves them; times are the rows' own. In the usual case that is one run of some
 * ten bytes, because a tail is compacted after ten batches.
 */
import type { AssetState } from '../../contracts/asset.ts';
import type { Segment } from '../window/rows.ts';
import { codeOf, isAlarmIn, levelIn, noLevel } from './level.ts';

export type PendingScores = NonNullable<AssetState['scores']>;

export interface RowCode {
  readonly bootId: string;
  readonly seq: number;
  /** As `codeOf` gives it. */
  readonly code: number;
}

/** Rows of a gap that are written down as rows without a score; a longer gap begins a new run. */
const filledRows = 16;
export const maxRuns = 64;
/** A backlog of more rows than this keeps the highest score of each few, so that a state stays readable. */
export const maxPendingRows = 16_384;

interface Run {
  readonly bootId: string;
  readonly seq: number;
  readonly every: number;
  readonly codes: number[];
}

/**
 * What waits, and the scores of new rows.
 * @param rows in the order in which they were screened. Of more than `maxRuns` stretches the last have no score.
 */
export function withScores(before: PendingScores | undefined, rows: readonly RowCode[]): PendingScores | undefined {
  if (rows.length === 0) return before;
  const runs = (before ?? []).map(opened);
  const waiting = runs.reduce((sum, { codes }) => sum + codes.length, 0);
  const every = Math.ceil(rows.length / Math.max(1, maxPendingRows - waiting));
  for (const { bootId, seq, code } of rows) {
    const last = runs.at(-1);
    const place = last?.bootId === bootId && last.every === every ? Math.floor((seq - last.seq) / every) : -1;
    if (last && place >= last.codes.length - (every > 1 ? 1 : 0) && place <= last.codes.length + filledRows) {
      while (last.codes.length <= place) last.codes.push(noLevel);
      last.codes[place] = higher(last.codes[place]!, code);
    } else if (runs.length < maxRuns) runs.push({ bootId, seq, every, codes: [code] });
  }
  return runs.map(closed);
}

/** The higher of two scores; an alarm in one of them stands. */
const higher = (a: number, b: number): number => codeOf(Math.max(levelIn(a), levelIn(b)), isAlarmIn(a) || isAlarmIn(b));

function opened({ bootId, seq, every = 1, levels, alarms }: PendingScores[number]): Run {
  const marks = alarms === undefined ? undefined : Buffer.from(alarms, 'base64');
  const codes = Array.from(Buffer.from(levels, 'base64'), (level, at) =>
    codeOf(level, ((marks?.[at >> 3] ?? 0) & (1 << (at & 7))) !== 0),
  );
  return { bootId, seq, every, codes };
}

function closed({ bootId, seq, every, codes }: Run): PendingScores[number] {
  const alarms = Buffer.alloc(Math.ceil(codes.length / 8));
  for (const [at, code] of codes.entries()) if (isAlarmIn(code)) alarms[at >> 3]! |= 1 << (at & 7);
  return {
    bootId,
    seq,
    ...(every > 1 && { every }),
    levels: Buffer.from(codes.map(levelIn)).toString('base64'),
    ...(codes.some(isAlarmIn) && { alarms: alarms.toString('base64') }),
  };
}

/** The segments with the scores that wait for their rows; rows that have one keep it. */
export function withPending(segments: readonly Segment[], pending: PendingScores | undefined): readonly Segment[] {
  if (pending === undefined) return segments;
  const byBoot = new Map<string, Map<number, number>>();
  for (const { bootId, seq, every, codes } of pending.map(opened)) {
    const known = byBoot.get(bootId) ?? new Map<number, number>();
    byBoot.set(bootId, known);
    for (const [at, code] of codes.entries()) if (code !== noLevel) known.set(seq + at * every, code);
  }
  return segments.map((segment) => {
    const known = byBoot.get(segment.bootId);
    if (!known) return segment;
    const scores = segment.rows.map((_, at) => segment.scores?.[at] || (known.get(segment.seq + at) ?? noLevel));
    return scores.some((code) => code !== noLevel) ? { ...segment, scores } : segment;
  });
}

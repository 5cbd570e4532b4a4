/**
 * Scores of an asset's readings over any span, by reads that the span bounds: what is newest from the state, the readings
 * themselves from few chunks, and where more lie in the span, parts of them, each with its highest score.
 */
import type { ScoreHistory, ScoresQuery } from '../../../contracts/api.ts';
import type { AssetState } from '../../../contracts/asset.ts';
import type { Calibration } from '../../../contracts/calibration.ts';
import { curveOf } from '../../../core/scores/curve.ts';
import { type ScorePart, scoredRows } from '../../../core/scores/parts.ts';
import { withPending } from '../../../core/scores/pending.ts';
import { partsOf } from '../../../core/window/compact.ts';
import { mergeSegments } from '../../../core/window/rows.ts';
import { type ScoredChunk, scoredChunks } from '../score-store.ts';
import { type ConsoleWorld, tableAt } from './world.ts';

/** Chunks (256 rows each) that are read for their rows; their parts would draw as many points as a page is wide. */
const mostChunks = 32;
const defaultSpanMs = 28 * 86_400_000;

export async function scoreHistory(
  world: ConsoleWorld,
  state: AssetState,
  calibration: Calibration | undefined,
  query: ScoresQuery,
): Promise<ScoreHistory> {
  const toMs = query.toMs ?? state.lastEventMs ?? world.now();
  const fromMs = Math.min(query.fromMs ?? Math.max(0, toMs - defaultSpanMs), toMs);
  const [older, newest] = await Promise.all([
    scoredChunks(tableAt(world, 'decisions'), state.asset, { fromMs, toMs }),
    partsOf(world.windows, state.asset, state),
  ]);
  const { segments } = mergeSegments(withPending(newest, state.scores));
  const parts = [
    // A chunk that was made meanwhile is not read twice: its rows are still among the newest of this state.
    ...(await finest(
      world,
      state.asset,
      older.chunks.filter(({ chunk }) => chunk < state.nextChunk),
    )),
    ...scoredRows(segments),
    // Where a clock was set back a chunk begins before the one before it ends.
  ].sort((a, b) => a.fromMs - b.fromMs);
  return {
    ...curveOf(parts, { fromMs, toMs, points: query.points, periodMs: calibration?.warmup.periodMs ?? 0 }),
    fromMs,
    toMs,
    ...(calibration && { threshold: calibration.threshold.onset }),
    partial: older.partial,
  };
}

/** Rows where few chunks have them all, else parts; also parts of a chunk that is not kept any more. */
async function finest(world: ConsoleWorld, asset: string, chunks: readonly ScoredChunk[]): Promise<ScorePart[]> {
  if (chunks.length > mostChunks) return chunks.flatMap(({ parts }) => parts);
  const read = await Promise.all(
    chunks.map(async ({ chunk, parts }) => {
      const rows = scoredRows(await world.windows.chunk(asset, chunk));
      return rows.length > 0 ? rows : parts;
    }),
  );
  return read.flat();
}

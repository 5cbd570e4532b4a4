/** The scores of what was flagged, over weeks: what stands in flags, because screening keeps none of each reading. */
import { maxScorePoints, type ScoreHistory } from '../../contracts/api.ts';
import type { Decision } from '../../contracts/decision.ts';
import type { FlaggedSignal } from '../../contracts/flag.ts';

interface Span {
  /** Device clock, inclusive. */
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * @param decisions newest first, at most one more than are drawn: more than that and older ones were left out
 * @param flags of these decisions, by id; one that is not kept any more is left out
 */
export function scoresOf(
  decisions: readonly Decision[],
  flags: ReadonlyMap<string, FlaggedSignal>,
  { fromMs, toMs }: Span,
): Pick<ScoreHistory, 'points' | 'partial'> {
  const points: ScoreHistory['points'] = [];
  for (const { flagId, inference, guard } of decisions.slice(0, maxScorePoints)) {
    const flag = flags.get(flagId);
    if (!flag || flag.atMs < fromMs || flag.atMs > toMs) continue;
    // Silence and a person's word have no score of screening.
    if (flag.reason === 'silence' || flag.reason === 'manual') continue;
    const { atMs, score, reason } = flag;
    points.push({ atMs, score, reason, kind: inference.kind, verdict: guard.verdict });
  }
  points.sort((a, b) => a.atMs - b.atMs);
  return { points, partial: decisions.length > maxScorePoints };
}

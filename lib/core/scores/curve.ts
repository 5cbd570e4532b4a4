/** Scores as a page draws them: at most so many points, the highest and the mean of each, and where the alarm stood. */
import type { ScoreCurve } from '../../contracts/api.ts';
import { gapPeriods, joined, type ScorePart, usualPauseMs } from './parts.ts';

interface Wanted {
  /** Device clock, inclusive. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly points: number;
  /** Time between readings as the asset was calibrated; a pause of twelve is drawn as one. */
  readonly periodMs: number;
}

/** @param parts oldest first; those that only reach into the span count */
export function curveOf(parts: readonly ScorePart[], { fromMs, toMs, points, periodMs }: Wanted): ScoreCurve {
  const within = parts.filter((part) => part.toMs >= fromMs && part.fromMs <= toMs);
  const gapMs = gapPeriods * Math.max(periodMs, usualPauseMs(within));
  const shown = within.length <= points ? within : fewer(within, fromMs, toMs, points);
  const curve: ScoreCurve = { timesMs: [], highest: [], mean: [], alarms: [] };
  let before: ScorePart | undefined;
  for (const part of shown) {
    if (before && part.fromMs - before.toMs > gapMs) {
      curve.timesMs.push(Math.round((before.toMs + part.fromMs) / 2));
      curve.highest.push(null);
      curve.mean.push(null);
    }
    curve.timesMs.push(Math.round((part.fromMs + part.toMs) / 2));
    curve.highest.push(rounded(part.highest));
    curve.mean.push(rounded(part.mean));
    if (part.isAlarm) {
      const last = curve.alarms.at(-1);
      if (last && before?.isAlarm && part.fromMs - before.toMs <= gapMs) last.toMs = part.toMs;
      else curve.alarms.push({ fromMs: part.fromMs, toMs: part.toMs });
    }
    before = part;
  }
  return curve;
}

const rounded = (score: number): number => Math.round(score * 1000) / 1000;

/** Parts that lie in the same of `points` equal stretches of time become one; a part is never cut. */
function fewer(parts: readonly ScorePart[], fromMs: number, toMs: number, points: number): ScorePart[] {
  const lengthMs = Math.max(1, toMs - fromMs + 1);
  const placeOf = (part: ScorePart): number => {
    const middle = Math.min(Math.max((part.fromMs + part.toMs) / 2, fromMs), toMs);
    return Math.floor(((middle - fromMs) / lengthMs) * points);
  };
  const out: ScorePart[] = [];
  let begin = 0;
  for (let at = 1; at <= parts.length; at += 1) {
    if (at < parts.length && placeOf(parts[at]!) === placeOf(parts[begin]!)) continue;
    out.push(joined(parts.slice(begin, at)));
    begin = at;
  }
  return out;
}

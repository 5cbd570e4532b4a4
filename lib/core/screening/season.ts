/** Seasonal terms of a row: a constant, daily harmonics, and a level and first harmonic of its own for weekends. */
import { isWeekend, seasonTermCount } from './open.ts';

const dayMs = 86_400_000;

/** Writes the terms of one time on the wall into `out` from `at` on. */
export function writeSeason(
  wallMs: number,
  harmonics: number,
  weekend: boolean,
  out: Float32Array | Float64Array,
  at: number,
): void {
  out[at] = 1;
  let next = at + 1;
  const angle = (2 * Math.PI * (wallMs % dayMs)) / dayMs;
  for (let k = 1; k <= harmonics; k += 1) {
    out[next] = Math.sin(k * angle);
    out[next + 1] = Math.cos(k * angle);
    next += 2;
  }
  if (!weekend) return;
  const on = isWeekend(wallMs) ? 1 : 0;
  out[next] = on;
  out[next + 1] = on * Math.sin(angle);
  out[next + 2] = on * Math.cos(angle);
}

/** The terms of all rows, [rows × terms], by their times on the wall. */
export function seasonRows(wallsMs: Float64Array, harmonics: number, weekend: boolean): Float64Array {
  const terms = seasonTermCount(harmonics, weekend);
  const out = new Float64Array(wallsMs.length * terms);
  for (let t = 0; t < wallsMs.length; t += 1) writeSeason(wallsMs[t]!, harmonics, weekend, out, t * terms);
  return out;
}

/**
 * How much season a warm-up can support: none below two days of rows at least every two hours, and a weekend only
 * where two weekends were seen.
 */
export function seasonOrder(days: number, periodMs: number): { harmonics: number; weekend: boolean } {
  if (days < 2 || periodMs > 7_200_000) return { harmonics: 0, weekend: false };
  return { harmonics: days < 4 ? 2 : days < 6 ? 3 : days < 21 ? 5 : 6, weekend: days >= 13 };
}

/** What of each channel the others do not explain at the same moment: screening's static residual, in deviations. */
import type { OpenCalibration } from '../../../lib/core/screening/open.ts';
import { writeSeason } from '../../../lib/core/screening/season.ts';
import { rowCount, type Series } from '../../../lib/core/series.ts';

/** A missing cell carries the last level, fading by this factor a row, as in screening. */
const missingFade = 0.9;
/** Levels are cut here, so that one absurd cell is not spread over all channels without bound. */
const levelCut = 30;

export interface Residuals {
  /** Levels: values less season in units of scale, [rows × channels]. */
  readonly levels: Float64Array;
  /** What the others do not explain, in usual deviations, [rows × channels]. */
  readonly peer: Float64Array;
}

/** 0 for dead channels. */
export function peerResiduals(open: OpenCalibration, window: Series): Residuals {
  const rows = rowCount(window);
  const count = open.channelCount;
  const { harmonics, weekend } = open.doc.model;
  const terms = new Float64Array(open.seasonTerms);
  const carried = new Float64Array(count);
  const peer = new Float64Array(rows * count);
  const levels = new Float64Array(rows * count);
  const { dead, center, scale, season, staticNow } = open;
  for (let t = 0; t < rows; t += 1) {
    writeSeason(open.wall(window.timesMs[t]!), harmonics, weekend, terms, 0);
    const row = t * count;
    for (let j = 0; j < count; j += 1) {
      if (dead[j] === 1) continue;
      const value = (window.values[row + j]! - center[j]!) / scale[j]!;
      carried[j] = Number.isFinite(value) ? Math.max(-levelCut, Math.min(levelCut, value)) : carried[j]! * missingFade;
      let level = carried[j]!;
      for (let s = 0; s < terms.length; s += 1) level -= terms[s]! * season[s * open.width + j]!;
      levels[row + j] = level;
      for (let c = 0; c < count; c += 1) peer[row + c]! += level * staticNow[j * open.width + c]!;
    }
  }
  return { levels, peer };
}

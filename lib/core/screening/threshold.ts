/**
 * The onset threshold for a promised rate of false-alarm episodes, and the release level. Exceedances of
 * autocorrelated evidence come in clusters; episodes are counted as clusters (runs declustering: Coles, An Introduction
 * to Statistical Modeling of Extreme Values, 2001, section 5.3), so the promise holds for autocorrelated data too.
 */
import type { AlarmThreshold } from '../../contracts/calibration.ts';
import { quantileOfSorted } from './linear.ts';

/** Episodes that must have been seen for a threshold to be read off rather than extrapolated. */
const episodesToRead = 5;

/** Part of the promised rate that is aimed at: a threshold estimated from few episodes must err on the safe side. */
const targetShare = 0.7;

/** Release falls below what this part of normal rows keeps below. */
const releaseQuantile = 0.98;

/** No alarm sets in below this, −log10 p. */
const leastOnset = 1;

/** Exceedances apart by more rows than this are two episodes, as release takes no longer. */
const episodeGap = 3;

/** Peaks of the clusters above `floor`; clusters are apart by more than `gap` rows below it. */
function clusterPeaks(logs: Float64Array, skip: Uint8Array, floor: number, gap: number): Float64Array {
  const peaks: number[] = [];
  let last = Number.NEGATIVE_INFINITY;
  for (let t = 0; t < logs.length; t += 1) {
    if (skip[t] === 1 || logs[t]! < floor) continue;
    if (t - last > gap) peaks.push(logs[t]!);
    else peaks[peaks.length - 1] = Math.max(peaks[peaks.length - 1]!, logs[t]!);
    last = t;
  }
  return Float64Array.from(peaks).sort();
}

/** Rows by which the memory of release is shorter than that of the residuals. */
const releaseForgetsRows = 6;

/**
 * Weight of the newest row in the fresh evidence on which release is decided. Residuals remember twelve rows, and release
 * six of them: with three, a faint fault's alarm ends in its first calm moment. Where rows are slow, residuals remember
 * five, and release none: each row that it remembered would be another hour of an alarm that is over.
 */
export const releaseSmoothing = (smoothing: number): number => 1 / Math.max(1 / smoothing - releaseForgetsRows, 1);

/**
 * @param logs −log10 p of the combined evidence by row, held out
 * @param fresh the same of the fresh evidence, cut
 */
export function fitThreshold(
  logs: Float64Array,
  fresh: Float64Array,
  skip: Uint8Array,
  smoothing: number,
  episodesPerRow: number,
): AlarmThreshold {
  const used = logs.length - skip.reduce((sum, value) => sum + value, 0);
  const target = targetShare * episodesPerRow;
  const allowed = target * used;
  const finestEpisodesPerRow = Math.min(episodesToRead / used, 1);
  const extrapolated = allowed < episodesToRead;
  // Were every exceedance an episode of its own, this would do: the logarithms are those of calibrated p-values.
  const safest = Math.log10(1 / target);
  let onset = leastOnset;
  for (let floor = leastOnset; floor <= safest; floor += 0.25) {
    const peaks = clusterPeaks(logs, skip, floor, episodeGap);
    if (peaks.length < episodesToRead) break;
    // Clusters grow shorter with the level, so each level extrapolates from its own count, and the highest bid wins.
    onset = Math.max(onset, floor + Math.log10(Math.max(peaks.length / used / target, 1)));
    if (peaks.length >= allowed && !extrapolated) {
      onset = Math.max(onset, quantileOfSorted(peaks, 1 - allowed / peaks.length));
    }
  }
  onset = extrapolated ? Math.max(onset, safest) : onset;
  const smooth: number[] = [];
  let level = 0;
  for (let t = 0; t < fresh.length; t += 1) {
    level += releaseSmoothing(smoothing) * (fresh[t]! - level);
    if (skip[t] === 0) smooth.push(level);
  }
  const release = Math.max(quantileOfSorted(Float64Array.from(smooth).sort(), releaseQuantile), 0.3);
  return { onset, release, releaseRows: 1, episodesPerRow, finestEpisodesPerRow, extrapolated };
}

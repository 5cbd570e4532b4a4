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
const releaseQuantile = 0.97;

/** Exceedances apart by more rows than this are two episodes, as release takes no longer. */
const episodeGap = 3;

/** Peaks of the clusters above `floor`; clusters are apart by more than `gap` rows below it. */
function clusterPeaks(
  logs: Float64Array,
  skip: Uint8Array,
  floor: number,
  gap: number,
): { peaks: Float64Array; over: number } {
  const peaks: number[] = [];
  let last = Number.NEGATIVE_INFINITY;
  let over = 0;
  for (let t = 0; t < logs.length; t += 1) {
    if (skip[t] === 1 || logs[t]! < floor) continue;
    over += 1;
    if (t - last > gap) peaks.push(logs[t]!);
    else peaks[peaks.length - 1] = Math.max(peaks[peaks.length - 1]!, logs[t]!);
    last = t;
  }
  return { peaks: Float64Array.from(peaks).sort(), over };
}

/** Smoothing of the fresh evidence on which release is decided: twice as quick as that of the residuals. */
export const releaseSmoothing = (smoothing: number): number => Math.min(2 * smoothing, 1);

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
  const { peaks, over } = clusterPeaks(logs, skip, 1, episodeGap);
  const extremalIndex = Math.min(Math.max(peaks.length / Math.max(over, 1), 0.1), 1);
  const target = targetShare * episodesPerRow;
  const clustersPerRow = Math.max(peaks.length, 1) / used;
  // Peaks above 1 fall off tenfold a unit, since these are logarithms of calibrated p-values.
  const fitted = 1 + Math.log10(Math.max(clustersPerRow / target, 1));
  const marginal = Math.log10(Math.max(extremalIndex / target, 1));
  const allowed = target * used;
  const finestEpisodesPerRow = Math.min(episodesToRead / used, 1);
  const extrapolated = allowed < episodesToRead;
  let onset = Math.max(fitted, marginal);
  if (peaks.length > 0 && allowed >= 1) {
    onset = Math.max(onset, quantileOfSorted(peaks, 1 - Math.min(allowed / peaks.length, 1)));
  }
  const smooth: number[] = [];
  let level = 0;
  for (let t = 0; t < fresh.length; t += 1) {
    level += releaseSmoothing(smoothing) * (fresh[t]! - level);
    if (skip[t] === 0) smooth.push(level);
  }
  const release = Math.max(quantileOfSorted(Float64Array.from(smooth).sort(), releaseQuantile), 0.3);
  return { onset, release, releaseRows: 2, episodesPerRow, finestEpisodesPerRow, extrapolated };
}

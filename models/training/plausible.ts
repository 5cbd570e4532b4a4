/** Range and missing checks of a window's features, before any distance: what no training window came near to. */
import { type ConformalReference, missingFeature } from './conformal.ts';

/** Beyond the training range by this many whole ranges a feature says nothing that trees have learned. */
const farRanges = 4;
/** Features outside the training range, as a share: windows of training leave it with about one feature in 400. */
const mostOutside = 0.2;
/** Features that are missing here and were there in nearly all training windows, as a share of all. */
const mostMissing = 0.25;
const missingCode = 255;

/** What is wrong with the features of one window; empty for one that the model may judge. */
export type FeatureCheck = (features: Float32Array) => string[];

/** @param words what the features are called where people read of them, in the reference's order */
export function featureCheck(reference: ConformalReference, words: readonly string[]): FeatureCheck {
  const codes = Buffer.from(reference.windows, 'base64');
  return (features) => {
    if (features.length !== words.length)
      throw new RangeError(`${features.length} features; ${words.length} are known`);
    const reasons: string[] = [];
    const missing: number[] = [];
    let outside = 0;
    let farthest = farRanges;
    let farthestWords: string | undefined;
    for (let at = 0; at < features.length; at += 1) {
      const value = features[at]!;
      if (value === missingFeature) {
        missing.push(at);
        continue;
      }
      const ranges = rangesOutside(reference.quantiles[at]!, value);
      if (!(ranges > 0)) continue;
      outside += 1;
      if (ranges > farthest) [farthest, farthestWords] = [ranges, words[at]!];
    }
    if (farthestWords !== undefined) {
      reasons.push(`${farthestWords} lies ${Math.round(farthest)} times its training range outside of it`);
    }
    const present = features.length - missing.length;
    if (present === 0 || outside > mostOutside * present) {
      reasons.push(`${outside} of ${present} features lie outside of what the model was trained on`);
    }
    const unusual = missing.filter((at) => isSeldomMissing(codes, at, words.length)).length;
    if (unusual > mostMissing * words.length) {
      reasons.push(`${unusual} features are missing that training windows have`);
    }
    return reasons;
  };
}

/** How many training ranges a value lies outside of its feature's; NaN for one that training never saw. */
function rangesOutside(knots: readonly number[], value: number): number {
  const low = knots[0] ?? Number.NaN;
  const high = knots.at(-1) ?? Number.NaN;
  const range = Math.max(high - low, 1e-3 * Math.max(1, Math.abs(low), Math.abs(high)));
  return Math.max(low - value, value - high) / range;
}

/** Whether at most one training window in a hundred lacks the feature. */
function isSeldomMissing(codes: Uint8Array, feature: number, width: number): boolean {
  let lacking = 0;
  for (let at = feature; at < codes.length; at += width) if (codes[at] === missingCode) lacking += 1;
  return lacking * width <= 0.01 * codes.length;
}

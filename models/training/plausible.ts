/** Range and missing checks of a window's features, before any distance: what no training window came near to. */
import { type ConformalReference, missingFeature } from './conformal.ts';

/** Beyond the training range by this many whole ranges a feature says nothing that trees have learned. */
const farRanges = 4;
/** Features outside the training range, as a share: windows of training leave it with about one feature in 400. */
const mostOutside = 0.2;
/** Features that are missing here and were there in nearly all training windows, as a share. */
const mostMissing = 0.25;
const missingCode = 255;

/** What is wrong with the features of one window; empty for one that the model may judge. */
export type FeatureCheck = (features: Float32Array) => string[];

/** @param names of the features, in the reference's order */
export function featureCheck(reference: ConformalReference, names: readonly string[]): FeatureCheck {
  const seldomMissing = seldomMissingOf(reference, names.length);
  const spans = reference.quantiles.map((knots) => {
    const low = knots[0] ?? Number.NaN;
    const high = knots.at(-1) ?? Number.NaN;
    return { low, high, range: Math.max(high - low, 1e-3 * Math.max(1, Math.abs(low), Math.abs(high))) };
  });
  return (features) => {
    if (features.length !== names.length)
      throw new RangeError(`${features.length} features; ${names.length} are known`);
    const reasons: string[] = [];
    let outside = 0;
    let missing = 0;
    let present = 0;
    let farthest: { readonly name: string; readonly ranges: number } | undefined;
    features.forEach((value, at) => {
      if (value === missingFeature) {
        if (seldomMissing[at] === 1) missing += 1;
        return;
      }
      present += 1;
      const { low, high, range } = spans[at]!;
      const ranges = Math.max(low - value, value - high) / range;
      if (!(ranges > 0)) return;
      outside += 1;
      if (ranges > (farthest?.ranges ?? farRanges)) farthest = { name: names[at]!, ranges };
    });
    if (farthest) {
      reasons.push(`"${farthest.name}" lies ${Math.round(farthest.ranges)} times its training range outside of it`);
    }
    if (present === 0 || outside > mostOutside * present) {
      reasons.push(`${outside} of ${present} features lie outside of what the model was trained on`);
    }
    const expected = seldomMissing.reduce((sum, one) => sum + one, 0);
    if (missing > mostMissing * expected) {
      reasons.push(`${missing} of ${expected} features are missing that training windows have`);
    }
    return reasons;
  };
}

/** 1 where at most one training window in a hundred lacks the feature. */
function seldomMissingOf(reference: ConformalReference, width: number): Uint8Array {
  const codes = Buffer.from(reference.windows, 'base64');
  const missing = new Uint32Array(width);
  for (let row = 0; row < reference.windowCount; row += 1) {
    for (let f = 0; f < width; f += 1) if (codes[row * width + f] === missingCode) missing[f]! += 1;
  }
  return Uint8Array.from(missing, (count) => Number(count <= 0.01 * reference.windowCount));
}

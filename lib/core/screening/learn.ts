/** What a warm-up teaches of an asset's channels: scales, season and relations, each held against rows left out. */
import type { CalibrationChannel } from '../../contracts/calibration.ts';
import { type CrossValidated, type CrossValidateInput, crossValidate } from './cross-validate.ts';
import { likeliestCurve, straighten } from './curve.ts';
import { seasonOrder, seasonRows } from './season.ts';
import { aloneAmong, fitViews, supportsViews, type Views, viewCount } from './views.ts';

/** Which rows there are, by the clock on the wall, and which of them are left out. */
interface Span {
  readonly wallsMs: Float64Array;
  readonly days: number;
  readonly periodMs: number;
  readonly skip: Uint8Array;
}

type Used = Omit<CrossValidateInput, 'season'>;

export interface Learned {
  readonly described: readonly CalibrationChannel[];
  /** The channels as they were fitted: those of the asset and, of one that is alone, its views. */
  readonly used: Used;
  readonly found: CrossValidated;
  readonly harmonics: number;
  readonly weekend: boolean;
  readonly views?: Views;
}

/** @param values [rows × channels] in the channels' units, NaN for missing ones */
export function learnChannels(values: Float64Array, described: readonly CalibrationChannel[], span: Span): Learned {
  const only = aloneAmong(described);
  return only < 0 ? learn(values, described, span) : learnOne(values, described, only, span);
}

function learn(values: Float64Array, described: readonly CalibrationChannel[], span: Span): Learned {
  const dead = Uint8Array.from(described, (channel) => (channel.dead ? 1 : 0));
  return { described, ...withSeason({ ...standardise(values, described), dead }, span) };
}

/** A channel that is alone: on the curve that suits it, then with its views, behind whatever is dead. */
function learnOne(values: Float64Array, described: readonly CalibrationChannel[], only: number, span: Span): Learned {
  const count = described.length;
  const { skip } = span;
  const own = values.filter((_, i) => i % count === only);
  const { channel, fit } = likeliestCurve(
    own.map((value, t) => (skip[t] === 1 ? Number.NaN : value)),
    described[only]!,
    (as) => learn(own, [as], span),
    leftUnexplained,
  );
  const channels = described.with(only, channel);
  const { z, mask } = fit.used;
  if (!supportsViews(mask, skip)) return count === 1 ? fit : learn(values, channels, span);
  const { views, z: viewed } = fitViews(z, mask, skip);
  const width = count + viewCount;
  const wide = {
    z: new Float64Array(skip.length * width),
    mask: new Uint8Array(skip.length * width),
    dead: Uint8Array.from({ length: width }, (_, c) => (channels[c]?.dead ? 1 : 0)),
  };
  for (let t = 0; t < skip.length; t += 1) {
    const at = t * width;
    wide.z[at + only] = z[t]!;
    wide.mask[at + only] = mask[t]!;
    wide.z.set(viewed.subarray(t * viewCount, (t + 1) * viewCount), at + count);
    wide.mask.fill(mask[t]!, at + count, at + width);
  }
  return { described: channels, views, ...withSeason(wide, span) };
}

/** Mean logarithm of how much levels, and steps from row to row, deviate where they were held out, in scales. */
function leftUnexplained({ found, used: { mask, skip } }: Learned): number {
  const logDeviation = (values: Float64Array): number => {
    const kept = values.filter((_, t) => mask[t] === 1 && skip[t] === 0);
    return 0.5 * Math.log(kept.reduce((sum, value) => sum + value * value, 0) / kept.length + 1e-9);
  };
  return (logDeviation(found.levels) + logDeviation(found.dynamicResiduals)) / 2;
}

/** Below so many days a season is believed only where it foretells held-out stretches better than none. */
const certainDays = 7;

function withSeason(channels: Pick<Used, 'z' | 'mask' | 'dead'>, span: Span): Omit<Learned, 'described'> {
  const { wallsMs, days, periodMs, skip } = span;
  const used = { ...channels, skip, periodMs, rows: wallsMs.length, channels: channels.dead.length };
  const attempt = (harmonics: number, weekend: boolean) => ({
    used,
    harmonics,
    weekend,
    found: crossValidate({ ...used, season: seasonRows(wallsMs, harmonics, weekend) }),
  });
  const order = seasonOrder(days, periodMs);
  const seasonal = attempt(order.harmonics, order.weekend);
  if (order.harmonics === 0 || days >= certainDays) return seasonal;
  const plain = attempt(0, false);
  return levelLoss(plain.found.levels, used) < levelLoss(seasonal.found.levels, used) ? plain : seasonal;
}

/** Sum over channels of the logarithm of the held-out levels' mean square. */
function levelLoss(levels: Float64Array, { channels, dead, skip }: Used): number {
  let loss = 0;
  for (let c = 0; c < channels; c += 1) {
    if (dead[c] === 1) continue;
    let square = 0;
    for (let i = c, t = 0; i < levels.length; i += channels, t += 1) if (skip[t] === 0) square += levels[i]! ** 2;
    loss += Math.log(square + 1e-9);
  }
  return loss;
}

/** Values on their curves, in scales about the centre; missing cells carry the last value, fading to the centre. */
function standardise(values: Float64Array, described: readonly CalibrationChannel[]) {
  const channels = described.length;
  const z = new Float64Array(values.length);
  const mask = new Uint8Array(values.length);
  for (let c = 0; c < channels; c += 1) {
    const channel = described[c]!;
    const { center, scale, dead } = channel;
    if (dead) continue;
    let last = 0;
    for (let i = c; i < values.length; i += channels) {
      const value = (straighten(values[i]!, channel) - center) / scale;
      if (Number.isFinite(value)) {
        last = value;
        mask[i] = 1;
      } else last *= missingFade;
      z[i] = last;
    }
  }
  return { z, mask };
}

/** A missing cell keeps this part of the last level for each row that it stays missing. */
export const missingFade = 0.9;

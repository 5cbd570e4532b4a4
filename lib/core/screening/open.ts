/** Decoding and naming of calibrations. */
import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { Calibration } from '../../contracts/calibration.ts';
import { decodeFloats } from './floats.ts';
import { aloneAmong, viewCount } from './views.ts';
import { type WallClock, wallClock } from './wall-clock.ts';

/** Smallest and largest number of seasonal terms: a constant, two for each harmonic, three for the weekend. */
export const seasonTermCount = (harmonics: number, weekend: boolean): number => 1 + 2 * harmonics + (weekend ? 3 : 0);

/** A calibration with its matrices decoded, ready to compute with. Shapes as in the contract. */
export interface OpenCalibration {
  readonly doc: Calibration;
  readonly hash: string;
  readonly channelCount: number;
  /** Channels of the graph: those of the asset and, of one that is alone, its views. All arrays below have so many. */
  readonly width: number;
  /** The channel that is viewed, −1 where none is. */
  readonly viewed: number;
  readonly seasonTerms: number;
  /** The clock that the season follows. */
  readonly wall: WallClock;
  readonly center: Float64Array;
  readonly scale: Float64Array;
  readonly dead: Uint8Array;
  readonly season: Float32Array;
  readonly staticNow: Float32Array;
  readonly dynamicNow: Float32Array;
  readonly dynamicBefore: Float32Array;
  readonly deviations: Float32Array;
}

/** Rows of `deviations`: level, static, dynamic, smoothed static, smoothed level, T² weight, trend. */
export const deviationRows = 7;
/** Calibrations that were made before trends were weighed have one row fewer, and no evidence of trends. */
const formerDeviationRows = 6;

const hasTrends = (doc: Calibration): boolean => doc.evidence.some(({ name }) => name === 'trend-max');

const opened = new WeakMap<Calibration, OpenCalibration>();

const hashes = new WeakMap<Calibration, string>();

/** Says the hash of a document that was checked against it: computing it takes longer than all else of opening. */
export function nameCalibration(calibration: Calibration, hash: string): void {
  hashes.set(calibration, hash);
}

/** Hex SHA-256 of the calibration's RFC 8785 form. */
export const calibrationHash = (calibration: Calibration): string =>
  hashes.get(calibration) ??
  createHash('sha256')
    .update(canonicalize(calibration) ?? '')
    .digest('hex');

function decode(name: string, text: string, length: number): Float32Array {
  const floats = decodeFloats(text);
  if (floats.length !== length) {
    throw new Error(`The calibration's ${name} has ${floats.length} numbers where its channels need ${length}.`);
  }
  for (const value of floats) if (!Number.isFinite(value)) throw new Error(`The calibration's ${name} is not finite.`);
  return floats;
}

/**
 * Decodes a calibration once (kept for as long as the document lives).
 * @throws Error when a matrix does not have the size that the channels ask for
 */
export function openCalibration(doc: Calibration): OpenCalibration {
  const known = opened.get(doc);
  if (known) return known;
  const channelCount = doc.channels.length;
  const { views } = doc.model;
  const count = channelCount + (views ? viewCount : 0);
  const seasonTerms = seasonTermCount(doc.model.harmonics, doc.model.weekend);
  const square = count * count;
  const open: OpenCalibration = {
    doc,
    hash: calibrationHash(doc),
    channelCount,
    width: count,
    viewed: views ? aloneAmong(doc.channels) : -1,
    seasonTerms,
    wall: wallClock(doc.model.timeZone),
    center: Float64Array.from({ length: count }, (_, c) => doc.channels[c]?.center ?? 0),
    scale: Float64Array.from({ length: count }, (_, c) => doc.channels[c]?.scale ?? 1),
    dead: Uint8Array.from({ length: count }, (_, c) => (doc.channels[c]?.dead ? 1 : 0)),
    season: decode('season', doc.model.season, seasonTerms * count),
    staticNow: decode('staticNow', doc.model.staticNow, square),
    dynamicNow: decode('dynamicNow', doc.model.dynamicNow, square),
    dynamicBefore: decode('dynamicBefore', doc.model.dynamicBefore, square),
    deviations: decode(
      'deviations',
      doc.model.deviations,
      (hasTrends(doc) ? deviationRows : formerDeviationRows) * count,
    ),
  };
  opened.set(doc, open);
  return open;
}

/**
 * Expected value and spread of a channel at a time, in the channel's unit: from the hour-of-day profile where there is
 * one, else its median and robust spread.
 */
export const expectedAt = (doc: Calibration, channel: number, timeMs: number): { value: number; spread: number } =>
  expectedOnWall(doc, channel, wallClock(doc.model.timeZone)(timeMs));

/** As `expectedAt`, at a time on the wall. */
export function expectedOnWall(doc: Calibration, channel: number, wallMs: number): { value: number; spread: number } {
  const { center, scale } = doc.channels[channel]!;
  if (!doc.profile) return { value: center, spread: scale };
  const hour = Math.floor(wallMs / 3_600_000) % 24;
  const day = isWeekend(wallMs) && doc.profile.dayKinds === 2 ? 1 : 0;
  const { values, spreads } = openProfile(doc.profile);
  const at = (day * 24 + hour) * doc.channels.length + channel;
  return { value: values[at]!, spread: spreads[at]! };
}

const openedProfiles = new WeakMap<object, { values: Float32Array; spreads: Float32Array }>();
function openProfile(profile: NonNullable<Calibration['profile']>) {
  const known = openedProfiles.get(profile);
  if (known) return known;
  const open = { values: decodeFloats(profile.values), spreads: decodeFloats(profile.spreads) };
  openedProfiles.set(profile, open);
  return open;
}

/** Saturday or Sunday on the wall; 1970-01-01 was a Thursday. */
export function isWeekend(wallMs: number): boolean {
  const day = (Math.floor(wallMs / 86_400_000) + 4) % 7;
  return day === 6 || day === 0;
}

/** Assets as pages show them: how each is, and how good what it sends is. */
import type { AssetDetail, AssetSummary } from '../../contracts/api.ts';
import type { AssetRegistration, AssetState } from '../../contracts/asset.ts';
import type { Calibration, CalibrationRecord } from '../../contracts/calibration.ts';
import { newNormalRows } from '../screening/renewal.ts';
import { rowCount, type Series } from '../series.ts';
import type { NameOf } from './case-view.ts';

/** More would not be told apart on a page. */
const maxZones = 64;

/** Numbers of a boot that never came. */
const missingIn = ({ missing }: AssetState['boots'][number]): number =>
  missing.reduce((sum, [from, to]) => sum + to - from + 1, 0);

export function assetSummaryOf(
  state: AssetState,
  registration: AssetRegistration | undefined,
  more: { readonly hasRemedies: boolean; readonly openCaseIds: readonly string[]; readonly nowMs: number },
): AssetSummary {
  const zones = (registration?.topology.zones ?? []).slice(0, maxZones).map(({ name }) => name);
  return {
    asset: state.asset,
    pack: registration?.pack ?? 'unknown',
    ...(registration && { site: registration.site }),
    ...(registration?.zone !== undefined && { zone: registration.zone }),
    ...(zones.length > 0 && { zones }),
    mode: more.hasRemedies ? 'act' : 'observe',
    status: statusOf(state, registration, more.nowMs),
    ...(state.lastEventMs !== undefined && { lastReadingMs: state.lastEventMs }),
    ...(state.lastReceivedMs !== undefined && { lastReceivedMs: state.lastReceivedMs }),
    openCaseIds: [...more.openCaseIds],
    channels: registration?.channels.length ?? 0,
    ...(state.boots.length > 0 && { missing: state.boots.reduce((sum, boot) => sum + missingIn(boot), 0) }),
  };
}

/** Silence first: of an asset that says nothing, the alarm of before says little. */
function statusOf(
  state: AssetState,
  registration: AssetRegistration | undefined,
  nowMs: number,
): AssetSummary['status'] {
  if (state.silentSinceMs !== undefined) return 'silent';
  if (state.lastReceivedMs === undefined) return 'unknown';
  if (registration && nowMs - state.lastReceivedMs > registration.silenceAfterMs) return 'silent';
  if (state.alarm) return 'alarm';
  return state.calibrationHash === undefined ? 'learning' : 'normal';
}

/** What the quality of an asset's data is judged by. */
export interface SeenData {
  readonly window: Series | undefined;
  readonly calibration: Calibration | undefined;
  readonly registration: Pick<AssetRegistration, 'channels'>;
  /** Channels that the newest batch brought; empty where none is known. */
  readonly delivered: readonly string[];
}

export function qualityOf(
  state: AssetState,
  { window, calibration, registration, delivered }: SeenData,
): AssetDetail['quality'] {
  const { lastEventMs, lastReceivedMs } = state;
  const schema = schemaDrift(registration, delivered);
  return {
    readings: state.readings,
    missing: state.boots.reduce((sum, boot) => sum + missingIn(boot), 0),
    ...(lastEventMs !== undefined && lastReceivedMs !== undefined && { delayMs: lastReceivedMs - lastEventMs }),
    ...(schema && { schema }),
    ...(window && rowCount(window) > 0 && { window: windowQuality(window, calibration) }),
    ...(state.silentSinceMs !== undefined && { silentSinceMs: state.silentSinceMs }),
    boots: state.boots.map((boot) => ({ bootId: boot.bootId, lastSeq: boot.lastSeq, missing: missingIn(boot) })),
  };
}

/** Where no channels are registered any are taken. */
function schemaDrift(
  { channels }: Pick<AssetRegistration, 'channels'>,
  delivered: readonly string[],
): AssetDetail['quality']['schema'] {
  if (channels.length === 0 || delivered.length === 0) return undefined;
  const registered = new Set(channels.map(({ name }) => name));
  const absent = [...registered].filter((name) => !delivered.includes(name));
  const unknown = delivered.filter((name) => !registered.has(name));
  return absent.length + unknown.length > 0 ? { absent, unknown } : undefined;
}

function windowQuality(
  { values, channels, timesMs }: Series,
  calibration: Calibration | undefined,
): NonNullable<AssetDetail['quality']['window']> {
  const rows = timesMs.length;
  const flat: string[] = [];
  const outOfRange: string[] = [];
  let missingCells = 0;
  for (const [channel, { name }] of channels.entries()) {
    const seen: number[] = [];
    for (let row = 0; row < rows; row += 1) {
      const value = values[row * channels.length + channel]!;
      if (Number.isFinite(value)) seen.push(value);
      else missingCells += 1;
    }
    const learned = calibration?.channels.find((one) => one.name === name);
    // A channel that never moved, such as the state of a pump, is not flat because something is wrong with it.
    if (seen.length > 1 && !learned?.dead && seen.length > (learned?.longestRunRows ?? 1) && allEqual(seen))
      flat.push(name);
    if (learned && seen.some((value) => isBeyond(value, learned.low, learned.high))) outOfRange.push(name);
  }
  return { rows, missingCells, flat, outOfRange };
}

const allEqual = (values: readonly number[]): boolean => values.every((value) => value === values[0]);

/** Beyond the warm-up's range by more than that range is wide: the edge itself is passed by normal days. */
const isBeyond = (value: number, low: number, high: number): boolean => {
  const width = Math.max(high - low, Number.EPSILON);
  return value < low - width || value > high + width;
};

export function calibrationViewOf(
  hash: string,
  calibration: Calibration,
  record: CalibrationRecord | undefined,
  nameOf: NameOf,
): NonNullable<AssetDetail['calibration']> {
  const { wish, why, atMs, dueAtReadings } = record ?? {};
  return {
    hash,
    fittedAtMs: calibration.warmup.toMs,
    rows: calibration.warmup.rows,
    // What was written down of another one, while a renewal is under way, says nothing of this.
    ...(record?.calibrationHash === hash && { why, atMs, ...(dueAtReadings !== undefined && { dueAtReadings }) }),
    ...(wish && {
      newNormal: { fromMs: wish.fromMs, by: nameOf(wish.by), atMs: wish.atMs, wantedRows: newNormalRows },
    }),
    channels: calibration.channels.map(({ name, role, unit, zone, element, low, high, center, missingRate, dead }) => ({
      name,
      role,
      unit,
      ...(zone !== undefined && { zone }),
      ...(element !== undefined && { element }),
      low,
      high,
      center,
      missingRate,
      dead,
    })),
    notes: calibration.notes,
  };
}

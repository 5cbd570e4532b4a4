/**
 * Calibrates assets again: as their own rows grow in number, when the stream brings fewer decimals than the calibration
 * was fitted on, and when a person says that what an asset does now is its new normal. Without that word no row in alarm
 * is learned from, nor one too young to tell, and nothing is calibrated while an action holds.
 */
import { z } from 'zod';
import type { NewNormalAnswer } from '../../contracts/api.ts';
import type { AssetState } from '../../contracts/asset.ts';
import type { CalibrationRecord } from '../../contracts/calibration.ts';
import { assetId, epochMs, humanText } from '../../contracts/common.ts';
import { ConflictError, InvalidInputError, NotFoundError } from '../errors.ts';
import { inAlarm } from '../ingest/alarm-spans.ts';
import { fewestRows } from '../screening/fit.ts';
import { isCoarser, newNormalRows, rowsToNextFit, youngRows } from '../screening/renewal.ts';
import { streamDecimals } from '../screening/state.ts';
import { rowCount, type Series } from '../series.ts';
import {
  adopt,
  type Calibrated,
  type CalibratePorts,
  fitted,
  historySeries,
  type StoredRecord,
  windowSeries,
} from './fits.ts';

export const newNormalInput = z.strictObject({
  asset: assetId,
  newNormal: z.strictObject({
    by: humanText.max(128),
    reason: humanText.max(500),
    /** Event time since which it is normal; without it, the onset of the newest alarm. */
    fromMs: epochMs.optional(),
  }),
});
export type NewNormal = z.infer<typeof newNormalInput>;

export type Reason = 'new-normal' | 'resolution' | 'schedule';

/** Why an asset is due to be calibrated again now; `undefined` where it is not. */
export function renewalDue(state: AssetState, record: CalibrationRecord): Reason | undefined {
  // What an action has changed must not become the asset's normal.
  if (state.holds.length > 0) return undefined;
  if (record.wish) return 'new-normal';
  if (state.screen && isCoarser(streamDecimals(state.screen), record.decimals)) return 'resolution';
  const due = record.dueAtReadings !== undefined && state.readings >= record.dueAtReadings;
  // An alarm that stands is waited out, for as long as nobody says that it is normal.
  return due && !state.alarm ? 'schedule' : undefined;
}

/**
 * Calibrates again. `undefined` where there are too few rows yet: a person's word is then kept, and the schedule goes on
 * when as many rows have come again.
 */
export async function renew(
  ports: CalibratePorts,
  state: AssetState,
  { record, version }: StoredRecord,
  reason: Reason,
): Promise<Calibrated | undefined> {
  const { asset } = state;
  if (record.wish) return await renewFromWord(ports, state, record.wish);
  const former = await ports.documents.calibration(record.calibrationHash);
  const decimals = reason === 'resolution' ? streamDecimals(state.screen!) : former.warmup.decimals;
  const rounding = decimals === null ? {} : { decimals };
  if (record.historyKey !== undefined) {
    const calibration = await fitted(ports, state, await historySeries(ports, state, record.historyKey), rounding);
    return await adopt(ports, asset, calibration, { record: lasting(record), why: reason, former });
  }
  const series = since(await windowSeries(ports, state), record.fromMs);
  const rows = state.readings - (record.sinceReadings ?? 0);
  const young = youngRows(rows, record.warmupRows);
  const exclude = inAlarm(series.timesMs, state).fill(1, Math.max(0, rowCount(series) - young));
  const next = {
    ...lasting(record),
    dueAtReadings: state.readings + rowsToNextFit(rows, record.warmupRows, former.warmup.periodMs),
  };
  const postpone = () => ports.records.put({ ...record, ...next }, version);
  const learned = rowCount(series) - exclude.reduce((sum, one) => sum + one, 0);
  if (learned < Math.max(fewestRows, record.warmupRows / 2)) {
    await postpone();
    return undefined;
  }
  try {
    const calibration = await fitted(ports, state, series, { minRows: fewestRows, ...rounding, exclude });
    return await adopt(ports, asset, calibration, { record: next, why: reason, former });
  } catch (error) {
    // What cannot be fitted now is tried again when more has come, and not every quarter of an hour.
    if (error instanceof InvalidInputError) await postpone();
    throw error;
  }
}

/** What of a record outlasts the calibration. */
const lasting = ({ dueAtReadings, warmupRows, historyKey, fromMs, sinceReadings }: CalibrationRecord) => ({
  warmupRows,
  ...(dueAtReadings !== undefined && { dueAtReadings }),
  ...(historyKey !== undefined && { historyKey }),
  ...(fromMs !== undefined && { fromMs }),
  ...(sinceReadings !== undefined && { sinceReadings }),
});

/** Learned from the rows since the moment that the person named, and from no others. */
async function renewFromWord(
  ports: CalibratePorts,
  state: AssetState,
  { fromMs, by }: NonNullable<CalibrationRecord['wish']>,
): Promise<Calibrated | undefined> {
  const series = since(await windowSeries(ports, state), fromMs);
  const rows = rowCount(series);
  if (rows < newNormalRows) return undefined;
  const calibration = await fitted(ports, state, series, { minRows: newNormalRows });
  const next = {
    warmupRows: rows,
    fromMs,
    sinceReadings: Math.max(0, state.readings - rows),
    dueAtReadings: state.readings + rowsToNextFit(rows, rows, calibration.warmup.periodMs),
  };
  return await adopt(ports, state.asset, calibration, { record: next, why: 'new-normal', by });
}

/** Rows of `series` from `fromMs` on. */
function since(series: Series, fromMs: number | undefined): Series {
  if (fromMs === undefined) return series;
  const found = series.timesMs.findIndex((tMs) => tMs >= fromMs);
  const first = found < 0 ? rowCount(series) : found;
  return {
    channels: series.channels,
    timesMs: series.timesMs.slice(first),
    values: series.values.slice(first * series.channels.length),
  };
}

/**
 * Takes a person's word that what an asset does is its new normal. Recorded before it works; calibrated at once where
 * enough rows have come, else by the schedule.
 * @throws NotFoundError for an asset that is not known, InvalidInputError where nothing can be meant
 */
export async function declareNewNormal(
  ports: CalibratePorts,
  { asset, newNormal: { by: name, reason, fromMs: said } }: NewNormal,
): Promise<NewNormalAnswer> {
  const state = await ports.states.get(asset);
  if (!state) throw new NotFoundError(`There is no asset ${asset}: register it.`, { code: 'asset-unknown' });
  const { calibrationHash } = state;
  if (calibrationHash === undefined)
    throw new InvalidInputError(`${asset} is still learning what is normal: nothing is flagged there yet.`, {
      code: 'asset-learning',
    });
  const fromMs = said ?? state.alarm?.atMs ?? state.alarms?.at(-1)?.[0];
  if (fromMs === undefined)
    throw new InvalidInputError(`${asset} was not in alarm: say since when its new normal holds.`, {
      code: 'new-normal-since',
    });
  if (fromMs > (state.lastEventMs ?? 0))
    throw new InvalidInputError(
      `${new Date(fromMs).toISOString()} is after the newest reading of ${asset}, ${new Date(state.lastEventMs ?? 0).toISOString()}.`,
      { code: 'new-normal-since' },
    );
  const nowMs = ports.nowMs();
  const by = await ports.pseudonymOf(name);
  await ports.audit(
    {
      chain: `asset#${asset}`,
      type: 'normal-declared',
      key: [calibrationHash, String(fromMs), by],
      correlationId: `${asset}/calibration`,
      body: { asset, calibrationHash, fromMs, by },
      personal: { subject: by, data: { reason } },
    },
    nowMs,
  );
  const stored = await ports.records.get(asset);
  const known = stored?.record ?? (await recordOf(ports, asset, calibrationHash, nowMs));
  const record = { ...known, wish: { fromMs, by, atMs: nowMs } };
  if (!(await ports.records.put(record, stored?.version ?? 0)))
    throw new ConflictError(`Somebody else calibrated ${asset} at the same moment: look at it and repeat.`, {
      code: 'calibration-conflict',
    });
  const renewed = renewalDue(state, record) && (await renewFromWord(ports, state, record.wish));
  return {
    asset,
    fromMs,
    wantedRows: newNormalRows,
    ...(renewed ? { state: 'calibrated', calibrationHash: renewed.calibrationHash } : { state: 'waiting' }),
  };
}

/** Of an asset that was calibrated before records were kept: it stays as it is until somebody says otherwise. */
async function recordOf(
  ports: CalibratePorts,
  asset: string,
  calibrationHash: string,
  atMs: number,
): Promise<CalibrationRecord> {
  const { rows, seenDecimals } = (await ports.documents.calibration(calibrationHash)).warmup;
  return { v: 1, asset, calibrationHash, why: 'history', atMs, warmupRows: rows, decimals: seenDecimals };
}

/**
 * Registers assets and gives them calibrations: from an imported history, from their own rows after the warm-up, and again
 * when the next one is due (`renew.ts`).
 */
import { z } from 'zod';
import { type AssetRegistration, type AssetState, assetRegistration, assetVersion } from '../../contracts/asset.ts';
import { assetId } from '../../contracts/common.ts';
import { CorruptDataError, InvalidInputError, NotFoundError } from '../errors.ts';
import { updateState } from '../ingest/update-state.ts';
import { slowPeriodMs, wantedRows } from '../screening/fit.ts';
import { rowsToNextFit } from '../screening/renewal.ts';
import type { Series } from '../series.ts';
import { emptyHead } from '../window/compact.ts';
import { chunkKey } from '../window/keys.ts';
import {
  adopt,
  type Calibrated,
  type CalibratePorts,
  complete,
  fitted,
  historySeries,
  type StoredRecord,
  windowSeries,
} from './fits.ts';
import { chunksOf } from './history.ts';
import { declareNewNormal, newNormalInput, renew, renewalDue } from './renew.ts';

const historyKey = z
  .string()
  .max(512)
  .regex(/^history\/[a-z0-9][a-z0-9-]{0,63}\/[A-Za-z0-9][A-Za-z0-9 ._-]{0,255}$/);

export const calibrateInput = z.union([
  z.strictObject({
    register: assetRegistration,
    historyKey: z.undefined().optional(),
    newNormal: z.undefined().optional(),
  }),
  z.strictObject({
    asset: assetId,
    historyKey,
    register: z.undefined().optional(),
    newNormal: z.undefined().optional(),
  }),
  newNormalInput.extend({ register: z.undefined().optional(), historyKey: z.undefined().optional() }),
  // The schedule sends what EventBridge sends; nothing of it is used.
  z.object({
    register: z.undefined().optional(),
    historyKey: z.undefined().optional(),
    asset: z.undefined().optional(),
    newNormal: z.undefined().optional(),
  }),
]);
export type CalibrateInput = z.infer<typeof calibrateInput>;

/** Warm-up of data that come a minute apart or slower. */
const slowWarmupMs = 7 * 86_400_000;
/** Assets that one scheduled run calibrates at most; the next run goes on. */
const maxFitsARun = 20;

/** Registers an asset or changes its registration. The document is stored first, then the audit, then the state. */
export async function register(
  ports: CalibratePorts,
  registration: AssetRegistration,
): Promise<{ registrationHash: string }> {
  const names = registration.channels.map(({ name }) => name);
  if (new Set(names).size !== names.length) {
    throw new InvalidInputError(`The registration of ${registration.asset} names a channel twice.`, {
      code: 'channel-repeated',
    });
  }
  if (!ports.hasPack(registration.pack)) {
    throw new InvalidInputError(`There is no pack "${registration.pack}" in this deployment.`, {
      code: 'pack-unknown',
    });
  }
  const { asset } = registration;
  const registrationHash = await ports.documents.putRegistration(registration);
  await ports.audit(
    {
      chain: `asset#${asset}`,
      type: 'asset-registered',
      key: [registrationHash],
      correlationId: `${asset}/registration`,
      body: { asset, site: registration.site, pack: registration.pack, registrationHash },
    },
    ports.nowMs(),
  );
  await updateState(ports.states, asset, (state) => {
    if (state) return state.registrationHash === registrationHash ? state : { ...state, registrationHash };
    return {
      v: assetVersion,
      asset,
      version: 0,
      registrationHash,
      boots: [],
      readings: 0,
      ...emptyHead,
      tail: [],
      holds: [],
    };
  });
  return { registrationHash };
}

/**
 * Fits from a history file and fills the window with its newest rows.
 * @throws NotFoundError without asset or file, InvalidInputError when the file is not one of the asset or cannot be fitted
 */
export async function calibrateFromHistory(ports: CalibratePorts, asset: string, key: string): Promise<Calibrated> {
  if (!key.startsWith(`history/${asset}/`)) {
    throw new InvalidInputError(`${key} is not a history of ${asset}: it must lie under history/${asset}/.`, {
      code: 'history-of-other',
    });
  }
  const state = await ports.states.get(asset);
  if (!state) throw new NotFoundError(`There is no asset ${asset}: register it.`, { code: 'asset-unknown' });
  const series = await historySeries(ports, state, key);
  const calibration = await fitted(ports, state, series);
  const windowRows = await fillWindow(ports, asset, series);
  const record = { warmupRows: calibration.warmup.rows, historyKey: key };
  return await adopt(ports, asset, calibration, { record, why: 'history', windowRows });
}

/**
 * Puts history before everything that came live: only where no full chunk was made yet. The numbers are reserved in the
 * state first, so that screening never writes the same chunk; chunks that are not there yet count as empty.
 */
async function fillWindow(ports: CalibratePorts, asset: string, series: Series): Promise<number> {
  const chunks = chunksOf(series);
  let reserved = false;
  await updateState(ports.states, asset, (state) => {
    reserved = state !== undefined && state.nextChunk === 0;
    return state && reserved ? { ...state, nextChunk: chunks.length } : state;
  });
  if (!reserved) return 0;
  await Promise.all(chunks.map((segments, at) => ports.windows.putChunk(chunkKey(asset, at), segments)));
  return chunks.flat().reduce((sum, { rows }) => sum + rows.length, 0);
}

/** Whether an asset has been watched for long enough: 400 rows, and seven days where rows come a minute apart or slower. */
export function isWarm(state: AssetState): boolean {
  if (state.readings < wantedRows || state.firstEventMs === undefined || state.lastEventMs === undefined) return false;
  return isLongEnough(state.lastEventMs - state.firstEventMs, state.readings);
}

const isLongEnough = (spanMs: number, rows: number): boolean => spanMs / rows < slowPeriodMs || spanMs >= slowWarmupMs;

/** The same of the rows themselves: where a clock was set, the state's first and newest times do not say how long. */
const isWarmup = ({ timesMs }: Series): boolean =>
  timesMs.length === 0 || isLongEnough(timesMs.at(-1)! - timesMs[0]!, timesMs.length);

/** The schedule's work: every asset that is warm and has no calibration, and every one that is due for its next. */
export async function calibrateDue(
  ports: CalibratePorts,
): Promise<{ calibrated: readonly Calibrated[]; failed: number }> {
  const calibrated: Calibrated[] = [];
  let failed = 0;
  const records = await ports.records.all();
  for await (const { asset } of ports.states.list()) {
    if (calibrated.length + failed >= maxFitsARun) break;
    try {
      const state = await ports.states.get(asset);
      const made = state && (await calibrateIfDue(ports, state, records.get(asset)));
      if (made) calibrated.push(made);
    } catch (error) {
      failed += 1;
      ports.onProblem({ asset, error });
    }
  }
  return { calibrated, failed };
}

async function calibrateIfDue(
  ports: CalibratePorts,
  state: AssetState,
  stored: StoredRecord | CorruptDataError | undefined,
): Promise<Calibrated | undefined> {
  if (stored instanceof CorruptDataError) throw stored;
  if (stored && state.calibrationHash !== undefined) {
    // A process that died in between had written down what the asset is measured by, and not made it so.
    if (stored.record.calibrationHash !== state.calibrationHash) {
      // Read again, because it is written before the state: somebody may have calibrated since all of them were read.
      const now = await ports.records.get(state.asset);
      if (now === undefined || now.record.calibrationHash === state.calibrationHash) return undefined;
      return await complete(ports, state, now.record);
    }
    const reason = renewalDue(state, stored.record);
    return reason && (await renew(ports, state, stored, reason));
  }
  // What an action has changed must not become the asset's normal.
  if (state.calibrationHash !== undefined || !isWarm(state) || state.holds.length > 0) return undefined;
  const series = await windowSeries(ports, state);
  if (!isWarmup(series)) return undefined;
  const calibration = await fitted(ports, state, series);
  const { rows, periodMs } = calibration.warmup;
  const dueAtReadings = state.readings + rowsToNextFit(state.readings, rows, periodMs);
  return await adopt(ports, state.asset, calibration, { record: { warmupRows: rows, dueAtReadings }, why: 'warm-up' });
}

/** One call of the function: what it was asked for, and how many calibrations were made. */
export async function calibrate(
  ports: CalibratePorts,
  input: CalibrateInput,
): Promise<{ calibrations: number; result: unknown }> {
  if (input.newNormal !== undefined) {
    const result = await declareNewNormal(ports, input);
    return { calibrations: result.state === 'calibrated' ? 1 : 0, result };
  }
  if (input.register !== undefined) return { calibrations: 0, result: await register(ports, input.register) };
  if (input.historyKey !== undefined) {
    return { calibrations: 1, result: await calibrateFromHistory(ports, input.asset, input.historyKey) };
  }
  const result = await calibrateDue(ports);
  return { calibrations: result.calibrated.length, result };
}

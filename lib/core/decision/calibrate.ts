/** Registers assets and gives them calibrations: from an imported history, or from their own rows after the warm-up. */
import { z } from 'zod';
import { type AssetRegistration, type AssetState, assetRegistration, assetVersion } from '../../contracts/asset.ts';
import type { Calibration } from '../../contracts/calibration.ts';
import { assetId } from '../../contracts/common.ts';
import { InvalidInputError, NotFoundError } from '../errors.ts';
import { makeEvent } from '../events.ts';
import type { Documents } from '../ingest/documents.ts';
import type { StateStore } from '../ingest/ports.ts';
import { updateState } from '../ingest/update-state.ts';
import type { Bus, ObjectStore } from '../ports.ts';
import { inferChannels } from '../roles/infer.ts';
import { fitCalibration, slowPeriodMs, wantedRows } from '../screening/fit.ts';
import type { Series } from '../series.ts';
import { emptyHead, partsOf } from '../window/compact.ts';
import { chunkKey } from '../window/keys.ts';
import { readWindow } from '../window/read-window.ts';
import type { WindowStore } from '../window/window-store.ts';
import { chunksOf, seriesOfCsv } from './history.ts';
import type { Audit } from './record.ts';

const historyKey = z
  .string()
  .max(512)
  .regex(/^history\/[a-z0-9][a-z0-9-]{0,63}\/[A-Za-z0-9][A-Za-z0-9 ._-]{0,255}$/);

export const calibrateInput = z.union([
  z.strictObject({ register: assetRegistration, historyKey: z.undefined().optional() }),
  z.strictObject({ asset: assetId, historyKey, register: z.undefined().optional() }),
  // The schedule sends what EventBridge sends; nothing of it is used.
  z.object({
    register: z.undefined().optional(),
    historyKey: z.undefined().optional(),
    asset: z.undefined().optional(),
  }),
]);
export type CalibrateInput = z.infer<typeof calibrateInput>;

export interface CalibratePorts {
  readonly states: Pick<StateStore, 'get' | 'put' | 'list'>;
  readonly documents: Documents;
  readonly windows: WindowStore;
  readonly objects: Pick<ObjectStore, 'get'>;
  readonly audit: Audit;
  readonly bus: Bus;
  readonly hasPack: (name: string) => boolean;
  readonly nowMs: () => number;
  readonly onProblem: (problem: { readonly asset: string; readonly error: unknown }) => void;
}

/** Largest history file. */
const maxHistoryBytes = 128 * 1024 * 1024;
/** Warm-up of data that come a minute apart or slower. */
const slowWarmupMs = 7 * 86_400_000;
/** What a fit from the window looks back. */
const warmupWindow = { maxMs: 14 * 86_400_000, maxRows: 21_000 };
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

export interface Calibrated {
  readonly asset: string;
  readonly calibrationHash: string;
  /** Rows that the calibration was fitted on. */
  readonly rows: number;
  /** Rows that now stand in the window from the history. */
  readonly windowRows: number;
  readonly notes: readonly string[];
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
  const bytes = await ports.objects.get(key);
  if (!bytes) throw new NotFoundError(`There is no ${key}: upload it.`, { code: 'history-missing' });
  if (bytes.byteLength > maxHistoryBytes) {
    throw new InvalidInputError(`${key} has ${bytes.byteLength} bytes, at most ${maxHistoryBytes} are allowed.`, {
      code: 'history-too-large',
    });
  }
  const registration = await ports.documents.registration(state.registrationHash);
  const series = seriesOfCsv(Buffer.from(bytes).toString('utf8'), key, registration.channels);
  const calibration = fitted(asset, series);
  const windowRows = await fillWindow(ports, asset, series);
  const calibrationHash = await adopt(ports, asset, calibration);
  return { asset, calibrationHash, rows: series.timesMs.length, windowRows, notes: calibration.notes };
}

function fitted(asset: string, series: Series): Calibration {
  try {
    return fitCalibration(series);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new InvalidInputError(`${asset} cannot be calibrated: ${cause.message}`, {
      code: 'calibration-refused',
      cause,
    });
  }
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

/** Stores a calibration, writes it down, makes it the asset's; screening starts anew with it. */
async function adopt(ports: CalibratePorts, asset: string, calibration: Calibration): Promise<string> {
  const calibrationHash = await ports.documents.putCalibration(calibration);
  const before = await ports.states.get(asset);
  if (before?.calibrationHash === calibrationHash) return calibrationHash;
  const { rows } = calibration.warmup;
  const nowMs = ports.nowMs();
  await ports.audit(
    {
      chain: `asset#${asset}`,
      type: 'calibration-changed',
      key: [before?.calibrationHash ?? 'none', calibrationHash],
      correlationId: `${asset}/calibration`,
      body: { asset, calibrationHash, before: before?.calibrationHash ?? null, rows, notes: calibration.notes },
    },
    nowMs,
  );
  await updateState(ports.states, asset, (state) => {
    if (!state) return state;
    const { screen: _, alarm: __, ...kept } = state;
    return { ...kept, calibrationHash };
  });
  await ports.bus.publish([
    makeEvent(
      'CalibrationChanged',
      { asset, calibrationHash, rows, atMs: nowMs },
      { atMs: nowMs, correlationId: `${asset}/calibration`, subject: asset, key: `${asset} ${calibrationHash}` },
    ),
  ]);
  return calibrationHash;
}

/** Whether an asset has been watched for long enough: 400 rows, and seven days where rows come a minute apart or slower. */
export function isWarm(state: AssetState): boolean {
  if (state.readings < wantedRows || state.firstEventMs === undefined || state.lastEventMs === undefined) return false;
  const spanMs = state.lastEventMs - state.firstEventMs;
  return spanMs / state.readings < slowPeriodMs || spanMs >= slowWarmupMs;
}

/** The schedule's work: every asset that is warm and has no calibration. */
export async function calibrateWarm(
  ports: CalibratePorts,
): Promise<{ calibrated: readonly Calibrated[]; failed: number }> {
  const calibrated: Calibrated[] = [];
  let failed = 0;
  for await (const { asset } of ports.states.list()) {
    if (calibrated.length + failed >= maxFitsARun) break;
    try {
      const state = await ports.states.get(asset);
      if (!state || state.calibrationHash !== undefined || !isWarm(state)) continue;
      // What an action has changed must not become the asset's normal.
      if (state.holds.length > 0) continue;
      calibrated.push(await calibrateFromWindow(ports, state));
    } catch (error) {
      failed += 1;
      ports.onProblem({ asset, error });
    }
  }
  return { calibrated, failed };
}

async function calibrateFromWindow(ports: CalibratePorts, state: AssetState): Promise<Calibrated> {
  const { channels } = await ports.documents.registration(state.registrationHash);
  const known = channels.length > 0 ? channels : inferChannels(await deliveredNames(ports.windows, state));
  const { series } = await readWindow(ports.windows, state, { channels: known, ...warmupWindow });
  const calibration = fitted(state.asset, series);
  const calibrationHash = await adopt(ports, state.asset, calibration);
  return { asset: state.asset, calibrationHash, rows: series.timesMs.length, windowRows: 0, notes: calibration.notes };
}

/** Names of the channels that the newest batch brought. */
async function deliveredNames(windows: WindowStore, state: AssetState): Promise<{ name: string }[]> {
  const segments = await partsOf(windows, state.asset, { ...state, tail: state.tail.slice(-1) });
  return [...new Set(segments.flatMap(({ channels }) => channels))].map((name) => ({ name }));
}

/** One call of the function: what it was asked for, and how many calibrations were made. */
export async function calibrate(
  ports: CalibratePorts,
  input: CalibrateInput,
): Promise<{ calibrations: number; result: unknown }> {
  if (input.register !== undefined) return { calibrations: 0, result: await register(ports, input.register) };
  if (input.historyKey !== undefined) {
    return { calibrations: 1, result: await calibrateFromHistory(ports, input.asset, input.historyKey) };
  }
  const result = await calibrateWarm(ports);
  return { calibrations: result.calibrated.length, result };
}

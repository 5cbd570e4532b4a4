/** Fitting an asset's calibration, and making it the one that the asset is measured by. */
import type { AssetState } from '../../contracts/asset.ts';
import type { Calibration, CalibrationRecord } from '../../contracts/calibration.ts';
import { ConflictError, type CorruptDataError, InvalidInputError, NotFoundError } from '../errors.ts';
import { makeEvent } from '../events.ts';
import { calibrationWindowMs } from '../ingest/alarm-spans.ts';
import type { Documents } from '../ingest/documents.ts';
import type { StateStore } from '../ingest/ports.ts';
import { updateState } from '../ingest/update-state.ts';
import type { Bus, ObjectStore } from '../ports.ts';
import { inferChannels } from '../roles/infer.ts';
import { fitCalibration } from '../screening/fit.ts';
import { carriedState } from '../screening/renewal.ts';
import type { FitOptions } from '../screening/types.ts';
import type { Series } from '../series.ts';
import { newestSegments, readWindow } from '../window/read-window.ts';
import type { WindowStore } from '../window/window-store.ts';
import { seriesOfCsv } from './history.ts';
import type { Audit } from './record.ts';

export interface StoredRecord {
  readonly record: CalibrationRecord;
  readonly version: number;
}

/** Why each asset is measured as it is, and when it is due again. */
export interface CalibrationBook {
  get(asset: string): Promise<StoredRecord | undefined>;
  /** Of all assets, read consistently; one that does not parse is an error in its place, so that it harms no other. */
  all(): Promise<ReadonlyMap<string, StoredRecord | CorruptDataError>>;
  /** False where not `version` stands there (0: nothing). */
  put(record: CalibrationRecord, version: number): Promise<boolean>;
}

export interface CalibratePorts {
  readonly states: Pick<StateStore, 'get' | 'put' | 'list'>;
  readonly records: CalibrationBook;
  readonly documents: Documents;
  readonly windows: WindowStore;
  readonly objects: Pick<ObjectStore, 'get'>;
  readonly audit: Audit;
  readonly bus: Bus;
  readonly hasPack: (name: string) => boolean;
  /** Stands for a person wherever something is recorded. */
  readonly pseudonymOf: (name: string) => Promise<string>;
  readonly nowMs: () => number;
  readonly onProblem: (problem: { readonly asset: string; readonly error: unknown }) => void;
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

/** Largest history file. */
const maxHistoryBytes = 128 * 1024 * 1024;
/** What a fit from the window looks back. */
const warmupWindow = { maxMs: calibrationWindowMs, maxRows: 21_000 };

/**
 * Fits for the rate of false alarms that the asset's registration states, by the clock of its site.
 * @throws InvalidInputError when the rows cannot be fitted
 */
export async function fitted(
  { documents }: Pick<CalibratePorts, 'documents'>,
  state: Pick<AssetState, 'asset' | 'registrationHash'>,
  series: Series,
  options: FitOptions = {},
): Promise<Calibration> {
  const { falseAlarmsPerWeek: perWeek, timeZone } = await documents.registration(state.registrationHash);
  try {
    return fitCalibration(series, {
      ...(perWeek !== undefined && { falseAlarms: { perWeek } }),
      ...(timeZone !== undefined && { timeZone }),
      ...options,
    });
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new InvalidInputError(`${state.asset} cannot be calibrated: ${cause.message}`, {
      code: 'calibration-refused',
      cause,
    });
  }
}

/** @throws NotFoundError without the file, InvalidInputError when it is too large, CsvError when it is not as it must be */
export async function historySeries(ports: CalibratePorts, state: AssetState, key: string): Promise<Series> {
  const bytes = await ports.objects.get(key);
  if (!bytes) throw new NotFoundError(`There is no ${key}: upload it.`, { code: 'history-missing' });
  if (bytes.byteLength > maxHistoryBytes) {
    throw new InvalidInputError(`${key} has ${bytes.byteLength} bytes, at most ${maxHistoryBytes} are allowed.`, {
      code: 'history-too-large',
    });
  }
  const registration = await ports.documents.registration(state.registrationHash);
  return seriesOfCsv(Buffer.from(bytes).toString('utf8'), key, registration.channels);
}

/** The asset's own rows, as far back as a fit looks. */
export async function windowSeries(ports: CalibratePorts, state: AssetState): Promise<Series> {
  const { channels } = await ports.documents.registration(state.registrationHash);
  const known = channels.length > 0 ? channels : inferChannels(await deliveredNames(ports, state));
  return (await readWindow(ports.windows, state, { channels: known, ...warmupWindow })).series;
}

async function deliveredNames({ windows }: CalibratePorts, state: AssetState): Promise<{ name: string }[]> {
  const delivered = (await newestSegments(windows, state)).flatMap(({ channels }) => channels);
  return [...new Set(delivered)].map((name) => ({ name }));
}

export interface Adoption {
  readonly why: CalibrationRecord['why'];
  readonly record: Omit<CalibrationRecord, 'v' | 'asset' | 'calibrationHash' | 'why' | 'atMs' | 'decimals'>;
  /** The calibration before, where its alarm goes on under the new one; else screening starts anew, without an alarm. */
  readonly former?: Calibration;
  /** Who said so. */
  readonly by?: string;
  readonly windowRows?: number;
}

/**
 * Stores a calibration, writes it down, notes when the next one is due, and makes it the asset's. What a process that dies
 * in between has noted the schedule completes.
 */
export async function adopt(
  ports: CalibratePorts,
  asset: string,
  calibration: Calibration,
  { why, record, former, by, windowRows = 0 }: Adoption,
): Promise<Calibrated> {
  const calibrationHash = await ports.documents.putCalibration(calibration);
  const before = (await ports.states.get(asset))?.calibrationHash;
  const { rows, seenDecimals } = calibration.warmup;
  const nowMs = ports.nowMs();
  const isNew = before !== calibrationHash;
  if (isNew) {
    await ports.audit(
      {
        chain: `asset#${asset}`,
        type: 'calibration-changed',
        key: [before ?? 'none', calibrationHash],
        correlationId: `${asset}/calibration`,
        body: { asset, calibrationHash, before: before ?? null, rows, notes: calibration.notes, why, by },
      },
      nowMs,
    );
  }
  await note(ports, asset, { v: 1, asset, calibrationHash, why, atMs: nowMs, decimals: seenDecimals, ...record });
  if (isNew) await bring(ports, asset, calibration, calibrationHash, former);
  return { asset, calibrationHash, rows, windowRows, notes: calibration.notes };
}

/** Makes an asset measured by what its record names. */
export async function complete(
  ports: CalibratePorts,
  { asset, calibrationHash: formerHash }: AssetState,
  { calibrationHash, why }: CalibrationRecord,
): Promise<Calibrated> {
  const calibration = await ports.documents.calibration(calibrationHash);
  const former = formerHash !== undefined && goesOn(why) ? await ports.documents.calibration(formerHash) : undefined;
  await bring(ports, asset, calibration, calibrationHash, former);
  return { asset, calibrationHash, rows: calibration.warmup.rows, windowRows: 0, notes: calibration.notes };
}

async function bring(
  ports: CalibratePorts,
  asset: string,
  calibration: Calibration,
  calibrationHash: string,
  former: Calibration | undefined,
): Promise<void> {
  const { rows } = calibration.warmup;
  const nowMs = ports.nowMs();
  await updateState(ports.states, asset, (state) => state && measuredBy(state, calibrationHash, calibration, former));
  await ports.bus.publish([
    makeEvent(
      'CalibrationChanged',
      { asset, calibrationHash, rows, atMs: nowMs },
      { atMs: nowMs, correlationId: `${asset}/calibration`, subject: asset, key: `${asset} ${calibrationHash}` },
    ),
  ]);
}

function measuredBy(
  state: AssetState,
  calibrationHash: string,
  calibration: Calibration,
  former: Calibration | undefined,
): AssetState {
  // Another run has done it: what screening has learned since goes with it already.
  if (state.calibrationHash === calibrationHash) return state;
  const { screen, alarm, alarms, ...kept } = state;
  const carried = former && carriedState(former, screen, calibration);
  return {
    ...kept,
    calibrationHash,
    ...(carried && { screen: carried, ...(alarm && { alarm }) }),
    ...(former && alarms && { alarms }),
  };
}

/** Whether an alarm, and a word that waits, outlast a calibration that came so. */
const goesOn = (why: CalibrationRecord['why']): boolean => why === 'schedule' || why === 'resolution';

const maxAttempts = 5;

/** @throws ConflictError when others wrote it five times meanwhile */
async function note(ports: CalibratePorts, asset: string, record: CalibrationRecord): Promise<void> {
  for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
    const stored = await ports.records.get(asset);
    // A word that came while the schedule was at work is not fulfilled by it.
    const wish = goesOn(record.why) ? stored?.record.wish : undefined;
    if (await ports.records.put({ ...record, ...(wish && { wish }) }, stored?.version ?? 0)) return;
  }
  throw new ConflictError(`When ${asset} is calibrated next was written by others ${maxAttempts} times: try again.`, {
    code: 'calibration-conflict',
  });
}

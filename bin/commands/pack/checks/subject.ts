/** What a check of a pack looks at: the pack as its folder exports it, and its example screened as the live path would. */
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { openScreenEngine } from '../../../../lib/adapters/onnx/screen-engine.ts';
import { openModel } from '../../../../lib/adapters/onnx/session.ts';
import { type AssetRegistration, assetRegistration, assetVersion } from '../../../../lib/contracts/asset.ts';
import type { Calibration } from '../../../../lib/contracts/calibration.ts';
import type { AlarmContext, Pack, PackExample, PackModel } from '../../../../lib/core/pack.ts';
import { fitCalibration } from '../../../../lib/core/screening/fit.ts';
import { screenRows } from '../../../../lib/core/screening/screen.ts';
import type { Series } from '../../../../lib/core/series.ts';
import { flaggedRows, windowAt } from '../../../../models/training/flagged-windows.ts';

/** A window of an example's event that the screen flagged. */
export interface FlaggedWindow {
  readonly kind: string;
  readonly window: Series;
  readonly alarm: AlarmContext;
}

export interface Subject {
  readonly folder: string;
  readonly pack: Pack;
  readonly history: Series;
  readonly calibration: Calibration;
  readonly registration: AssetRegistration;
  /** For each event of the example what the screen flagged after its beginning, oldest first. */
  readonly events: readonly { readonly kind: string; readonly flagged: readonly FlaggedWindow[] }[];
  /** Absent for a pack that only screens. */
  readonly model?: PackModel;
}

/** A check says what is wrong in sentences; none means that it holds. */
export interface Check {
  readonly name: string;
  readonly problems: (subject: Subject) => string[] | Promise<string[]>;
}

const screenModel = fileURLToPath(new URL('../../../../models/screen/screen.onnx', import.meta.url));

/** @throws Error where the folder holds no pack or no example, or the example cannot be screened */
export async function openSubject(folder: string): Promise<Subject> {
  const { default: pack } = await load<{ default?: Pack }>(folder, 'index.ts');
  if (typeof pack !== 'object' || !('manifest' in pack)) {
    throw new Error(`${join(folder, 'index.ts')} does not export a pack as its default.`);
  }
  const { example } = await load<{ example?: PackExample }>(folder, 'example.ts');
  if (example === undefined) throw new Error(`${join(folder, 'example.ts')} does not export "example".`);
  return subjectOf(folder, pack, example);
}

/** The same for a pack and an example that are at hand. */
export async function subjectOf(folder: string, pack: Pack, example: PackExample): Promise<Subject> {
  const history = await example.history();
  const calibration = fitCalibration(history);
  const engine = await openScreenEngine(screenModel);
  const { ms, maxRows } = pack.manifest.window;
  const stepMs = calibration.warmup.periodMs;
  const events = [];
  for (const { kind, fromMs, rows } of example.events) {
    const series = await rows();
    const { rows: screened } = await screenRows(engine, calibration, undefined, series);
    const run = { series, screened, stepMs, fault: { startMs: fromMs, endMs: Number.POSITIVE_INFINITY } };
    const flagged = flaggedRows(run)
      .filter(({ row }) => series.timesMs[row]! >= fromMs)
      .map((one) => ({ kind, ...windowAt(run, one, { ms, maxRows }) }));
    events.push({ kind, flagged });
  }
  const registration = assetRegistration.parse({
    v: assetVersion,
    asset: 'example-asset',
    site: 'a-new-site',
    pack: basename(folder),
    channels: [...history.channels],
    ...(example.topology === undefined ? {} : { topology: example.topology }),
  });
  const model = pack.open === undefined ? undefined : await pack.open(openModel);
  return { folder, pack, history, calibration, registration, events, ...(model === undefined ? {} : { model }) };
}

async function load<T>(folder: string, file: string): Promise<T> {
  const path = join(folder, file);
  if (!existsSync(path)) throw new Error(`${path} is not there: every pack has an index.ts and an example.ts.`);
  return (await import(pathToFileURL(path).href)) as T;
}

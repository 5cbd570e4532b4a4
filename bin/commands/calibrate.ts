/** `groundcrew calibrate`: registers assets and fits their calibration from the history that their owner already has. */
import { createReadStream, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import type { Command } from 'commander';
import pc from 'picocolors';
import { type AssetRegistration, assetRegistration } from '../../lib/contracts/asset.ts';
import { assetId } from '../../lib/contracts/common.ts';
import { type CommandContext, type ContextOptions, openContext, withContextOptions } from './support/context.ts';
import { CommandFailure } from './support/failure.ts';
import { invokeFunction } from './support/invoke.ts';
import { printJson, printLine } from './support/print.ts';

interface CalibrateOptions extends ContextOptions {
  readonly input: string;
  readonly asset?: string;
  readonly site: string;
  readonly pack: string;
  readonly clockRate: string;
  readonly silenceAfter: string;
  readonly json?: boolean;
}

/** File beside a history that says what its columns do not: roles, zones, valves, pumps, site, clock. */
const registrationFile = 'registration.json';

/** What the options say of an asset that has no registration beside its history. */
export interface AboutAsset {
  readonly site: string;
  readonly pack: string;
  readonly clockRate: number;
  readonly silenceAfterMs: number;
}

export interface Calibrated {
  readonly asset: string;
  readonly rows: number;
  readonly calibrationHash: string;
}

export function registerCalibrate(program: Command): void {
  withContextOptions(
    program.command('calibrate').description('register assets and fit their calibration from history files'),
  )
    .requiredOption(
      '--input <csv|folder>',
      'history: a column of times, every other column a channel; a folder holds one file an asset',
    )
    .option('--asset <id>', 'the asset (default: the file’s name)')
    .option('--site <site>', 'the site, which policies speak of; a new site is only observed', 'new-site')
    .option('--pack <name>', 'the domain pack', 'water-network')
    .option('--clock-rate <n>', 'event seconds a wall second; 1 for real devices', '1')
    .option('--silence-after <s>', 'open a case when nothing came for this many seconds', '3600')
    .option('--json', 'one JSON line an asset')
    .action(async (options: CalibrateOptions) => {
      const context = openContext(options);
      for (const history of historiesIn(options.input, options.asset)) {
        const result = await calibrateFile(context, history, {
          site: options.site,
          pack: options.pack,
          clockRate: Number(options.clockRate),
          silenceAfterMs: Math.round(Number(options.silenceAfter) * 1000),
        });
        if (options.json === true) printJson(result);
        else
          printLine(
            `${pc.bold(result.asset)}  calibrated on ${result.rows} rows (${result.calibrationHash.slice(0, 12)})`,
          );
      }
    });
}

/** One asset's history and, where it exists, the registration that stands beside it. */
export interface History {
  readonly asset: string;
  readonly csv: string;
  readonly registration?: string;
}

/**
 * Histories of a file or folder: `ASSET.csv`, or a folder an asset with `history.csv` and perhaps `registration.json`.
 * @throws CommandFailure when there is none
 */
export function historiesIn(input: string, asset?: string): History[] {
  if (!existsSync(input)) throw new CommandFailure(`${input}: there is no such file or folder.`, 2);
  const besides = (folder: string): { registration: string } | Record<string, never> => {
    const file = join(folder, registrationFile);
    return existsSync(file) ? { registration: file } : {};
  };
  if (!statSync(input).isDirectory()) {
    return [{ asset: asset ?? basename(input, extname(input)).toLowerCase(), csv: input, ...besides(dirname(input)) }];
  }
  const histories = readdirSync(input, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry): History[] => {
      const path = join(input, entry.name);
      if (entry.isFile() && entry.name.endsWith('.csv'))
        return [{ asset: basename(entry.name, '.csv').toLowerCase(), csv: path }];
      const csv = join(path, 'history.csv');
      return entry.isDirectory() && existsSync(csv) ? [{ asset: entry.name, csv, ...besides(path) }] : [];
    });
  if (histories.length === 0) throw new CommandFailure(`${input}: neither ASSET.csv nor ASSET/history.csv in it.`, 2);
  return histories;
}

/** Registers the asset, uploads its history and fits its calibration; the same for one machine and for AWS. */
export async function calibrateFile(
  context: CommandContext,
  { asset, csv, registration: beside }: History,
  about: AboutAsset,
): Promise<Calibrated> {
  if (!assetId.safeParse(asset).success) {
    throw new CommandFailure(
      `${asset} is not an asset id: lower-case letters, digits and hyphens, at most 64. Give one with --asset.`,
      2,
    );
  }
  const registration = registrationOf(asset, beside, about);
  await invokeFunction(context, 'calibrate', { register: registration });
  const key = `history/${asset}/${basename(csv)}`;
  await context.s3().send(
    new PutObjectCommand({
      Bucket: context.names.dataBucket,
      Key: key,
      Body: createReadStream(csv),
      ContentLength: statSync(csv).size,
    }),
  );
  const fitted = await invokeFunction<{ rows: number; calibrationHash: string }>(context, 'calibrate', {
    asset,
    historyKey: key,
  });
  return { asset, rows: fitted.rows, calibrationHash: fitted.calibrationHash };
}

function registrationOf(asset: string, beside: string | undefined, about: AboutAsset): AssetRegistration {
  const given: unknown =
    beside === undefined ? { v: 1, channels: [], ...about } : JSON.parse(readFileSync(beside, 'utf8'));
  const registration = assetRegistration.safeParse({ ...(given as object), asset });
  if (!registration.success) {
    const issue = registration.error.issues[0]!;
    throw new CommandFailure(`${beside ?? 'options'}: ${issue.path.join('.')}: ${issue.message}`, 2);
  }
  return registration.data;
}

/** `groundcrew calibrate`: registers assets and fits their calibration from the history that their owner already has. */
import { createReadStream, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import type { Command } from 'commander';
import pc from 'picocolors';
import { z } from 'zod';
import { type AssetRegistration, assetRegistration } from '../../lib/contracts/asset.ts';
import { assetId } from '../../lib/contracts/common.ts';
import { channelMeta } from '../../lib/contracts/telemetry.ts';
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

/** What may stand beside a history as `<asset>.asset.json`: everything about the asset that its columns do not say. */
const sidecar = assetRegistration
  .pick({ channels: true, topology: true })
  .partial()
  .extend({ channels: z.array(channelMeta).optional() });

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
      'history: first column timestamp, every other column a channel; a folder holds one file an asset',
    )
    .option('--asset <id>', 'the asset (default: the file’s name)')
    .option('--site <site>', 'the site, which policies speak of; a new site is only observed', 'new-site')
    .option('--pack <name>', 'the domain pack', 'water-network')
    .option('--clock-rate <n>', 'event seconds a wall second; 1 for real devices', '1')
    .option('--silence-after <s>', 'open a case when nothing came for this many seconds', '3600')
    .option('--json', 'one JSON line an asset')
    .action(async (options: CalibrateOptions) => {
      const context = openContext(options);
      for (const file of historyFiles(options.input)) {
        const result = await calibrateFile(context, file, {
          asset: options.asset ?? basename(file, extname(file)).toLowerCase(),
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

function historyFiles(input: string): string[] {
  if (!existsSync(input)) throw new CommandFailure(`${input}: there is no such file or folder.`, 2);
  if (!statSync(input).isDirectory()) return [input];
  const files = readdirSync(input)
    .filter((name) => name.endsWith('.csv'))
    .sort()
    .map((name) => join(input, name));
  if (files.length === 0) throw new CommandFailure(`${input}: no .csv file in it.`, 2);
  return files;
}

/** Registers the asset, uploads its history and fits its calibration; the same for one machine and for AWS. */
export async function calibrateFile(
  context: CommandContext,
  file: string,
  about: { asset: string; site: string; pack: string; clockRate: number; silenceAfterMs: number },
): Promise<Calibrated> {
  if (!assetId.safeParse(about.asset).success) {
    throw new CommandFailure(
      `${about.asset} is not an asset id: lower-case letters, digits and hyphens, at most 64. Give one with --asset.`,
      2,
    );
  }
  const registration = registrationOf(file, about);
  await invokeFunction(context, 'calibrate', { register: registration });
  const key = `history/${about.asset}/${basename(file)}`;
  await context
    .s3()
    .send(
      new PutObjectCommand({
        Bucket: context.names.dataBucket,
        Key: key,
        Body: createReadStream(file),
        ContentLength: statSync(file).size,
      }),
    );
  const fitted = await invokeFunction<{ rows: number; calibrationHash: string }>(context, 'calibrate', {
    asset: about.asset,
    historyKey: key,
  });
  return { asset: about.asset, rows: fitted.rows, calibrationHash: fitted.calibrationHash };
}

function registrationOf(
  file: string,
  about: { asset: string; site: string; pack: string; clockRate: number; silenceAfterMs: number },
): AssetRegistration {
  const beside = file.replace(/\.csv$/i, '.asset.json');
  let extra: z.infer<typeof sidecar> = {};
  if (existsSync(beside)) {
    const parsed = sidecar.safeParse(JSON.parse(readFileSync(beside, 'utf8')));
    if (!parsed.success)
      throw new CommandFailure(
        `${beside}: ${parsed.error.issues[0]!.path.join('.')}: ${parsed.error.issues[0]!.message}`,
        2,
      );
    extra = parsed.data;
  }
  const registration = assetRegistration.safeParse({ v: 1, channels: [], ...about, ...extra });
  if (!registration.success) {
    const issue = registration.error.issues[0]!;
    throw new CommandFailure(`${issue.path.join('.')}: ${issue.message} (got ${JSON.stringify(about)})`, 2);
  }
  return registration.data;
}

/** The audit that a command reads: of a deployment, or the files of an export. */

import type { KeyObject } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Command } from 'commander';
import { allChains, chainsInBucket, chainTexts } from '../../../lib/adapters/aws/audit-store.ts';
import { listCheckpoints, readCheckpointText } from '../../../lib/adapters/aws/checkpoint-store.ts';
import { publicKeyPem } from '../../../lib/adapters/aws/signing.ts';
import { readPublicKey } from '../../../lib/core/audit/checkpoint.ts';
import type { AuditSource } from '../../../lib/core/audit/report.ts';
import { auditFolder, publicKeyFile } from './audit-folder.ts';
import { type CommandContext, type ContextOptions, openContext, withContextOptions } from './context.ts';
import { CommandFailure } from './failure.ts';

/** Beyond so many buckets (90 days) a scan is quicker than asking the index for each. */
const maxBuckets = 12_960;

export interface SourceOptions extends ContextOptions {
  readonly offline?: string;
  readonly publicKey?: string;
  readonly auditBucket?: string;
}

export const withSourceOptions = (command: Command): Command =>
  withAuditBucket(withContextOptions(command))
    .option('--offline <dir>', 'read an exported audit; needs nothing but its files')
    .option('--public-key <file>', 'public key that you trust (default: the one of the deployment or export)');

export const withAuditBucket = (command: Command): Command =>
  command.option('--audit-bucket <name>', 'bucket of the checkpoints, where it is in another account');

/** The audit of a deployment: its table and its bucket. */
export function deployedAudit(context: CommandContext, auditBucket?: string): AuditSource {
  const table = { client: context.dynamodb(), table: context.names.table('audit') };
  const bucket = { client: context.s3(), bucket: auditBucket ?? context.names.auditBucket };
  return {
    async chains(range) {
      if (!range || range.to - range.from > maxBuckets) return await allChains(table);
      const changed = new Set<string>();
      for (let bucket = range.from; bucket <= range.to; bucket += 1)
        for (const chain of (await chainsInBucket(table, String(bucket))).keys()) changed.add(chain);
      return [...changed].sort();
    },
    lines: (chain) => chainTexts(table, chain),
    async checkpoints() {
      const keys = await listCheckpoints(bucket);
      return Promise.all(
        keys.map(async (key) => ({ name: basename(key), text: await readCheckpointText(bucket, key) })),
      );
    },
  };
}

/** @throws CommandFailure for files that are not there or not what they should be */
export async function openAudit(options: SourceOptions): Promise<{ source: AuditSource; publicKey: KeyObject }> {
  if (options.offline !== undefined) {
    const file = options.publicKey ?? join(options.offline, publicKeyFile);
    return { source: auditFolder(options.offline), publicKey: keyFrom(file) };
  }
  const context = openContext(options);
  const publicKey =
    options.publicKey === undefined
      ? readPublicKey(await publicKeyPem(context.kms(), context.names.signingKeyAlias))
      : keyFrom(options.publicKey);
  return { source: deployedAudit(context, options.auditBucket), publicKey };
}

function keyFrom(file: string): KeyObject {
  if (!existsSync(file)) throw new CommandFailure(`${file}: there is no such file. Give one with --public-key.`, 2);
  try {
    return readPublicKey(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new CommandFailure(`${file} is not a public key in PEM form.`, 2, { cause });
  }
}

/** `groundcrew audit`: is the record whole, and an export that anybody can check without us. */
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Command } from 'commander';
import pc from 'picocolors';
import { allChains, chainTexts } from '../../lib/adapters/aws/audit-store.ts';
import { listCheckpoints, readCheckpointText } from '../../lib/adapters/aws/checkpoint-store.ts';
import { publicKeyPem } from '../../lib/adapters/aws/signing.ts';
import { readPublicKey } from '../../lib/core/audit/checkpoint.ts';
import { type AuditReport, type AuditSource, verifyAudit } from '../../lib/core/audit/report.ts';
import { registerHolds } from './audit-hold.ts';
import { auditFolder, publicKeyFile, writeAuditFolder } from './support/audit-folder.ts';
import { type CommandContext, type ContextOptions, openContext, withContextOptions } from './support/context.ts';
import { CommandFailure } from './support/failure.ts';
import { printJson, printLine } from './support/print.ts';

interface VerifyOptions extends ContextOptions {
  readonly offline?: string;
  readonly publicKey?: string;
  readonly json?: boolean;
}

interface ExportOptions extends ContextOptions {
  readonly out: string;
  readonly json?: boolean;
}

export function registerAudit(program: Command): void {
  const audit = program.command('audit').description('verify, prove, export, rebuild from the audit; holds');
  registerHolds(audit);
  withContextOptions(audit.command('verify').description('check every chain and checkpoint; name the first bad record'))
    .option('--offline <dir>', 'check an exported audit; needs nothing but its files')
    .option('--public-key <file>', 'public key that you trust (default: the one beside the export)')
    .option('--json', 'the report as one JSON document')
    .action(async (options: VerifyOptions) => {
      const report = await verify(options);
      if (options.json === true) printJson(report);
      else printReport(report);
      if (!report.verified) process.exitCode = 1;
    });
  withContextOptions(
    audit.command('export').description('write all chains, checkpoints and the public key to a folder'),
  )
    .requiredOption('--out <dir>', 'a new or empty folder')
    .option('--json', 'what was written as one JSON document')
    .action(async (options: ExportOptions) => {
      const context = openContext(options);
      const pem = await publicKeyPem(context.kms(), context.names.signingKeyAlias);
      const written = await writeAuditFolder(options.out, deployedAudit(context), pem);
      if (options.json === true) printJson({ out: options.out, ...written });
      else {
        printLine(`${written.entries} entries in ${written.chains} chains, ${written.checkpoints} checkpoints`);
        printLine(`check it anywhere: groundcrew audit verify --offline ${options.out}`);
      }
    });
}

/** The audit of a deployment: its table and its bucket. */
export function deployedAudit(context: CommandContext): AuditSource {
  const table = { client: context.dynamodb(), table: context.names.table('audit') };
  const bucket = { client: context.s3(), bucket: context.names.auditBucket };
  return {
    chains: () => allChains(table),
    lines: (chain) => chainTexts(table, chain),
    async checkpoints() {
      const keys = await listCheckpoints(bucket);
      return Promise.all(
        keys.map(async (key) => ({ name: basename(key), text: await readCheckpointText(bucket, key) })),
      );
    },
  };
}

async function verify(options: VerifyOptions): Promise<AuditReport> {
  if (options.offline !== undefined) {
    const file = options.publicKey ?? join(options.offline, publicKeyFile);
    return await verifyAudit(auditFolder(options.offline), keyFrom(file));
  }
  const context = openContext(options);
  const key =
    options.publicKey === undefined
      ? readPublicKey(await publicKeyPem(context.kms(), context.names.signingKeyAlias))
      : keyFrom(options.publicKey);
  return await verifyAudit(deployedAudit(context), key);
}

function keyFrom(file: string) {
  if (!existsSync(file)) throw new CommandFailure(`${file}: there is no such file. Give one with --public-key.`, 2);
  try {
    return readPublicKey(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new CommandFailure(`${file} is not a public key in PEM form.`, 2, { cause });
  }
}

function printReport(report: AuditReport): void {
  printLine(
    `${report.entries} entries (${report.facts} facts) in ${report.chains} chains, ${report.checkpoints} checkpoints`,
  );
  if (report.uncovered > 0) printLine(pc.dim(`${report.uncovered} entries are newer than the last checkpoint`));
  for (const { chain, line, seq, problem, detail } of report.faults)
    printLine(
      `${pc.red('bad')}  ${chain} record ${line}${seq === undefined ? '' : ` (seq ${seq})`}: ${problem}: ${detail}`,
    );
  if (report.checkpointFault)
    printLine(`${pc.red('bad')}  checkpoint ${report.checkpointFault.checkpoint}: ${report.checkpointFault.detail}`);
  printLine(report.verified ? pc.green('verified') : pc.red('NOT verified'));
}

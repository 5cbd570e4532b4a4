/** `groundcrew audit`: is the record whole, and an export that anybody can check without us. */
import type { Command } from 'commander';
import pc from 'picocolors';
import { publicKeyPem } from '../../lib/adapters/aws/signing.ts';
import { bucketOf } from '../../lib/core/audit/entry.ts';
import { type AuditReport, type BucketRange, verifyAudit } from '../../lib/core/audit/report.ts';
import { registerHolds } from './audit-hold.ts';
import { registerProve } from './audit-prove.ts';
import { registerRebuild } from './audit-rebuild.ts';
import { registerReplay } from './audit-replay.ts';
import { writeAuditFolder } from './support/audit-folder.ts';
import {
  deployedAudit,
  openAudit,
  type SourceOptions,
  withAuditBucket,
  withSourceOptions,
} from './support/audit-source.ts';
import { type ContextOptions, openContext, withContextOptions } from './support/context.ts';
import { CommandFailure } from './support/failure.ts';
import { counted, printJson, printLine } from './support/print.ts';

interface VerifyOptions extends SourceOptions {
  readonly from?: string;
  readonly to?: string;
  readonly json?: boolean;
}

interface ExportOptions extends ContextOptions {
  readonly out: string;
  readonly auditBucket?: string;
  readonly json?: boolean;
}

export function registerAudit(program: Command): void {
  const audit = program.command('audit').description('verify, prove, export, rebuild and replay from the audit; holds');
  registerHolds(audit);
  registerProve(audit);
  registerRebuild(audit);
  registerReplay(audit);
  withSourceOptions(audit.command('verify').description('check every chain and checkpoint; name the first bad record'))
    .option('--from <time>', 'only chains that changed since (ISO 8601); each is checked whole')
    .option('--to <time>', 'only chains that changed until')
    .option('--json', 'the report as one JSON document')
    .action(async (options: VerifyOptions) => {
      const range = rangeOf(options);
      const { source, publicKey } = await openAudit(options);
      const report = await verifyAudit(source, publicKey, range);
      if (options.json === true) printJson(report);
      else printReport(report);
      if (!report.verified) process.exitCode = 1;
    });
  withAuditBucket(
    withContextOptions(
      audit.command('export').description('write all chains, checkpoints and the public key to a folder'),
    ),
  )
    .requiredOption('--out <dir>', 'a new or empty folder')
    .option('--json', 'what was written as one JSON document')
    .action(async (options: ExportOptions) => {
      const context = openContext(options);
      const pem = await publicKeyPem(context.kms(), context.names.signingKeyAlias);
      const written = await writeAuditFolder(options.out, deployedAudit(context, options.auditBucket), pem);
      if (options.json === true) printJson({ out: options.out, ...written });
      else {
        printLine(
          `${written.entries} entries in ${counted(written.chains, 'chain')}, ${counted(written.checkpoints, 'checkpoint')}`,
        );
        printLine(`check it anywhere: groundcrew audit verify --offline ${options.out}`);
      }
    });
}

/** @throws CommandFailure for what is no time, or an end before its beginning */
function rangeOf({ from, to }: VerifyOptions): BucketRange | undefined {
  const bucket = (option: string, text: string): number => {
    const atMs = Date.parse(text);
    if (!Number.isFinite(atMs) || !/^\d{4}-\d{2}/.test(text))
      throw new CommandFailure(`${option} ${text} is no time: give one such as 2026-03-01 or 2026-03-01T12:00Z.`, 2);
    return Number(bucketOf(atMs));
  };
  if (from === undefined && to === undefined) return undefined;
  const range = {
    from: from === undefined ? 0 : bucket('--from', from),
    to: to === undefined ? Number(bucketOf(Date.now())) : bucket('--to', to),
  };
  if (range.to < range.from) throw new CommandFailure(`--to ${to} lies before --from ${from}.`, 2);
  return range;
}

function printReport(report: AuditReport): void {
  printLine(
    `${report.entries} entries (${report.facts} facts) in ${counted(report.chains, 'chain')}, ${counted(report.checkpoints, 'checkpoint')}`,
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

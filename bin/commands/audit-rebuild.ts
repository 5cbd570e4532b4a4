/** `groundcrew audit rebuild`: makes the projections again from the chains, or says where they differ. */
import type { Command } from 'commander';
import pc from 'picocolors';
import { rebuild } from '../../lib/adapters/aws/rebuild-run.ts';
import { deployedAudit } from './support/audit-source.ts';
import { type ContextOptions, openContext, withContextOptions } from './support/context.ts';
import { printJson, printLine } from './support/print.ts';
import { subjectsOf } from './support/subjects.ts';

interface RebuildOptions extends ContextOptions {
  readonly check?: boolean;
  readonly json?: boolean;
}

const shown = 10;

export function registerRebuild(audit: Command): void {
  withContextOptions(
    audit.command('rebuild').description('make decisions and cases again from the chains: what is missing or differs'),
  )
    .option('--check', 'change nothing; name the first difference')
    .option('--json', 'the report as one JSON document')
    .action(async (options: RebuildOptions) => {
      const context = openContext(options);
      const world = {
        client: context.dynamodb(),
        cases: context.names.table('cases'),
        decisions: context.names.table('decisions'),
        subjects: subjectsOf(context),
        nowMs: Date.now(),
      };
      const report = await rebuild(world, deployedAudit(context), options.check !== true);
      if (options.check === true && report.differences.length > 0) process.exitCode = 1;
      if (options.json === true) return printJson(report);
      printLine(
        `${report.decisions} decisions and ${report.cases} cases in the audit, ${report.written} items written`,
      );
      for (const { what, difference } of report.differences.slice(0, shown))
        printLine(`${pc.yellow('differs')}  ${what}: ${difference}`);
      if (report.differences.length > shown) printLine(`… and ${report.differences.length - shown} more`);
      if (report.differences.length === 0) printLine(pc.green('projections and audit say the same'));
    });
}

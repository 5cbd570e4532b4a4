/** `groundcrew audit replay`: makes a decision again from what was kept of it, and says what is the same. */
import type { Command } from 'commander';
import pc from 'picocolors';
import type { Decision } from '../../lib/contracts/decision.ts';
import { rounding } from '../../lib/core/decision/compare.ts';
import { isSame } from '../../lib/core/decision/replay.ts';
import type { ReplayPoint } from '../../lib/core/decision/replay-grounds.ts';
import { deployedAudit } from './support/audit-source.ts';
import { type ContextOptions, openContext, withContextOptions } from './support/context.ts';
import { printJson, printLine, short, wrapped } from './support/print.ts';
import { findRecorded } from './support/recorded-decision.ts';
import type { ReplayReport } from './support/replay-decision.ts';

interface ReplayOptions extends ContextOptions {
  readonly asset?: string;
  readonly json?: boolean;
}

export function registerReplay(audit: Command): void {
  withContextOptions(
    audit
      .command('replay <decision>')
      .description('make a decision again from what was kept, and say point by point what is the same'),
  )
    .option('--asset <asset>', 'the asset that it is about: spares reading the chains of all others')
    .option('--json', 'the report as one JSON document')
    .action(async (id: string, options: ReplayOptions) => {
      const context = openContext(options);
      const recorded = await findRecorded(deployedAudit(context), id, options.asset);
      const { replayRecorded } = await import('./support/replay-decision.ts');
      const report = await replayRecorded(context, recorded);
      if (options.json === true) printJson(report);
      else printReport(recorded.decision, report);
      if (!report.same) process.exitCode = 1;
    });
}

const words: Readonly<Record<ReplayPoint['result'], string>> = {
  same: pc.green('same'),
  close: pc.green('close'),
  taken: pc.dim('taken'),
  differs: pc.red('differs'),
  missing: pc.red('missing'),
  changed: pc.red('changed'),
  replaced: pc.red('replaced'),
  'not-made': pc.yellow('not made'),
};
const columns = [16, 10] as const;

function printReport({ decisionId, asset, atMs, inference, guard }: Decision, report: ReplayReport): void {
  printLine(
    `${pc.bold(short(decisionId))}  ${asset}, ${new Date(atMs).toISOString()}: ${inference.kind}, ${guard.verdict}`,
  );
  for (const [title, points] of [
    ['What it was made from', report.grounds],
    ['What is made of it again', report.results],
  ] as const) {
    printLine(`\n${pc.bold(title)}`);
    for (const point of points) printPoint(point);
  }
  printLine();
  printLine(verdictOn(report));
}

function printPoint({ what, result, difference, detail }: ReplayPoint): void {
  const [left, right] = columns;
  const by = difference === undefined ? '' : `by ${difference.toPrecision(2)} at most; `;
  const gap = ' '.repeat(Math.max(2, right - result.length));
  const line = `${what.padEnd(left)}${words[result]}${by || detail ? gap : ''}${by}${detail ?? ''}`;
  printLine(wrapped(line, left + right));
}

function verdictOn({ same, toTheBit, grounds, results }: ReplayReport): string {
  if (toTheBit) return pc.green('the same to the bit');
  if (same) return pc.green(`the same within ${rounding}, not to the bit: rounding, as on another kind of processor`);
  const isWhole = grounds.every(isSame);
  const differing = [...(isWhole ? results : grounds)].filter((point) => !isSame(point)).map(({ what }) => what);
  return pc.red(
    isWhole
      ? `NOT the same: ${differing.join(', ')}. All that it was made from is as it was, so the code is another: it was decided by other functions`
      : `NOT the same as it was: ${differing.join(', ')}`,
  );
}

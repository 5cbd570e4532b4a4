/** `groundcrew new-normal`: a person's word that what an asset does now is how it is to be from now on. */
import type { Command } from 'commander';
import pc from 'picocolors';
import type { NewNormalAnswer } from '../../lib/contracts/api.ts';
import { openContext, withContextOptions } from './support/context.ts';
import { invokeFunction } from './support/invoke.ts';
import { type PersonOptions, withPersonOptions } from './support/person-order.ts';
import { printJson, printLine } from './support/print.ts';
import { timeOf } from './support/time-option.ts';

interface NewNormalOptions extends PersonOptions {
  readonly from?: string;
}

export function registerNewNormal(program: Command): void {
  withPersonOptions(
    withContextOptions(
      program
        .command('new-normal <asset>')
        .description('what an asset does now is its new normal: calibrate it on that alone'),
    ).option('--from <time>', 'since when, such as 2026-05-04T08:00Z; left out: since its newest alarm began'),
  ).action(async (asset: string, options: NewNormalOptions) => {
    const { by, reason, from, json } = options;
    const newNormal = { by, reason, ...(from !== undefined && { fromMs: timeOf('--from', from) }) };
    const answer = await invokeFunction<NewNormalAnswer>(openContext(options), 'calibrate', { asset, newNormal });
    if (json === true) return printJson(answer);
    const since = `normal since ${new Date(answer.fromMs).toISOString()}`;
    if (answer.state === 'calibrated')
      printLine(`${pc.bold(asset)}  ${since}, calibrated (${answer.calibrationHash?.slice(0, 12)})`);
    else
      printLine(
        `${pc.bold(asset)}  ${since}; calibrated as soon as ${answer.wantedRows} rows since then have come. Until then its alarm stands.`,
      );
  });
}

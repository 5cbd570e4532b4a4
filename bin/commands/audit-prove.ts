/** `groundcrew audit prove`: one file that shows anybody that an entry stands in the audit. */
import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { proofText, proveEntry } from '../../lib/core/audit/proof.ts';
import { InvalidInputError, NotFoundError } from '../../lib/core/errors.ts';
import { openAudit, type SourceOptions, withSourceOptions } from './support/audit-source.ts';
import { CommandFailure } from './support/failure.ts';
import { printJson, printLine } from './support/print.ts';

interface ProveOptions extends SourceOptions {
  readonly out?: string;
  readonly json?: boolean;
}

export function registerProve(audit: Command): void {
  withSourceOptions(
    audit.command('prove <decision>').description('prove that a decision (or any entry) stands in the audit'),
  )
    .option('--out <file>', 'where the proof goes (default: proof-<start of its id>.json)')
    .option('--json', 'the proof itself, to the standard output')
    .action(async (wanted: string, options: ProveOptions) => {
      const { source, publicKey } = await openAudit(options);
      try {
        const proof = await proveEntry(source, publicKey, wanted);
        if (options.json === true) return printJson(proof);
        const out = options.out ?? `proof-${wanted.slice(0, 8)}.json`;
        writeFileSync(out, proofText(proof));
        printLine(`${out}: ${proof.entry.type}, ${proof.entry.chain} seq ${proof.entry.seq}`);
        printLine(`check it anywhere: node docs/verify-proof.mjs ${out} public-key.pem`);
      } catch (error) {
        if (error instanceof NotFoundError) throw new CommandFailure(`${error.message}.`, 1, { cause: error });
        if (error instanceof InvalidInputError) throw new CommandFailure(`${error.message}.`, 2, { cause: error });
        throw error;
      }
    });
}

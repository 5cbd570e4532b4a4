#!/usr/bin/env node
/** The command. Each subcommand's module is loaded only when it is asked for, so that `--help` and small commands are quick. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { aliases, modules } from './commands/index.ts';
import { CommandFailure } from './commands/support/failure.ts';

const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8')) as {
  version: string;
};
const program = new Command('groundcrew')
  .description('Sensors see, models decide, crews act, people stay in charge.')
  .version(version)
  .showHelpAfterError('(groundcrew --help lists the commands)')
  .exitOverride();

const word = process.argv.slice(2).find((argument) => !argument.startsWith('-'));
const wanted = modules[aliases[word ?? ''] ?? word ?? ''];
for (const load of wanted === undefined ? Object.values(modules) : [wanted]) (await load())(program);

// Whoever reads the output has gone, as `| head` does: there is nobody left to tell.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(1);
  throw error;
});

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode;
  else if (error instanceof CommandFailure) {
    process.stderr.write(`groundcrew: ${error.message}\n`);
    process.exitCode = error.exitCode;
  } else {
    process.stderr.write(`groundcrew: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = 1;
  }
}

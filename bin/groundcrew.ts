#!/usr/bin/env node
/** The command. Each subcommand's module is loaded only when it is asked for, so that `--help` and small commands are quick. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { CommandFailure } from './commands/support/failure.ts';

/** First word → what registers it. A module may register several words. */
const modules: Readonly<Record<string, () => Promise<(program: Command) => void>>> = {
  start: async () => (await import('./commands/start.ts')).registerStart,
  status: async () => (await import('./commands/status.ts')).registerStatus,
  send: async () => (await import('./commands/send.ts')).registerSend,
  calibrate: async () => (await import('./commands/calibrate.ts')).registerCalibrate,
  trigger: async () => (await import('./commands/trigger.ts')).registerTrigger,
  case: async () => (await import('./commands/case.ts')).registerCase,
  audit: async () => (await import('./commands/audit.ts')).registerAudit,
  stop: async () => (await import('./commands/stop.ts')).registerStop,
  events: async () => (await import('./commands/events.ts')).registerEvents,
  flow: async () => (await import('./commands/flow.ts')).registerFlow,
  backtest: async () => (await import('./commands/backtest.ts')).registerBacktest,
  train: async () => (await import('./commands/train.ts')).registerTrain,
};
/** Words registered by another word's module. */
const aliases: Readonly<Record<string, string>> = { resume: 'stop' };

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

import { Command } from 'commander';
import { registerBacktest } from '../../bin/commands/backtest.ts';

/** Runs `groundcrew backtest --json` in this process and gives what it printed. */
export async function runBacktest<Told>(...args: string[]): Promise<Told> {
  const program = new Command().exitOverride();
  registerBacktest(program);
  const write = process.stdout.write;
  let text = '';
  process.stdout.write = (chunk) => {
    text += chunk;
    return true;
  };
  try {
    await program.parseAsync(['node', 'groundcrew', 'backtest', '--json', ...args]);
  } finally {
    process.stdout.write = write;
  }
  return JSON.parse(text) as Told;
}

import { Command } from 'commander';
import { registerBacktest } from '../../bin/commands/backtest.ts';

/** Runs `groundcrew backtest --json` in this process and gives what it printed. */
export const runBacktest = async <Told>(...args: string[]): Promise<Told> =>
  JSON.parse(await printBacktest('--json', ...args)) as Told;

/** Runs `groundcrew backtest` in this process and gives the text that it printed. */
export async function printBacktest(...args: string[]): Promise<string> {
  const program = new Command().exitOverride();
  registerBacktest(program);
  const write = process.stdout.write;
  let text = '';
  process.stdout.write = (chunk) => {
    text += chunk;
    return true;
  };
  try {
    await program.parseAsync(['node', 'groundcrew', 'backtest', ...args]);
  } finally {
    process.stdout.write = write;
  }
  return text;
}

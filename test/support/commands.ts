/** Commands as people type them, in the tests' own process, against the data folder of a runtime. */
import { beforeEach, jest } from '@jest/globals';
import { Command } from 'commander';

/**
 * Takes what commands print for as long as the test file runs.
 * @param data is asked for at each run, because folders are made in `beforeAll`
 * @returns runs a command and gives what it printed
 */
export function commandRunner(
  register: readonly ((program: Command) => void)[],
  data: () => string,
): (...words: readonly string[]) => Promise<string> {
  let printed = '';
  beforeEach(() => {
    jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
      printed += String(text);
      return true;
    });
  });
  return async (...words) => {
    const program = new Command().exitOverride();
    for (const one of register) one(program);
    printed = '';
    await program.parseAsync([...words, '--data', data()], { from: 'user' });
    return printed;
  };
}

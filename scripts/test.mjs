// Runs the tests. With arguments they go to jest (`npm test -- test/core`); without, the tests that start the whole stack
// run one after the other behind the rest, because they share its synthesis and want both cores. Those of the browser have
// a command of their own (test:browser).
import { spawnSync } from 'node:child_process';

const jest = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js'];
const wholeStack = ['test/e2e', 'test/bundles', 'test/iam', 'test/local/runtime'];
const given = process.argv.slice(2);
const runs =
  given.length > 0
    ? [given]
    : [
        ['--maxWorkers=2', '--testPathIgnorePatterns', 'test/browser/', ...wholeStack],
        ['--runInBand', ...wholeStack],
      ];

// A test that leaves something running must fail the run, not hang it. Both parts together take some 5 minutes.
const limitMs = 25 * 60_000;

let failed = false;
for (const args of runs) {
  const { status, error } = spawnSync(process.execPath, [...jest, ...args], {
    stdio: 'inherit',
    timeout: limitMs,
    killSignal: 'SIGKILL',
  });
  if (error?.code === 'ETIMEDOUT')
    process.stderr.write(`Stopped after ${limitMs / 60_000} minutes: a test hangs, or left something running.\n`);
  else if (error !== undefined) throw error;
  failed ||= status !== 0;
}
process.exitCode = failed ? 1 : 0;

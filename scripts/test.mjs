// Runs the tests. With arguments they go to jest (`npm test -- test/core`); without, three parts run side by side: most
// tests compute, those that start the whole stack mostly wait for it, and the campaign waits for minutes. Those that start
// it run one after the other, because they share its synthesis. Those of the browser have a command of their own
// (test:browser).
import { spawnSync } from 'node:child_process';
import { sideBySide } from './side-by-side.mjs';

const jest = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js'];
const campaign = 'test/e2e/campaign';
const wholeStack = ['test/e2e', 'test/bundles', 'test/iam', 'test/local/runtime'];
const given = process.argv.slice(2);

/** Each test that is not of the whole stack, each that is, and the campaign: together they are all of jest's. */
const parts = [
  ['most', ['--maxWorkers=2', '--testPathIgnorePatterns', 'test/browser/', ...wholeStack]],
  [
    'whole-stack',
    ['--runInBand', '--testPathIgnorePatterns', 'test/browser/', campaign, '--testPathPatterns', ...wholeStack],
  ],
  ['campaign', ['--runInBand', campaign]],
];

// A test that leaves something running must fail the run, not hang it. All parts together take some 7 minutes.
const limitMs = 25 * 60_000;

if (given.length > 0) {
  const { status, error } = spawnSync(process.execPath, [...jest, ...given], { stdio: 'inherit' });
  if (error !== undefined) throw error;
  process.exitCode = status ?? 1;
} else {
  const ended = await sideBySide(
    parts.map(([name, args]) => ({ name, command: process.execPath, args: [...jest, ...args], limitMs })),
  );
  for (const { name, problem, seconds } of ended)
    process.stdout.write(`tests, ${name}: ${problem ?? 'ok'} in ${seconds.toFixed(0)} s\n`);
  if (ended.some(({ problem }) => problem !== undefined)) process.exitCode = 1;
}

// Runs the tests. With arguments they go to jest (`npm test -- test/core`); without, first those that compute, then those
// that start the whole stack, one after the other, because they share its synthesis, with the campaign beside them: both
// mostly wait. `--part NAME` runs one of the three. Those of the browser have a command of their own (test:browser).
import { spawnSync } from 'node:child_process';
import { sideBySide } from './side-by-side.mjs';

const jest = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js'];
const campaign = 'test/e2e/campaign';
const wholeStack = ['test/e2e', 'test/bundles', 'test/iam', 'test/local/runtime'];
const given = process.argv.slice(2);
// Where CI is set commands print in colour, whoever reads; tests compare words.
process.env.NO_COLOR = '1';

/** Each test that is not of the whole stack, each that is, and the campaign: together they are all of jest's. */
const parts = [
  ['most', ['--maxWorkers=2', '--testPathIgnorePatterns', 'test/browser/', ...wholeStack]],
  [
    'whole-stack',
    ['--runInBand', '--testPathIgnorePatterns', 'test/browser/', campaign, '--testPathPatterns', ...wholeStack],
  ],
  ['campaign', ['--runInBand', campaign]],
];

// A test that leaves something running must fail the run, not hang it. Each part takes minutes.
const limitMs = 25 * 60_000;

/** Runs parts side by side. @returns whether all hold */
async function hold(named) {
  const ended = await sideBySide(
    parts
      .filter(([name]) => named.includes(name))
      .map(([name, args]) => ({ name, command: process.execPath, args: [...jest, ...args], limitMs })),
  );
  for (const { name, problem, seconds } of ended)
    process.stdout.write(`tests, ${name}: ${problem ?? 'ok'} in ${seconds.toFixed(0)} s\n`);
  return ended.every(({ problem }) => problem === undefined);
}

if (given[0] === '--part') {
  const names = parts.map(([name]) => name);
  if (given.length !== 2 || !names.includes(given[1])) {
    process.stderr.write(`--part is "${given.slice(1).join(' ')}"; one of these is allowed: ${names.join(', ')}.\n`);
    process.exit(2);
  }
  process.exitCode = (await hold([given[1]])) ? 0 : 1;
} else if (given.length > 0) {
  const { status, error } = spawnSync(process.execPath, [...jest, ...given], { stdio: 'inherit' });
  if (error !== undefined) throw error;
  process.exitCode = status ?? 1;
} else {
  const held = [await hold(['most']), await hold(['whole-stack', 'campaign'])];
  process.exitCode = held.includes(false) ? 1 : 0;
}

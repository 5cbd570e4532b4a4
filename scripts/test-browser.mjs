// Runs the browser tests: builds the console, installs Debian's Chromium where it is missing and may be, then node:test.
// `npm run test:browser` runs all; `npm run test:browser -- console` runs the files whose name holds that word.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';

const places = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const isThere = () => places.some((place) => place && existsSync(place));

const run = (command, args) => spawnSync(command, args, { stdio: 'inherit' }).status ?? 1;

if (!isThere() && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
  process.stdout.write("Installing Debian's chromium for the browser tests.\n");
  if (run('apt-get', ['update', '-q']) === 0) run('apt-get', ['install', '-yq', '--no-install-recommends', 'chromium']);
}
if (!isThere()) {
  process.stderr.write('No Chromium: install it (on Debian: apt-get install chromium), or name one in CHROMIUM.\n');
  process.exit(1);
}
if (run(process.execPath, ['scripts/build-web.ts']) !== 0) process.exit(1);

const words = process.argv.slice(2);
const files = readdirSync('test/browser')
  .filter((name) => name.endsWith('.test.ts') && (words.length === 0 || words.some((word) => name.includes(word))))
  .map((name) => `test/browser/${name}`);
if (files.length === 0) {
  process.stderr.write(`No browser test is named ${words.join(' or ')}.\n`);
  process.exit(2);
}
process.exit(run(process.execPath, ['--test', '--test-concurrency=1', '--test-timeout=120000', ...files]));

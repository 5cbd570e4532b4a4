// Runs every check that must hold before a change is shared, one after the other, and says which failed.
// `npm run check` runs all; `npm run check -- types tests` runs those named.
import { spawnSync } from 'node:child_process';

const bin = (name) => `node_modules/.bin/${name}`;
const node = process.execPath;

/** Name, command and arguments, in the order in which a mistake is cheapest to find. */
const checks = [
  ['format', bin('biome'), ['ci', '.']],
  ['types', bin('tsc'), []],
  ['types-web', bin('tsc'), ['-p', 'web']],
  [
    'imports',
    bin('depcruise'),
    [
      '--config',
      '.dependency-cruiser.mjs',
      'bin',
      'lib',
      'functions',
      'layers',
      'models',
      'local',
      'web',
      'test',
      'bench',
      'scripts',
    ],
  ],
  ['dead-code', bin('knip'), ['--no-progress']],
  ['generated', node, ['scripts/generate.ts', '--check']],
  ['web', node, ['scripts/build-web.ts']],
  ['synth', node, ['bin/app.ts']],
  ['tests', 'npm', ['test', '--silent']],
  ['browser', 'npm', ['run', '--silent', 'test:browser']],
];

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !checks.some(([known]) => known === name));
if (unknown.length > 0) {
  process.stderr.write(
    `Unknown check: ${unknown.join(', ')}. There are: ${checks.map(([name]) => name).join(', ')}.\n`,
  );
  process.exit(2);
}

const failed = [];
for (const [name, command, args] of checks) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const startedAt = Date.now();
  process.stdout.write(`\n── ${name} ──\n`);
  const { status, error } = spawnSync(command, args, {
    stdio: 'inherit',
    env: { ...process.env, CDK_OUTDIR: process.env.CDK_OUTDIR ?? 'cdk.out' },
  });
  const ok = status === 0 && error === undefined;
  if (!ok) failed.push(name);
  process.stdout.write(
    `── ${name}: ${ok ? 'ok' : `FAILED${error ? ` (${error.message})` : ''}`} in ${((Date.now() - startedAt) / 1000).toFixed(1)} s ──\n`,
  );
}
if (failed.length > 0) {
  process.stdout.write(`\nFailed: ${failed.join(', ')}\n`);
  process.exit(1);
}
process.stdout.write('\nEverything holds.\n');

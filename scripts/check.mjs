// Runs every check that must hold before a change is shared, and says which failed. `npm run check` runs all;
// `npm run check -- types tests` runs those named. Those of a group run side by side: most need one core, and the last
// three mostly wait for a whole stack.
import { sideBySide } from './side-by-side.mjs';

const bin = (name) => `node_modules/.bin/${name}`;
const node = process.execPath;

const folders = ['bin', 'lib', 'functions', 'layers', 'models', 'local', 'web', 'test', 'bench', 'scripts'];

/** Groups of name, command and arguments, in the order in which a mistake is cheapest to find. */
const groups = [
  [
    ['format', bin('biome'), ['ci', '.']],
    ['types-web', bin('tsc'), ['-p', 'web']],
    ['imports', bin('depcruise'), ['--config', '.dependency-cruiser.mjs', ...folders]],
    ['dead-code', bin('knip'), ['--no-progress']],
  ],
  [
    ['types', bin('tsc'), []],
    ['generated', node, ['scripts/generate.ts', '--check']],
    ['web', node, ['scripts/build-web.ts']],
    ['synth', node, ['bin/app.ts']],
  ],
  [['tests', node, ['scripts/test.mjs', '--part', 'most']]],
  [
    ['whole-stack', node, ['scripts/test.mjs', '--part', 'whole-stack']],
    ['campaign', node, ['scripts/test.mjs', '--part', 'campaign']],
    ['browser', 'npm', ['run', '--silent', 'test:browser']],
  ],
];
const checks = groups.flat();

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !checks.some(([known]) => known === name));
if (unknown.length > 0) {
  process.stderr.write(
    `Unknown check: ${unknown.join(', ')}. There are: ${checks.map(([name]) => name).join(', ')}.\n`,
  );
  process.exit(2);
}

const isAsked = ([name]) => wanted.length === 0 || wanted.includes(name);
const env = { ...process.env, CDK_OUTDIR: process.env.CDK_OUTDIR ?? 'cdk.out' };
const steps = groups.map((step) => step.filter(isAsked)).filter((step) => step.length > 0);

const failed = [];
for (const step of steps) {
  process.stdout.write(`\n── ${step.map(([name]) => name).join(', ')} ──\n`);
  const ended = await sideBySide(step.map(([name, command, args]) => ({ name, command, args, env })));
  for (const { name, problem, seconds } of ended) {
    if (problem !== undefined) failed.push(name);
    process.stdout.write(
      `── ${name}: ${problem === undefined ? 'ok' : `FAILED (${problem})`} in ${seconds.toFixed(1)} s ──\n`,
    );
  }
}
if (failed.length > 0) {
  process.stdout.write(`\nFailed: ${failed.join(', ')}\n`);
  process.exit(1);
}
process.stdout.write('\nEverything holds.\n');

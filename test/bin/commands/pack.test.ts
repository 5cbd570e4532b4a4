import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';

const repository = join(import.meta.dirname, '../../..');
const root = mkdtempSync(join(tmpdir(), 'groundcrew-pack-command-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const run = (folder: string, ...words: string[]) =>
  spawnSync(process.execPath, words, {
    cwd: folder,
    encoding: 'utf8',
    timeout: 200_000,
    env: { ...process.env, CDK_OUTDIR: join(folder, 'cdk.out') },
  });
const pack = (...words: string[]) => run(repository, 'bin/groundcrew.ts', 'pack', ...words);

describe('groundcrew pack', () => {
  test('writes a pack anywhere that passes the suite as it is', () => {
    const made = pack('new', 'gate-house', '--dir', root, '--json');
    expect(made.status).toBe(0);
    const { folder, files } = JSON.parse(made.stdout);
    expect(readdirSync(folder).sort()).toEqual([
      'example.ts',
      'index.ts',
      'manifest.ts',
      'policies',
      'remedies.ts',
      'rule.ts',
    ]);
    for (const file of files) expect(readFileSync(join(folder, file), 'utf8')).not.toContain('new-pack');
    const checked = pack('check', 'gate-house', '--dir', root);
    expect(checked.stderr).toBe('');
    expect(checked.stdout.split('\n').filter((line) => line.includes('✓')).length).toBe(9);
    expect(checked.status).toBe(0);
  }, 60_000);

  test('never writes over what is there', () => {
    expect(pack('new', 'twice', '--dir', root).status).toBe(0);
    const again = pack('new', 'twice', '--dir', root);
    expect(again.status).toBe(2);
    expect(again.stderr).toContain('is there already: nothing was written');
  }, 60_000);

  test.each([
    ['new', 'Gate', 'no name for a pack'],
    ['new', '../escape', 'no name for a pack'],
    ['new', 'training', 'no name for a pack'],
    ['check', 'nothing', 'holds no pack'],
  ])('%s %s: %s', (word, name, message) => {
    const answer = pack(word, name, ...(word === 'new' ? ['--dir', root] : []));
    expect(answer.status).toBe(2);
    expect(answer.stderr).toContain(message);
    expect(answer.stderr).not.toMatch(/\n\s+at /);
  });

  test('a new pack is deployed with the next synthesis; a policy that its schema does not know stops it', () => {
    const copy = join(root, 'repository');
    const left = new Set(['node_modules', '.git', 'cdk.out', 'dist', '.cache', '.groundcrew']);
    cpSync(repository, copy, { recursive: true, filter: (path) => !left.has(relative(repository, path)) });
    symlinkSync(join(repository, 'node_modules'), join(copy, 'node_modules'));
    expect(run(copy, 'bin/groundcrew.ts', 'pack', 'new', 'gate-house').status).toBe(0);
    const generated = run(copy, 'scripts/generate.ts');
    expect(generated.stderr).toBe('');
    expect(readFileSync(join(copy, 'models/index.ts'), 'utf8')).toContain("'gate-house': async ()");
    const synthesized = run(copy, 'bin/app.ts');
    expect(synthesized.stderr).not.toContain('Error');
    expect(synthesized.status).toBe(0);
    const [build] = readdirSync(join(copy, 'dist')).filter((name) => name.startsWith('build-'));
    const policies = join(copy, 'dist', build!, 'functions/guard/models/gate-house/policies/act.cedar');
    expect(existsSync(policies)).toBe(true);
    const source = join(copy, 'models/gate-house/policies/act.cedar');
    writeFileSync(
      source,
      `${readFileSync(source, 'utf8')}\n@id("by-mood")\npermit (principal, action, resource) when { context.mood == "good" };\n`,
    );
    const refused = run(copy, 'bin/app.ts');
    expect(refused.status).not.toBe(0);
    expect(refused.stderr).toMatch(/policies of pack "gate-house" are wrong[\s\S]*mood/);
  }, 300_000);
});

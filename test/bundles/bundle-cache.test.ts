/** Kept bundles: the same as new ones, and never of former sources. */
import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import { build, stop } from 'esbuild';
import { repositoryRoot } from '../../layers/build.ts';
import { bundleOnce } from '../../layers/bundle-cache.ts';
import { filesOf, folderHash } from '../../layers/place.ts';

const folder = mkdtempSync(join(tmpdir(), 'groundcrew-bundle-cache-'));
afterAll(async () => {
  await stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('what was bundled', () => {
  let root: string;
  let cache: string;
  let runs: number;

  /** A function that imports a module that imports another, and a package. */
  beforeEach(async () => {
    root = mkdtempSync(join(folder, 'sources-'));
    cache = join(root, 'cache');
    runs = 0;
    mkdirSync(join(root, 'node_modules/@some/package'), { recursive: true });
    writeFileSync(join(root, 'index.ts'), "import { near } from './near.ts';\nconsole.log(near);\n");
    writeFileSync(
      join(root, 'near.ts'),
      "import { far } from './far.ts';\nimport { other } from '@some/package';\nexport const near = [far, other];\n",
    );
    writeFileSync(join(root, 'far.ts'), "export const far = 'far away';\n");
    writeFileSync(join(root, 'node_modules/@some/package/package.json'), '{"main":"one.js"}');
    writeFileSync(join(root, 'node_modules/@some/package/one.js'), "exports.other = 'the first';");
    writeFileSync(join(root, 'node_modules/@some/package/two.js'), "exports.other = 'the second';");
    await old();
  });

  /** What changed while the bundler ran is not kept; so new files must be older than its start. */
  const old = (): Promise<void> => sleep(50);

  async function bundled(key = 'a way'): Promise<string> {
    const outDir = mkdtempSync(join(root, 'out-'));
    await bundleOnce(outDir, { folder: cache, key, root }, async (to) => {
      runs += 1;
      const { metafile } = await build({
        entryPoints: [join(root, 'index.ts')],
        outdir: to,
        bundle: true,
        platform: 'node',
        metafile: true,
        absWorkingDir: root,
      });
      return Object.keys(metafile.inputs).map((input) => resolve(root, input));
    });
    return readFileSync(join(outDir, 'index.js'), 'utf8');
  }

  test('is given again, byte for byte, without the bundler', async () => {
    const first = await bundled();
    expect(await bundled()).toBe(first);
    expect(runs).toBe(1);
    await bundled('another way');
    expect(runs).toBe(2);
  });

  test('is made again when a file changed that is only imported by what it imports', async () => {
    await bundled();
    writeFileSync(join(root, 'far.ts'), "export const far = 'quite near';\n");
    await old();
    expect(await bundled()).toContain('quite near');
    expect(runs).toBe(2);
    expect(await bundled()).toContain('quite near');
    expect(runs).toBe(2);
  });

  test('is made again when a package points to another file, or its file changed by hand', async () => {
    expect(await bundled()).toContain('the first');
    writeFileSync(join(root, 'node_modules/@some/package/package.json'), '{"main":"two.js"}');
    await old();
    expect(await bundled()).toContain('the second');
    writeFileSync(join(root, 'node_modules/@some/package/two.js'), "exports.other = 'patched';");
    expect(await bundled()).toContain('patched');
  });

  test('is not kept when a file changed meanwhile', async () => {
    writeFileSync(join(root, 'far.ts'), "export const far = 'just now';\n");
    await bundled();
    expect(() => readdirSync(cache)).toThrow('ENOENT');
  });

  test.each<[string, (entry: string) => void]>([
    ['a bundle was changed', (entry) => writeFileSync(join(entry, 'files/index.js'), 'exports.handler = evil;')],
    ['a bundle was half written', (entry) => truncateSync(join(entry, 'files/index.js'), 20)],
    ['a bundle is missing', (entry) => rmSync(join(entry, 'files/index.js'))],
    ['the note was half written', (entry) => truncateSync(join(entry, 'noted.json'), 20)],
    ['the note says less than it must', (entry) => writeFileSync(join(entry, 'noted.json'), '{"made":{}}')],
    ['the note is missing', (entry) => rmSync(join(entry, 'noted.json'))],
  ])('is made and kept again where %s', async (_what, spoil) => {
    const first = await bundled();
    spoil(join(cache, readdirSync(cache)[0]!));
    expect(await bundled()).toBe(first);
    expect(runs).toBe(2);
    expect(await bundled()).toBe(first);
    expect(runs).toBe(2);
  });

  test('is each process’s own, and whole, where several replace the entry that others are reading', async () => {
    const code = `import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { bundleOnce } from ${JSON.stringify(join(repositoryRoot, 'layers/bundle-cache.ts'))};
const [cache, root] = process.argv.slice(1);
for (let round = 0; round < 40; round += 1) {
  const out = root + '/out-' + round;
  mkdirSync(out);
  await bundleOnce(out, { folder: cache, key: 'shared', root }, async (to) => {
    for (const name of ['/1.js', '/2.js', '/3.js']) writeFileSync(to + name, root.repeat(10_000));
    return [root + '/source'];
  });
  for (const name of ['/1.js', '/2.js', '/3.js'])
    if (readFileSync(out + name, 'utf8') !== root.repeat(10_000)) throw new Error(root + name + ' in round ' + round);
}`;
    // Sources of one name that differ: what one process keeps is not current for the next.
    const roots = ['one', 'two', 'three'].map((name) => join(root, name));
    for (const each of roots) {
      mkdirSync(each);
      writeFileSync(join(each, 'source'), each);
    }
    await old();
    const ended = roots.map((each) => {
      const { promise, resolve: end } = Promise.withResolvers<string>();
      const words = ['--input-type=module', '--eval', code, cache, each];
      execFile(process.execPath, words, (error, _out, said) => end(error === null ? '' : said));
      return promise;
    });
    expect(await Promise.all(ended)).toEqual(['', '', '']);
    expect(readdirSync(cache)).toHaveLength(1);
  }, 60_000);
});

/** In a process of its own: Vite, which builds the console beside the functions, does not run under jest. */
function buildInfer(out: string, cache: string): void {
  const code = `import { buildFunctions } from ${JSON.stringify(join(repositoryRoot, 'layers/build.ts'))};
await buildFunctions(${JSON.stringify(out)}, ${JSON.stringify({ only: ['infer'], cache })});`;
  execFileSync(process.execPath, ['--input-type=module', '--eval', code]);
}

test('a function is the same from an empty cache and from a full one, with late imports and what lies beside it', () => {
  const [cache, cold, warm] = ['functions-cache', 'cold', 'warm'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  buildInfer(cold, cache);
  const entry = join(cache, readdirSync(cache)[0]!);
  expect(filesOf(entry).filter((file) => file.includes('/infer/late-'))).not.toEqual([]);
  // A mark that the entry vouches for tells a kept bundle from one that is made again.
  const kept = readFileSync(join(entry, 'files/infer/index.js'), 'utf8');
  writeFileSync(join(entry, 'files/infer/index.js'), `${kept}//kept`);
  const note = JSON.parse(readFileSync(join(entry, 'noted.json'), 'utf8'));
  note.made['infer/index.js'] = createHash('sha256').update(`${kept}//kept`).digest('hex');
  writeFileSync(join(entry, 'noted.json'), JSON.stringify(note));
  buildInfer(warm, cache);
  expect(readFileSync(join(warm, 'infer/index.js'), 'utf8')).toBe(`${kept}//kept`);
  writeFileSync(join(warm, 'infer/index.js'), kept);
  expect(folderHash(warm)).toBe(folderHash(cold));
}, 60_000);

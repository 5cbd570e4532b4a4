/** The console's files as the function `api` carries them, built in a process of its own as at a synthesis. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { repositoryRoot } from '../../layers/build.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'groundcrew-console-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function build(source: string): string {
  const out = join(dir, 'out');
  const program = `const { buildConsole } = await import(${JSON.stringify(join(repositoryRoot, 'layers/console.ts'))});
await buildConsole(${JSON.stringify(source)}, ${JSON.stringify(out)});`;
  execFileSync(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'ignore', 'pipe'] });
  return out;
}

describe('the files of the console', () => {
  test('are one page that says so where the console is not there', () => {
    const out = build(join(dir, 'missing'));
    expect(readdirSync(out)).toEqual(['index.html']);
    expect(readFileSync(join(out, 'index.html'), 'utf8')).toContain('The console was not built');
  });

  test('are named for their content, addressed from the root, and compressed beside the plain ones', () => {
    const source = join(dir, 'web');
    mkdirSync(source);
    const script = `document.body.title = ${JSON.stringify(Array.from({ length: 400 }, (_, i) => `word ${i}`).join(' '))};`;
    writeFileSync(join(source, 'app.js'), script);
    writeFileSync(join(source, 'index.html'), '<!doctype html><body><script type="module" src="./app.js"></script>');
    writeFileSync(join(source, 'vite.config.ts'), 'export default {};\n');
    const out = build(source);
    const [file = ''] = readdirSync(join(out, 'assets')).filter((name) => name.endsWith('.js'));
    expect(file).toMatch(/^index-[\w-]{8}\.js$/);
    expect(readFileSync(join(out, 'index.html'), 'utf8')).toContain(`src="/assets/${file}"`);
    const plain = readFileSync(join(out, 'assets', file));
    expect(gunzipSync(readFileSync(join(out, 'assets', `${file}.gz`)))).toEqual(plain);
    expect(brotliDecompressSync(readFileSync(join(out, 'assets', `${file}.br`)))).toEqual(plain);
  });

  test('that cannot be built stop the synthesis with the reason', () => {
    const source = join(dir, 'web');
    mkdirSync(source);
    writeFileSync(
      join(source, 'index.html'),
      '<!doctype html><body><script type="module" src="./missing.js"></script>',
    );
    writeFileSync(join(source, 'vite.config.ts'), 'export default {};\n');
    expect(() => build(source)).toThrow(/missing\.js/);
  });
});

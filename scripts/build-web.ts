// Builds the console into dist/web and fails where its first load has grown over what a phone on a bad line should wait
// for. What is loaded later (charts) does not count.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../layers/build.ts';
import { buildConsole } from '../layers/console.ts';

const limitBytes = 200_000;
const folder = join(repositoryRoot, 'dist/web');

await buildConsole(join(repositoryRoot, 'web'), folder);

const page = readFileSync(join(folder, 'index.html'), 'utf8');
if (/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=/i.test(page))
  throw new Error('dist/web/index.html has an inline script or style, which the content policy forbids');
const asked = [...page.matchAll(/(?:src|href)="(\/[^"]+\.(?:js|css))"/g)].map((match) => match[1] ?? '');
const files = ['/index.html', ...asked].map((name) => {
  const file = join(folder, name);
  return { name, bytes: statSync(existsSync(`${file}.gz`) ? `${file}.gz` : file).size };
});
const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
const list = files.map(({ name, bytes }) => `${name} ${(bytes / 1000).toFixed(1)}`).join(', ');
process.stdout.write(
  `First load of the console: ${(total / 1000).toFixed(1)} kB gzipped of ${limitBytes / 1000} allowed (${list})\n`,
);
if (total > limitBytes) {
  process.stderr.write('Too much: load what the first page does not need by a late import, or leave it out.\n');
  process.exit(1);
}

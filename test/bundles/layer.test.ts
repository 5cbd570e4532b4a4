import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { buildLayer, folderBytes, hostPlatform, repositoryRoot } from '../../layers/build.ts';

const folder = mkdtempSync(join(tmpdir(), 'groundcrew-layer-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const manifest = 'nodejs/node_modules/onnxruntime-node/package.json';

test('a layer that is there already stays where it is, so that what runs from it loses no file', () => {
  const layer = buildLayer(join(folder, 'kept'), hostPlatform);
  const before = statSync(join(layer, manifest));
  expect(statSync(join(buildLayer(layer, hostPlatform), manifest)).ino).toBe(before.ino);
  writeFileSync(join(layer, manifest), 'damaged');
  buildLayer(layer, hostPlatform);
  expect(JSON.parse(readFileSync(join(layer, manifest), 'utf8'))).toHaveProperty('name', 'onnxruntime-node');
});

test('processes that build it at the same moment leave one whole layer and nothing beside it', async () => {
  const place = join(folder, 'at-once');
  const code = `import { buildLayer, hostPlatform } from ${JSON.stringify(join(repositoryRoot, 'layers/build.ts'))};
    for (let i = 0; i < 3; i += 1) buildLayer(${JSON.stringify(place)}, hostPlatform);`;
  const ended = await Promise.all(
    Array.from({ length: 4 }, async () => {
      const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      let said = '';
      child.stderr.on('data', (chunk: Buffer) => {
        said += chunk.toString('utf8');
      });
      return await new Promise<string>((resolve) => child.on('close', (exit) => resolve(exit === 0 ? '' : said)));
    }),
  );
  expect(ended).toEqual(['', '', '', '']);
  expect(readdirSync(folder).filter((name) => name.startsWith('at-once'))).toEqual(['at-once']);
  expect(folderBytes(place)).toBe(folderBytes(join(folder, 'kept')));
}, 60_000);

/** The bill of materials is made from the lock file alone, without a network. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

test('names every runtime dependency with its version and licence, in CycloneDX', () => {
  const cwd = join(import.meta.dirname, '../..');
  const text = execFileSync('npm', ['run', '-s', 'sbom'], {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, npm_config_offline: 'true' },
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const bom = JSON.parse(text) as {
    bomFormat: string;
    components: { name: string; version: string; purl: string; licenses?: unknown }[];
  };
  expect(bom.bomFormat).toBe('CycloneDX');
  for (const name of ['zod', 'canonicalize', 'onnxruntime-node'])
    expect(bom.components).toContainEqual(
      expect.objectContaining({ name, version: expect.stringMatching(/^\d/), licenses: expect.anything() }),
    );
}, 60_000);

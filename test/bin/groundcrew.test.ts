import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

const groundcrew = fileURLToPath(new URL('../../bin/groundcrew.ts', import.meta.url));

test('a reader that goes away, as `| head` does, ends the command without a trace on stderr', async () => {
  const child = spawn(process.execPath, [groundcrew, '--help'], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString('utf8');
  });
  const [code] = (await once(child, 'close')) as [number | null];
  expect(errors).toBe('');
  expect(code).toBe(1);
});

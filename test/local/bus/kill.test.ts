import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { startChild } from '../support/child.ts';
import { temporaryFolder, until } from '../support/temp.ts';

const folder = temporaryFolder();

test('what was accepted is delivered after kill -9, at least once', async () => {
  const file = join(folder(), 'delivered.txt');
  await writeFile(file, '');
  const accepted = new Set<string>();
  for (let round = 0; round < 3; round++) {
    const child = await startChild('bus-child.ts', [join(folder(), 'bus'), file, '5000']);
    await until(() => child.lines.length > 150, 'accepted events');
    await child.kill();
    for (const line of child.lines)
      if (typeof (line as { accepted?: string }).accepted === 'string')
        accepted.add((line as { accepted: string }).accepted);
  }
  const last = await startChild('bus-child.ts', [join(folder(), 'bus'), file, '0']);
  const ids = async (): Promise<Set<string>> =>
    new Set(
      (await readFile(file, 'utf8'))
        .split('\n')
        .slice(0, -1)
        .map((line) => (JSON.parse(line) as { id: string }).id),
    );
  await until(async () => {
    const delivered = await ids();
    return [...accepted].every((id) => delivered.has(id));
  }, 'every accepted event');
  expect(accepted.size).toBeGreaterThan(400);
  await last.kill();
});

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { withFolder } from './support.ts';

/** Runs one life; kills it with SIGKILL as soon as it has printed so many lines. */
function live(dir: string, killAfterLines: number): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'kill-child.ts'), dir], {
      stdio: ['ignore', 'pipe', 'pipe'],
      // Only what a life needs: the flags of the test runner are not for it.
      env: { PATH: process.env['PATH'] ?? '' },
    });
    let text = '';
    let errors = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.split('\n').length > killAfterLines) child.kill('SIGKILL');
    });
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk.toString();
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code !== 0 && signal !== 'SIGKILL') reject(new Error(`a life ended with ${String(code)}: ${errors}`));
      else resolve(text.split('\n').filter((line) => line !== ''));
    });
  });
}

it(
  'an execution that is killed again and again ends as if nothing had happened',
  () =>
    withFolder(async (dir) => {
      const calls: string[] = [];
      const lives = [2, 4, 3, 5];
      let last: string[] = [];
      for (const lines of lives) {
        last = await live(dir, lines);
        calls.push(...last.filter((line) => line.startsWith('call')));
        if (last.some((line) => line.startsWith('done'))) break;
      }
      if (!last.some((line) => line.startsWith('done'))) {
        last = await live(dir, Number.POSITIVE_INFINITY);
        calls.push(...last.filter((line) => line.startsWith('call')));
      }
      expect(last.at(-1)).toBe('done 1000');
      // At least once each, and no more often than calls were under way when a life ended (two at a time).
      expect(new Set(calls).size).toBe(8);
      expect(calls.length).toBeLessThanOrEqual(8 + 2 * lives.length);
    }),
  30_000,
);

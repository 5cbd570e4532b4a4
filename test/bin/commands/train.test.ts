import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { packNames } from '../../../bin/commands/backtest-pack.ts';

const groundcrew = fileURLToPath(new URL('../../../bin/groundcrew.ts', import.meta.url));
const models = fileURLToPath(new URL('../../../models/', import.meta.url));
const runFor = (timeout: number, words: readonly string[]) =>
  spawnSync(process.execPath, [groundcrew, 'train', ...words], { encoding: 'utf8', timeout });
const run = (...words: string[]) => runFor(25_000, words);

describe('groundcrew train', () => {
  test.each([
    [
      'a pack that is not there',
      ['--pack', 'nothing'],
      'There is no models/nothing/recipe.ts; packs that are trained: air-quality, ',
    ],
    ['a path for a pack', ['--pack', '../bin'], 'There is no models/../bin/recipe.ts'],
    ['no pack', [], '--pack'],
    ['a size that is not known', ['--pack', 'water-network', '--size', 'huge'], 'small, full'],
    ['a seed that is no number', ['--pack', 'water-network', '--seed', 'x'], 'whole number'],
    ['too many jobs', ['--pack', 'water-network', '--jobs', '1000'], 'whole number from 0 to 64'],
    [
      'a small model in place of the full one',
      ['--pack', 'water-network', '--size', 'small', '--labels', 'x.jsonl', '--accept'],
      'leave --size out',
    ],
    ['an unknown option', ['--pack', 'water-network', '--fast'], '--fast'],
  ])('refuses %s with one clear line', (_name, words, message) => {
    const answer = run(...words);
    expect(answer.status).not.toBe(0);
    expect(answer.stderr).toContain(message);
    expect(answer.stderr).not.toMatch(/\n\s+at /);
  });

  // Every pack that is trained, found by its recipe.
  test.each(packNames().filter((name) => existsSync(join(models, name, 'recipe.ts'))))(
    'makes the small sister of the committed model of %s again, byte for byte, from nothing',
    (pack) => {
      const answer = runFor(280_000, ['--pack', pack, '--check', '--size', 'small', '--no-cache']);
      expect(answer.stderr + answer.stdout).toContain('nothing changed');
      expect(answer.status).toBe(0);
    },
    300_000,
  );
});

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { LockedError, lockDataDir, openDataDir } from '../../../local/data-dir.ts';
import { removeTemporaryFolders, temporaryFolder } from '../support/fixtures.ts';

afterAll(removeTemporaryFolders);
const module = JSON.stringify(join(import.meta.dirname, '../../../local/data-dir.ts'));

describe('the lock of a data folder', () => {
  test('is refused while its holder lives, with what to do, and free afterwards', () => {
    const { root } = openDataDir(join(temporaryFolder(), 'new', 'folder'));
    const unlock = lockDataDir(root);
    expect(() => lockDataDir(root)).toThrow(LockedError);
    expect(() => lockDataDir(root)).toThrow(new RegExp(`in use by the runtime with process id ${process.pid}`));
    unlock();
    lockDataDir(root)();
    expect(existsSync(join(root, 'lock'))).toBe(false);
  });

  test('is taken over from a process that was killed', async () => {
    const root = temporaryFolder();
    const script = `const { lockDataDir } = await import(${module}); lockDataDir(${JSON.stringify(root)}); console.log('locked'); setInterval(() => {}, 1000);`;
    const holder = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(holder.stdout, 'data');
    expect(() => lockDataDir(root)).toThrow(LockedError);
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    lockDataDir(root)();
  });

  test.each(['', 'not json', '{"pid":-1,"born":""}', '{"pid":1}'])('is taken over from a file that says %j', (text) => {
    const root = temporaryFolder();
    writeFileSync(join(root, 'lock'), text);
    lockDataDir(root)();
  });

  test('is taken over when its process id belongs to another process by now', () => {
    const root = temporaryFolder();
    writeFileSync(join(root, 'lock'), JSON.stringify({ pid: process.pid, born: 'another boot 1' }));
    lockDataDir(root)();
  });

  test('goes to exactly one of several that find a dead holder at once', () => {
    const root = temporaryFolder();
    const dead = spawnSync(process.execPath, ['-e', '']).pid;
    writeFileSync(join(root, 'lock'), JSON.stringify({ pid: dead, born: '' }));
    const script = `const { lockDataDir } = await import(${module}); try { lockDataDir(${JSON.stringify(root)}); console.log('won'); await new Promise((r) => setTimeout(r, 1500)); } catch (error) { console.log(error.code); }`;
    const shell = spawnSync(
      'sh',
      ['-c', `for i in 1 2 3 4; do "$0" --input-type=module -e "$1" & done; wait`, process.execPath, script],
      { encoding: 'utf8' },
    );
    expect(shell.stdout.trim().split('\n').sort()).toEqual(['Locked', 'Locked', 'Locked', 'won']);
  });
});

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { codeCommit } from '../../../bin/commands/support/code-commit.ts';

const folder = mkdtempSync(join(tmpdir(), 'code-commit-'));
const bare = mkdtempSync(join(tmpdir(), 'no-repository-'));
const git = (...words: string[]): string => {
  const who = ['-c', 'user.name=a', '-c', 'user.email=a@example.com', '-c', 'commit.gpgsign=false'];
  const { status, stdout, stderr } = spawnSync('git', ['-C', folder, ...who, ...words], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return stdout.trim();
};
const commitOf = (...sources: string[]) => codeCommit(pathToFileURL(`${folder}/`), sources);

beforeAll(() => {
  git('init', '-q');
  for (const name of ['source', 'other']) writeFileSync(join(folder, name), 'as committed');
  git('add', '.');
  git('commit', '-q', '-m', 'first');
});
afterAll(() => {
  for (const each of [folder, bare]) rmSync(each, { recursive: true });
});

describe('the commit of the code that made a model', () => {
  test('is that of the repository, and says so where a source is not as committed', () => {
    const head = git('rev-parse', 'HEAD');
    expect(commitOf('source')).toBe(head);
    writeFileSync(join(folder, 'other'), 'changed');
    expect(commitOf('source')).toBe(head);
    writeFileSync(join(folder, 'source'), 'changed');
    expect(commitOf('source')).toBe(`${head}-changed`);
  });

  test('is not known outside of a repository', () => {
    expect(codeCommit(pathToFileURL(`${bare}/`), ['source'])).toBeUndefined();
  });
});

/** Which commit of the code made a model, for its card. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/**
 * @param sources files and folders that decide what a model is, relative to `repository`
 * @returns the commit, with `-changed` where one of the sources is not as it was committed; undefined where there is no
 * repository to ask, as in an installed package
 */
export function codeCommit(repository: URL, sources: readonly string[]): string | undefined {
  const git = (...words: string[]): string | undefined => {
    const { status, stdout } = spawnSync('git', ['-C', fileURLToPath(repository), ...words], { encoding: 'utf8' });
    return status === 0 ? stdout.trim() : undefined;
  };
  const commit = git('rev-parse', '--verify', 'HEAD');
  const changed = git('status', '--porcelain', '--', ...sources);
  if (commit === undefined || changed === undefined) return undefined;
  return changed === '' ? commit : `${commit}-changed`;
}

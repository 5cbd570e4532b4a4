/** Writes a new pack: a copy of the template with the pack's name, and with imports that lead from its folder to here. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { repositoryRoot } from '../../../layers/build.ts';
import { CommandFailure } from '../support/failure.ts';

const template = join(import.meta.dirname, 'template');
/** How the template's files say where the repository begins. */
const templateRoot = '../../../../';

/**
 * @param folder the new pack's own folder
 * @returns the files written, relative to it
 * @throws CommandFailure for a name that no pack can have, or a folder that is there already
 */
export function writePack(name: string, folder: string): string[] {
  if (!/^[a-z][a-z0-9-]{0,39}$/.test(name) || ['training', 'screen'].includes(name)) {
    throw new CommandFailure(
      `"${name}" is no name for a pack: lower-case letters, digits and hyphens, at most 40, and not "training" or "screen".`,
      2,
    );
  }
  if (existsSync(folder)) throw new CommandFailure(`${folder} is there already: nothing was written.`, 2);
  const root = `${relative(folder, repositoryRoot).split(sep).join('/')}/`;
  const files = readdirSync(template, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(template, join(entry.parentPath, entry.name)))
    .sort();
  for (const file of files) {
    const text = readFileSync(join(template, file), 'utf8').replaceAll('new-pack', name).replaceAll(templateRoot, root);
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  return files;
}

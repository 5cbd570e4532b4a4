/** Folders that are made beside their place and moved there whole, so that nobody ever sees half of one. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';

/** Files of a folder and of those in it, with their whole paths, in order. */
export const filesOf = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();

/** SHA-256 over the names and bytes of all files of a folder. */
export function folderHash(folder: string): string {
  const hash = createHash('sha256');
  for (const file of filesOf(folder)) hash.update(relative(folder, file)).update('\0').update(readFileSync(file));
  return hash.digest('hex');
}

/** The same; undefined where there is no folder, or it is being moved away. */
function hashIfThere(folder: string): string | undefined {
  try {
    return folderHash(folder);
  } catch {
    return undefined;
  }
}

const mostMoves = 5;

/** Moves a folder to its place, unless the same already lies there; several processes may do so at once. */
export function putInPlace(fresh: string, place: string): void {
  const former = `${fresh}.former`;
  try {
    for (let move = 1; hashIfThere(place) !== hashIfThere(fresh); move += 1) {
      rmSync(former, { recursive: true, force: true });
      try {
        if (existsSync(place)) renameSync(place, former);
        renameSync(fresh, place);
        return;
      } catch (error) {
        // Another process moved its own at the same moment: then that one is looked at.
        if (move >= mostMoves) throw error;
      }
    }
  } finally {
    for (const rest of [fresh, former]) rmSync(rest, { recursive: true, force: true });
  }
}

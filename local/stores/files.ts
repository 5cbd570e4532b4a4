/** Writing files so that a reader sees the old or the new content, never a part. */
import { randomUUID } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** @param mode permissions, 0600 unless given */
export function writeAtomically(file: string, content: string | Buffer, mode = 0o600): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const temporary = `${file}.${randomUUID()}.tmp`;
  try {
    writeFileSync(temporary, content, { mode });
    renameSync(temporary, file);
  } catch (error) {
    // Half a file helps nobody, least of all a disk that is full.
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** The same for what is written again anyway. @returns whether it was written */
export function wroteAtomically(file: string, content: string | Buffer): boolean {
  try {
    writeAtomically(file, content);
    return true;
  } catch {
    return false;
  }
}

/** Content of a file that `make` fills at the first call; of two processes that race, one wins and both get its content. */
export function onceMade(file: string, make: () => string): string {
  if (!existsSync(file)) {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const temporary = `${file}.${randomUUID()}.tmp`;
    writeFileSync(temporary, make(), { mode: 0o600 });
    try {
      linkSync(temporary, file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    } finally {
      rmSync(temporary, { force: true });
    }
  }
  return readFileSync(file, 'utf8');
}

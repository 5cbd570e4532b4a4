/** `<data>` and its lock: two runtimes on one folder would write over each other. */
import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import * as z from 'zod';
import type { DataDir } from './types.ts';

export function openDataDir(root: string): DataDir {
  const absolute = resolve(root);
  mkdirSync(absolute, { recursive: true, mode: 0o700 });
  return {
    root: absolute,
    folder: (name) => {
      const folder = join(absolute, name);
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      return folder;
    },
  };
}

/** The folder is in use. */
export class LockedError extends Error {
  readonly code = 'Locked';
  readonly retryable = false;
  readonly pid: number;
  constructor(root: string, pid: number) {
    super(
      `${root} is in use by the runtime with process id ${pid}. Stop it first (Ctrl-C, or kill ${pid}), or choose another folder with --data.`,
    );
    this.name = 'LockedError';
    this.pid = pid;
  }
}

const holderSchema = z.strictObject({ pid: z.int().positive(), born: z.string() });
type Holder = z.infer<typeof holderSchema>;
const maximumAttempts = 20;

/**
 * Takes the folder's lock, also from a process that died without giving it back.
 * @returns gives it back
 * @throws LockedError when a living process has it
 */
export function lockDataDir(root: string): () => void {
  const file = join(root, 'lock');
  const own: Holder = { pid: process.pid, born: bornOf(process.pid) ?? '' };
  for (let attempt = 0; attempt < maximumAttempts; attempt++) {
    const temporary = `${file}.${randomUUID()}`;
    writeFileSync(temporary, JSON.stringify(own), { mode: 0o600 });
    try {
      // A link is made with its content or not at all, and only where nothing has the name.
      linkSync(temporary, file);
      return () => {
        if (holderOf(file)?.pid === process.pid) rmSync(file, { force: true });
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    } finally {
      rmSync(temporary, { force: true });
    }
    const holder = holderOf(file);
    if (holder !== undefined && isAlive(holder)) throw new LockedError(root, holder.pid);
    takeAway(file);
  }
  throw new Error(`${file} changes hands all the time; is something else starting runtimes on ${root}?`);
}

function holderOf(file: string): Holder | undefined {
  try {
    const parsed = holderSchema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/** Of two that find a dead holder, the slower must not take away the lock that the faster has made since. */
function takeAway(file: string): void {
  const aside = `${file}.${randomUUID()}`;
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  const taken = holderOf(aside);
  if (taken !== undefined && isAlive(taken)) {
    try {
      linkSync(aside, file);
    } catch {
      // A third has it already and will be refused or refuse by itself.
    }
  }
  rmSync(aside, { force: true });
}

function isAlive(holder: Holder): boolean {
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  // A process id is used again after a while, and after every start of the machine.
  const born = bornOf(holder.pid);
  return born === undefined || holder.born === '' || born === holder.born;
}

/** When a process was started, as the kernel counts; undefined where there is no /proc. */
function bornOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    // Fields after the command's name in parentheses; the 22nd of all is the start time.
    return `${boot} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`;
  } catch {
    return undefined;
  }
}

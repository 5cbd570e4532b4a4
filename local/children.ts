/**
 * The processes that a runtime started, written down so that the next one can end those that a kill left behind: a
 * function that spins never notices that its host is gone.
 */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { writeAtomically, wroteAtomically } from './stores/files.ts';
import type { DataDir, RuntimePart } from './types.ts';

const everyMs = 500;
/** Only processes that run one of these files are ever ended. */
const ownFiles = ['bootstrap.cjs', 'dynamo-child.ts'];

export class Children implements RuntimePart {
  readonly name = 'children';
  readonly #file: string;
  readonly #pids: () => readonly number[];
  #written = '';
  #timer: NodeJS.Timeout | undefined;

  constructor(data: DataDir, pids: () => readonly number[]) {
    this.#file = join(data.root, 'children.json');
    this.#pids = pids;
  }

  start(): Promise<void> {
    this.#write();
    this.#timer = setInterval(() => this.#write(), everyMs);
    this.#timer.unref();
    return Promise.resolve();
  }

  stop(): Promise<void> {
    clearInterval(this.#timer);
    writeAtomically(this.#file, '[]');
    return Promise.resolve();
  }

  #write(): void {
    const text = JSON.stringify(this.#pids());
    if (text === this.#written) return;
    // On a full disk the next time will do.
    if (wroteAtomically(this.#file, text)) this.#written = text;
  }
}

/** Ends what a killed runtime left behind. @returns how many processes */
export function endOrphans(data: DataDir): number {
  let pids: unknown;
  try {
    pids = JSON.parse(readFileSync(join(data.root, 'children.json'), 'utf8'));
  } catch {
    return 0;
  }
  if (!Array.isArray(pids)) return 0;
  const orphans = pids.filter((pid): pid is number => Number.isInteger(pid) && pid > 1 && runsOurs(pid));
  for (const pid of orphans) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended by itself.
    }
  }
  return orphans.length;
}

/** Without /proc (macOS) nothing is ended: there a spinning orphan has to be ended by hand. */
function runsOurs(pid: number): boolean {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return words.some((word) => ownFiles.includes(basename(word)) && word.includes(join('local', '')));
  } catch {
    return false;
  }
}

/** Child processes that tests kill: each prints one JSON line when it is ready, then more lines as it likes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));

export interface Child {
  readonly process: ChildProcess;
  /** JSON lines so far. */
  readonly lines: unknown[];
  /** SIGKILL, and waits for the end. */
  kill(): Promise<void>;
}

/** Starts `test/local/support/<script>` and waits for its first line. */
export async function startChild(script: string, args: readonly string[]): Promise<Child> {
  const child = spawn(process.execPath, [join(here, script), ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines: unknown[] = [];
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout! }).on('line', (line) => {
      lines.push(JSON.parse(line));
      resolve();
    });
    void ended.then(() => reject(new Error(`${script} ended before it was ready`)));
  });
  return {
    process: child,
    lines,
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

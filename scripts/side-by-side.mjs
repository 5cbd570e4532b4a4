// Runs commands at the same time. The first shows what it prints while it runs; each other is shown whole once it has
// ended, so that nothing stands between the lines of another.
import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * @param commands each with `name`, `command`, `args`, and where wanted `env` and `limitMs`: what runs longer is killed,
 * and has failed
 * @returns of each, in their order: `name`, `seconds` that it took, and `problem`, absent where it ended well
 */
export async function sideBySide(commands) {
  const folder = mkdtempSync(join(tmpdir(), 'groundcrew-checks-'));
  try {
    return await Promise.all(
      commands.map((one, at) => run(one, at === 0 ? undefined : join(folder, `${one.name}.txt`))),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param file where it prints to: a pipe would stay open for as long as anything that it left running */
async function run({ name, command, args, env, limitMs }, file) {
  const startedMs = performance.now();
  const out = file === undefined ? 'inherit' : openSync(file, 'w');
  const child = spawn(command, args, {
    stdio: ['ignore', out, out],
    env: env ?? process.env,
    timeout: limitMs,
    killSignal: 'SIGKILL',
  });
  const problem = await new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (status, signal) => resolve(status === 0 ? undefined : `ended with ${signal ?? status}`));
  });
  const tookMs = performance.now() - startedMs;
  if (file !== undefined) {
    closeSync(out);
    process.stdout.write(`\n── ${name} ──\n${readFileSync(file, 'utf8')}`);
  }
  const hung = limitMs !== undefined && tookMs >= limitMs && problem !== undefined;
  return {
    name,
    seconds: tookMs / 1000,
    problem: hung ? `stopped after ${limitMs / 60_000} minutes: a test hangs, or left something running` : problem,
  };
}

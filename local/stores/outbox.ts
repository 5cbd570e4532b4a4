/**
 * What would leave the machine: a line of `outbox/<name>.jsonl`, durable before whoever sent it is answered. A file that
 * has grown too large becomes `.1`, in place of the one before.
 */
import { appendFileSync, existsSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';

const maxFileBytes = 8 * 1024 * 1024;

export function putOut(dir: string, name: string, line: Readonly<Record<string, unknown>>): void {
  const file = join(dir, `${name}.jsonl`);
  if (existsSync(file) && statSync(file).size > maxFileBytes) renameSync(file, `${file}.1`);
  appendFileSync(file, `${JSON.stringify(line)}\n`, { mode: 0o600 });
}

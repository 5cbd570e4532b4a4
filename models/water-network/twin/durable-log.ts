/** A small append-only file of JSON lines: what was appended survives the death of the process. */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';

/** A line in the middle of the file is no record: the file was damaged, not merely cut off. */
export class DurableLogError extends Error {
  override readonly name = 'DurableLogError';
}

export interface DurableLogOptions<T> {
  readonly path: string;
  /** Checks one record that was read back. @throws when it is none */
  readonly parse: (value: unknown) => T;
  /** Waits for the disk after every append, so that power loss is survived too. @default false */
  readonly sync?: boolean;
}

export class DurableLog<T> {
  /** Records that were there when the log was opened. */
  readonly initial: readonly T[];
  private readonly path: string;
  private readonly sync: boolean;
  private file: number;

  constructor(options: DurableLogOptions<T>) {
    this.path = options.path;
    this.sync = options.sync ?? false;
    mkdirSync(dirname(this.path), { recursive: true });
    this.initial = this.load(options.parse);
    this.file = openSync(this.path, 'a');
  }

  append(...records: readonly T[]): void {
    writeSync(this.file, records.map((record) => `${JSON.stringify(record)}\n`).join(''));
    if (this.sync) fsyncSync(this.file);
  }

  /** Replaces everything by `records`, in one step. */
  rewrite(records: readonly T[]): void {
    const fresh = `${this.path}.new`;
    const file = openSync(fresh, 'w');
    for (const record of records) writeSync(file, `${JSON.stringify(record)}\n`);
    fsyncSync(file);
    closeSync(file);
    closeSync(this.file);
    renameSync(fresh, this.path);
    this.file = openSync(this.path, 'a');
  }

  close(): void {
    closeSync(this.file);
  }

  private load(parse: (value: unknown) => T): T[] {
    if (!existsSync(this.path)) return [];
    const bytes = readFileSync(this.path);
    // A process that died while writing leaves half a line, which was never relied on.
    const whole = bytes.lastIndexOf(10) + 1;
    if (whole < bytes.length) truncateSync(this.path, whole);
    const lines = bytes
      .subarray(0, whole)
      .toString('utf8')
      .split('\n')
      .filter((line) => line !== '');
    return lines.map((line, index) => {
      try {
        return parse(JSON.parse(line));
      } catch (cause) {
        throw new DurableLogError(`${this.path} is damaged in line ${index + 1}`, { cause });
      }
    });
  }
}

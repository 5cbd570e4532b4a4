/**
 * A durable map of JSON values: the state of queues, deliveries and schedules. Every change is one line of an
 * append-only file, resolved once durable; the file is written anew when most of its lines are history.
 */
import { writeSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';

/** A change: `value` absent means that the key goes. */
export interface Change<T> {
  readonly key: string;
  readonly value?: T;
}

const filePattern = /^journal-(\d{8})\.jsonl$/;
const fileName = (generation: number): string => `journal-${String(generation).padStart(8, '0')}.jsonl`;
/** A journal is written anew when it has this many lines more than twice the live keys. */
const spareLines = 2000;

interface Pending {
  readonly bytes: string;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class KeyedJournal<T> {
  readonly #dir: string;
  /** What is durable or on its way to be; read it freely, change it only by `commit`. */
  readonly entries = new Map<string, T>();
  #generation = 0;
  #lines = 0;
  #size = 0;
  #handle: Awaited<ReturnType<typeof open>> | undefined;
  #pending: Pending[] = [];
  #writing: Promise<void> | undefined;
  #closed = false;

  private constructor(dir: string) {
    this.#dir = dir;
  }

  /** Opens or makes the journal in `dir`. A torn last line was never acknowledged and is dropped. */
  static async open<T>(dir: string): Promise<KeyedJournal<T>> {
    await mkdir(dir, { recursive: true });
    const journal = new KeyedJournal<T>(dir);
    const generations = (await readdir(dir))
      .map((name) => filePattern.exec(name)?.[1])
      .filter((one) => one !== undefined)
      .map(Number)
      .sort((a, b) => b - a);
    const newest = generations[0];
    if (newest !== undefined) {
      journal.#generation = newest;
      await journal.#load(join(dir, fileName(newest)));
      for (const old of generations.slice(1)) await unlink(join(dir, fileName(old)));
    }
    await journal.#rewrite();
    return journal;
  }

  /** Applies changes together, in memory at once; resolves when they are durable. */
  commit(changes: readonly Change<T>[]): Promise<void> {
    if (this.#closed) return Promise.reject(new Error(`the journal ${this.#dir} is closed`));
    if (changes.length === 0) return Promise.resolve();
    for (const { key, value } of changes) {
      if (value === undefined) this.entries.delete(key);
      else this.entries.set(key, value);
    }
    // One line for the whole commit: a torn line drops all of it or nothing.
    const bytes = `${JSON.stringify(changes.map(({ key, value }) => (value === undefined ? [key] : [key, value])))}\n`;
    return new Promise((resolve, reject) => {
      this.#pending.push({ bytes, resolve, reject });
      this.#writing ??= this.#drain();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#writing;
    await this.#handle?.close();
    this.#handle = undefined;
  }

  async #drain(): Promise<void> {
    await new Promise(setImmediate);
    while (this.#pending.length > 0) {
      const group = this.#pending.splice(0);
      try {
        await this.#write(group);
        for (const one of group) one.resolve();
      } catch (error) {
        // Memory is now ahead of the disk: what failed is told so, and the next rewrite brings them together again.
        this.#lines += spareLines;
        for (const one of group) one.reject(error instanceof Error ? error : new Error(String(error)));
      }
    }
    this.#writing = undefined;
  }

  async #write(group: readonly Pending[]): Promise<void> {
    if (this.#lines > 2 * this.entries.size + spareLines) {
      // The map already holds what the group wants to say.
      await this.#rewrite();
      return;
    }
    const bytes = Buffer.from(group.map((one) => one.bytes).join(''));
    try {
      let written = 0;
      while (written < bytes.length) {
        // In place: it only copies to the kernel's cache, and a job for the thread pool would cost more.
        written += writeSync(this.#handle!.fd, bytes, written, bytes.length - written, this.#size + written);
      }
    } catch (error) {
      await this.#handle?.truncate(this.#size).catch(() => undefined);
      throw error;
    }
    this.#size += bytes.length;
    this.#lines += group.length;
  }

  /** Writes the living entries to a new file and only then drops the old one. */
  async #rewrite(): Promise<void> {
    const next = this.#generation + 1;
    const path = join(this.#dir, fileName(next));
    const lines = [...this.entries].map(([key, value]) => `${JSON.stringify([[key, value]])}\n`);
    const bytes = Buffer.from(lines.join(''));
    const handle = await open(`${path}.new`, 'w+');
    try {
      await handle.writeFile(bytes);
      await rename(`${path}.new`, path);
    } catch (error) {
      await handle.close();
      throw error;
    }
    await this.#handle?.close();
    if (this.#generation > 0) await unlink(join(this.#dir, fileName(this.#generation))).catch(() => undefined);
    this.#handle = handle;
    this.#generation = next;
    this.#lines = lines.length;
    this.#size = bytes.length;
  }

  async #load(path: string): Promise<void> {
    const text = await readFile(path, 'utf8');
    const lines = text.split('\n');
    const torn = lines.pop();
    for (const [index, line] of lines.entries()) {
      let changes: [string, T?][];
      try {
        changes = JSON.parse(line);
      } catch {
        throw new Error(
          `${path}, line ${index + 1}, is not JSON: the file was changed; ${torn ? 'its tail is torn as well' : 'restore it or move it away'}`,
        );
      }
      for (const change of changes) {
        if (change.length === 1) this.entries.delete(change[0]);
        else this.entries.set(change[0], change[1] as T);
      }
    }
  }
}

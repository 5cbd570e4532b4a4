/**
 * Objects that never change under their key, kept on the function's own disk: a warm process reads there what it does
 * not have in memory and pays for no request. The disk is only ever a cache: a file that is missing, damaged or cut, a
 * full disk or another process at the same files costs a fetch, never an answer.
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ObjectStore } from '../core/ports.ts';

/** A part of the cache with room of its own, so that what comes and goes does not push out what stays. */
export interface CacheArea {
  readonly folder: string;
  /** Beginnings of keys; the objects under them must be named for their content. */
  readonly prefixes: readonly string[];
  readonly maxBytes: number;
}

const digestBytes = 32;
const digestOf = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();
/** Evicting goes on to this share of the room, so that it is not done for every file. */
const keptShare = 0.75;

export interface DiskCached extends ObjectStore {
  /** Resolves when nothing that was fetched before this call is still being written. */
  readonly settled: () => Promise<void>;
}

/**
 * What is fetched is answered at once and written meanwhile: an answer waits for no disk.
 * @param root folder of the areas' folders
 * @example const objects = diskCached(s3ObjectStore(s3(), bucket), [{ folder: 'documents', prefixes: ['calibration/'], maxBytes: 1e9 }]);
 */
export function diskCached(objects: ObjectStore, areas: readonly CacheArea[], root = tmpdir()): DiskCached {
  const caches = areas.map((area) => ({ area, files: new Files(join(root, `cache-${area.folder}`), area.maxBytes) }));
  const filesOf = (key: string): Files | undefined =>
    caches.find(({ area }) => area.prefixes.some((prefix) => key.startsWith(prefix)))?.files;
  const writing = new Set<Promise<void>>();
  return {
    async get(key) {
      const files = filesOf(key);
      const kept = await files?.read(key);
      if (kept) return kept;
      const bytes = await objects.get(key);
      if (bytes && files) {
        const write = files.write(key, bytes);
        writing.add(write);
        void write.finally(() => writing.delete(write));
      }
      return bytes;
    },
    async put(key, bytes, options) {
      await objects.put(key, bytes, options);
      await filesOf(key)?.write(key, typeof bytes === 'string' ? Buffer.from(bytes) : bytes);
    },
    async putOver(key, bytes, over) {
      const stands = await objects.putOver(key, bytes, over);
      if (!stands) await filesOf(key)?.write(key, bytes);
      return stands;
    },
    async settled() {
      await Promise.all(writing);
    },
  };
}

/** Files of one area: the digest of the object, then the object. Nothing here throws. */
class Files {
  private readonly folder: string;
  private readonly maxBytes: number;
  /** What is believed to lie there: other processes may write and evict, too. */
  private usedBytes: Promise<number> | undefined;

  constructor(folder: string, maxBytes: number) {
    this.folder = folder;
    this.maxBytes = maxBytes;
  }

  private pathOf(key: string): string {
    return join(this.folder, createHash('sha256').update(key).digest('hex'));
  }

  async read(key: string): Promise<Uint8Array | undefined> {
    const path = this.pathOf(key);
    try {
      const file = await readFile(path);
      const bytes = file.subarray(digestBytes);
      if (digestOf(bytes).equals(file.subarray(0, digestBytes))) return bytes;
      await rm(path, { force: true });
    } catch {
      // Not there, or not readable: it is fetched.
    }
    return undefined;
  }

  async write(key: string, bytes: Uint8Array): Promise<void> {
    const path = this.pathOf(key);
    // Renamed when it is whole, so that no other process reads half of it.
    const whole = `${path}.${randomUUID()}`;
    try {
      this.usedBytes ??= this.prepare();
      await this.usedBytes;
      await writeFile(whole, Buffer.concat([digestOf(bytes), bytes]), { flag: 'wx' });
      await rename(whole, path);
      await this.count(bytes.byteLength + digestBytes);
    } catch {
      // A full disk, most likely. What lies there is counted anew before the next one.
      this.usedBytes = undefined;
      await rm(whole, { force: true }).catch(() => undefined);
    }
  }

  /** One after the other, so that of many writes at once none is left out. */
  private async count(added: number): Promise<void> {
    const before = this.usedBytes ?? this.prepare();
    this.usedBytes = before.then((used) => (used + added > this.maxBytes ? this.evict() : used + added));
    await this.usedBytes;
  }

  private async prepare(): Promise<number> {
    await mkdir(this.folder, { recursive: true });
    return this.evict();
  }

  /** Removes the oldest files, halves that a dead process left too, where there is more than there is room for. */
  private async evict(): Promise<number> {
    const found = await Promise.all(
      (await readdir(this.folder)).map(async (name) => {
        const path = join(this.folder, name);
        const file = await stat(path).catch(() => undefined);
        return { path, bytes: file?.size ?? 0, atMs: file?.mtimeMs ?? 0 };
      }),
    );
    let used = found.reduce((sum, { bytes }) => sum + bytes, 0);
    if (used <= this.maxBytes) return used;
    for (const { path, bytes } of found.sort((a, b) => a.atMs - b.atMs)) {
      if (used <= keptShare * this.maxBytes) break;
      await rm(path, { force: true });
      used -= bytes;
    }
    return used;
  }
}

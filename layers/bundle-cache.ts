/**
 * Keeps what the bundler made and gives it again while all that it was made from is the same. A run of all checks
 * synthesizes four stacks from the same sources; only the first bundles them.
 */
import { createHash, randomUUID } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import * as z from 'zod';
import { filesOf, putInPlace } from './place.ts';

/** Bundles into a folder. @returns the files that it read, with their whole paths */
export type Bundler = (outDir: string) => Promise<readonly string[]>;

const hashes = z.record(z.string(), z.string());
/** SHA-256 of all that was read, and of all that was made, by paths from the root and from the folder `files`. */
const noted = z.strictObject({ read: hashes, made: hashes });

export interface BundleCache {
  /** Where entries lie, one a key: a new one replaces that of former sources. */
  readonly folder: string;
  /** Names everything that tells one way of bundling from another, except the files that the bundler reads. */
  readonly key: string;
  /** What paths of files are noted from. */
  readonly root: string;
}

/** The file system's clock stands still between the kernel's ticks: so much earlier than now a change may seem. */
const tickMs = 20;

const sha256 = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** Fills an empty folder from the cache, or by the bundler where the cache has nothing, or nothing whole and current. */
export async function bundleOnce(outDir: string, cache: BundleCache, bundler: Bundler): Promise<void> {
  const place = join(cache.folder, sha256(cache.key));
  const kept = current(place, cache.root);
  if (kept !== undefined) {
    for (const [path, bytes] of kept) {
      mkdirSync(dirname(join(outDir, path)), { recursive: true });
      writeFileSync(join(outDir, path), bytes);
    }
    return;
  }
  const startedMs = Date.now() - tickMs;
  const read = withManifests(await bundler(outDir));
  // Nobody knows whether the bundler saw such a file before or after its change.
  if (read.some((file) => statSync(file).ctimeMs >= startedMs)) return;
  const hashed = (from: string, files: readonly string[]): Record<string, string> =>
    Object.fromEntries(files.map((file) => [relative(from, file), sha256(readFileSync(file))]));
  const fresh = `${place}.${randomUUID()}`;
  cpSync(outDir, join(fresh, 'files'), { recursive: true });
  const note: z.infer<typeof noted> = { read: hashed(cache.root, read), made: hashed(outDir, filesOf(outDir)) };
  writeFileSync(join(fresh, 'noted.json'), JSON.stringify(note));
  try {
    putInPlace(fresh, place);
  } catch {
    // Others put theirs there again and again. What was made is good without being kept.
  }
}

/** What an entry holds, by path; undefined where it is not there, not whole, or made from other files than there are. */
function current(place: string, root: string): Map<string, Buffer> | undefined {
  try {
    const { read, made } = noted.parse(JSON.parse(readFileSync(join(place, 'noted.json'), 'utf8')));
    for (const [path, hash] of Object.entries(read))
      if (sha256(readFileSync(join(root, path))) !== hash) return undefined;
    const files = new Map(Object.keys(made).map((path) => [path, readFileSync(join(place, 'files', path))]));
    return [...files].every(([path, bytes]) => sha256(bytes) === made[path]) ? files : undefined;
  } catch {
    // A file is missing, in the entry or among what it was made from, or another process is replacing the entry.
    return undefined;
  }
}

/** By a package's manifest the bundler finds its files and knows which it may leave out, but it does not list it. */
function withManifests(files: readonly string[]): string[] {
  const manifests = files.flatMap((file) => {
    const [, folder] = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file) ?? [];
    return folder === undefined ? [] : [join(folder, 'package.json')];
  });
  return [...new Set([...files, ...manifests])].sort();
}

/** The console's files from a folder beside the bundle. Only what was found there can be asked for, so no path leads out. */
import { readdir, readFile } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { tagOf } from './response-headers.ts';

export interface StaticFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly contentType: string;
  readonly encoding: 'br' | 'gzip' | undefined;
  readonly etag: string;
  /** Its name changes with its content. */
  readonly isImmutable: boolean;
}

export interface StaticFiles {
  /** `undefined` where there is no such file. `path` is decoded and begins with `/`. */
  find(path: string, acceptEncoding: string): Promise<StaticFile | undefined>;
}

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
};

/** Vite's names: `assets/name-Hash8.js`. */
const hashed = /^\/assets\/.+-[A-Za-z0-9_-]{8,}\.[a-z0-9]+$/;
const suffixes = [
  ['br', '.br'],
  ['gzip', '.gz'],
] as const;

/** Files below `folder`, read once each. Compressed ones (`.br`, `.gz`) stand beside the plain ones. */
export function staticFiles(folder: string): StaticFiles {
  const kept = new Map<string, Promise<Uint8Array<ArrayBuffer>>>();
  let listed: Promise<ReadonlySet<string>> | undefined;
  const read = (path: string): Promise<Uint8Array<ArrayBuffer>> => {
    const bytes = kept.get(path) ?? readFile(join(folder, path));
    kept.set(path, bytes);
    return bytes;
  };
  return {
    async find(path, acceptEncoding) {
      listed ??= list(folder);
      const files = await listed;
      const contentType = contentTypes[extname(path).toLowerCase()];
      if (contentType === undefined || !files.has(path)) return undefined;
      const [encoding, suffix] = suffixes.find(
        ([name, end]) => accepts(acceptEncoding, name) && files.has(path + end),
      ) ?? [undefined, ''];
      const bytes = await read(path + suffix);
      return { bytes, contentType, encoding, etag: tagOf(bytes), isImmutable: hashed.test(path) };
    },
  };
}

async function list(folder: string): Promise<ReadonlySet<string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return new Set(files.map((entry) => `/${relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/')}`));
}

/** Whether `name` is taken, `q=0` being a no. */
function accepts(acceptEncoding: string, name: string): boolean {
  for (const each of acceptEncoding.split(',')) {
    const [coding, ...parameters] = each.split(';').map((part) => part.trim().toLowerCase());
    if (coding === name) return !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
  }
  return false;
}

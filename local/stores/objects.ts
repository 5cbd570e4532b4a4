/**
 * Buckets as folders: one file an object, its first line the object's properties, so that content and properties change
 * together. Objects under a lock keep every version and refuse to lose one.
 */
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { BucketModel } from '../assembly/model.ts';
import { ServiceError } from '../server/service.ts';
import type { ObjectWriter } from '../types.ts';
import { objectFile, segmentOf } from './object-paths.ts';

export interface ObjectProperties {
  readonly key: string;
  readonly bytes: number;
  /** Hexadecimal MD5, without the quotes of the header. */
  readonly etag: string;
  /** Base64 CRC-32, as the header has it. */
  readonly crc32: string;
  readonly modifiedMs: number;
  readonly versionId: string;
  /** Until then no version may be deleted. */
  readonly lockedUntilMs?: number;
  /** `content-type`, `content-encoding`, `x-amz-meta-…`: given back as they came. */
  readonly headers: Readonly<Record<string, string>>;
}
export interface StoredObject {
  readonly properties: ObjectProperties;
  readonly body: Buffer;
}
export interface PutOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** Only where no object has the key: `If-None-Match: *`. */
  readonly onlyNew?: boolean;
  /** Only where the object there has this ETag: `If-Match`. */
  readonly onlyMatching?: string;
}
export interface ListOptions {
  readonly prefix: string;
  readonly delimiter?: string;
  /** Keys up to and including this one are left out. */
  readonly startAfter: string;
  readonly maximum: number;
}
export interface Listing {
  readonly objects: readonly ObjectProperties[];
  readonly commonPrefixes: readonly string[];
  /** Where the next page starts; absent at the end. */
  readonly next?: string;
}

const dayMs = 86_400_000;

export class ObjectStore implements ObjectWriter {
  readonly #dir: string;
  readonly #buckets: ReadonlyMap<string, BucketModel>;
  readonly #now: () => number;

  constructor(dir: string, buckets: readonly BucketModel[], now: () => number = Date.now) {
    this.#dir = dir;
    this.#buckets = new Map(buckets.map((bucket) => [bucket.name, bucket]));
    this.#now = now;
  }

  /** @throws ServiceError `NoSuchBucket` */
  bucket(name: string): BucketModel {
    const found = this.#buckets.get(name);
    if (found === undefined)
      throw new ServiceError('NoSuchBucket', 'The specified bucket does not exist', {
        statusCode: 404,
        members: { BucketName: name },
      });
    return found;
  }

  /**
   * Writes an object; when it resolves, the object survives the death of the process.
   * @throws ServiceError `NoSuchBucket`, `PreconditionFailed`, `KeyTooLongError`
   */
  async put(bucketName: string, key: string, body: Buffer, options: PutOptions = {}): Promise<ObjectProperties> {
    const bucket = this.bucket(bucketName);
    const file = objectFile(this.#root(bucketName), key);
    const modifiedMs = this.#now();
    const properties: ObjectProperties = {
      key,
      bytes: body.length,
      etag: createHash('md5').update(body).digest('hex'),
      crc32: crcText(body),
      modifiedMs,
      versionId: randomUUID(),
      ...(bucket.lock === undefined ? {} : { lockedUntilMs: modifiedMs + bucket.lock.days * dayMs }),
      headers: options.headers ?? {},
    };
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const temporary = `${file}.${randomUUID()}.tmp`;
    // Written and read in place: it only copies to and from the kernel's cache, and three jobs for the thread pool (open,
    // write, close) would cost more than they do.
    try {
      writeFileSync(temporary, Buffer.concat([Buffer.from(`${JSON.stringify(properties)}\n`), body]), { mode: 0o600 });
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
    const existing =
      options.onlyMatching !== undefined || bucket.objectLockEnabled ? await this.#read(file) : undefined;
    // From here without pause, so that two writers of one key cannot come between each other.
    try {
      if (options.onlyMatching !== undefined && existing?.properties.etag !== options.onlyMatching)
        throw preconditionFailed();
      if (options.onlyNew === true) linkNew(temporary, file);
      else {
        if (existing !== undefined && bucket.objectLockEnabled && existsSync(file))
          this.#keepVersion(bucketName, file, existing.properties);
        renameSync(temporary, file);
      }
    } finally {
      rmSync(temporary, { force: true });
    }
    return properties;
  }

  /** @throws ServiceError `NoSuchBucket`, `NoSuchKey`, `NoSuchVersion` */
  async get(bucketName: string, key: string, versionId?: string): Promise<StoredObject> {
    this.bucket(bucketName);
    const current = await this.#read(objectFile(this.#root(bucketName), key));
    if (versionId === undefined || current?.properties.versionId === versionId) {
      if (current !== undefined) return current;
      throw new ServiceError('NoSuchKey', 'The specified key does not exist.', {
        statusCode: 404,
        members: { Key: key },
      });
    }
    const old = await this.#read(this.#versionFile(bucketName, key, versionId));
    if (old !== undefined) return old;
    throw new ServiceError('NoSuchVersion', 'The specified version does not exist.', {
      statusCode: 404,
      members: { Key: key },
    });
  }

  /**
   * Deletes an object, or one version of it. Without a version, a bucket with object lock only hides the object: its
   * versions stay. Deleting what is not there succeeds.
   * @throws ServiceError `AccessDenied` while the version is locked
   */
  async delete(bucketName: string, key: string, versionId?: string): Promise<void> {
    const bucket = this.bucket(bucketName);
    const file = objectFile(this.#root(bucketName), key);
    const current = await this.#read(file);
    if (versionId === undefined) {
      if (current !== undefined && bucket.objectLockEnabled) this.#keepVersion(bucketName, file, current.properties);
      rmSync(file, { force: true });
      return;
    }
    const isCurrent = current?.properties.versionId === versionId;
    const versionFile = isCurrent ? file : this.#versionFile(bucketName, key, versionId);
    const version = isCurrent ? current : await this.#read(versionFile);
    if ((version?.properties.lockedUntilMs ?? 0) > this.#now()) {
      throw new ServiceError('AccessDenied', 'Access Denied because object protected by object lock.', {
        statusCode: 403,
      });
    }
    rmSync(versionFile, { force: true });
  }

  /** Objects in the order of their keys' bytes. */
  async list(bucketName: string, options: ListOptions): Promise<Listing> {
    this.bucket(bucketName);
    const objects: ObjectProperties[] = [];
    const commonPrefixes: string[] = [];
    let last = '';
    for await (const { key, file } of walk(this.#root(bucketName), '', options)) {
      const end = options.delimiter === undefined ? -1 : key.indexOf(options.delimiter, options.prefix.length);
      const common = end < 0 ? undefined : key.slice(0, end + options.delimiter!.length);
      if (common !== undefined && (common === commonPrefixes.at(-1) || options.startAfter.startsWith(common))) continue;
      if (objects.length + commonPrefixes.length === options.maximum) return { objects, commonPrefixes, next: last };
      last = common ?? key;
      if (common !== undefined) commonPrefixes.push(common);
      else {
        const object = await this.#read(file);
        if (object !== undefined) objects.push(object.properties);
      }
    }
    return { objects, commonPrefixes };
  }

  #root(bucketName: string): string {
    return join(this.#dir, bucketName, 'objects');
  }

  #versionFile(bucketName: string, key: string, versionId: string): string {
    if (!/^[\w-]{1,64}$/.test(versionId)) throw new ServiceError('InvalidArgument', 'Invalid version id specified');
    return join(dirname(objectFile(join(this.#dir, bucketName, 'versions'), `${key}/-`)), versionId);
  }

  #keepVersion(bucketName: string, file: string, properties: ObjectProperties): void {
    const kept = this.#versionFile(bucketName, properties.key, properties.versionId);
    mkdirSync(dirname(kept), { recursive: true, mode: 0o700 });
    if (!existsSync(kept)) linkSync(file, kept);
  }

  async #read(file: string): Promise<StoredObject | undefined> {
    let content: Buffer;
    try {
      content = readFileSync(file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
    const end = content.indexOf(10);
    return {
      properties: JSON.parse(content.toString('utf8', 0, end)) as ObjectProperties,
      body: content.subarray(end + 1),
    };
  }
}

export function crcText(body: Buffer): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(body));
  return bytes.toString('base64');
}

function preconditionFailed(): ServiceError {
  return new ServiceError('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', {
    statusCode: 412,
  });
}

/** A link, unlike a rename, fails where something has the name. */
function linkNew(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw preconditionFailed();
    throw error;
  }
}

const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

async function* walk(dir: string, path: string, options: ListOptions): AsyncGenerator<{ key: string; file: string }> {
  const entries = await readdir(dir, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const found = entries.flatMap((entry) => {
    const segment = segmentOf(entry.name, entry.isDirectory());
    if (segment === undefined) return [];
    return [
      {
        key: path + segment + (entry.isDirectory() ? '/' : ''),
        file: join(dir, entry.name),
        isFolder: entry.isDirectory(),
      },
    ];
  });
  for (const { key, file, isFolder } of found.sort((a, b) => byBytes(a.key, b.key))) {
    if (isFolder) {
      const mayMatch = key.startsWith(options.prefix) || options.prefix.startsWith(key);
      const isBehind = byBytes(key, options.startAfter) < 0 && !options.startAfter.startsWith(key);
      if (mayMatch && !isBehind) yield* walk(file, key, options);
    } else if (key.startsWith(options.prefix) && byBytes(key, options.startAfter) > 0) yield { key, file };
  }
}

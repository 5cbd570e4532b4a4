/** A bucket in memory. */
import { createHash } from 'node:crypto';
import { ConflictError } from '../../lib/core/errors.ts';
import type { ObjectStore, StandingObject } from '../../lib/core/ports.ts';

const tagOf = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex');

/** The conditional put, as S3 does it. */
export async function putOverIn(
  objects: Map<string, Uint8Array>,
  key: string,
  bytes: Uint8Array,
  over?: string,
): Promise<StandingObject | undefined> {
  const stands = objects.get(key);
  const tag = stands && tagOf(stands);
  if (tag !== over && stands && tag !== undefined) return { bytes: stands, tag };
  if (tag !== over) throw new ConflictError(`${key} is gone.`, { code: 'object-conflict' });
  objects.set(key, Buffer.from(bytes));
  return undefined;
}

export class MemoryBucket implements ObjectStore {
  readonly objects = new Map<string, Uint8Array>();

  async get(key: string): Promise<Uint8Array | undefined> {
    return this.objects.get(key);
  }

  async put(key: string, bytes: Uint8Array | string): Promise<void> {
    this.objects.set(key, Buffer.from(bytes));
  }

  putOver(key: string, bytes: Uint8Array, over?: string): Promise<StandingObject | undefined> {
    return putOverIn(this.objects, key, bytes, over);
  }
}

/** A bucket in memory. */
import type { ObjectStore } from '../../lib/core/ports.ts';

export class MemoryBucket implements ObjectStore {
  readonly objects = new Map<string, Uint8Array>();

  async get(key: string): Promise<Uint8Array | undefined> {
    return this.objects.get(key);
  }

  async put(key: string, bytes: Uint8Array | string): Promise<void> {
    this.objects.set(key, Buffer.from(bytes));
  }
}

/** Objects in memory behind the port. */
import type { ObjectStore } from '../../lib/core/ports.ts';
import { putOverIn } from './memory-bucket.ts';

export function memoryObjects(): ObjectStore & { readonly stored: Map<string, Uint8Array> } {
  const stored = new Map<string, Uint8Array>();
  return {
    stored,
    get: async (key) => stored.get(key),
    async put(key, bytes) {
      stored.set(key, Buffer.from(bytes));
    },
    putOver: (key, bytes, over) => putOverIn(stored, key, bytes, over),
  };
}

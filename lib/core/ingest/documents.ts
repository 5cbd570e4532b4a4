/** Registrations and calibrations: content-addressed documents, checked against their name and kept in memory. */
import type { z } from 'zod';
import { type AssetRegistration, assetRegistration } from '../../contracts/asset.ts';
import { type Calibration, calibration } from '../../contracts/calibration.ts';
import { hashOf } from '../audit/canonical.ts';
import { CorruptDataError } from '../errors.ts';
import type { ObjectStore } from '../ports.ts';
import { calibrationKey, registrationKey } from '../window/keys.ts';
import { LruCache } from '../window/lru.ts';

export class Documents {
  private readonly objects: ObjectStore;
  private readonly cache: LruCache<unknown>;

  /** @param maxBytes JSON text that the kept documents may have had */
  constructor(objects: ObjectStore, maxBytes = 64 * 1024 * 1024) {
    this.objects = objects;
    this.cache = new LruCache(maxBytes);
  }

  /** @throws CorruptDataError when it is missing or not what its hash names */
  registration(hash: string): Promise<AssetRegistration> {
    return this.read(registrationKey(hash), hash, assetRegistration);
  }

  /** @throws CorruptDataError when it is missing or not what its hash names */
  calibration(hash: string): Promise<Calibration> {
    return this.read(calibrationKey(hash), hash, calibration);
  }

  putRegistration(document: AssetRegistration): Promise<string> {
    return this.put(registrationKey, assetRegistration.parse(document));
  }

  putCalibration(document: Calibration): Promise<string> {
    return this.put(calibrationKey, calibration.parse(document));
  }

  private async put(keyOf: (hash: string) => string, document: unknown): Promise<string> {
    const hash = hashOf(document);
    await this.objects.put(keyOf(hash), JSON.stringify(document));
    return hash;
  }

  private async read<T>(key: string, hash: string, schema: z.ZodType<T>): Promise<T> {
    const known = this.cache.get(key);
    if (known !== undefined) return known as T;
    const bytes = await this.objects.get(key);
    if (!bytes)
      throw new CorruptDataError(`${key} is named by an asset's state but is not there.`, { code: 'document-missing' });
    let document: T;
    try {
      // Parsed once and kept: compiling a parser for it, as zod does for what it may see often, would cost more.
      document = schema.parse(JSON.parse(Buffer.from(bytes).toString('utf8')), { jitless: true });
    } catch (cause) {
      throw new CorruptDataError(`${key} does not keep its contract.`, { code: 'document-corrupt', cause });
    }
    if (hashOf(document) !== hash) {
      throw new CorruptDataError(`${key} is not what its hash names.`, { code: 'document-hash-mismatch' });
    }
    this.cache.set(key, document, bytes.byteLength);
    return document;
  }
}

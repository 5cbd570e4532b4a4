/** Registrations and calibrations: content-addressed documents, checked against their name and kept in memory. */
import type { z } from 'zod';
import { type AssetRegistration, assetRegistration, assetVersion } from '../../contracts/asset.ts';
import { type Calibration, calibration, calibrationVersion } from '../../contracts/calibration.ts';
import { canonical, hashOf, sha256 } from '../audit/canonical.ts';
import { CorruptDataError } from '../errors.ts';
import type { ObjectStore } from '../ports.ts';
import { nameCalibration } from '../screening/open.ts';
import { calibrationKey, registrationKey } from '../window/keys.ts';
import { LruCache } from '../window/lru.ts';

const versionOf = (read: unknown): unknown => (read as { readonly v?: unknown } | null)?.v;

export class Documents {
  private readonly objects: ObjectStore;
  private readonly registrations: LruCache<unknown>;
  private readonly calibrations: LruCache<unknown>;

  /**
   * Assets take turns, so that what does not fit for all of them is found for none: registrations are small, and have
   * room of their own.
   * @param maxBytes JSON text that the kept calibrations may have had; registrations half of it
   */
  constructor(objects: ObjectStore, maxBytes = 64 * 1024 * 1024) {
    this.objects = objects;
    this.calibrations = new LruCache(maxBytes);
    this.registrations = new LruCache(maxBytes / 2);
  }

  /** @throws CorruptDataError when it is missing or not what its hash names */
  registration(hash: string): Promise<AssetRegistration> {
    return this.read(this.registrations, registrationKey(hash), hash, {
      schema: assetRegistration,
      version: assetVersion,
    });
  }

  /** @throws CorruptDataError when it is missing or not what its hash names */
  async calibration(hash: string): Promise<Calibration> {
    const document = await this.read(this.calibrations, calibrationKey(hash), hash, {
      schema: calibration,
      version: calibrationVersion,
    });
    nameCalibration(document, hash);
    return document;
  }

  putRegistration(document: AssetRegistration): Promise<string> {
    return this.put(registrationKey, assetRegistration.parse(document));
  }

  putCalibration(document: Calibration): Promise<string> {
    return this.put(calibrationKey, calibration.parse(document));
  }

  private async put(keyOf: (hash: string) => string, document: unknown): Promise<string> {
    // In the form that is hashed, so that who reads it can check the bytes as they are.
    const text = canonical(document);
    const hash = sha256(text);
    await this.objects.put(keyOf(hash), text);
    return hash;
  }

  private async read<T>(
    cache: LruCache<unknown>,
    key: string,
    hash: string,
    { schema, version }: { readonly schema: z.ZodType<T>; readonly version: number },
  ): Promise<T> {
    const known = cache.get(key);
    if (known !== undefined) return known as T;
    const bytes = await this.objects.get(key);
    if (!bytes)
      throw new CorruptDataError(`${key} is named by an asset's state but is not there.`, { code: 'document-missing' });
    const text = Buffer.from(bytes).toString('utf8');
    // Bytes that are what their name says were parsed when they were written; parsing them again, with the schema made
    // for it, would take as long as a tenth of a function's first answer. All others are.
    const isAsWritten = sha256(text) === hash;
    let document: T;
    try {
      const read: unknown = JSON.parse(text);
      document = isAsWritten && versionOf(read) === version ? (read as T) : schema.parse(read, { jitless: true });
    } catch (cause) {
      throw new CorruptDataError(`${key} does not keep its contract.`, { code: 'document-corrupt', cause });
    }
    if (!isAsWritten && hashOf(document) !== hash) {
      throw new CorruptDataError(`${key} is not what its hash names.`, { code: 'document-hash-mismatch' });
    }
    cache.set(key, document, bytes.byteLength);
    return document;
  }
}

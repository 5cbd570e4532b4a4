/** What screening keeps from batch to batch, beside the data bucket: in memory, and what never changes on its own disk. */
import type { S3Client } from '@aws-sdk/client-s3';
import { Documents } from '../../core/ingest/documents.ts';
import { KnownStates } from '../../core/ingest/known-states.ts';
import { WindowStore } from '../../core/window/window-store.ts';
import { type CacheArea, diskCached } from '../disk-cache.ts';
import { s3ObjectStore } from './object-store.ts';

const mebibyte = 1024 * 1024;

/** Together within the disk that lib/constructs/permissions.ts gives to the function, with room for whole blocks. */
const areas: readonly CacheArea[] = [
  // 43 KB an asset of 40 channels: some 20,000 assets.
  { folder: 'documents', prefixes: ['registration/', 'calibration/'], maxBytes: 896 * mebibyte },
  // An open chunk is read again after the asset's next 10 batches.
  { folder: 'packs', prefixes: ['open/'], maxBytes: 384 * mebibyte },
];

/** @example const ports = { ...screenStores(s3(), env.BUCKET_DATA), … }; */
export function screenStores(client: S3Client, bucket: string) {
  const objects = diskCached(s3ObjectStore(client, bucket), areas);
  return { objects, documents: new Documents(objects), windows: new WindowStore(objects), known: new KnownStates() };
}

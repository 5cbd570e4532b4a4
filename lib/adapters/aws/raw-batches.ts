/** Raw batches that were stored in a span of time, with S3's digest of each: what a checkpoint says of them. */
import { paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';
import type { BatchDigest } from '../../contracts/checkpoint.ts';
import { bucketMs } from '../../core/audit/entry.ts';

export interface DataBucket {
  readonly client: S3Client;
  readonly bucket: string;
}

/** More are not named in one checkpoint; it says so by their count. */
export const maxBatches = 50_000;
const hourMs = 3_600_000;

const hourPrefix = (atMs: number): string =>
  `raw/${new Date(atMs).toISOString().slice(0, 13).replaceAll(/[-T]/g, '/')}/`;

/** Every object under a prefix with its digest: the MD5 that S3 itself makes of what is put in one piece. */
export async function* digestsUnder(at: DataBucket, prefix: string): AsyncGenerator<BatchDigest & { atMs: number }> {
  for await (const page of paginateListObjectsV2({ client: at.client }, { Bucket: at.bucket, Prefix: prefix }))
    for (const { Key, ETag, LastModified } of page.Contents ?? [])
      if (Key !== undefined && ETag !== undefined)
        yield { key: Key, etag: ETag.replaceAll('"', ''), atMs: LastModified?.getTime() ?? 0 };
}

/**
 * Batches stored in the buckets `from` to `to`, by their key. A batch lies under the hour of its own time, which may
 * have begun before it was stored, so the hour before is looked at, too.
 */
export async function batchesIn(at: DataBucket, fromBucket: number, toBucket: number): Promise<BatchDigest[]> {
  const [fromMs, toMs] = [fromBucket * bucketMs, (toBucket + 1) * bucketMs];
  const prefixes = new Set<string>();
  for (let hour = fromMs - hourMs; hour < toMs; hour += hourMs) prefixes.add(hourPrefix(hour));
  prefixes.add(hourPrefix(toMs - 1));
  const found: BatchDigest[] = [];
  for (const prefix of prefixes)
    for await (const { key, etag, atMs } of digestsUnder(at, prefix))
      if (atMs >= fromMs && atMs < toMs && found.length < maxBatches) found.push({ key, etag });
  return found.sort((a, b) => (a.key < b.key ? -1 : 1));
}

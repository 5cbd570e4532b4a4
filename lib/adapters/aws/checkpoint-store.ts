/** Checkpoints in the audit bucket: written once under their bucket's number, never over another. */
import {
  GetObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { type Checkpoint, checkpoint as checkpointSchema } from '../../contracts/checkpoint.ts';
import { canonical } from '../../core/audit/canonical.ts';

export interface CheckpointBucket {
  readonly client: S3Client;
  readonly bucket: string;
}

const prefix = 'checkpoints/';
/** 12 digits keep the keys in the order of time. */
export const checkpointKey = (toBucket: number): string => `${prefix}${String(toBucket).padStart(12, '0')}.json`;

/** Stores a checkpoint; false when there is one for that bucket already. */
export async function putCheckpoint(at: CheckpointBucket, document: Checkpoint): Promise<boolean> {
  try {
    await at.client.send(
      new PutObjectCommand({
        Bucket: at.bucket,
        Key: checkpointKey(document.statement.toBucket),
        Body: canonical(checkpointSchema.parse(document)),
        ContentType: 'application/json',
        IfNoneMatch: '*',
      }),
    );
    return true;
  } catch (error) {
    // 412: it exists; 409: another writer is at it right now.
    const status = error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
    if (status === 412 || status === 409) return false;
    throw error;
  }
}

/** Key of the entries that a checkpoint's run has put aside, as lines of gzipped JSON. */
export const archiveKey = (toBucket: number): string => `archive/${String(toBucket).padStart(12, '0')}.jsonl.gz`;

/** Puts entries aside where nobody can change or delete them while the lock lasts. */
export async function putArchive(at: CheckpointBucket, toBucket: number, lines: Uint8Array): Promise<void> {
  await at.client.send(
    new PutObjectCommand({
      Bucket: at.bucket,
      Key: archiveKey(toBucket),
      Body: lines,
      ContentType: 'application/gzip',
    }),
  );
}

/** A checkpoint as the bucket lists it. */
export interface ListedCheckpoint {
  readonly key: string;
  readonly bytes: number;
  readonly storedAtMs?: number | undefined;
}

/** Checkpoints from bucket `fromBucket` on, in the order of time; at most `most` of them. */
export async function describeCheckpoints(
  at: CheckpointBucket,
  fromBucket = 0,
  most = Number.POSITIVE_INFINITY,
): Promise<ListedCheckpoint[]> {
  const startAfter = fromBucket > 0 ? checkpointKey(fromBucket - 1) : undefined;
  const found: ListedCheckpoint[] = [];
  const pages = paginateListObjectsV2(
    { client: at.client },
    { Bucket: at.bucket, Prefix: prefix, ...(startAfter && { StartAfter: startAfter }) },
  );
  for await (const page of pages) {
    for (const { Key, Size, LastModified } of page.Contents ?? [])
      if (Key?.endsWith('.json') && (!startAfter || Key > startAfter))
        found.push({ key: Key, bytes: Size ?? 0, storedAtMs: LastModified?.getTime() });
    if (found.length >= most) break;
  }
  return found.sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** Keys of the checkpoints from bucket `fromBucket` on, in the order of time. */
export const listCheckpoints = async (at: CheckpointBucket, fromBucket = 0): Promise<string[]> =>
  (await describeCheckpoints(at, fromBucket)).map(({ key }) => key);

/** Text of a checkpoint as it is stored. */
export async function readCheckpointText(at: CheckpointBucket, key: string): Promise<string> {
  const { Body } = await at.client.send(new GetObjectCommand({ Bucket: at.bucket, Key: key }));
  return (await Body?.transformToString()) ?? '';
}

/** The newest checkpoint before bucket `toBucket`: of the last two days, else of all time. */
export async function newestCheckpoint(at: CheckpointBucket, toBucket: number): Promise<Checkpoint | undefined> {
  const twoDaysBuckets = 288;
  const limit = checkpointKey(toBucket);
  for (const from of [Math.max(0, toBucket - twoDaysBuckets), 0]) {
    const key = (await listCheckpoints(at, from)).filter((candidate) => candidate < limit).at(-1);
    if (key) return checkpointSchema.parse(JSON.parse(await readCheckpointText(at, key)));
  }
  return undefined;
}

/** Objects in S3. */
import { GetObjectCommand, NoSuchKey, PutObjectCommand, type S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { ConflictError } from '../../core/errors.ts';
import type { ObjectStore } from '../../core/ports.ts';

const typeOf = (key: string): string => {
  if (key.endsWith('.gz')) return 'application/gzip';
  return key.endsWith('.json') ? 'application/json' : 'application/octet-stream';
};

/** How S3 says that a condition did not hold: what stands is another, is gone, or is being written at this moment. */
const lost = new Set(['PreconditionFailed', 'ConditionalRequestConflict', 'NoSuchKey']);

/**
 * The object store of one bucket.
 * @example const data = s3ObjectStore(s3(), env.BUCKET_DATA);
 */
export function s3ObjectStore(client: S3Client, bucket: string): ObjectStore {
  return {
    async get(key) {
      try {
        const answer = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
        return await answer.Body!.transformToByteArray();
      } catch (error) {
        if (error instanceof NoSuchKey) return undefined;
        throw error;
      }
    },
    async put(key, bytes, options = {}) {
      const type = options.contentType ?? typeOf(key);
      await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: bytes, ContentType: type }));
    },
    async putOver(key, bytes, over) {
      const where = over === undefined ? { IfNoneMatch: '*' } : { IfMatch: over };
      try {
        await client.send(
          new PutObjectCommand({ Bucket: bucket, Key: key, Body: bytes, ContentType: typeOf(key), ...where }),
        );
        return undefined;
      } catch (error) {
        if (!(error instanceof S3ServiceException && lost.has(error.name))) throw error;
      }
      try {
        const { Body, ETag } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
        return { bytes: await Body!.transformToByteArray(), tag: ETag! };
      } catch (error) {
        if (!(error instanceof NoSuchKey)) throw error;
        throw new ConflictError(`${key} was written by others at the same time.`, {
          code: 'object-conflict',
          cause: error,
        });
      }
    },
  };
}

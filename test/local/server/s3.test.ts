/** S3 as the SDK speaks it. */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { describe, expect, test } from '@jest/globals';
import { s3ObjectStore } from '../../../lib/adapters/aws/object-store.ts';
import { protocolServer } from '../support/protocol-server.ts';

const dayMs = 86_400_000;
const { clock, common, served } = protocolServer();

describe('S3', () => {
  const s3 = () => new S3Client(common());
  const put = (Key: string, Body: string | Buffer, more = {}) =>
    s3().send(new PutObjectCommand({ Bucket: 'data', Key, Body, ...more }));

  test.each([
    'a',
    'a/b',
    'a/b/',
    'raw/2026/01/x.json.gz',
    'a//b',
    '../up',
    'a/../b',
    './.',
    'a.object',
    'a.object/b',
    'ü ?&=+%2F#~',
    '100%',
    'con/aux',
  ])('keeps an object under the key %s', async (key) => {
    const body = Buffer.from(`content of ${key}`);
    await put(`keys/${key}`, body, { ContentType: 'text/x', Metadata: { unit: 'm3' } });
    const got = await s3().send(new GetObjectCommand({ Bucket: 'data', Key: `keys/${key}` }));
    expect(Buffer.from(await got.Body!.transformToByteArray())).toEqual(body);
    expect(got).toMatchObject({
      ContentType: 'text/x',
      Metadata: { unit: 'm3' },
      ETag: `"${createHash('md5').update(body).digest('hex')}"`,
    });
    const listed = await s3().send(new ListObjectsV2Command({ Bucket: 'data', Prefix: `keys/${key}` }));
    expect(listed.Contents?.map((each) => each.Key)).toContain(`keys/${key}`);
  });

  test('If-None-Match: * lets exactly one of many writers win', async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 12 }, (_, at) => put('once', `writer ${at}`, { IfNoneMatch: '*' })),
    );
    expect(outcomes.filter((each) => each.status === 'fulfilled')).toHaveLength(1);
    for (const each of outcomes)
      if (each.status === 'rejected')
        expect(each.reason).toMatchObject({ name: 'PreconditionFailed', $metadata: { httpStatusCode: 412 } });
    const winner = outcomes.findIndex((each) => each.status === 'fulfilled');
    const got = await s3().send(new GetObjectCommand({ Bucket: 'data', Key: 'once' }));
    expect(await got.Body!.transformToString()).toBe(`writer ${winner}`);
  });

  test('If-Match writes over the version that was read only', async () => {
    const first = await put('swap', 'one');
    await put('swap', 'two', { IfMatch: first.ETag });
    await expect(put('swap', 'three', { IfMatch: first.ETag })).rejects.toMatchObject({ name: 'PreconditionFailed' });
  });

  test('puts over nothing but what was met, and tells what stands in the way', async () => {
    const store = s3ObjectStore(s3(), 'data');
    const bytes = (text: string) => Buffer.from(text);
    expect(await store.putOver('chunk', bytes('one'))).toBeUndefined();
    const met = await store.putOver('chunk', bytes('two'));
    expect(Buffer.from(met!.bytes).toString()).toBe('one');
    const racing = await Promise.all(
      Array.from({ length: 6 }, (_, at) => store.putOver('chunk', bytes(`writer ${at}`), met!.tag)),
    );
    const winner = racing.indexOf(undefined);
    expect(racing.filter((each) => each === undefined)).toHaveLength(1);
    for (const each of racing) if (each) expect(Buffer.from(each.bytes).toString()).toBe(`writer ${winner}`);
    await expect(store.putOver('gone', bytes('two'), met!.tag)).rejects.toMatchObject({ code: 'object-conflict' });
  });

  test.each([
    ['bytes=2-4', '234', 'bytes 2-4/10'],
    ['bytes=7-', '789', 'bytes 7-9/10'],
    ['bytes=-2', '89', 'bytes 8-9/10'],
    ['bytes=5-99', '56789', 'bytes 5-9/10'],
  ])('answers the range %s', async (Range, text, ContentRange) => {
    await put('digits', '0123456789');
    const got = await s3().send(new GetObjectCommand({ Bucket: 'data', Key: 'digits', Range }));
    expect(await got.Body!.transformToString()).toBe(text);
    expect(got.ContentRange).toBe(ContentRange);
  });

  test('refuses a range beyond the end, unknown keys, buckets and operations', async () => {
    await put('digits', '0123456789');
    await expect(
      s3().send(new GetObjectCommand({ Bucket: 'data', Key: 'digits', Range: 'bytes=10-' })),
    ).rejects.toMatchObject({ name: 'InvalidRange' });
    await expect(s3().send(new GetObjectCommand({ Bucket: 'data', Key: 'none' }))).rejects.toMatchObject({
      name: 'NoSuchKey',
    });
    await expect(s3().send(new HeadObjectCommand({ Bucket: 'data', Key: 'none' }))).rejects.toMatchObject({
      name: 'NotFound',
    });
    await expect(s3().send(new GetObjectCommand({ Bucket: 'nowhere', Key: 'a' }))).rejects.toMatchObject({
      name: 'NoSuchBucket',
    });
    await expect(s3().send(new ListObjectVersionsCommand({ Bucket: 'data' }))).rejects.toMatchObject({
      name: 'NotImplemented',
      message: 'S3 on one machine does not know GET bucket with ?versions',
    });
  });

  test('takes a stream in chunks and checks its checksum', async () => {
    const body = Buffer.alloc(300_000, 'chunk');
    await s3().send(
      new PutObjectCommand({
        Bucket: 'data',
        Key: 'streamed',
        Body: Readable.from([body.subarray(0, 100_000), body.subarray(100_000)]),
        ContentLength: body.length,
      }),
    );
    const got = await s3().send(new GetObjectCommand({ Bucket: 'data', Key: 'streamed' }));
    expect(Buffer.from(await got.Body!.transformToByteArray()).equals(body)).toBe(true);
    await expect(put('bad', 'x', { ChecksumCRC32: 'AAAAAA==' })).rejects.toMatchObject({ name: 'BadDigest' });
  });

  test('lists in the order of bytes, page by page, with folders', async () => {
    const keys = ['l/a', 'l/a.b', 'l/a/1', 'l/a/2', 'l/b/1', 'l/c', 'l/ü'];
    for (const key of [...keys].reverse()) await put(key, key);
    const found: string[] = [];
    let ContinuationToken: string | undefined;
    do {
      const page = await s3().send(
        new ListObjectsV2Command({ Bucket: 'data', Prefix: 'l/', MaxKeys: 2, ContinuationToken }),
      );
      found.push(...(page.Contents ?? []).map((each) => each.Key!));
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
    expect(found).toEqual([...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
    const folders = await s3().send(new ListObjectsV2Command({ Bucket: 'data', Prefix: 'l/', Delimiter: '/' }));
    expect(folders.CommonPrefixes?.map((each) => each.Prefix)).toEqual(['l/a/', 'l/b/']);
    expect(folders.Contents?.map((each) => each.Key)).toEqual(['l/a', 'l/a.b', 'l/c', 'l/ü']);
  });

  test('a locked version can be hidden and written over, but not deleted before its time', async () => {
    const first = await s3().send(new PutObjectCommand({ Bucket: 'audit', Key: 'checkpoint', Body: 'one' }));
    await s3().send(new PutObjectCommand({ Bucket: 'audit', Key: 'checkpoint', Body: 'two' }));
    await s3().send(new DeleteObjectCommand({ Bucket: 'audit', Key: 'checkpoint' }));
    await expect(s3().send(new GetObjectCommand({ Bucket: 'audit', Key: 'checkpoint' }))).rejects.toMatchObject({
      name: 'NoSuchKey',
    });
    const remove = () =>
      s3().send(new DeleteObjectCommand({ Bucket: 'audit', Key: 'checkpoint', VersionId: first.VersionId }));
    await expect(remove()).rejects.toMatchObject({ name: 'AccessDenied' });
    const old = await s3().send(
      new GetObjectCommand({ Bucket: 'audit', Key: 'checkpoint', VersionId: first.VersionId }),
    );
    expect(await old.Body!.transformToString()).toBe('one');
    clock.nowMs += 31 * dayMs;
    await remove();
    await expect(
      s3().send(new GetObjectCommand({ Bucket: 'audit', Key: 'checkpoint', VersionId: first.VersionId })),
    ).rejects.toMatchObject({ name: 'NoSuchVersion' });
  });

  test('every call is counted with its caller', () => {
    const seen = served()
      .calls.calls()
      .map((call) => `${call.caller} ${call.action} ${call.resource}`);
    expect(seen).toEqual(
      expect.arrayContaining([
        'FnTest s3:PutObject arn:aws:s3:::data/keys/*',
        'FnTest s3:ListBucket arn:aws:s3:::data',
      ]),
    );
  });
});

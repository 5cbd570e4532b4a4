import { createHash, verify as verifySignature } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import {
  CloudWatchLogsClient,
  DescribeLogStreamsCommand,
  FilterLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { GetPublicKeyCommand, KMSClient, SignCommand, VerifyCommand } from '@aws-sdk/client-kms';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { s3ObjectStore } from '../../../lib/adapters/aws/object-store.ts';
import { queryCall } from '../../../lib/adapters/notification/signed-call.ts';
import { CallLog } from '../../../local/calls/call-log.ts';
import { Shadows } from '../../../local/iot/shadows.ts';
import { LambdaHost } from '../../../local/lambda/host.ts';
import { ProtocolServer } from '../../../local/server/server.ts';
import { KeyStore } from '../../../local/stores/keys.ts';
import { LogStore } from '../../../local/stores/logs.ts';
import { ObjectStore } from '../../../local/stores/objects.ts';
import { SecretStore } from '../../../local/stores/secrets.ts';
import { Topics } from '../../../local/stores/topics.ts';
import { functionModel, removeTemporaryFolders, silent, temporaryFolder } from '../support/fixtures.ts';

const place = { region: 'eu-central-1', account: '000000000000' };
const key = {
  logicalId: 'Key',
  name: '11111111-2222-3333-4444-555555555555',
  arn: 'arn:aws:kms:eu-central-1:000000000000:key/11111111-2222-3333-4444-555555555555',
  keySpec: 'ECC_NIST_P256',
  keyUsage: 'SIGN_VERIFY',
  aliases: ['alias/audit'],
} as const;
const secret = {
  logicalId: 'Secret',
  name: 'plant/webhook',
  arn: 'arn:aws:secretsmanager:eu-central-1:000000000000:secret:plant/webhook-abcdef',
  fixed: undefined,
  generate: { length: 40, alphabet: 'abc123' },
};
const dayMs = 86_400_000;
let nowMs = Date.UTC(2026, 0, 1);
let dir: string;
let server: ProtocolServer;
let host: LambdaHost;
let logs: LogStore;
let calls: CallLog;
const asynchronous: unknown[] = [];

const topicArn = 'arn:aws:sns:eu-central-1:000000000000:told';
beforeAll(async () => {
  dir = temporaryFolder();
  calls = new CallLog(join(dir, 'calls.jsonl'));
  logs = new LogStore({ dir: temporaryFolder(), ...place, groupNames: ['/plant/events', '/quiet'], fileBytes: 2000 });
  server = await ProtocolServer.listen({ calls, log: silent, port: 0 });
  host = new LambdaHost({
    functions: [
      functionModel(
        'echo',
        'exports.handler = async (event) => { if (event.fail) throw new Error("no"); return event }',
      ),
    ],
    surroundings: { ...place, endpointUrl: server.url, dynamodbUrl: server.url },
    temporaryDir: () => dir,
    cacheDir: dir,
    logs,
  });
  const bucket = (name: string, days?: number) => ({
    logicalId: name,
    name,
    arn: `arn:aws:s3:::${name}`,
    versioned: true,
    objectLockEnabled: days !== undefined,
    lock: days === undefined ? undefined : { mode: 'COMPLIANCE' as const, days },
  });
  server.serve({
    services: [new KeyStore(join(dir, 'keys'), [key]), new SecretStore(join(dir, 'secrets'), [secret]), logs],
    objects: new ObjectStore(join(dir, 's3'), [bucket('data'), bucket('audit', 30)], () => nowMs),
    shadows: new Shadows(join(dir, 'shadows')),
    topics: new Topics(dir, [{ logicalId: 'Told', name: 'told', arn: topicArn }], () => nowMs),
    shadowArn: (thing) => `arn:aws:iot:eu-central-1:000000000000:thing/${thing}`,
    lambda: {
      find: (name) => host.find(name),
      invoke: (name, payload, options) => host.invoke(name, payload, options),
      invokeAsync: async (_, payload) => {
        asynchronous.push(payload);
      },
    },
  });
});
afterAll(async () => {
  await host.stop();
  await server.stop();
  await logs.flush();
  removeTemporaryFolders();
});

const common = () => ({
  endpoint: server.url,
  region: 'eu-central-1',
  credentials: { accessKeyId: 'FnTest', secretAccessKey: 'x' },
  maxAttempts: 1,
});

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
    nowMs += 31 * dayMs;
    await remove();
    await expect(
      s3().send(new GetObjectCommand({ Bucket: 'audit', Key: 'checkpoint', VersionId: first.VersionId })),
    ).rejects.toMatchObject({ name: 'NoSuchVersion' });
  });
});

describe('KMS', () => {
  const kms = () => new KMSClient(common());
  const Message = Buffer.from('a checkpoint');
  const digest = createHash('sha256').update(Message).digest();

  test.each([
    ['RAW', 'RAW'],
    ['RAW', 'DIGEST'],
    ['DIGEST', 'RAW'],
    ['DIGEST', 'DIGEST'],
  ] as const)('signs as %s what verifies as %s and with the exported public key', async (signAs, verifyAs) => {
    const of = (type: 'RAW' | 'DIGEST') => ({
      KeyId: 'alias/audit',
      SigningAlgorithm: 'ECDSA_SHA_256' as const,
      MessageType: type,
      Message: type === 'RAW' ? Message : digest,
    });
    for (let round = 0; round < 5; round++) {
      const { Signature } = await kms().send(new SignCommand(of(signAs)));
      expect(await kms().send(new VerifyCommand({ ...of(verifyAs), Signature }))).toMatchObject({
        SignatureValid: true,
      });
      const { PublicKey } = await kms().send(new GetPublicKeyCommand({ KeyId: key.arn }));
      expect(
        verifySignature('sha256', Message, { key: Buffer.from(PublicKey!), format: 'der', type: 'spki' }, Signature!),
      ).toBe(true);
      const wrong = { ...of(verifyAs), Message: createHash('sha256').update(`${round}`).digest(), Signature };
      await expect(kms().send(new VerifyCommand(wrong))).rejects.toMatchObject({
        name: 'KMSInvalidSignatureException',
      });
    }
  });

  test('refuses unknown keys, other algorithms and messages that are too long', async () => {
    const sign = (more: object) =>
      kms().send(
        new SignCommand({ KeyId: key.name, Message, MessageType: 'RAW', SigningAlgorithm: 'ECDSA_SHA_256', ...more }),
      );
    await expect(sign({ KeyId: 'alias/other' })).rejects.toMatchObject({ name: 'NotFoundException' });
    await expect(sign({ SigningAlgorithm: 'RSASSA_PSS_SHA_256' })).rejects.toMatchObject({
      name: 'InvalidKeyUsageException',
    });
    await expect(sign({ Message: Buffer.alloc(4097) })).rejects.toThrow(/less than or equal to 4096/);
    await expect(sign({ Message: Buffer.alloc(31), MessageType: 'DIGEST' })).rejects.toThrow(/invalid length/);
  });

  test('keeps the key in a file that only its owner may read, and finds it again', async () => {
    const before = await kms().send(new GetPublicKeyCommand({ KeyId: key.name }));
    expect(statSync(join(dir, 'keys', `${key.name}.pem`)).mode & 0o777).toBe(0o600);
    const again = await new KeyStore(join(dir, 'keys'), [key]).handle('GetPublicKey', { KeyId: key.name });
    expect(again['PublicKey']).toBe(Buffer.from(before.PublicKey!).toString('base64'));
  });
});

describe('the other services', () => {
  test('Secrets Manager gives a text that was made once', async () => {
    const client = new SecretsManagerClient(common());
    const byName = await client.send(new GetSecretValueCommand({ SecretId: secret.name }));
    const byArn = await client.send(new GetSecretValueCommand({ SecretId: secret.arn }));
    expect(byName.SecretString).toMatch(/^[abc123]{40}$/);
    expect(byArn.SecretString).toBe(byName.SecretString);
    expect(byName.CreatedDate).toBeInstanceOf(Date);
    await expect(client.send(new GetSecretValueCommand({ SecretId: 'other' }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });

  test('Lambda answers, reports errors and takes calls without answer', async () => {
    const client = new LambdaClient(common());
    const payload = Buffer.from(JSON.stringify({ a: 'ü' }));
    const answer = await client.send(new InvokeCommand({ FunctionName: 'echo', Payload: payload }));
    expect(JSON.parse(Buffer.from(answer.Payload!).toString())).toEqual({ a: 'ü' });
    expect(answer.FunctionError).toBeUndefined();
    const failed = await client.send(
      new InvokeCommand({ FunctionName: 'echo', Payload: Buffer.from('{"fail":true}') }),
    );
    expect(failed).toMatchObject({ StatusCode: 200, FunctionError: 'Unhandled' });
    expect(JSON.parse(Buffer.from(failed.Payload!).toString())).toMatchObject({
      errorType: 'Error',
      errorMessage: 'no',
    });
    expect(
      await client.send(new InvokeCommand({ FunctionName: 'echo', InvocationType: 'Event', Payload: payload })),
    ).toMatchObject({ StatusCode: 202 });
    expect(asynchronous).toEqual([{ a: 'ü' }]);
    await expect(client.send(new InvokeCommand({ FunctionName: 'none' }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    await expect(
      client.send(new InvokeCommand({ FunctionName: 'echo', Payload: Buffer.from('{') })),
    ).rejects.toMatchObject({ name: 'InvalidRequestContentException' });
  });

  test('CloudWatch Logs filters by time and pattern, page by page and across files', async () => {
    const client = new CloudWatchLogsClient(common());
    for (let at = 0; at < 60; at++) {
      logs.append(
        '/plant/events',
        JSON.stringify({ at, kind: at % 2 === 0 ? 'even' : 'odd' }),
        1_700_000_000_000 + at * 1000,
      );
      if (at === 30) await logs.flush();
    }
    const found: number[] = [];
    let nextToken: string | undefined;
    do {
      const page = await client.send(
        new FilterLogEventsCommand({
          logGroupName: '/plant/events',
          startTime: 1_700_000_010_000,
          filterPattern: '{ $.kind = "odd" }',
          limit: 7,
          nextToken,
        }),
      );
      found.push(...(page.events ?? []).map((event) => JSON.parse(event.message!).at));
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
    expect(found).toEqual(Array.from({ length: 25 }, (_, at) => at * 2 + 11));
    await expect(client.send(new FilterLogEventsCommand({ logGroupName: '/other' }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    await expect(
      client.send(new FilterLogEventsCommand({ logGroupName: '/quiet', filterPattern: '[a, b]' })),
    ).rejects.toMatchObject({ name: 'InvalidParameterException' });
  });

  test('unknown services and operations are named', async () => {
    await expect(
      new SFNClient(common()).send(
        new StartExecutionCommand({ stateMachineArn: 'arn:aws:states:eu-central-1:0:stateMachine:x' }),
      ),
    ).rejects.toThrow(/no service on one machine answers to AWSStepFunctions\.StartExecution/);
    await expect(
      new CloudWatchLogsClient(common()).send(new DescribeLogStreamsCommand({ logGroupName: '/quiet' })),
    ).rejects.toThrow(/logs does not know DescribeLogStreams on one machine; it knows FilterLogEvents/);
  });

  test('calls without credentials and under foreign names are refused', async () => {
    const bare = await fetch(server.url, { method: 'POST', headers: { 'x-amz-target': 'TrentService.Sign' } });
    expect(bare.status).toBe(403);
    expect(await bare.json()).toMatchObject({ __type: 'MissingAuthenticationToken' });
  });

  test('every call is counted with its caller', async () => {
    const seen = calls.calls().map((call) => `${call.caller} ${call.action} ${call.resource}`);
    expect(seen).toEqual(
      expect.arrayContaining([
        'FnTest s3:PutObject arn:aws:s3:::data/keys/*',
        'FnTest s3:ListBucket arn:aws:s3:::data',
        `FnTest kms:Sign ${key.arn}`,
        `FnTest secretsmanager:GetSecretValue ${secret.arn}`,
        `FnTest lambda:InvokeFunction ${host.find('echo').model.arn}`,
      ]),
    );
  });
});

describe('SNS over the query protocol', () => {
  const publish = async (form: Record<string, string>) => {
    const answer = await queryCall({
      url: new URL(server.url),
      service: 'sns',
      region: 'eu-central-1',
      credentials: { accessKeyId: 'FnTest', secretAccessKey: 'x' },
      atMs: nowMs,
      timeoutMs: 5_000,
      form: { Version: '2010-03-31', ...form },
    });
    return { status: answer.status, body: answer.body };
  };
  const outbox = () =>
    readFileSync(join(dir, 'told.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);

  test('what is published stands in the outbox, and the call is logged with its caller', async () => {
    const { status, body } = await publish({
      Action: 'Publish',
      TopicArn: topicArn,
      Subject: 'A <b>',
      Message: 'ä\n2',
    });
    expect(status).toBe(200);
    const { messageId, ...line } = outbox().at(-1)!;
    expect(body).toContain(`<MessageId>${messageId}</MessageId>`);
    expect(line).toEqual({ atMs: nowMs, subject: 'A <b>', message: 'ä\n2' });
    expect(calls.calls()).toContainEqual(
      expect.objectContaining({ caller: 'FnTest', action: 'sns:Publish', resource: topicArn }),
    );
  });

  test.each([
    [{ Action: 'Publish', TopicArn: `${topicArn}x`, Message: 'm' }, 404, 'NotFound'],
    [{ Action: 'Publish', TopicArn: topicArn, Message: '' }, 400, 'InvalidParameter'],
    [{ Action: 'Publish', TopicArn: topicArn, Message: 'x'.repeat(256 * 1024 + 1) }, 400, 'InvalidParameter'],
    [{ Action: 'Publish', TopicArn: topicArn, Message: 'm', Subject: 'two\nlines' }, 400, 'InvalidParameter'],
    [{ Action: 'Publish', TopicArn: topicArn, Message: 'm', Subject: 'x'.repeat(101) }, 400, 'InvalidParameter'],
    [{ Action: 'Publish', TopicArn: topicArn, Message: 'm', MessageStructure: 'json' }, 400, 'InvalidParameter'],
    [{ Action: 'Subscribe', TopicArn: topicArn }, 400, 'InvalidAction'],
  ])('refuses what it does not do: %j', async (form, status, code) => {
    const answer = await publish(form as unknown as Record<string, string>);
    expect([answer.status, /<Code>(\w+)<\/Code>/.exec(answer.body)?.[1]]).toEqual([status, code]);
  });
});

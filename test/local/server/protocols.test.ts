/** The services beside S3, as the SDK speaks them. */
import { createHash, verify as verifySignature } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  CloudWatchLogsClient,
  DescribeLogStreamsCommand,
  FilterLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { GetPublicKeyCommand, KMSClient, SignCommand, VerifyCommand } from '@aws-sdk/client-kms';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { describe, expect, test } from '@jest/globals';
import { queryCall } from '../../../lib/adapters/notification/signed-call.ts';
import { KeyStore } from '../../../local/stores/keys.ts';
import { key, protocolServer, secret, topicArn } from '../support/protocol-server.ts';

const { asynchronous, clock, common, served } = protocolServer();

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
    expect(statSync(join(served().dir, 'keys', `${key.name}.pem`)).mode & 0o777).toBe(0o600);
    const again = await new KeyStore(join(served().dir, 'keys'), [key]).handle('GetPublicKey', { KeyId: key.name });
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
      served().logs.append(
        '/plant/events',
        JSON.stringify({ at, kind: at % 2 === 0 ? 'even' : 'odd' }),
        1_700_000_000_000 + at * 1000,
      );
      if (at === 30) await served().logs.flush();
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
    const bare = await fetch(served().server.url, { method: 'POST', headers: { 'x-amz-target': 'TrentService.Sign' } });
    expect(bare.status).toBe(403);
    expect(await bare.json()).toMatchObject({ __type: 'MissingAuthenticationToken' });
  });

  test('every call is counted with its caller', async () => {
    const seen = served()
      .calls.calls()
      .map((call) => `${call.caller} ${call.action} ${call.resource}`);
    expect(seen).toEqual(
      expect.arrayContaining([
        `FnTest kms:Sign ${key.arn}`,
        `FnTest secretsmanager:GetSecretValue ${secret.arn}`,
        `FnTest lambda:InvokeFunction ${served().host.find('echo').model.arn}`,
      ]),
    );
  });
});

describe('SNS over the query protocol', () => {
  const publish = async (form: Record<string, string>) => {
    const answer = await queryCall({
      url: new URL(served().server.url),
      service: 'sns',
      region: 'eu-central-1',
      credentials: { accessKeyId: 'FnTest', secretAccessKey: 'x' },
      atMs: clock.nowMs,
      timeoutMs: 5_000,
      form: { Version: '2010-03-31', ...form },
    });
    return { status: answer.status, body: answer.body };
  };
  const outbox = () =>
    readFileSync(join(served().dir, 'told.jsonl'), 'utf8')
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
    expect(line).toEqual({ atMs: clock.nowMs, subject: 'A <b>', message: 'ä\n2' });
    expect(served().calls.calls()).toContainEqual(
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

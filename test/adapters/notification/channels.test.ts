/** Every channel that is found, against a real server: what it sends, what it makes of answers, and whom it never calls. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { channelsWithSecret, checkChannels, openChannel } from '../../../lib/adapters/notification/configured.ts';
import { channels } from '../../../lib/adapters/notification/index.ts';
import { signedHeaders } from '../../../lib/adapters/notification/signed-call.ts';
import { subjectOf } from '../../../lib/adapters/notification/sns.ts';
import type { Notification } from '../../../lib/contracts/notification.ts';
import type { SendResult } from '../../../lib/core/notification/channel.ts';
import { type Exchange, type FaultyServer, startFaultyServer } from '../../support/endpoints/faulty-server.ts';
import { receiver } from '../../support/endpoints/push-service.ts';

const message: Notification = {
  v: 1,
  id: 'a'.repeat(64),
  topic: 'question',
  urgency: 'urgent',
  channel: 'ops',
  route: 'all',
  title: 'town-1 (north): leak, *a person* is <asked>',
  text: 'Flow & pressure. Answer until 16:00 (UTC).',
  link: 'https://console.example/cases/x',
  createdAtMs: 0,
};
const topicArn = 'arn:aws:sns:eu-central-1:000000000000:told';
const secretPath = '/services/T000/B000/very-secret-token';

let server: FaultyServer;
let secretReads: boolean[];
let secret: string;
const environment = { ...process.env };
beforeEach(async () => {
  server = await startFaultyServer({ handle: () => ({ status: 200, body: 'ok' }), acts: () => true });
  secret = `${server.url}${secretPath}`;
  secretReads = [];
  process.env.AWS_ENDPOINT_URL = server.url;
  process.env.AWS_ACCESS_KEY_ID = 'AKID';
  process.env.AWS_SECRET_ACCESS_KEY = 'the-secret-key';
});
afterEach(async () => {
  process.env = { ...environment };
  await server.stop();
});

const settingsOf = (by: string, host = new URL(server.url).host) => {
  if (by === 'web-push') return { by, hosts: [host], contact: 'mailto:operators@example.org' };
  return by === 'sns' ? { by } : { by, host };
};
const browser = receiver();
const browsers = { open: async () => [browser.at(`${server.url}${secretPath}`)], forget: async () => undefined };
/** What whoever it is meant for reads. */
const saidIn = ({ body, bytes }: Exchange, by: string): string =>
  by === 'web-push' ? browser.opened(bytes) : decodeURIComponent(body.replaceAll('+', ' '));
const send = async (
  by: string,
  change: { host?: string; allowPrivate?: boolean; timeoutMs?: number } = {},
): Promise<SendResult> => {
  const channel = channels[by]!.open(settingsOf(by, change.host), {
    name: 'ops',
    secret: async (options) => {
      secretReads.push(options?.refetch === true);
      return secret;
    },
    allowPrivate: change.allowPrivate ?? true,
    topicArn,
    browsers,
    now: () => Date.parse('2026-02-03T12:00:00Z'),
  });
  return await channel.send(message, { timeoutMs: change.timeoutMs ?? 2_000 });
};

describe.each(Object.keys(channels))('%s', (by) => {
  test('sends the message once, and says so', async () => {
    expect(await send(by)).toEqual({ status: 'sent' });
    expect(server.requests).toHaveLength(1);
    expect(server.requests[0]!.method).toBe('POST');
    expect(saidIn(server.requests[0]!, by)).toContain(message.link);
  });

  test.each([
    [
      { status: 429, headers: { 'retry-after': '7' } },
      { status: 'failed', retryable: true, retryAfterMs: 7_000 },
    ],
    [{ status: 503 }, { status: 'failed', retryable: true }],
    [{ status: 400 }, { status: 'failed', retryable: false }],
    [
      { status: 302, headers: { location: 'http://169.254.169.254/' } },
      { status: 'failed', retryable: false },
    ],
    ['reset-before', { status: 'failed', retryable: true }],
    ['cut-short', { status: 'failed', retryable: true }],
    ['oversized', { status: 'failed', retryable: true }],
  ] as const)('makes of %j what it is, and never says the address', async (fault, expected) => {
    server.faults.push(fault);
    const result = await send(by);
    expect(result).toMatchObject(expected);
    expect(JSON.stringify(result)).not.toContain('very-secret-token');
    expect(server.requests).toHaveLength(1);
  });

  test('waits no longer than it may', async () => {
    server.faults.push('hang-before');
    expect(await send(by, { timeoutMs: 100 })).toMatchObject({ status: 'failed', retryable: true });
  });
});

describe.each(
  channelsWithSecret({ a: { by: 'slack' }, b: { by: 'teams', host: 'x.example' } }).map((name) =>
    name === 'a' ? 'slack' : 'teams',
  ),
)('the webhook of %s', (by) => {
  test('is called only at the host of the configuration, and only in public unless private ones are allowed', async () => {
    expect(await send(by, { host: 'hooks.slack.com' })).toMatchObject({ status: 'failed' });
    expect(await send(by, { allowPrivate: false })).toMatchObject({ status: 'failed', retryable: false });
    secret = 'http://hooks.example/x';
    expect(await send(by, { host: 'hooks.example' })).toMatchObject({ problem: 'its secret is not an https address' });
    secret = 'not-yet-put-in';
    const result = await send(by);
    expect(result).toMatchObject({ status: 'failed', retryable: true });
    expect(JSON.stringify(result)).not.toContain('not-yet-put-in');
    expect(server.requests).toEqual([]);
  });

  test.each([401, 403, 404, 410])('reads its address anew after %i', async (status) => {
    server.faults.push({ status });
    expect(await send(by)).toMatchObject({ status: 'failed', retryable: true });
    expect(secretReads).toEqual([false, true]);
  });
});

describe('what is sent', () => {
  test('Slack gets text that its marks cannot change, and a link', async () => {
    await send('slack');
    const body = JSON.parse(server.requests[0]!.body) as {
      text: string;
      blocks: { text?: { text: string }; elements?: { text: string }[] }[];
    };
    expect(server.requests[0]!.path).toBe(secretPath);
    expect(body.text).toBe('town-1 (north): leak, *a person* is &lt;asked&gt;');
    expect(body.blocks[0]!.text!.text).toBe(
      ':rotating_light: *town-1 (north): leak, ∗a person∗ is &lt;asked&gt;*\nFlow &amp; pressure. Answer until 16:00 (UTC).',
    );
    expect(body.blocks[1]!.elements![0]!.text).toBe('<https://console.example/cases/x|Open>');
  });

  test('Teams gets one adaptive card', async () => {
    await send('teams');
    expect(JSON.parse(server.requests[0]!.body)).toMatchObject({
      type: 'message',
      attachments: [
        {
          contentType: 'application/vnd.microsoft.card.adaptive',
          content: {
            type: 'AdaptiveCard',
            body: [{ text: message.title, color: 'Attention' }, { text: message.text }],
            actions: [{ type: 'Action.OpenUrl', url: message.link }],
          },
        },
      ],
    });
  });

  test('SNS gets a signed call with a subject that it takes', async () => {
    await send('sns');
    const [{ headers, body }] = server.requests as [FaultyServer['requests'][number]];
    expect(Object.fromEntries(new URLSearchParams(body))).toMatchObject({ Action: 'Publish', TopicArn: topicArn });
    expect(headers.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKID\/20260203\/eu-central-1\/sns\/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=[0-9a-f]{64}$/,
    );
    expect(body + JSON.stringify(headers)).not.toContain('the-secret-key');
    expect(subjectOf('Zürich\n: Pumpe')).toBe('Zurich: Pumpe');
    expect(subjectOf('水')).toBe('Groundcrew');
    expect(subjectOf('x'.repeat(300))).toHaveLength(100);
  });

  test('signs as the service’s own examples do', () => {
    // "post-x-www-form-urlencoded" of the Signature Version 4 test suite.
    const { authorization } = signedHeaders({
      url: new URL('https://example.amazonaws.com/'),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'Param1=value1',
      service: 'service',
      region: 'us-east-1',
      credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' },
      atMs: Date.parse('2015-08-30T12:36:00Z'),
    });
    expect(authorization).toBe(
      'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a',
    );
  });
});

describe('the configuration', () => {
  test('opens what it names and `sns`, nothing else', () => {
    const around = { name: 'sns', secret: async () => '', allowPrivate: false, topicArn, browsers, now: () => 0 };
    expect(openChannel({}, around)).toBeDefined();
    expect(openChannel({}, { ...around, name: 'ops' })).toBeUndefined();
    expect(openChannel({}, { ...around, name: 'constructor' })).toBeUndefined();
  });

  test.each([
    [{ ops: { by: 'pigeon' } }, /goes by "pigeon"; there are slack, sns, teams, web-push/],
    [{ ops: { by: 'teams' } }, /host/],
    [{ ops: { by: 'slack', url: 'https://hooks.slack.com/secret' } }, /url|Unrecognized/],
    [{ ops: { by: 'slack', host: 'https://hooks.slack.com' } }, /host/],
    [{ sns: { by: 'slack' } }, /always there/],
  ])('refuses %j', (given, problem) => {
    expect(() => checkChannels(given)).toThrow(problem);
  });
});

/** The channel to browsers, before a push service that checks who sends and a browser that opens what it gets. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { checkChannels } from '../../../lib/adapters/notification/configured.ts';
import { channels } from '../../../lib/adapters/notification/index.ts';
import { senderKey, subscriptionId } from '../../../lib/adapters/notification/push-message.ts';
import { isAllowedEndpoint, pushText } from '../../../lib/adapters/notification/web-push.ts';
import type { Notification } from '../../../lib/contracts/notification.ts';
import type { Browser, OpenChannel } from '../../../lib/core/notification/channel.ts';
import { type FaultyServer, startFaultyServer } from '../../support/endpoints/faulty-server.ts';
import { receiver, refusals } from '../../support/endpoints/push-service.ts';

const nowMs = Date.parse('2026-02-03T12:00:00Z');
const secret = 'the-secret-text-of-the-channel-0123456789';
const contact = 'mailto:operators@example.org';
const message: Notification = {
  v: 1,
  id: 'a'.repeat(64),
  topic: 'question',
  urgency: 'urgent',
  channel: 'phones',
  route: 'all',
  title: 'town-1 (north): leak, a person is asked',
  text: 'Flow & pressure. Shall we close valve V1?',
  link: 'https://console.example/cases/x',
  caseId: 'b'.repeat(64),
  createdAtMs: 0,
};
const phone = receiver();
const desk = receiver();

let service: FaultyServer;
let browsers: Browser[];
beforeEach(async () => {
  service = await startFaultyServer({ handle: () => ({ status: 201 }), acts: () => true });
  browsers = [phone.at(`${service.url}/phone`)];
});
afterEach(() => service.stop());

const opened = (change: { hosts?: string[]; allowPrivate?: boolean; secret?: string } = {}): OpenChannel =>
  channels['web-push']!.open(
    { by: 'web-push', hosts: change.hosts ?? [new URL(service.url).host], contact },
    {
      name: 'phones',
      secret: async () => change.secret ?? secret,
      allowPrivate: change.allowPrivate ?? true,
      topicArn: '',
      browsers: {
        open: async () => browsers,
        forget: async (ids) => {
          browsers = browsers.filter(({ endpoint }) => !ids.includes(subscriptionId(endpoint)));
        },
      },
      now: () => nowMs,
    },
  );
const send = (channel = opened(), change: Partial<Notification> = {}) =>
  channel.send({ ...message, ...change }, { timeoutMs: 2_000 });
const paths = () => service.requests.map(({ path }) => path);

test('each browser gets the sentence and the link, signed by the sender, and nobody between reads them', async () => {
  browsers.push(desk.at(`${service.url}/desk`));
  expect(await send()).toEqual({ status: 'sent' });
  expect(paths().sort()).toEqual(['/desk', '/phone']);
  for (const request of service.requests) {
    expect(refusals(request, service.url, senderKey(secret).publicKey, nowMs)).toEqual([]);
    expect(request.headers.urgency).toBe('high');
    const text = (request.path === '/phone' ? phone : desk).opened(request.bytes);
    expect(JSON.parse(text)).toEqual({
      title: message.title,
      text: message.text,
      link: message.link,
      tag: message.id,
      urgent: true,
      caseId: message.caseId,
    });
    expect(request.bytes.includes('valve')).toBe(false);
    expect(text + JSON.stringify(request.headers)).not.toContain(secret);
  }
});

test.each([404, 410])(
  'a browser whose service knows it no more (%i) is forgotten, the others are told',
  async (status) => {
    browsers = [phone.at(`${service.url}/phone`)];
    service.faults.push({ status });
    expect(await send()).toEqual({
      status: 'failed',
      problem: 'nobody has turned messages on in a browser',
      retryable: false,
    });
    expect(browsers).toEqual([]);
    browsers = [desk.at(`${service.url}/desk`)];
    expect(await send()).toEqual({ status: 'sent' });
  },
);

test('a later try tells only those whom the one before did not reach', async () => {
  const channel = opened();
  browsers.push(desk.at(`${service.url}/desk`));
  service.faults.push({ status: 503, headers: { 'retry-after': '7' } });
  expect(await send(channel)).toEqual({
    status: 'failed',
    problem: '1 of 2 browsers: it answered 503',
    retryable: true,
    retryAfterMs: 7_000,
  });
  const [first] = paths();
  expect(await send(channel)).toEqual({ status: 'sent' });
  expect(paths()).toEqual([expect.anything(), expect.anything(), first]);
  // Another message goes to both again.
  expect(await send(channel, { id: 'c'.repeat(64) })).toEqual({ status: 'sent' });
  expect(paths()).toHaveLength(5);
});

test('only services of the configuration are called, and only in public unless private ones are allowed', async () => {
  const refused = { status: 'failed', problem: 'its push service is not one of the configuration', retryable: false };
  expect(await send(opened({ hosts: [] }))).toEqual(refused);
  expect(await send(opened({ hosts: ['fcm.googleapis.com'] }))).toEqual(refused);
  expect(await send(opened({ allowPrivate: false }))).toMatchObject({ status: 'failed', retryable: false });
  expect(await send(opened({ secret: 'short' }))).toMatchObject({ status: 'failed' });
  expect(service.requests).toEqual([]);
});

test.each([
  ['https://fcm.googleapis.com/fcm/send/x', true],
  ['https://a.notify.windows.com/w/?token=x', true],
  ['https://notify.windows.com/w', false],
  ['https://evilnotify.windows.com/w', false],
  ['https://a.notify.windows.com.evil.example/w', false],
  ['https://fcm.googleapis.com:8443/x', false],
  ['https://fcm.googleapis.com@evil.example/x', false],
  ['https://who@fcm.googleapis.com/x', false],
  ['http://fcm.googleapis.com/x', false],
  ['http://169.254.169.254/latest', false],
  ['file:///etc/passwd', false],
  ['fcm.googleapis.com', false],
])('an address %s is allowed: %s', (endpoint, expected) => {
  expect(isAllowedEndpoint(endpoint, { hosts: ['fcm.googleapis.com', '*.notify.windows.com'] })).toBe(expected);
});

test('a long text is cut so that it fits', () => {
  const bytes = pushText({ ...message, text: '漢'.repeat(2_000), link: 'x'.repeat(400) });
  expect(bytes.length).toBeLessThanOrEqual(3_993);
  expect(JSON.parse(bytes.toString('utf8')).text).toMatch(/漢…$/);
});

test('its settings name services and a contact; there is one such channel at most', () => {
  const ok = { by: 'web-push', hosts: ['fcm.googleapis.com', '*.push.apple.com'], contact };
  expect(() => checkChannels({ phones: ok })).not.toThrow();
  expect(() => checkChannels({ phones: ok, more: ok })).toThrow(/phones and more both go by web-push/);
  for (const wrong of [
    { contact: undefined },
    { contact: 'operators@example.org' },
    { hosts: ['*'] },
    { hosts: ['https://fcm.googleapis.com'] },
    { token: 'x' },
  ])
    expect(() => checkChannels({ phones: { ...ok, ...wrong } as { by: string } })).toThrow(/web-push channel/);
});

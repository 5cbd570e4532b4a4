/** What is particular to each provider; what all have in common is in the conformance suite. */
import { afterEach, describe, expect, test } from '@jest/globals';
import { testAuthority } from '../../../bench/stack/certificates.ts';
import { checkSettings, openRemediator } from '../../../lib/adapters/remediation/configured.ts';
import { canonical, sha256 } from '../../../lib/core/audit/canonical.ts';
import type { StoredRequest } from '../../../lib/core/remediation/remediator.ts';
import { startDevice } from '../../support/endpoints/device-command.ts';
import { type Rig, surroundingsFor } from '../../support/endpoints/rig.ts';
import { startQueue } from '../../support/endpoints/rpa-queue.ts';
import { startJira } from '../../support/endpoints/ticket.ts';
import { rigs as webhookRigs } from '../../support/endpoints/webhook.ts';

const running: Rig[] = [];
const started = async <R extends Rig>(rig: Promise<R>): Promise<R> => {
  running.push(await rig);
  return await rig;
};
afterEach(async () => {
  for (const rig of running.splice(0)) await rig.stop();
});

let orders = 0;
function order(change: object = {}): StoredRequest {
  orders += 1;
  const effectKey = sha256(`order ${orders}`);
  const caseId = sha256('case');
  const about = { asset: 'plant-1', action: 'close-valve', target: 'V1', parameters: {}, reason: 'a leak' };
  return { effectKey, body: canonical({ v: 1, effectKey, caseId, correlationId: 'c-1', ...about, ...change }) };
}
const options = { timeoutMs: 2_000, beforeSend: async () => undefined };
const open = (name: string, rig: Rig, settings: object = {}, change: Parameters<typeof surroundingsFor>[1] = {}) =>
  openRemediator(name, { [name]: { ...rig.settings, ...settings } }, surroundingsFor(rig, change)).open;

describe('ticket', () => {
  test('a ticket that the search does not see yet is asked for again, not raised again', async () => {
    const jira = await started(startJira());
    const request = order();
    jira.lags = true;
    jira.server.faults.push('reset-after');
    expect(await open('ticket', jira).send(request, options)).toMatchObject({ status: 'UNKNOWN' });
    expect(await open('ticket', jira).query!(request, options)).toBeUndefined();
    jira.lags = false;
    expect(await open('ticket', jira).query!(request, options)).toMatchObject({
      status: 'SUCCEEDED',
      reference: 'OPS-1',
    });
    expect(jira.physical(request.effectKey)).toBe(1);
  });

  test('what a service says of a refusal is shown, and nothing was raised', async () => {
    const jira = await started(startJira());
    const result = await open('ticket', jira, { project: 'GONE' }).send(order(), options);
    expect(result).toEqual({
      status: 'FAILED',
      httpStatus: 400,
      provenNotExecuted: true,
      message: 'valid project is required',
    });
  });

  test('text of an order stays text', async () => {
    const jira = await started(startJira());
    const reason = 'x" OR project = "SECRET\u0000\u202e {panel} <script>';
    await open('ticket', jira).send(order({ reason }), options);
    const { fields } = JSON.parse(jira.server.requests.at(-1)!.body) as { fields: { description: unknown } };
    expect(JSON.stringify(fields.description)).not.toMatch(/\\u0000|\u202e/);
    expect(jira.server.requests[0]!.query.get('jql')).toMatch(
      /^project = "OPS" AND labels = "groundcrew-[0-9a-f]{64}"$/,
    );
  });
});

describe('rpa-queue', () => {
  test('a queue that does not enforce unique references gets nothing', async () => {
    const queue = await started(startQueue(false)());
    const request = order();
    expect(await open('rpa-queue', queue).send(request, options)).toMatchObject({
      status: 'FAILED',
      provenNotExecuted: true,
      message: expect.stringContaining('unique references'),
    });
    expect(queue.physical(request.effectKey)).toBe(0);
  });

  test('a queue that is not there is refused by name', async () => {
    const queue = await started(startQueue(true)());
    expect(await open('rpa-queue', queue, { queue: 'other' }).send(order(), options)).toMatchObject({
      status: 'FAILED',
      provenNotExecuted: true,
      message: expect.stringContaining('"other"'),
    });
  });

  test('the refusal of a duplicate is proof, whatever the answer before it was', async () => {
    const queue = await started(startQueue(true)());
    const request = order();
    queue.server.faults.push('reset-after');
    expect(await open('rpa-queue', queue).send(request, options)).toMatchObject({ status: 'UNKNOWN' });
    expect(await open('rpa-queue', queue).send(request, options)).toMatchObject({
      status: 'SUCCEEDED',
      reference: '1000',
    });
    expect(queue.physical(request.effectKey)).toBe(1);
  });
});

describe('device-command', () => {
  test('a device that is away leaves the order waiting; when it comes back, its report is the answer', async () => {
    const device = await started(startDevice());
    device.device = 'is-away';
    const request = order();
    const waiting = { status: 'UNKNOWN', endpointWell: true, retryAfterMs: 5_000 };
    expect(await open('device-command', device).send(request, { ...options, timeoutMs: 600 })).toMatchObject(waiting);
    expect(await open('device-command', device).query!(request, options)).toMatchObject(waiting);
    // Sending again, as nobody does, writes nothing.
    await open('device-command', device).send(request, { ...options, timeoutMs: 600 });
    expect(device.server.requests.filter(({ method }) => method === 'POST')).toHaveLength(1);
    // Another order for the same target waits until this one is answered or over.
    expect(await open('device-command', device).send(order(), { ...options, timeoutMs: 600 })).toMatchObject({
      status: 'DEFERRED',
      endpointWell: true,
    });
    expect(device.physical(request.effectKey)).toBe(0);
  });

  test.each([
    ['fails', { status: 'FAILED', provenNotExecuted: false }],
    ['refuses', { status: 'FAILED', provenNotExecuted: true }],
    ['is-slow', { status: 'UNKNOWN', endpointWell: true }],
    ['works', { status: 'SUCCEEDED' }],
  ] as const)('a device that %s', async (what, expected) => {
    const device = await started(startDevice());
    device.device = what;
    expect(await open('device-command', device).send(order(), { ...options, timeoutMs: 600 })).toMatchObject(expected);
  });

  test('the stored bytes are in the shadow unchanged, with the time after which nobody may begin', async () => {
    const device = await started(startDevice());
    const request = order();
    await open('device-command', device, { validForS: 60 }).send(request, options);
    const sent = device.server.requests.find(({ method }) => method === 'POST')!;
    const document = JSON.parse(sent.body) as { state: { desired: { commands: Record<string, object> } } };
    const now = Date.now();
    expect(document.state.desired.commands).toEqual({
      V1: { effectKey: request.effectKey, request: request.body, notAfterMs: expect.any(Number) },
    });
    const { notAfterMs } = document.state.desired.commands['V1'] as { notAfterMs: number };
    expect(notAfterMs).toBeGreaterThan(now);
    expect(notAfterMs).toBeLessThanOrEqual(now + 60_000);
  });

  test('an order that does not fit into a shadow is not sent', async () => {
    const device = await started(startDevice());
    const parameters = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`p${n}`, 'x'.repeat(200)]));
    expect(await open('device-command', device).send(order({ parameters }), options)).toMatchObject({
      status: 'FAILED',
      provenNotExecuted: true,
    });
    expect(device.server.requests).toHaveLength(0);
  });

  test('a target named like a property of objects is only a name', async () => {
    const device = await started(startDevice());
    const request = order({ target: 'constructor' });
    expect(await open('device-command', device).send(request, options)).toMatchObject({ status: 'SUCCEEDED' });
    expect(device.physical(request.effectKey)).toBe(1);
  });
});

describe('webhook', () => {
  const start = webhookRigs['webhook']!;

  test('the key’s header may have another name, but none that means something else', async () => {
    const rig = await started(start());
    await open('webhook', rig, { idempotencyHeader: 'X-Request-Key' }).send(order(), options);
    expect(rig.server.requests[0]!.headers).toHaveProperty('x-request-key');
    expect(rig.server.requests[0]!.headers).not.toHaveProperty('idempotency-key');
    for (const idempotencyHeader of ['Host', 'content-length', 'webhook-id', 'X Y', 'a\r\nb', ''])
      expect(() => checkSettings({ webhook: { idempotencyHeader } })).toThrow(/idempotencyHeader/);
  });

  test('mutual TLS: let in with the certificate of the secret, not without, and nothing of the secret is said', async () => {
    const authority = testAuthority(Date.now());
    const identity = { ...authority.issue('server', 30), clientAuthority: authority.certificate };
    const rig = await started(start(identity));
    const client = { ...authority.issue('device', 30), authority: authority.certificate };
    const secrets = (tls: string) => ({
      secret: (name: string) => async () => (name === 'webhook-tls' ? tls : rig.secret!),
    });
    const request = order();
    const mutual = { mutualTls: true };
    expect(await open('webhook', rig, mutual, secrets(JSON.stringify(client))).send(request, options)).toMatchObject({
      status: 'SUCCEEDED',
    });
    // The authority is not one that is trusted by default, so without the secret even the server is not believed.
    expect(await open('webhook', rig, {}, secrets('')).send(order(), options)).toMatchObject({ status: 'DEFERRED' });
    const stranger = { ...testAuthority(Date.now()).issue('device', 30), authority: authority.certificate };
    const refused = await open('webhook', rig, mutual, secrets(JSON.stringify(stranger))).send(order(), options);
    expect(['UNKNOWN', 'DEFERRED']).toContain(refused.status);
    const wrong = open('webhook', rig, mutual, secrets('not-json-but-secret')).send(order(), options);
    await expect(wrong).rejects.toThrow(/webhook-tls is not JSON/);
    await expect(wrong).rejects.not.toThrow(/but-secret/);
    expect(rig.server.requests).toHaveLength(1);
  });
});

describe('settings', () => {
  const ticket = { service: 'jira', url: 'https://site.atlassian.net', project: 'OPS' };
  test.each<[string, unknown, RegExp]>([
    ['nobody', {}, /There is no remediator "nobody"; there are device-command, event/],
    ['ticket', {}, /ticket\.service/],
    ['ticket', { ...ticket, url: 'http://site.example.com' }, /ticket\.url: https/],
    ['ticket', { ...ticket, url: 'https://user:pass@site.example.com' }, /without user/],
    ['ticket', { ...ticket, url: 'file:///etc/passwd' }, /ticket\.url/],
    ['ticket', { ...ticket, project: 'OPS" OR 1=1' }, /ticket\.project/],
    ['ticket', { ...ticket, token: 'hunter2' }, /token/],
    ['rpa-queue', { url: 'https://cloud.uipath.com/o/t/orchestrator_', folderId: 1, queue: "x' or 1 eq 1" }, /queue/],
    ['device-command', { validForS: 1 }, /validForS/],
    ['event', { source: 'aws.events' }, /source/],
    ['event', { source: 'x'.repeat(3_000) }, /source/],
  ])('%s %j is refused', (name, settings, message) => {
    expect(() => checkSettings({ [name]: settings })).toThrow(message);
  });

  test('what is configured may be opened, what is not may not', () => {
    const surroundings = surroundingsFor({ server: { url: 'http://127.0.0.1:1' } } as Rig);
    expect(() => checkSettings({ ticket })).not.toThrow();
    expect(() => openRemediator('ticket', {}, surroundings)).toThrow(/"ticket" is not configured here; webhook/);
    expect(() => openRemediator('constructor', { constructor: {} }, surroundings)).toThrow(/not configured/);
    expect(() => openRemediator('ticket', { ticket }, surroundings)).not.toThrow();
    expect(() => openRemediator('webhook', {}, surroundings)).not.toThrow();
  });
});

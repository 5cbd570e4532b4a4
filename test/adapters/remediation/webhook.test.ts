/** The webhook remediator against a real HTTP server with every fault of the conformance list. */
import { createServer } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import webhook from '../../../lib/adapters/remediation/webhook.ts';
import { sha256 } from '../../../lib/core/audit/canonical.ts';
import { type CommandEndpoint, type Misbehaviour, startCommandEndpoint } from '../../support/command-endpoint.ts';

const oldSecret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
const newSecret = `whsec_${Buffer.alloc(32, 2).toString('base64')}`;
let endpoint: CommandEndpoint;
let cached = oldSecret;
let refetches = 0;
let keys = 0;

beforeAll(async () => {
  endpoint = await startCommandEndpoint(oldSecret);
});
afterAll(() => endpoint.stop());
afterEach(() => {
  endpoint.next.length = 0;
  endpoint.nextQuery.length = 0;
  endpoint.requests.length = 0;
});

const open = (url = endpoint.url, allowPrivate = true, settings: object = {}) =>
  webhook.open(settings, {
    webhookUrl: url,
    allowPrivate,
    busName: 'unused',
    secret: () => async (options) => {
      if (options?.refetch) {
        refetches += 1;
        cached = endpoint.secret;
      }
      return cached;
    },
    now: Date.now,
  });

const requestOf = (body = '{"action":"close-valve"}') => {
  keys += 1;
  return { effectKey: sha256(`effect ${keys}`), body };
};
const options = (timeoutMs = 2_000) => ({ timeoutMs, beforeSend: async () => undefined });

describe('sending', () => {
  test('signs, names its key, and reads the reference', async () => {
    const request = requestOf();
    expect(await open().send(request, options())).toEqual({
      status: 'SUCCEEDED',
      httpStatus: 200,
      message: 'done',
      reference: expect.stringMatching(/^CMD-/),
    });
    expect(endpoint.requests[0]!.headers).toMatchObject({
      'idempotency-key': request.effectKey,
      'webhook-id': request.effectKey,
      'webhook-signature': expect.stringMatching(/^v1,/),
      'content-type': 'application/json',
    });
  });

  // What providers have in common is in the conformance suite; these are the webhook's own.
  const outcomes: readonly (readonly [string, Misbehaviour, object, number])[] = [
    ['an empty answer', 'empty', { status: 'SUCCEEDED', httpStatus: 204 }, 1],
    ['404', { status: 404 }, { status: 'FAILED', provenNotExecuted: true }, 0],
    ['408', { status: 408 }, { status: 'UNKNOWN' }, 0],
    [
      '429 with a wish beyond reason',
      { status: 429, headers: { 'retry-after': '99999999' } },
      { retryAfterMs: 900_000 },
      0,
    ],
  ];
  test.each(outcomes)('%s', async (_what, wrong, expected, effects) => {
    const request = requestOf();
    endpoint.next.push(wrong);
    expect(await open().send(request, options(400))).toMatchObject(expected);
    expect(endpoint.physical.get(request.effectKey) ?? 0).toBe(effects);
    expect(endpoint.requests).toHaveLength(1);
  });

  test('fetches a rotated secret after a 401, once, and checks the stop switch again', async () => {
    endpoint.secret = newSecret;
    refetches = 0;
    let checks = 0;
    const count = async () => {
      checks += 1;
    };
    expect(await open().send(requestOf(), { timeoutMs: 2_000, beforeSend: count })).toMatchObject({
      status: 'SUCCEEDED',
    });
    expect({ refetches, checks }).toEqual({ refetches: 1, checks: 2 });
    endpoint.next.push({ status: 401 }, { status: 401 }, { status: 401 });
    expect(await open().send(requestOf(), options())).toMatchObject({ status: 'FAILED', provenNotExecuted: true });
    expect(refetches).toBe(2);
  });

  test('what the last check refuses is not sent, and its error passes unchanged', async () => {
    const stopped = new Error('stopped');
    const refuse = () => Promise.reject(stopped);
    await expect(open().send(requestOf(), { timeoutMs: 2_000, beforeSend: refuse })).rejects.toBe(stopped);
    expect(endpoint.requests).toHaveLength(0);
  });

  test('a port where nobody listens, and a name that leads nowhere, prove that nothing was sent', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));
    for (const url of [`http://127.0.0.1:${port}/commands`, 'http://nowhere.invalid/commands'])
      expect(await open(url).send(requestOf(), options())).toMatchObject({ status: 'DEFERRED' });
  });

  test.each(['http://127.0.0.1:9/x', 'http://[::1]:9/x', 'http://169.254.169.254/latest', 'http://localhost:9/x'])(
    'private address %s is refused unless it is allowed',
    async (url) => {
      expect(await open(url, false).send(requestOf(), options())).toMatchObject({
        status: 'FAILED',
        provenNotExecuted: true,
      });
    },
  );

  test('a URL that carries a password is refused', () => {
    expect(() => open('http://user:secret@127.0.0.1/x')).toThrow(TypeError);
  });
});

describe('asking', () => {
  test('tells what became of a key, and says nothing of one that is not known', async () => {
    const request = requestOf();
    endpoint.next.push('reset-after');
    await open().send(request, options());
    expect(await open().query!(request, { timeoutMs: 1_000 })).toMatchObject({
      status: 'SUCCEEDED',
      reference: expect.stringMatching(/^CMD-/),
    });
    expect(await open().query!({ ...request, effectKey: sha256('never') }, { timeoutMs: 1_000 })).toBeUndefined();
  });

  test.each([
    ['html', undefined],
    [{ status: 405 }, undefined],
    [{ status: 500 }, undefined],
    [
      { status: 429, headers: { 'retry-after': '2' } },
      { status: 'UNKNOWN', retryAfterMs: 2_000 },
    ],
  ] as const)('an answer that says nothing is no proof', async (wrong, expected) => {
    endpoint.nextQuery.push(wrong);
    const answer = await open().query!(requestOf(), { timeoutMs: 1_000 });
    if (expected) expect(answer).toMatchObject(expected);
    else expect(answer).toBeUndefined();
  });
});

import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { afterEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { HttpApiModel } from '../../../local/assembly/model.ts';
import type { Json, JsonObject } from '../../../local/flow/types.ts';
import { answerOf } from '../../../local/gateway/answer.ts';
import { rawPathOf } from '../../../local/gateway/event.ts';
import { HttpGateway, maximumBodyBytes } from '../../../local/gateway/http-gateway.ts';
import { TokenBucket } from '../../../local/gateway/token-bucket.ts';
import { ServiceError } from '../../../local/server/service.ts';
import type { LambdaAnswer } from '../../../local/types.ts';

const api: HttpApiModel = {
  logicalId: 'Api',
  name: 'abc',
  arn: 'arn:aws:apigateway:eu-central-1::/apis/abc',
  functionArn: 'arn:aws:lambda:eu-central-1:0:function:api',
  timeoutMs: 30_000,
  throttle: { ratePerS: 100, burst: 200 },
  accessLog: {
    logGroupName: '/console',
    format: '{"path":"$context.path","status":"$context.status","who":"$context.authorizer.claims.sub"}',
  },
};
const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

let gateway: HttpGateway | undefined;
afterEach(async () => {
  await gateway?.stop();
  gateway = undefined;
});

interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** Starts a gateway before `fn` and gives a way to ask it. */
async function serve(
  fn: (event: JsonObject) => Promise<LambdaAnswer>,
  change: Partial<HttpApiModel> = {},
  nowMs = Date.now,
) {
  const lines: string[] = [];
  const own = await HttpGateway.listen({ log: silent, port: 0, nowMs });
  gateway = own;
  own.serve({
    api: { ...api, ...change },
    account: '0',
    invoker: { invoke: async (_, payload) => fn(payload as JsonObject) },
    logs: { append: (_, line) => void lines.push(line) },
  });
  const ask = (
    path: string,
    {
      method = 'GET',
      headers = {},
      body,
    }: { method?: string; headers?: Record<string, string | string[]>; body?: Buffer | string } = {},
  ) =>
    new Promise<Answered>((resolve, reject) => {
      const request = httpRequest({ host: '127.0.0.1', port: own.port, path, method, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({ status: response.statusCode!, headers: response.headers, text: Buffer.concat(chunks).toString() }),
        );
      });
      request.on('error', reject);
      request.end(body);
    });
  return { ask, lines, port: own.port };
}

const echo = async (event: JsonObject): Promise<LambdaAnswer> => ({ payload: event });
const eventFrom = (answered: Answered): JsonObject => JSON.parse(answered.text) as JsonObject;

describe('a request as the function gets it', () => {
  test('has the path decoded, the query as it came, cookies of their own and joined headers', async () => {
    const { ask, port } = await serve(echo);
    const event = eventFrom(
      await ask('/api/v1/audit/chains/asset%23pump%201?after=a%2Bb&x=1&x=2', {
        headers: {
          cookie: 'a=1; b=2',
          'x-many': ['one', 'two'],
          'x-forwarded-proto': 'https',
          'x-forwarded-for': '9.9.9.9',
        },
      }),
    );
    expect(event).toMatchObject({
      version: '2.0',
      routeKey: '$default',
      rawPath: '/api/v1/audit/chains/asset#pump 1',
      rawQueryString: 'after=a%2Bb&x=1&x=2',
      queryStringParameters: { after: 'a+b', x: '1,2' },
      cookies: ['a=1', 'b=2'],
      isBase64Encoded: false,
      requestContext: {
        apiId: 'abc',
        domainName: `127.0.0.1:${port}`,
        stage: '$default',
        http: { method: 'GET', path: '/api/v1/audit/chains/asset#pump 1', sourceIp: '127.0.0.1', protocol: 'HTTP/1.1' },
      },
    });
    const headers = event['headers'] as Record<string, string>;
    expect(headers['x-many']).toMatch(/^one, ?two$/);
    expect(headers['x-forwarded-for']).toBe('9.9.9.9, 127.0.0.1');
    expect(headers['x-forwarded-proto']).toBe('http');
    expect(headers).not.toHaveProperty('cookie');
    expect(event).not.toHaveProperty('body');
  });

  test.each([
    ['application/json', '{"a":"ä"}', false],
    ['application/problem+json', '{}', false],
    ['text/csv', 'a,b', false],
    ['application/x-www-form-urlencoded', 'a=1', true],
    ['application/octet-stream', '\u0000\u0001', true],
    ['', 'x', true],
  ])('a body of %j reaches it as text or base64', async (type, body, isBase64) => {
    const { ask } = await serve(echo);
    const event = eventFrom(await ask('/x', { method: 'POST', headers: type ? { 'content-type': type } : {}, body }));
    expect(event['isBase64Encoded']).toBe(isBase64);
    expect(Buffer.from(String(event['body']), isBase64 ? 'base64' : 'utf8').toString()).toBe(body);
  });

  test('a compressed body is base64, whatever its type', async () => {
    const { ask } = await serve(echo);
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
    expect(eventFrom(await ask('/x', { method: 'PUT', headers, body: 'abc' }))['isBase64Encoded']).toBe(true);
  });

  test('a path is cut at an encoded question mark, and refused where it cannot be decoded', async () => {
    expect(rawPathOf('/a%3Fadmin=true/b?c')).toBe('/a');
    expect(rawPathOf('/%')).toBeUndefined();
    const { ask } = await serve(echo);
    expect((await ask('/%E0%A4%A')).status).toBe(400);
  });
});

describe('what the function answers', () => {
  test('reaches the caller with each cookie as a header of its own', async () => {
    const { ask } = await serve(async () => ({
      payload: {
        statusCode: 201,
        headers: { 'X-Number': 7, 'content-type': 'image/png', connection: 'upgrade', 'content-length': '99' },
        cookies: ['a=1; HttpOnly', 'b=2'],
        body: Buffer.from([0, 255]).toString('base64'),
        isBase64Encoded: true,
      },
    }));
    const { status, headers, text } = await ask('/');
    expect([status, headers['x-number'], headers['content-length'], text.length]).toEqual([201, '7', '2', 2]);
    expect(headers['set-cookie']).toEqual(['a=1; HttpOnly', 'b=2']);
    expect(headers.connection).not.toBe('upgrade');
    expect(headers['apigw-requestid']).toBeDefined();
  });

  test('without a status it is the body of a 200', () => {
    expect(answerOf({ hello: 1 })).toMatchObject({ status: 200, body: Buffer.from('{"hello":1}') });
    expect(answerOf('text')?.body.toString()).toBe('text');
    expect(answerOf(null)?.body.toString()).toBe('null');
  });

  test.each<[string, Json]>([
    ['a status that is none', { statusCode: 99 }],
    ['a status in words', { statusCode: 'ok' }],
    ['a body that is an object', { statusCode: 200, body: {} }],
    ['headers that are a list', { statusCode: 200, headers: ['a'] }],
    ['a line break in a header', { statusCode: 200, headers: { a: 'b\r\nset-cookie: c' } }],
    ['a name of a header that is none', { statusCode: 200, headers: { 'a b': 'c' } }],
    ['a line break in a cookie', { statusCode: 200, cookies: ['a=1\nb'] }],
  ])('%s is answered with 500', async (_, payload) => {
    expect(answerOf(payload)).toBeUndefined();
    const { ask } = await serve(async () => ({ payload }));
    const answered = await ask('/');
    expect([answered.status, answered.text]).toEqual([500, '{"message":"Internal Server Error"}']);
  });

  test('no answer makes a header out of a body or takes the gateway down', async () => {
    fc.assert(
      fc.property(fc.anything(), (anything) => {
        const answer = answerOf(JSON.parse(JSON.stringify(anything ?? null)) as Json);
        for (const [name, value] of answer?.headers ?? []) expect(`${name}${value}`).not.toMatch(/[\r\n]/);
      }),
      { seed: 7 },
    );
  });
});

describe('what goes wrong', () => {
  const failing = (error: ServiceError) => () => Promise.reject(error);
  test.each<[string, (event: JsonObject) => Promise<LambdaAnswer>, number]>([
    ['the function throws', async () => ({ payload: { errorType: 'E' }, functionError: 'Unhandled' }), 500],
    ['the process is lost', failing(new ServiceError('ServiceException', 'lost', { statusCode: 500 })), 500],
    ['too many run', failing(new ServiceError('TooManyRequestsException', 'Rate', { statusCode: 429 })), 503],
    [
      'more than Lambda takes',
      failing(new ServiceError('RequestTooLargeException', 'large', { statusCode: 413 })),
      413,
    ],
    ['it says nothing in time', () => new Promise(() => undefined), 503],
  ])('%s', async (_, fn, status) => {
    const { ask } = await serve(fn, { timeoutMs: 20 });
    const answered = await ask('/');
    expect(answered.status).toBe(status);
    expect(answered.text).not.toMatch(/lost|Rate|large/);
  });

  test('a body above 10 MB, headers above 10 kB, a name that is not loopback', async () => {
    let asked = 0;
    const { ask } = await serve(async () => {
      asked += 1;
      return { payload: {} };
    });
    expect((await ask('/', { method: 'POST', body: Buffer.alloc(maximumBodyBytes + 1) })).status).toBe(413);
    expect((await ask('/', { headers: { 'x-large': 'a'.repeat(10_300) } })).status).toBe(431);
    expect((await ask('/', { headers: { host: 'elsewhere.example' } })).status).toBe(403);
    expect(asked).toBe(0);
    expect((await ask('/')).status).toBe(200);
  });

  test('more than the stage lets through is 429 until time has passed', async () => {
    let nowMs = 1_000_000;
    const { ask } = await serve(echo, { throttle: { ratePerS: 2, burst: 3 } }, () => nowMs);
    const statuses = [];
    for (let i = 0; i < 5; i += 1) statuses.push((await ask('/')).status);
    nowMs += 500;
    statuses.push((await ask('/')).status, (await ask('/')).status);
    expect(statuses).toEqual([200, 200, 200, 429, 429, 200, 429]);
  });

  test('before anything answers behind it, it says 503', async () => {
    gateway = await HttpGateway.listen({ log: silent, port: 0 });
    expect((await fetch(gateway.url)).status).toBe(503);
  });
});

test('a bucket never lets more through than its burst and its rate allow', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 50 }),
      fc.integer({ min: 1, max: 50 }),
      fc.array(fc.integer({ min: -200, max: 2_000 }), { maxLength: 100 }),
      (burst, ratePerS, steps) => {
        const bucket = new TokenBucket({ burst, ratePerS }, 0);
        let [nowMs, taken, passedMs] = [0, 0, 0];
        for (const step of steps) {
          nowMs += step;
          passedMs += Math.max(0, step);
          if (bucket.take(nowMs)) taken += 1;
        }
        expect(taken).toBeLessThanOrEqual(burst + (passedMs * ratePerS) / 1000 + 1e-6);
      },
    ),
    { seed: 7 },
  );
});

test('the log of requests says what the stage asks for and nothing of the query', async () => {
  const { ask, lines } = await serve(echo);
  await ask('/a%22b%0A?secret=1');
  expect(lines).toEqual(['{"path":"/a\\"b\\n","status":"200","who":"-"}']);
});

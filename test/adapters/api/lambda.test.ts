/** Events of an HTTP API: its paths come decoded. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { gatewayEvent, lambdaRun } from '../../../lib/adapters/api/lambda.ts';
import { type ApiWorld, apiWorld } from '../../support/api-world.ts';

const seen: string[] = [];
const failures: unknown[] = [];
let world!: ApiWorld;
const run = lambdaRun((failed) => {
  world = apiWorld(
    [
      (routes) =>
        routes.on('chain', async ({ parameters }) => {
          seen.push(parameters.chain);
          return { body: { chain: parameters.chain, entries: [] } as never };
        }),
    ],
    { failed },
  );
  return world;
});
const log = { error: (message: string) => void failures.push(message) };

const ask = (rawPath: string, more: object = {}) =>
  run(
    gatewayEvent.parse({
      version: '2.0',
      rawPath,
      rawQueryString: '',
      headers: { host: 'console.test' },
      requestContext: { domainName: 'console.test', http: { method: 'GET', sourceIp: '192.0.2.1' } },
      isBase64Encoded: false,
      ...more,
    }),
    { log },
  );

describe('a path', () => {
  test.each(['case#abc', 'case%23abc'])('with %j names the chain', async (name) => {
    const cookies = [await world.signIn('viewer')];
    const answer = await ask(`/api/v1/audit/chains/${name}`, { cookies });
    expect([answer.statusCode, seen.at(-1)]).toEqual([200, 'case#abc']);
  });

  test('of any text is answered, never thrown at', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 60 }), async (text) => {
        const answer = await ask(`/${text}`);
        expect([200, 401, 404]).toContain(answer.statusCode);
      }),
      { numRuns: 300 },
    );
  });
});

test('cookies come back apart from the headers', async () => {
  const answer = await ask('/api/v1/session', {
    requestContext: { domainName: 'console.test', http: { method: 'POST', sourceIp: '192.0.2.1' } },
    headers: { host: 'console.test', 'content-type': 'application/json', 'x-groundcrew-csrf': '1' },
    body: Buffer.from('{"username":"viewer","password":"secret-of-viewer"}').toString('base64'),
    isBase64Encoded: true,
  });
  expect(answer).toMatchObject({ statusCode: 200, cookies: [expect.stringMatching(/^__Host-groundcrew=/)] });
  expect(answer.headers).not.toHaveProperty('set-cookie');
});

test('a failure of ours is told to the log of the invocation', async () => {
  const cookies = [await world.signIn('admin')];
  world.accounts.list = () => Promise.reject(new Error('the pool is gone'));
  const answer = await ask('/api/v1/users', { cookies });
  expect([answer.statusCode, answer.body]).toEqual([500, expect.not.stringContaining('pool')]);
  expect(failures).toEqual(['the pool is gone']);
});

test.each([{ version: '1.0' }, { rawPath: 'x' }, { requestContext: {} }])(
  'what is no such event is refused: %j',
  (change) => {
    expect(() =>
      gatewayEvent.parse({ version: '2.0', rawPath: '/', rawQueryString: '', headers: {}, ...change }),
    ).toThrow();
  },
);

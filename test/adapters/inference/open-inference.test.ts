import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type OpenInferenceOptions, openInference } from '../../../lib/adapters/inference/open-inference.ts';
import { type InferenceServer, startInferenceServer } from '../../support/inference-server.ts';

const model = { name: 'large', input: 'features', output: 'probabilities' };
const features = Float32Array.of(1, -2.5, 1e-7);
let server: InferenceServer;
beforeEach(async () => {
  server = await startInferenceServer(3);
  server.answer = () => [0.7, 0.2, 0.1];
});
afterEach(() => server.stop());
const open = (change: Partial<OpenInferenceOptions> = {}) =>
  openInference({
    url: new URL(server.url),
    allowPrivate: true,
    timeoutMs: 2_000,
    elapsed: () => performance.now(),
    ...change,
  });
const paths = () => server.requests.map(({ method, path }) => `${method} ${path}`);

describe('a question to a model', () => {
  test('asks once whether it is ready and fits, then sends features and takes probabilities', async () => {
    const ask = open();
    expect(await ask({ model, features })).toEqual({ probabilities: [0.7, 0.2, 0.1], version: '3' });
    await ask({ model, features });
    expect(paths().sort()).toEqual([
      'GET /v2/models/large',
      'GET /v2/models/large/ready',
      'POST /v2/models/large/infer',
      'POST /v2/models/large/infer',
    ]);
    expect(JSON.parse(server.requests.at(-1)!.body)).toEqual({
      inputs: [{ name: 'features', shape: [1, 3], datatype: 'FP32', data: Array.from(features) }],
      outputs: [{ name: 'probabilities' }],
    });
  });

  test('names a version where one is meant, takes nested tensors, and a path before /v2', async () => {
    server.nested = true;
    expect(await open()({ model: { ...model, version: '3' }, features })).toMatchObject({
      probabilities: [0.7, 0.2, 0.1],
    });
    expect(paths()).toContain('POST /v2/models/large/versions/3/infer');
    await expect(open({ url: new URL(`${server.url}/kept/`) })({ model, features })).rejects.toThrow('404');
    expect(paths()).toContain('GET /kept/v2/models/large/ready');
  });

  test('sends a token, and none to whoever needs none', async () => {
    server.token = 'secret';
    await expect(open()({ model, features })).rejects.toThrow('401');
    expect(await open({ token: async () => 'secret' })({ model, features })).toMatchObject({ version: '3' });
    const never = new Promise<string>(() => undefined);
    await expect(open({ token: () => never, timeoutMs: 50 })({ model, features })).rejects.toThrow('token');
  });

  test.each<[string, (server: InferenceServer) => void, object, string]>([
    ['is not ready', (one) => Object.assign(one, { ready: false }), {}, 'ready answered 400'],
    ['takes other features', (one) => Object.assign(one, { inputShape: [-1, 4] }), {}, 'FP32 [1, 3] would be sent'],
    ['has no such input', () => undefined, { input: 'x' }, 'no input "x"'],
    ['has no such output', () => undefined, { output: 'x' }, 'no output "x"'],
    ['is not there', () => undefined, { name: 'none' }, '404'],
  ])('is not put to a model that %s, and is put again when that has changed', async (_, change, other, message) => {
    change(server);
    const ask = open();
    await expect(ask({ model: { ...model, ...other }, features })).rejects.toThrow(message);
    expect(paths().filter((path) => path.startsWith('POST'))).toEqual([]);
    Object.assign(server, { ready: true, inputShape: [-1, 3] });
    expect(await ask({ model, features })).toMatchObject({ version: '3' });
  });
});

describe('egress', () => {
  test.each([
    ['http://203.0.113.9:8000', 'must be https'],
    ['https://user:word@models.example', 'user or password'],
  ])('a URL like %s is refused before anything is sent', (url, message) => {
    expect(() => open({ url: new URL(url), allowPrivate: false })).toThrow(message);
  });

  test.each(['https://127.0.0.1:1', 'https://169.254.169.254', 'https://[::1]', 'https://localhost'])(
    '%s is not called unless private endpoints are allowed',
    async (url) => {
      await expect(open({ url: new URL(url), allowPrivate: false })({ model, features })).rejects.toThrow(
        'not a public address',
      );
    },
  );
});

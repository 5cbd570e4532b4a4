import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { FunctionModel } from '../../../local/assembly/model.ts';
import { LambdaHost } from '../../../local/lambda/host.ts';
import { functionModel, MemoryLogs, removeTemporaryFolders, temporaryFolder, until } from '../support/fixtures.ts';

let hosts: LambdaHost[] = [];
afterEach(async () => {
  await Promise.all(hosts.map((host) => host.stop()));
  hosts = [];
  removeTemporaryFolders();
});

function hostOf(functions: readonly FunctionModel[], more: { maximumProcesses?: number } = {}) {
  const logs = new MemoryLogs();
  const folder = temporaryFolder();
  const host = new LambdaHost({
    functions,
    surroundings: {
      region: 'eu-central-1',
      account: '000000000000',
      endpointUrl: 'http://127.0.0.1:1',
      dynamodbUrl: 'http://127.0.0.1:2',
    },
    temporaryDir: () => folder,
    cacheDir: folder,
    logs,
    ...more,
  });
  hosts.push(host);
  return { host, logs };
}

describe('the function host', () => {
  test('calls by name, ARN and logical id, and gives the context that Lambda gives', async () => {
    const model = functionModel(
      'echo',
      'exports.handler = async (event, c) => ({ event, name: c.functionName, arn: c.invokedFunctionArn, memory: c.memoryLimitInMB, left: c.getRemainingTimeInMillis() > 9000, id: c.awsRequestId.length, client: c.clientContext })',
    );
    const { host } = hostOf([model]);
    for (const name of ['echo', model.arn, `${model.arn}:$LATEST`, 'Fnecho']) {
      const answer = await host.invoke(name, { a: [1, null] }, { clientContext: { by: 'me' } });
      expect(answer).toEqual({
        payload: {
          event: { a: [1, null] },
          name: 'echo',
          arn: model.arn,
          memory: '128',
          left: true,
          id: 36,
          client: { by: 'me' },
        },
      });
    }
    expect(() => host.invoke('other', {})).toThrow(/Function not found: other/);
  });

  test('gives a function its own environment and nothing of the host', async () => {
    process.env['SECRET_OF_THE_HOST'] = 'x';
    const model = functionModel('env', 'exports.handler = async () => ({ ...process.env, cwd: process.cwd() })', {
      environment: { TABLE: 't' },
    });
    const { host } = hostOf([model]);
    const { payload } = await host.invoke('env', {});
    expect(payload).toMatchObject({
      TABLE: 't',
      AWS_ACCESS_KEY_ID: 'Fnenv',
      AWS_REGION: 'eu-central-1',
      AWS_LAMBDA_FUNCTION_NAME: 'env',
      AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
      AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:2',
      cwd: model.codeDir,
    });
    expect(payload).not.toHaveProperty('SECRET_OF_THE_HOST');
    expect(payload).not.toHaveProperty('HOME');
  });

  test('finds a layer’s modules by NODE_PATH', async () => {
    const layer = temporaryFolder();
    mkdirSync(join(layer, 'nodejs/node_modules/in-the-layer'), { recursive: true });
    writeFileSync(join(layer, 'nodejs/node_modules/in-the-layer/index.js'), 'module.exports = 42');
    const { host } = hostOf([
      functionModel('layered', "exports.handler = async () => require('in-the-layer')", { layerDirs: [layer] }),
    ]);
    expect(await host.invoke('layered', {})).toEqual({ payload: 42 });
  });

  test.each([
    [
      'an Error',
      'throw new TypeError("no good")',
      { errorType: 'TypeError', errorMessage: 'no good', trace: expect.arrayContaining(['TypeError: no good']) },
    ],
    ['a text', 'throw "plain"', { errorType: 'string', errorMessage: 'plain', trace: [] }],
    ['null', 'throw null', { errorType: 'object', errorMessage: 'null', trace: [] }],
    [
      'an exit',
      'process.exit(3)',
      {
        errorType: 'Runtime.ExitError',
        errorMessage: expect.stringMatching(/Runtime exited with error: exit status 3$/),
      },
    ],
    [
      'a quiet exit',
      'process.exit(0)',
      {
        errorType: 'Runtime.ExitError',
        errorMessage: expect.stringMatching(/Runtime exited without providing a reason$/),
      },
    ],
    [
      'an uncaught exception',
      'setTimeout(() => { throw new RangeError("later") }, 5); await new Promise(() => {})',
      { errorType: 'RangeError', errorMessage: 'later' },
    ],
    [
      'an unhandled rejection',
      'Promise.reject(new Error("loose")); await new Promise(() => {})',
      { errorType: 'Runtime.UnhandledPromiseRejection' },
    ],
    [
      'an answer that is too large',
      'return "x".repeat(6.1 * 1024 * 1024)',
      { errorType: 'Function.ResponseSizeTooLarge' },
    ],
    [
      'memory without end',
      'const all = []; for (;;) all.push(new Array(1e5).fill({}))',
      { errorType: 'Runtime.ExitError', errorMessage: expect.stringContaining('signal: aborted') },
    ],
  ])('reports %s as Lambda does, and lives on', async (_, body, expected) => {
    const model = functionModel(
      'bad',
      `exports.handler = async (event) => { if (event.bad) { ${body} } return 'well' }`,
    );
    const { host } = hostOf([model]);
    const failed = await host.invoke('bad', { bad: true });
    expect(failed).toEqual({ payload: expect.objectContaining(expected), functionError: 'Unhandled' });
    expect(await host.invoke('bad', {})).toEqual({ payload: 'well' });
  });

  test('ends a spin at the timeout; others run meanwhile', async () => {
    const { host } = hostOf([
      functionModel('spin', 'exports.handler = async (event) => { while (event.spin) {} return 1 }', { timeoutS: 1 }),
      functionModel('fine', 'exports.handler = async () => 2'),
    ]);
    const spinning = host.invoke('spin', { spin: true });
    expect(await host.invoke('fine', {})).toEqual({ payload: 2 });
    expect(await spinning).toEqual({
      payload: {
        errorType: 'Sandbox.Timedout',
        errorMessage: expect.stringMatching(/^RequestId: \S{36} Error: Task timed out after 1\.00 seconds$/),
      },
      functionError: 'Unhandled',
    });
    expect(await host.invoke('spin', {})).toEqual({ payload: 1 });
  });

  test.each([
    ['a missing module', "require('not-there')", 'Runtime.ImportModuleError'],
    ['bad syntax', 'exports.handler = (', 'Runtime.UserCodeSyntaxError'],
    ['no handler', 'exports.other = 1', 'Runtime.HandlerNotFound'],
    ['an exception while loading', "throw new TypeError('at load')", 'TypeError'],
    ['an exit while loading', 'process.exit(1)', 'Runtime.ExitError'],
  ])('reports %s to every call without hanging', async (_, source, errorType) => {
    const { host } = hostOf([functionModel('broken', source)]);
    const answers = await Promise.all([
      host.invoke('broken', {}),
      host.invoke('broken', {}),
      host.invoke('broken', {}),
    ]);
    for (const answer of answers) expect(answer).toMatchObject({ functionError: 'Unhandled', payload: { errorType } });
  });

  test('runs two calls at once in two processes, and queues the others until one is free', async () => {
    const gates = temporaryFolder();
    // Each call says that it has begun and waits for its gate: however slow a process is to start, the order is given.
    const { host } = hostOf([
      functionModel(
        'gated',
        `const fs = require('node:fs');
        let calls = 0;
        exports.handler = async ({ n }) => {
          const nth = (calls += 1);
          fs.writeFileSync('${gates}/begun-' + n, '');
          while (!fs.existsSync('${gates}/open-' + n)) await new Promise((r) => setTimeout(r, 5));
          return { pid: process.pid, nth };
        };`,
        { timeoutS: 60 },
      ),
    ]);
    const begun = () => [1, 2, 3, 4].filter((n) => existsSync(join(gates, `begun-${n}`)));
    const letGo = (n: number) => writeFileSync(join(gates, `open-${n}`), '');
    const calls = [1, 2, 3, 4].map((n) => host.invoke('gated', { n }));
    await until(() => begun().length === 2);
    expect(begun()).toEqual([1, 2]);
    letGo(1);
    await until(() => begun().length === 3);
    expect(begun()).toEqual([1, 2, 3]);
    letGo(2);
    await until(() => begun().length === 4);
    letGo(3);
    letGo(4);
    const answers = (await Promise.all(calls)).map(({ payload }) => payload as { pid: number; nth: number });
    expect(new Set(answers.map(({ pid }) => pid)).size).toBe(2);
    expect(host.processes()['gated']).toHaveLength(2);
    // One process answers one call at a time: the third went where the first was over, the fourth where the second was.
    expect(answers[2]).toEqual({ pid: answers[0]!.pid, nth: 2 });
    expect(answers[3]).toEqual({ pid: answers[1]!.pid, nth: 2 });
  });

  test('throttles above the reserved concurrency', async () => {
    const { host } = hostOf([
      functionModel('one', 'exports.handler = () => new Promise((r) => setTimeout(r, 100, 1))', {
        reservedConcurrency: 1,
      }),
    ]);
    const first = host.invoke('one', {});
    await expect(host.invoke('one', {})).rejects.toMatchObject({ code: 'TooManyRequestsException', statusCode: 429 });
    expect(await first).toEqual({ payload: 1 });
  });

  test('refuses a payload above 6 MB', async () => {
    const { host } = hostOf([functionModel('any', 'exports.handler = async () => 1')]);
    await expect(host.invoke('any', 'x'.repeat(6 * 1024 * 1024))).rejects.toMatchObject({
      code: 'RequestTooLargeException',
      statusCode: 413,
    });
  });

  test('a process killed from outside is the machine’s fault: callers may repeat', async () => {
    const { host } = hostOf([
      functionModel('victim', 'exports.handler = async (e) => { if (e.wait) await new Promise(() => {}); return 1 }'),
    ]);
    await host.warm(['victim']);
    const lost = host.invoke('victim', { wait: true });
    process.kill(host.processes()['victim']![0]!, 'SIGKILL');
    await expect(lost).rejects.toMatchObject({ code: 'ServiceException', statusCode: 500 });
    expect(await host.invoke('victim', {})).toEqual({ payload: 1 });
  });

  test('a process killed between two calls is replaced', async () => {
    const { host } = hostOf([functionModel('idle', 'exports.handler = async () => process.pid')]);
    const first = (await host.invoke('idle', {})).payload as number;
    process.kill(first, 'SIGKILL');
    await until(() => host.processes()['idle'] === undefined);
    const second = (await host.invoke('idle', {})).payload;
    expect(second).not.toBe(first);
  });

  test('writes what a function prints, one event a call of console, and a report of each call', async () => {
    const { host, logs } = hostOf([
      functionModel(
        'talk',
        "exports.handler = async () => { console.log('two\\nlines', { a: 1 }); console.error('bad'); }",
      ),
    ]);
    await host.invoke('talk', {});
    await until(() => logs.lines.length >= 3);
    expect(logs.lines).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/\tINFO\ttwo\rlines \{ a: 1 \}$/),
        expect.stringMatching(/\tERROR\tbad$/),
        expect.stringMatching(/^REPORT RequestId: \S+\tDuration: [\d.]+ ms/),
      ]),
    );
  });

  test('stopping refuses what waits and leaves no process', async () => {
    const { host } = hostOf([functionModel('endless', 'exports.handler = () => new Promise(() => {})')]);
    await host.warm(['endless']);
    const running = [1, 2, 3].map(() => host.invoke('endless', {}));
    const outcomes = Promise.allSettled(running);
    await host.stop();
    for (const outcome of await outcomes)
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'ServiceException' } });
    expect(host.processes()).toEqual({});
    await expect(host.invoke('endless', {})).rejects.toMatchObject({ code: 'ServiceException' });
  });
});

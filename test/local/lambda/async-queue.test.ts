import { readdirSync } from 'node:fs';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Json } from '../../../local/flow/types.ts';
import { AsyncQueue } from '../../../local/lambda/async-queue.ts';
import { ServiceError } from '../../../local/server/service.ts';
import type { LambdaAnswer } from '../../../local/types.ts';
import { functionModel, removeTemporaryFolders, silent, temporaryFolder, until } from '../support/fixtures.ts';

const open: AsyncQueue[] = [];
afterEach(async () => {
  for (const queue of open.splice(0)) await queue.stop();
  removeTemporaryFolders();
});

const failure: LambdaAnswer = { payload: { errorType: 'Error', errorMessage: 'no' }, functionError: 'Unhandled' };

function queueOf(dir: string, invoke: (payload: Json) => Promise<LambdaAnswer>, maximumRetryAttempts = 2) {
  const asynchronous = { maximumRetryAttempts, maximumEventAgeS: 60, onFailureArn: 'arn:dead' };
  const model = functionModel('worker', '', { asynchronous });
  const dead: { arn: string; body: Json }[] = [];
  const queue = new AsyncQueue({
    dir,
    functions: [model],
    invoke: (_, payload) => invoke(payload),
    deadLetters: {
      send: async (arn, body) => {
        dead.push({ arn, body: JSON.parse(body) as Json });
      },
    },
    log: silent,
    retryPausesMs: [1, 1],
  });
  open.push(queue);
  return { queue, dead, accept: (payload: Json) => queue.accept(model.arn, payload) };
}

describe('asynchronous calls', () => {
  test('are repeated twice, then handed to the failure destination with request and answer', async () => {
    const dir = temporaryFolder();
    let calls = 0;
    const { queue, dead, accept } = queueOf(dir, async () => {
      calls += 1;
      return failure;
    });
    await queue.start();
    accept({ a: 1 });
    await until(() => dead.length === 1);
    expect(calls).toBe(3);
    expect(dead[0]).toMatchObject({
      arn: 'arn:dead',
      body: {
        requestPayload: { a: 1 },
        responsePayload: failure.payload,
        requestContext: { condition: 'RetriesExhausted', approximateInvokeCount: 3 },
      },
    });
    await until(() => readdirSync(dir).length === 0);
  });

  test('are on disk once accepted, and a restart goes on with each exactly once', async () => {
    const dir = temporaryFolder();
    const first = queueOf(dir, () => new Promise(() => undefined));
    for (let at = 0; at < 20; at++) first.accept(at);
    expect(readdirSync(dir)).toHaveLength(20);
    await first.queue.stop();
    const seen: Json[] = [];
    const second = queueOf(dir, async (payload) => {
      seen.push(payload);
      return { payload: null };
    });
    second.accept(20);
    await second.queue.start();
    await until(() => second.queue.stats()['waiting'] === 0);
    expect(seen.sort((a, b) => Number(a) - Number(b))).toEqual(Array.from({ length: 21 }, (_, at) => at));
    expect(readdirSync(dir)).toEqual([]);
  });

  test('a throttle or a lost machine costs no attempt', async () => {
    let calls = 0;
    const answer = async (): Promise<LambdaAnswer> => {
      calls += 1;
      if (calls === 1) throw new ServiceError('TooManyRequestsException', 'Rate Exceeded.', { statusCode: 429 });
      return { payload: 1 };
    };
    const { queue, dead, accept } = queueOf(temporaryFolder(), answer, 0);
    await queue.start();
    accept({});
    await until(() => queue.stats()['waiting'] === 0);
    expect([calls, dead]).toEqual([2, []]);
  });
});

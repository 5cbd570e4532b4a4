import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { environment } from '../../lib/adapters/aws/environment.ts';
import { ConflictError, CorruptDataError, isRetryable } from '../../lib/core/errors.ts';
import { handle, RetryableError } from '../../lib/middleware/handle.ts';
import { metricLine } from '../../lib/middleware/metrics.ts';

process.env['POWERTOOLS_LOG_LEVEL'] = 'SILENT';
const kept = process.env;
beforeEach(() => {
  process.env = { ...kept };
});
afterEach(() => {
  process.env = kept;
});

const context = { awsRequestId: '1', getRemainingTimeInMillis: () => 1000 } as never;
const failing = (error: unknown) =>
  handle({
    name: 'guard',
    input: z.strictObject({ x: z.number() }),
    run: async () => {
      throw error;
    },
  });

describe('the stack around a function', () => {
  test('gives the parsed input and the answer through', async () => {
    const handler = handle({
      name: 'guard',
      input: z.strictObject({ x: z.coerce.number() }),
      run: async ({ x }) => x + 1,
    });
    expect(await handler({ x: '4' }, context)).toBe(5);
  });

  test('an unknown key is refused before anything runs', async () => {
    await expect(failing(new Error('ran'))({ x: 1, y: 2 }, context)).rejects.toMatchObject({
      name: 'InvalidInputError',
      retryable: false,
    });
  });

  test('what may succeed later comes out under the name that flows retry, all else under its own', async () => {
    const throttled = Object.assign(new Error('slow'), { name: 'ThrottlingException' });
    await expect(failing(throttled)({ x: 1 }, context)).rejects.toBeInstanceOf(RetryableError);
    await expect(failing(new ConflictError('x', { code: 'c' }))({ x: 1 }, context)).rejects.toMatchObject({
      name: 'RetryableError',
    });
    await expect(failing(new CorruptDataError('x', { code: 'c' }))({ x: 1 }, context)).rejects.toMatchObject({
      name: 'CorruptDataError',
    });
    await expect(failing(new TypeError('bug'))({ x: 1 }, context)).rejects.toMatchObject({ name: 'TypeError' });
  });
});

test.each<[unknown, boolean]>([
  [Object.assign(new Error(), { code: 'ECONNRESET' }), true],
  [Object.assign(new Error(), { $metadata: { httpStatusCode: 503 } }), true],
  [Object.assign(new Error(), { $metadata: { httpStatusCode: 403 } }), false],
  [Object.assign(new Error(), { retryable: true }), true],
  [new Error(), false],
  ['text', false],
])('retrying %p helps: %p', (error, expected) => expect(isRetryable(error)).toBe(expected));

describe('the environment', () => {
  test('names every variable that is missing or wrong, and looks at no other', () => {
    process.env['TABLE_STATE'] = 'states';
    process.env['WEBHOOK_URL'] = 'not a url';
    process.env['WEBHOOK_ALLOW_PRIVATE'] = 'false';
    delete process.env['BUS_NAME'];
    expect(environment('TABLE_STATE', 'WEBHOOK_ALLOW_PRIVATE')).toEqual({
      TABLE_STATE: 'states',
      WEBHOOK_ALLOW_PRIVATE: false,
    });
    expect(() => environment('BUS_NAME', 'WEBHOOK_URL')).toThrow(/BUS_NAME: not set.*WEBHOOK_URL/);
  });
});

describe('a line of figures', () => {
  test('is the embedded metric format: figures with their units, and few-valued dimensions', () => {
    const line = metricLine('infer', { confidence: 0.5, inferLatencyMs: 12, ood: undefined }, { pack: 'p' }, 1000);
    expect(JSON.parse(line!)).toEqual({
      _aws: {
        Timestamp: 1000,
        CloudWatchMetrics: [
          {
            Namespace: 'Groundcrew',
            Dimensions: [['service', 'function', 'pack']],
            Metrics: [
              { Name: 'confidence', Unit: 'None' },
              { Name: 'inferLatencyMs', Unit: 'Milliseconds' },
            ],
          },
        ],
      },
      service: 'groundcrew',
      function: 'infer',
      pack: 'p',
      confidence: 0.5,
      inferLatencyMs: 12,
    });
  });

  test('is not written where nothing was counted', () => {
    expect(metricLine('guard', { errors: undefined }, {}, 1000)).toBeUndefined();
  });
});

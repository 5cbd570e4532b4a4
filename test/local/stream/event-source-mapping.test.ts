import { afterEach, describe, expect, test } from '@jest/globals';
import type { EventSourceMappingModel } from '../../../local/assembly/model.ts';
import { ServiceError } from '../../../local/server/service.ts';
import { Streams, type StreamsOptions } from '../../../local/stream/streams.ts';
import type { Json, LambdaAnswer } from '../../../local/types.ts';
import { fn, keptLog, mapping, telemetryStream } from '../support/models.ts';
import { temporaryFolder, until } from '../support/temp.ts';

const folder = temporaryFolder();

interface Call {
  /** Decoded data of the batch's records. */
  data: string[];
  sequenceNumbers: string[];
  event: Json;
}
type Behaviour = (call: Call, index: number) => LambdaAnswer | Promise<LambdaAnswer>;

const ok: LambdaAnswer = { payload: null };
const failed: LambdaAnswer = { payload: { errorType: 'Error', errorMessage: 'boom' }, functionError: 'Unhandled' };
const report = (...identifiers: Json[]): LambdaAnswer => ({
  payload: { batchItemFailures: identifiers.map((itemIdentifier) => ({ itemIdentifier })) },
});

let open: Streams[] = [];
afterEach(async () => {
  await Promise.all(open.map((streams) => streams.stop()));
  open = [];
});

async function setUp(
  behaviour: Behaviour,
  change: Partial<EventSourceMappingModel> = {},
  more: Partial<StreamsOptions> = {},
  shards = 1,
) {
  const calls: Call[] = [];
  const sent: { queueArn: string; body: { [key: string]: Json } }[] = [];
  const log = keptLog();
  const streams = await Streams.open({
    dir: folder(),
    stack: {
      streams: [telemetryStream(shards)],
      eventSourceMappings: [mapping(change)],
      functions: [fn('screen')],
      region: 'eu-central-1',
    },
    invoker: {
      invoke: async (_name, event) => {
        const records = (event as { Records: { kinesis: { data: string; sequenceNumber: string } }[] }).Records;
        const call: Call = {
          data: records.map((record) => Buffer.from(record.kinesis.data, 'base64').toString()),
          sequenceNumbers: records.map((record) => record.kinesis.sequenceNumber),
          event,
        };
        calls.push(call);
        return behaviour(call, calls.length - 1);
      },
      invokeAsync: () => Promise.reject(new Error('not used')),
    },
    queues: {
      send: async (queueArn, body) => {
        sent.push({ queueArn, body: JSON.parse(body) as { [key: string]: Json } });
      },
    },
    log,
    retryBaseMs: 1,
    ...more,
  });
  open.push(streams);
  const put = (key: string, text: string) =>
    streams.put('groundcrew-telemetry', key, Buffer.from(text).toString('base64'));
  return { streams, calls, sent, log, put };
}

const done = (streams: Streams) => (): boolean => streams.stats()['waitingBytes'] === 0;

describe('event source mapping', () => {
  test('gives Lambda’s event, byte for byte', async () => {
    const { streams, calls, put } = await setUp(() => ok, {}, { now: () => 1_790_000_000_123 });
    const { sequenceNumber } = await put('north', 'hello');
    await streams.start();
    await until(done(streams), 'the batch');
    expect(calls[0]!.event).toEqual({
      Records: [
        {
          kinesis: {
            kinesisSchemaVersion: '1.0',
            partitionKey: 'north',
            sequenceNumber,
            data: 'aGVsbG8=',
            approximateArrivalTimestamp: 1_790_000_000.123,
          },
          eventSource: 'aws:kinesis',
          eventVersion: '1.0',
          eventID: `shardId-000000000000:${sequenceNumber}`,
          eventName: 'aws:kinesis:record',
          invokeIdentityArn: 'arn:aws:iam::000000000000:role/screen',
          awsRegion: 'eu-central-1',
          eventSourceARN: 'arn:aws:kinesis:eu-central-1:000000000000:stream/groundcrew-telemetry',
        },
      ],
    });
    expect(sequenceNumber).toMatch(/^\d{56}$/);
  });

  test('delivers at once when idle; what comes while busy makes the next batch, no larger than allowed', async () => {
    let release: (answer: LambdaAnswer) => void = () => undefined;
    const { streams, calls, put } = await setUp(
      (_call, index) => (index === 0 ? new Promise((resolve) => (release = resolve)) : ok),
      { batchSize: 10 },
    );
    await streams.start();
    await put('a', 'first');
    await until(() => calls.length === 1, 'the first batch');
    await Promise.all(Array.from({ length: 15 }, (_, index) => put('a', `${index}`)));
    release(ok);
    await until(done(streams), 'all');
    expect(calls.map((call) => call.data.length)).toEqual([1, 10, 5]);
  });

  test('repeats from the lowest reported record on, keeping what went before', async () => {
    const { streams, calls, put } = await setUp((call, index) =>
      index === 0 ? report(call.sequenceNumbers[4]!, call.sequenceNumbers[2]!) : ok,
    );
    for (let index = 0; index < 6; index++) await put('a', `${index}`);
    await streams.start();
    await until(done(streams), 'all');
    expect(calls.map((call) => call.data)).toEqual([
      ['0', '1', '2', '3', '4', '5'],
      ['2', '3', '4', '5'],
    ]);
  });

  test.each([
    ['an empty identifier', report('')],
    ['null', report(null)],
    ['an unknown record', report('49600000000000000000000000000000000000000000000000999999')],
    ['a wrong key', { payload: { batchItemFailures: [{ id: 'x' }] } }],
    ['a list that is none', { payload: { batchItemFailures: 'all' } }],
    ['text', { payload: 'fine' }],
    ['an error', failed],
  ])('repeats the whole batch at %s', async (_title, answer) => {
    const { streams, calls, put } = await setUp((_call, index) => (index === 0 ? (answer as LambdaAnswer) : ok));
    for (const text of ['0', '1']) await put('a', text);
    await streams.start();
    await until(done(streams), 'all');
    expect(calls.map((call) => call.data)).toEqual([
      ['0', '1'],
      ['0', '1'],
    ]);
  });

  test.each([[null], [{}], [{ batchItemFailures: [] }], [{ batchItemFailures: null }]])(
    'takes %j for success',
    async (payload) => {
      const { streams, calls, put } = await setUp(() => ({ payload }));
      await put('a', '0');
      await streams.start();
      await until(done(streams), 'all');
      expect(calls.length).toBe(1);
    },
  );

  test('ignores the report where the mapping does not ask for it', async () => {
    const { streams, calls, put } = await setUp((call) => report(call.sequenceNumbers[0]!), {
      reportBatchItemFailures: false,
    });
    await put('a', '0');
    await streams.start();
    await until(done(streams), 'all');
    expect(calls.length).toBe(1);
  });

  test('gives up after the retries allowed, reports the batch, and goes on behind it', async () => {
    const { streams, calls, sent, put } = await setUp((call) => (call.data.includes('bad') ? failed : ok), {
      maximumRetryAttempts: 2,
      batchSize: 2,
      onFailureArn: 'arn:aws:sqs:eu-central-1:000000000000:failed',
    });
    const put0 = await put('a', 'bad');
    const put1 = await put('a', 'beside');
    await put('a', 'good');
    await streams.start();
    await until(done(streams), 'all');
    expect(calls.map((call) => call.data.join())).toEqual(['bad,beside', 'bad,beside', 'bad,beside', 'good']);
    expect(sent.length).toBe(1);
    expect(sent[0]!.queueArn).toBe('arn:aws:sqs:eu-central-1:000000000000:failed');
    expect(sent[0]!.body).toMatchObject({
      requestContext: { functionArn: fn('screen').arn, condition: 'RetryAttemptsExhausted', approximateInvokeCount: 3 },
      responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
      version: '1.0',
      KinesisBatchInfo: {
        shardId: 'shardId-000000000000',
        startSequenceNumber: put0.sequenceNumber,
        endSequenceNumber: put1.sequenceNumber,
        batchSize: 2,
        streamArn: telemetryStream(1).arn,
      },
    });
  });

  test('bisects down to the one bad record; only that is given up', async () => {
    const taken: string[] = [];
    const { streams, sent, put } = await setUp(
      (call) => {
        if (call.data.includes('bad')) return failed;
        taken.push(...call.data);
        return ok;
      },
      { maximumRetryAttempts: 1, bisectOnError: true, onFailureArn: 'arn:aws:sqs:eu-central-1:000000000000:failed' },
    );
    const texts = ['0', '1', '2', 'bad', '4', '5', '6'];
    for (const text of texts) await put('a', text);
    await streams.start();
    await until(done(streams), 'all');
    expect(taken).toEqual(['0', '1', '2', '4', '5', '6']);
    expect(sent.map((one) => (one.body['KinesisBatchInfo'] as { batchSize: number }).batchSize)).toEqual([1]);
  });

  test('throttling uses up no retry', async () => {
    const { streams, calls, sent, put } = await setUp(
      (_call, index) => {
        if (index < 5) throw new ServiceError('TooManyRequestsException', 'Rate Exceeded.', { statusCode: 429 });
        return ok;
      },
      { maximumRetryAttempts: 0, onFailureArn: 'arn:aws:sqs:eu-central-1:000000000000:failed' },
    );
    await put('a', '0');
    await streams.start();
    await until(done(streams), 'all');
    expect(calls.length).toBe(6);
    expect(sent).toEqual([]);
  });

  test('drops what is too old with a report, and delivers the rest', async () => {
    let now = 1_790_000_000_000;
    const { streams, calls, sent, put } = await setUp(
      () => ok,
      { maximumRecordAgeS: 60, onFailureArn: 'arn:aws:sqs:eu-central-1:000000000000:failed' },
      { now: () => now },
    );
    await put('a', 'old');
    now += 61_000;
    await put('a', 'new');
    await streams.start();
    await until(done(streams), 'all');
    expect(calls.map((call) => call.data)).toEqual([['new']]);
    expect(sent[0]!.body['requestContext']).toMatchObject({ condition: 'RecordAgeExceeded' });
  });

  test('waits for the batching window, but not when the batch is full', async () => {
    const { streams, calls, put } = await setUp(() => ok, { batchingWindowS: 1, batchSize: 4 });
    await streams.start();
    for (const text of ['0', '1', '2', '3']) await put('a', text);
    await until(() => calls.length === 1, 'the full batch');
    await put('a', '4');
    await put('a', '5');
    await until(done(streams), 'the window');
    expect(calls.map((call) => call.data.length)).toEqual([4, 2]);
  });

  test('keeps the order of each key with several lanes and shards, and runs lanes at once', async () => {
    const seen = new Map<string, number[]>();
    let running = 0;
    let most = 0;
    const { streams, put } = await setUp(
      async (call) => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, 2));
        running--;
        for (const text of call.data) {
          const [key, n] = text.split(':');
          seen.set(key!, [...(seen.get(key!) ?? []), Number(n)]);
        }
        return ok;
      },
      { parallelizationFactor: 4, batchSize: 7 },
      {},
      2,
    );
    await streams.start();
    const keys = Array.from({ length: 12 }, (_, index) => `asset-${index}`);
    for (let n = 0; n < 40; n++) await Promise.all(keys.map((key) => put(key, `${key}:${n}`)));
    await until(done(streams), 'all');
    for (const key of keys) expect(seen.get(key)).toEqual(Array.from({ length: 40 }, (_, n) => n));
    expect(most).toBeGreaterThan(2);
    expect(most).toBeLessThanOrEqual(8);
  });

  test('goes on after a restart where it stopped, repeating only what was not done', async () => {
    const first = await setUp((call) => (call.data.includes('2') ? failed : ok), { batchSize: 1 });
    for (const text of ['0', '1', '2', '3']) await first.put('a', text);
    await first.streams.start();
    await until(() => first.calls.filter((call) => call.data[0] === '2').length > 2, 'the retries');
    await first.streams.stop();
    open = [];
    const second = await setUp(() => ok, { batchSize: 1 });
    await second.streams.start();
    await until(done(second.streams), 'the rest');
    expect(second.calls.map((call) => call.data[0])).toEqual(['2', '3']);
  });

  test('LATEST begins where the mapping was first made, also after a restart', async () => {
    const first = await setUp(() => ok, { startingPosition: 'LATEST' });
    await first.put('a', 'before');
    await first.streams.start();
    await first.streams.stop();
    open = [];
    const second = await setUp(() => ok, { startingPosition: 'LATEST' });
    await second.put('a', 'between');
    await second.streams.start();
    await until(done(second.streams), 'all');
    expect(second.calls.map((call) => call.data)).toEqual([['between']]);
  });

  test('splits batches that Lambda could not take for their size', async () => {
    const { streams, calls, put } = await setUp(() => ok);
    for (let index = 0; index < 8; index++) await put('a', 'x'.repeat(1_000_000));
    await streams.start();
    await until(done(streams), 'all');
    expect(calls.map((call) => call.data.length).reduce((sum, length) => sum + length)).toBe(8);
    for (const call of calls) expect(JSON.stringify(call.event).length).toBeLessThan(6_000_000);
  });

  test('drops processed segments by age, and never one that is still to be read', async () => {
    let now = 1_790_000_000_000;
    let broken = true;
    const { streams, put } = await setUp(() => (broken ? failed : ok), {}, { now: () => now, segmentBytes: 2000 });
    for (let index = 0; index < 60; index++) await put('a', 'x'.repeat(100));
    await streams.start();
    // Segments carry the file system's time, so the clock of the stream must be ahead of it by the retention.
    now = Date.now() + 25 * 3_600_000;
    expect(await streams.prune()).toBe(0);
    broken = false;
    await until(done(streams), 'all');
    expect(await streams.prune()).toBeGreaterThan(2);
  });

  test.each([
    [{ sourceArn: 'arn:aws:sqs:eu-central-1:000000000000:q' }, 'only Kinesis sources'],
    [{ functionName: 'other' }, 'no function named other'],
    [{ onFailureArn: 'arn:aws:sns:eu-central-1:000000000000:t' }, 'only SQS'],
  ])('is refused where it cannot be run as in AWS: %j', async (change, message) => {
    await expect(setUp(() => ok, change)).rejects.toThrow(message);
  });

  test('refuses keys and data that Kinesis would refuse, and streams that are not there', async () => {
    const { streams, put } = await setUp(() => ok);
    await expect(put('', 'x')).rejects.toThrow('1 to 256');
    await expect(put('k'.repeat(257), 'x')).rejects.toThrow('1 to 256');
    await expect(put('a', 'x'.repeat(1024 * 1024 + 1))).rejects.toThrow('1 MiB');
    await expect(streams.put('other', 'a', '')).rejects.toMatchObject({ code: 'ResourceNotFoundException' });
  });
});

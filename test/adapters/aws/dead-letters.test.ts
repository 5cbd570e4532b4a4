import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { deadLetters } from '../../../lib/adapters/aws/console/dead-letters.ts';
import { CallLog } from '../../../local/calls/call-log.ts';
import { Queues } from '../../../local/queues/queues.ts';
import { ProtocolServer } from '../../../local/server/server.ts';
import { ServiceError } from '../../../local/server/service.ts';
import { QueueMetrics } from '../../../local/services/queue-metrics.ts';
import type { JsonObject } from '../../../local/types.ts';
import { silent } from '../../local/support/fixtures.ts';
import { queue } from '../../local/support/models.ts';
import { temporaryFolder } from '../../local/support/temp.ts';

const folder = temporaryFolder();
const dead = queue('groundcrew-dead-letters');
let nowMs: number;
let queues: Queues;
let server: ProtocolServer;
let calls: CallLog;
const environment = { ...process.env };

beforeEach(async () => {
  process.env.AWS_ACCESS_KEY_ID = 'Api';
  process.env.AWS_SECRET_ACCESS_KEY = 'local';
  nowMs = 1_790_000_000_000;
  calls = new CallLog(join(folder(), 'calls.jsonl'));
  queues = await Queues.open({ dir: join(folder(), 'queues'), stack: { queues: [dead] }, now: () => nowMs });
  server = await ProtocolServer.listen({ port: 0, calls, log: silent });
  server.serve({ services: [queues, new QueueMetrics(queues, () => nowMs)] } as never);
  process.env.AWS_ENDPOINT_URL = server.url;
});
afterEach(async () => {
  for (const name of ['AWS_ENDPOINT_URL', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'])
    if (environment[name] === undefined) delete process.env[name];
    else process.env[name] = environment[name];
  await server.stop();
  await queues.stop();
});

const look = (url = dead.url) => deadLetters(url, 'eu-central-1', nowMs);

describe('dead letters', () => {
  test('are none where there are none, and then none is old', async () => {
    expect(await look()).toEqual({ name: 'dead-letters', waiting: 0, complete: true });
  });

  test('are counted, also one that somebody is reading, and are as old as the oldest', async () => {
    await queues.send(dead.arn, 'first');
    nowMs += 90_000;
    await queues.send(dead.arn, 'second');
    await queues.handle('ReceiveMessage', { QueueUrl: dead.url });
    nowMs += 10_000;
    expect(await look()).toEqual({ name: 'dead-letters', waiting: 2, complete: true, oldestAgeMs: 100_000 });
  });

  test('are not read: the calls are for numbers', async () => {
    await queues.send(dead.arn, 'first');
    await look();
    expect(calls.calls().map(({ action, resource }) => [action, resource])).toEqual(
      expect.arrayContaining([
        ['sqs:GetQueueAttributes', dead.arn],
        ['cloudwatch:GetMetricData', '*'],
      ]),
    );
    expect(calls.calls()).toHaveLength(2);
  });

  test('of a queue that is not there nothing is known', async () => {
    expect(await look(`${dead.url}-of-yesterday`)).toEqual({
      name: 'dead-letters',
      complete: false,
      unknown: 'missing',
    });
  });

  test('where nobody answers, nothing is known', async () => {
    await server.stop();
    expect(await look()).toEqual({ name: 'dead-letters', complete: false, unknown: 'unreachable' });
  });
});

describe('one of the services', () => {
  let other: Server | undefined;
  afterEach(() => new Promise<void>((done) => (other ? other.close(() => done()) : done())));

  /** Three letters, and what each service says in place of the real one. */
  async function saying(said: { depth?: [number, string]; age?: [number, string] }): Promise<void> {
    const depth = said.depth ?? [
      200,
      JSON.stringify({ Attributes: { ApproximateNumberOfMessages: '3', ApproximateNumberOfMessagesNotVisible: '0' } }),
    ];
    const age = said.age ?? [200, JSON.stringify({ MetricDataResults: [{ Id: 'age', Values: [61, 1] }] })];
    other = createServer((request, response) => {
      const [status, body] = /GetMetricData$/.test(String(request.headers['x-amz-target'])) ? age : depth;
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(body);
    });
    await new Promise<void>((done) => other!.listen(0, '127.0.0.1', done));
    process.env.AWS_ENDPOINT_URL = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
  }
  const refused: [number, string] = [
    400,
    JSON.stringify({ __type: 'com.amazonaws.x#AccessDeniedException', message: 'no' }),
  ];

  test('says the newest figure first, which is the one that counts', async () => {
    await saying({});
    expect(await look()).toEqual({ name: 'dead-letters', waiting: 3, complete: true, oldestAgeMs: 61_000 });
  });

  test.each<[string, [number, string], string]>([
    ['refuses', refused, 'refused'],
    ['refuses without a word', [403, ''], 'refused'],
    ['fails', [500, '{}'], 'unreachable'],
    ['says no JSON', [200, '<html>'], 'unreachable'],
    ['says another shape', [200, '{"Attributes":{}}'], 'unreachable'],
    ['says a number that is none', [200, '{"Attributes":{"ApproximateNumberOfMessages":"x"}}'], 'unreachable'],
  ])('that counts %s: neither number is known', async (_, depth, unknown) => {
    await saying({ depth });
    expect(await look()).toEqual({ name: 'dead-letters', complete: false, unknown });
  });

  test.each<[string, [number, string], string]>([
    ['refuses', refused, 'refused'],
    ['fails', [503, ''], 'unreachable'],
    ['has no figure yet', [200, '{"MetricDataResults":[{"Id":"age","Values":[]}]}'], 'not-measured'],
    ['knows no such figure', [200, '{"MetricDataResults":[]}'], 'not-measured'],
    ['has one from before the first letter', [200, '{"MetricDataResults":[{"Values":[0]}]}'], 'not-measured'],
  ])('that tells the age %s: the number is known, the age is not, and is no 0', async (_, age, unknown) => {
    await saying({ age });
    expect(await look()).toEqual({ name: 'dead-letters', waiting: 3, complete: true, unknown });
  });
});

describe('figures of queues on one machine', () => {
  const query = (metric: JsonObject, more: JsonObject = {}): JsonObject => ({
    MetricDataQueries: [
      {
        Id: 'a',
        MetricStat: {
          Metric: {
            Namespace: 'AWS/SQS',
            MetricName: 'ApproximateAgeOfOldestMessage',
            Dimensions: [{ Name: 'QueueName', Value: dead.name }],
            ...metric,
          },
          Period: 60,
          Stat: 'Maximum',
        },
      },
    ],
    StartTime: nowMs / 1000 - 900,
    EndTime: nowMs / 1000,
    ScanBy: 'TimestampDescending',
    ...more,
  });
  const values = async (input: JsonObject): Promise<unknown> =>
    (
      (await new QueueMetrics(queues, () => nowMs).handle('GetMetricData', input))['MetricDataResults'] as JsonObject[]
    )[0]!['Values'];

  test('are 0 of an empty queue, and none of one that is not there or of a time that is over', async () => {
    expect(await values(query({}))).toEqual([0]);
    expect(await values(query({ Dimensions: [{ Name: 'QueueName', Value: 'another' }] }))).toEqual([]);
    expect(await values(query({}, { EndTime: nowMs / 1000 - 600 }))).toEqual([]);
  });

  test.each([[{ Namespace: 'AWS/Lambda' }], [{ MetricName: 'NumberOfMessagesSent' }], [{ Dimensions: [] }]])(
    'of anything else are refused by name: %j',
    async (metric) => {
      await expect(values(query(metric))).rejects.toThrow(ServiceError);
    },
  );
});

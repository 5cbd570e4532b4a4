import { afterEach, describe, expect, test } from '@jest/globals';
import { Bus, type BusOptions } from '../../../local/bus/bus.ts';
import { ServiceError } from '../../../local/server/service.ts';
import { EventsService } from '../../../local/services/events.ts';
import type { BusEntry, JsonObject } from '../../../local/types.ts';
import { archiveArn, busArn, busStack, compile, deadArn, flowArn, rule } from '../support/bus-models.ts';
import { keptLog } from '../support/models.ts';
import { temporaryFolder, until } from '../support/temp.ts';

const folder = temporaryFolder();
let open: Bus[] = [];
afterEach(async () => {
  await Promise.all(open.map((bus) => bus.stop()));
  open = [];
});

type Deliver = (arn: string, payload: string, call: number) => Promise<void>;

async function setUp(
  deliver: Deliver = async () => undefined,
  rules = [rule()],
  more: Partial<BusOptions> = {},
  started = true,
) {
  const delivered: { arn: string; payload: string }[] = [];
  const dead: { queueArn: string; body: string; attributes: unknown }[] = [];
  let calls = 0;
  const log = keptLog();
  const stack = busStack(rules);
  const bus = await Bus.open({
    dir: folder(),
    stack,
    compilePattern: compile,
    targets: {
      deliver: async (arn, payload) => {
        await deliver(arn, payload, calls++);
        delivered.push({ arn, payload });
      },
    },
    queues: {
      send: async (queueArn, body, attributes) => {
        dead.push({ queueArn, body, attributes });
      },
    },
    log,
    random: () => 0,
    retryBaseMs: 1,
    ...more,
  });
  open.push(bus);
  if (started) await bus.start();
  return { bus, api: new EventsService(bus, stack), delivered, dead, log, calls: () => calls };
}

const entry = (change: Partial<BusEntry> = {}): BusEntry => ({
  source: 'groundcrew',
  detailType: 'FlagRaised',
  detail: '{"a":{"b":[1,2]},"s":"say \\"hi\\""}',
  busName: 'groundcrew-bus',
  ...change,
});
const text = (value: string) => ({ type: 'String', value });

describe('what services say', () => {
  const event = { source: 'aws.states', detailType: 'Change', detail: { status: 'FAILED' }, resources: ['arn:x'] };
  const own = rule({
    busName: 'default',
    name: 'own',
    pattern: { source: ['aws.states'], detail: { status: ['FAILED'] } },
  });

  test('reaches the rules of the default bus in the envelope, and no other bus', async () => {
    const { bus, delivered } = await setUp(undefined, [own, rule({ pattern: { source: ['aws.states'] } })]);
    await bus.putServiceEvent(event);
    await bus.putServiceEvent({ ...event, detail: { status: 'RUNNING' } });
    await until(() => delivered.length > 0, 'the delivery');
    expect(delivered.map(({ payload }) => JSON.parse(payload))).toMatchObject([
      {
        source: 'aws.states',
        'detail-type': 'Change',
        resources: ['arn:x'],
        detail: { status: 'FAILED' },
        version: '0',
      },
    ]);
  });

  test('cannot be said by anybody else', async () => {
    const { bus, delivered } = await setUp(undefined, [own]);
    const [result] = await bus.putEvents(
      [{ source: 'aws.states', detailType: 'Change', detail: '{"status":"FAILED"}' }],
      'OPERATOR',
    );
    expect(result).toMatchObject({ errorCode: 'NotAuthorizedForSourceException' });
    expect(delivered).toEqual([]);
  });
});

describe('PutEvents', () => {
  test('gives targets EventBridge’s envelope', async () => {
    const { api, delivered } = await setUp();
    const answer = await api.handle(
      'PutEvents',
      {
        Entries: [
          {
            Source: 'groundcrew',
            DetailType: 'T',
            Detail: '{"x":1}',
            EventBusName: busArn,
            Resources: ['r'],
            Time: 1_790_000_000.9,
          },
        ],
      },
      'test',
    );
    await until(() => delivered.length === 1, 'the delivery');
    const [{ EventId: id }] = answer['Entries'] as [{ EventId: string }];
    expect(answer['FailedEntryCount']).toBe(0);
    expect(JSON.parse(delivered[0]!.payload)).toEqual({
      version: '0',
      id,
      'detail-type': 'T',
      source: 'groundcrew',
      account: '000000000000',
      time: '2026-09-21T14:13:20Z',
      region: 'eu-central-1',
      resources: ['r'],
      detail: { x: 1 },
    });
  });

  test('tells of each bad entry and takes the good ones', async () => {
    const { api, bus } = await setUp();
    const good = { Source: 'groundcrew', DetailType: 'T', Detail: '{}', EventBusName: 'groundcrew-bus' };
    const answer = await api.handle(
      'PutEvents',
      {
        Entries: [
          good,
          { ...good, Source: '' },
          { ...good, Detail: '{x' },
          { ...good, Detail: '[1]' },
          { ...good, DetailType: undefined as never },
          { ...good, Source: 'aws.ec2' },
          { ...good, EventBusName: 'other' },
          null,
        ],
      },
      'test',
    );
    expect(answer['FailedEntryCount']).toBe(7);
    expect((answer['Entries'] as JsonObject[]).map((one) => one['ErrorCode'])).toEqual([
      undefined,
      'InvalidArgument',
      'MalformedDetail',
      'MalformedDetail',
      'InvalidArgument',
      'NotAuthorizedForSourceException',
      'ResourceNotFoundException',
      'InvalidArgument',
    ]);
    expect(bus.stats()).toMatchObject({ accepted: 1, rejected: 7 });
  });

  test('refuses calls that are empty, too long or too large as a whole', async () => {
    const { bus } = await setUp();
    await expect(bus.putEvents([], 'test')).rejects.toMatchObject({ code: 'ValidationException' });
    await expect(
      bus.putEvents(
        Array.from({ length: 11 }, () => entry()),
        'test',
      ),
    ).rejects.toMatchObject({ code: 'ValidationException' });
    const half = entry({ detail: JSON.stringify({ x: 'x'.repeat(131_050) }) });
    await expect(bus.putEvents([half, half], 'test')).rejects.toThrow('over the limit');
    expect(await bus.putEvents([half], 'test')).toMatchObject([{ eventId: expect.any(String) }]);
  });
});

test('an event put while the bus starts is delivered once', async () => {
  const { bus, delivered } = await setUp(undefined, undefined, {}, false);
  const put = bus.putEvents([entry()], 'test');
  await bus.start();
  await put;
  await until(() => bus.stats()['pending'] === 0, 'the delivery');
  expect(delivered.length).toBe(1);
});

describe('rules', () => {
  test('deliver what matches, with the input that the target asks for', async () => {
    const rules = [
      rule({ name: 'path', arn: 'arn:path' }, { input: { inputPath: '$.detail.a.b[1]' } }),
      rule({ name: 'constant' }, { input: { input: '{"c":1}' } }),
      rule(
        { name: 'template', arn: 'arn:t' },
        {
          input: {
            transformer: {
              paths: { what: '$.detail.s', all: '$.detail.a', type: "$['detail-type']", none: '$.detail.zzz' },
              template:
                '{"text": "<what>; <all><none>", "value": <all>, "raw": <what>, "none": <none>, "rule": <aws.events.rule-name>, "type": <type>}',
            },
          },
        },
      ),
      rule({ name: 'other', pattern: { 'detail-type': ['Other'] } }),
      rule({ name: 'off', enabled: false }),
    ];
    const { bus, delivered } = await setUp(undefined, rules);
    await bus.putEvents([entry()], 'test');
    await until(() => delivered.length === 3, 'three deliveries');
    expect(delivered.map((one) => JSON.parse(one.payload) as unknown)).toEqual([
      2,
      { c: 1 },
      {
        text: 'say "hi"; {"b":[1,2]}',
        value: { b: [1, 2] },
        raw: 'say "hi"',
        none: null,
        rule: 'template',
        type: 'FlagRaised',
      },
    ]);
  });

  test.each([
    [rule({ pattern: { source: 'text' } as JsonObject }), 'Rule: '],
    [rule({ pattern: undefined, schedule: 'rate(1 minute)' }), 'schedules of rules are not run'],
    [rule({}, { arn: 'arn:aws:sns:eu-central-1:000000000000:topic' }), 'is not supported on one machine'],
    [rule({}, { input: { inputPath: '$.detail[*]' } }), 'not supported from character'],
    [rule({}, { input: { transformer: { paths: {}, template: '{"a": <b>}' } } }), 'no input path'],
  ])('are refused at the start where they cannot be run as in AWS (%#)', async (bad, message) => {
    await expect(setUp(undefined, [bad])).rejects.toThrow(message);
  });
});

describe('retries', () => {
  test('repeat until the target takes the event', async () => {
    const { bus, delivered, dead, calls } = await setUp(async (_arn, _payload, call) => {
      if (call < 4) throw new ServiceError('ServiceException', 'later', { statusCode: 500 });
    });
    await bus.putEvents([entry()], 'test');
    await until(() => delivered.length === 1, 'the delivery');
    expect(calls()).toBe(5);
    expect(dead).toEqual([]);
  });

  test('end in the dead-letter queue with the original event and AWS’s attributes', async () => {
    const { bus, dead, calls } = await setUp(async () => {
      throw new ServiceError('TooManyRequestsException', 'Rate Exceeded.', { statusCode: 429 });
    }, [rule({}, { retry: { maximumRetryAttempts: 2, maximumEventAgeS: 3600 }, input: { inputPath: '$.detail' } })]);
    await bus.putEvents([entry()], 'test');
    await until(() => dead.length === 1, 'the dead letter');
    expect(calls()).toBe(3);
    expect(dead[0]!.queueArn).toBe(deadArn);
    expect(JSON.parse(dead[0]!.body)).toMatchObject({ 'detail-type': 'FlagRaised', source: 'groundcrew' });
    expect(dead[0]!.attributes).toEqual({
      RULE_ARN: text(rule().arn),
      TARGET_ARN: text(flowArn),
      ERROR_CODE: text('TooManyRequestsException'),
      ERROR_MESSAGE: text('Rate Exceeded.'),
      RETRY_ATTEMPTS: text('2'),
      EXHAUSTED_RETRY_CONDITION: text('MaximumRetryAttempts'),
    });
  });

  test('are not made where they are of no use', async () => {
    const { bus, dead, calls } = await setUp(async () => {
      throw new ServiceError('StateMachineDoesNotExist', 'gone');
    });
    await bus.putEvents([entry()], 'test');
    await until(() => dead.length === 1, 'the dead letter');
    expect(calls()).toBe(1);
    expect(dead[0]!.attributes).toMatchObject({ ERROR_CODE: text('SDK_CLIENT_ERROR'), RETRY_ATTEMPTS: text('0') });
  });

  test('stop at the event’s age', async () => {
    let now = 1_790_000_000_000;
    const { bus, dead } = await setUp(
      async () => {
        now += 40_000;
        throw new Error('no');
      },
      [rule({}, { retry: { maximumRetryAttempts: 185, maximumEventAgeS: 60 } })],
      { now: () => now },
    );
    await bus.putEvents([entry()], 'test');
    await until(() => dead.length === 1, 'the dead letter');
    expect(dead[0]!.attributes).toMatchObject({ EXHAUSTED_RETRY_CONDITION: text('MaximumEventAgeInSeconds') });
  });

  test('wait for a dead-letter queue that does not take the message', async () => {
    let tries = 0;
    const { bus } = await setUp(
      async () => {
        throw new ServiceError('X', 'gone');
      },
      [rule()],
      {
        queues: {
          send: async () => {
            if (++tries < 3) throw new Error('full');
          },
        },
      },
    );
    await bus.putEvents([entry()], 'test');
    await until(() => bus.stats()['deadLetters'] === 1, 'the dead letter');
    expect(tries).toBe(3);
    expect(bus.stats()['pending']).toBe(0);
  });
});

describe('archive and replay', () => {
  test('repeats the archived events of a time span to the rules asked for, marked, and not into the archive again', async () => {
    const rules = [
      rule(),
      rule({ name: 'second', arn: 'arn:second' }, { arn: 'arn:aws:sqs:eu-central-1:000000000000:other' }),
    ];
    const { bus, api, delivered } = await setUp(undefined, rules);
    for (const n of [1, 2, 3])
      await bus.putEvents([entry({ detail: `{"n":${n}}`, timeMs: 1_790_000_000_000 + n * 60_000 })], 'test');
    await bus.putEvents([entry({ source: 'other' })], 'test');
    await until(() => delivered.length === 6, 'the events');
    const before = bus.stats()['archiveBytes'];
    const started = await api.handle(
      'StartReplay',
      {
        ReplayName: 'again',
        EventSourceArn: archiveArn,
        EventStartTime: 1_790_000_000 + 120,
        EventEndTime: 1_790_000_000 + 181,
        Destination: { Arn: busArn, FilterArns: ['arn:second'] },
      },
      'test',
    );
    expect(started['State']).toBe('STARTING');
    const state = async () => (await api.handle('DescribeReplay', { ReplayName: 'again' }, 'test'))['State'];
    await until(async () => (await state()) === 'COMPLETED', 'the replay');
    await until(() => delivered.length === 8, 'the repeated events');
    for (const one of delivered.slice(6)) {
      expect(one.arn).toBe('arn:aws:sqs:eu-central-1:000000000000:other');
      expect(JSON.parse(one.payload)).toMatchObject({ 'replay-name': 'again', source: 'groundcrew' });
    }
    expect(bus.stats()['archiveBytes']).toBe(before);
    await expect(
      api.handle(
        'StartReplay',
        {
          ReplayName: 'again',
          EventSourceArn: archiveArn,
          EventStartTime: 0,
          EventEndTime: 1,
          Destination: { Arn: busArn },
        },
        'test',
      ),
    ).rejects.toMatchObject({ code: 'ResourceAlreadyExistsException' });
  });
});

describe('TestEventPattern', () => {
  const event = {
    id: '1',
    account: '0',
    source: 'groundcrew',
    time: 't',
    region: 'r',
    resources: [],
    'detail-type': 'x',
  };
  const ask = async (Event: string, EventPattern: string) =>
    (await setUp()).api.handle('TestEventPattern', { Event, EventPattern }, 'test');
  test('answers, and says what is invalid', async () => {
    expect(await ask(JSON.stringify(event), '{"source":["groundcrew"]}')).toEqual({ Result: true });
    await expect(ask(JSON.stringify(event), '{"source":"x"}')).rejects.toMatchObject({
      code: 'InvalidEventPatternException',
    });
    await expect(ask('{}', '{}')).rejects.toMatchObject({ code: 'ValidationException' });
    await expect(ask('nothing', '{}')).rejects.toMatchObject({ code: 'InvalidEventPatternException' });
  });
});

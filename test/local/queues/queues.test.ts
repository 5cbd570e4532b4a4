import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Queues } from '../../../local/queues/queues.ts';
import type { Json, JsonObject } from '../../../local/types.ts';
import { queue } from '../support/models.ts';
import { temporaryFolder } from '../support/temp.ts';

const folder = temporaryFolder();
const dead = queue('dead');
const main = queue('main', { redrive: { deadLetterArn: dead.arn, maxReceiveCount: 2 } });
let now: number;
let queues: Queues;

async function reopen(): Promise<void> {
  queues = await Queues.open({ dir: folder(), stack: { queues: [main, dead] }, now: () => now });
}

beforeEach(async () => {
  now = 1_790_000_000_000;
  await reopen();
});
afterEach(() => queues.stop());

interface Message {
  MessageId: string;
  ReceiptHandle: string;
  Body: string;
  Attributes: Record<string, string>;
  MessageAttributes?: Json;
}
async function receive(url = main.url, more: JsonObject = {}): Promise<Message[]> {
  const answer = await queues.handle('ReceiveMessage', { QueueUrl: url, MaxNumberOfMessages: 10, ...more });
  return (answer['Messages'] ?? []) as unknown as Message[];
}
const send = (MessageBody: string, more: JsonObject = {}) =>
  queues.handle('SendMessage', { QueueUrl: main.url, MessageBody, ...more });
const counts = async (url = main.url): Promise<string[]> => {
  const { Attributes } = await queues.handle('GetQueueAttributes', { QueueUrl: url, AttributeNames: ['All'] });
  const all = Attributes as Record<string, string>;
  return [
    all['ApproximateNumberOfMessages']!,
    all['ApproximateNumberOfMessagesNotVisible']!,
    all['ApproximateNumberOfMessagesDelayed']!,
  ];
};

describe('queues', () => {
  test('hand a message over, hide it, give it again after the visibility timeout, and forget it when deleted', async () => {
    const sent = await send('hello', { MessageAttributes: { kind: { DataType: 'String', StringValue: 'x' } } });
    expect(sent['MD5OfMessageBody']).toBe(createHash('md5').update('hello').digest('hex'));
    const [first] = await receive();
    expect(first).toMatchObject({
      MessageId: sent['MessageId'],
      Body: 'hello',
      Attributes: { ApproximateReceiveCount: '1', SentTimestamp: String(now) },
      MessageAttributes: { kind: { DataType: 'String', StringValue: 'x' } },
    });
    expect(await receive()).toEqual([]);
    expect(await counts()).toEqual(['0', '1', '0']);
    now += 30_000;
    const [second] = await receive();
    expect(second!.Attributes['ApproximateReceiveCount']).toBe('2');
    // The receipt of the first receive is over: it may not delete what another consumer holds.
    await queues.handle('DeleteMessage', { QueueUrl: main.url, ReceiptHandle: first!.ReceiptHandle });
    expect(await counts()).toEqual(['0', '1', '0']);
    await queues.handle('DeleteMessage', { QueueUrl: main.url, ReceiptHandle: second!.ReceiptHandle });
    expect(await counts()).toEqual(['0', '0', '0']);
  });

  test('keep messages, receipts and hiding over a restart', async () => {
    await send('a');
    await send('b');
    const [a] = await receive(main.url, { MaxNumberOfMessages: 1 });
    await queues.stop();
    await reopen();
    expect((await receive()).map((message) => message.Body)).toEqual(['b']);
    await queues.handle('DeleteMessage', { QueueUrl: main.url, ReceiptHandle: a!.ReceiptHandle });
    now += 30_000;
    expect((await receive()).map((message) => message.Body)).toEqual(['b']);
  });

  test('move a message that was received too often to the dead-letter queue', async () => {
    await send('poison');
    for (let round = 0; round < 2; round++) {
      expect((await receive()).length).toBe(1);
      now += 30_000;
    }
    expect(await receive()).toEqual([]);
    expect((await receive(dead.url)).map((message) => message.Body)).toEqual(['poison']);
    expect(await counts()).toEqual(['0', '0', '0']);
  });

  test('delay, change visibility, forget after the retention period, purge', async () => {
    await send('later', { DelaySeconds: 10 });
    expect(await counts()).toEqual(['0', '0', '1']);
    now += 10_000;
    const [message] = await receive();
    await queues.handle('ChangeMessageVisibility', {
      QueueUrl: main.url,
      ReceiptHandle: message!.ReceiptHandle,
      VisibilityTimeout: 0,
    });
    expect(await counts()).toEqual(['1', '0', '0']);
    now += main.retentionS * 1000;
    expect(await counts()).toEqual(['0', '0', '0']);
    expect(await receive()).toEqual([]);
    await send('x');
    await queues.handle('PurgeQueue', { QueueUrl: main.url });
    expect(await counts()).toEqual(['0', '0', '0']);
  });

  test('wake a waiting receiver when a message comes', async () => {
    const waiting = receive(main.url, { WaitTimeSeconds: 20 });
    await new Promise((resolve) => setTimeout(resolve, 20));
    await send('now');
    expect((await waiting).map((message) => message.Body)).toEqual(['now']);
  });

  test('batches tell of each entry', async () => {
    const answer = await queues.handle('SendMessageBatch', {
      QueueUrl: main.url,
      Entries: [
        { Id: '1', MessageBody: 'a' },
        { Id: '2', MessageBody: '' },
        { Id: '3', MessageBody: 'x'.repeat(1024 * 1024 + 1) },
      ],
    });
    expect(answer['Successful']).toMatchObject([{ Id: '1' }]);
    expect(answer['Failed']).toMatchObject([
      { Id: '2', Code: 'MissingParameter', SenderFault: true },
      { Id: '3', Code: 'InvalidParameterValue' },
    ]);
  });

  test.each([
    ['SendMessage', { QueueUrl: 'http://127.0.0.1/000000000000/none', MessageBody: 'x' }, 'QueueDoesNotExist'],
    ['ReceiveMessage', { QueueUrl: main.url, MaxNumberOfMessages: 11 }, 'InvalidParameterValue'],
    ['ReceiveMessage', { QueueUrl: main.url, WaitTimeSeconds: 21 }, 'InvalidParameterValue'],
    ['SendMessage', { QueueUrl: main.url }, 'MissingParameter'],
    [
      'ChangeMessageVisibility',
      { QueueUrl: main.url, ReceiptHandle: 'none', VisibilityTimeout: 1 },
      'ReceiptHandleIsInvalid',
    ],
    ['constructor', {}, 'InvalidAction'],
  ])('%s %j is refused with %s', async (operation, input, code) => {
    await expect(queues.handle(operation, input)).rejects.toMatchObject({ code });
  });

  test('the same queue is found whatever host the URL names', async () => {
    await queues.handle('SendMessage', {
      QueueUrl: 'https://sqs.eu-central-1.amazonaws.com/000000000000/main',
      MessageBody: 'x',
    });
    expect(await counts()).toEqual(['1', '0', '0']);
  });
});

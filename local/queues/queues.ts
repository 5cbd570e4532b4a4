/** SQS of one machine: the stack's queues, the API over them, and the way in for dead letters. */
import { join } from 'node:path';
import type { StackModel } from '../assembly/model.ts';
import { type AwsService, ServiceError, targetPrefixes } from '../server/service.ts';
import type { Json, JsonObject, QueueSender, RuntimePart } from '../types.ts';
import { type MessageAttributes, md5, Queue, type QueueMessage } from './queue.ts';

export interface QueuesOptions {
  readonly dir: string;
  readonly stack: Pick<StackModel, 'queues'>;
  readonly now?: () => number;
}

const maxMessageBytes = 1024 * 1024;
const maxBatch = 10;
const maxWaitS = 20;
const maxVisibilityS = 43_200;
const maxDelayS = 900;

export class Queues implements RuntimePart, QueueSender, AwsService {
  readonly name = 'queues';
  readonly service = 'sqs';
  readonly targetPrefix = targetPrefixes.sqs;
  readonly #queues = new Map<string, Queue>();
  readonly #stopped = new AbortController();
  readonly #handlers: Readonly<Record<string, (input: JsonObject) => Promise<JsonObject>>> = {
    SendMessage: (input) => this.#send(input),
    SendMessageBatch: (input) => this.#batch(input, (entry, queue) => this.#sendTo(queue, entry)),
    ReceiveMessage: (input) => this.#receive(input),
    DeleteMessage: async (input) => {
      await this.#queue(input).delete(text(input, 'ReceiptHandle'));
      return {};
    },
    DeleteMessageBatch: (input) =>
      this.#batch(input, async (entry, queue) => {
        await queue.delete(text(entry, 'ReceiptHandle'));
        return {};
      }),
    ChangeMessageVisibility: (input) => this.#changeVisibility(input),
    GetQueueAttributes: async (input) => this.#attributes(input),
    GetQueueUrl: async (input) => this.#url(text(input, 'QueueName')),
    ListQueues: async () => ({ QueueUrls: [...this.#queues.values()].map((queue) => queue.model.url) }),
    PurgeQueue: async (input) => {
      await this.#queue(input).purge();
      return {};
    },
  };
  readonly operations = Object.keys(this.#handlers);

  private constructor() {}

  static async open(options: QueuesOptions): Promise<Queues> {
    const queues = new Queues();
    const now = options.now ?? Date.now;
    for (const model of options.stack.queues) {
      if (model.name.endsWith('.fifo'))
        throw new Error(`queue ${model.logicalId}: FIFO queues are not supported on one machine`);
      const queue = await Queue.open(join(options.dir, model.name), model, now, (arn, message) =>
        queues.#redrive(arn, message),
      );
      queues.#queues.set(model.arn, queue);
    }
    return queues;
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {
    this.#stopped.abort();
    await Promise.all([...this.#queues.values()].map((queue) => queue.close()));
  }

  stats(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#queues.values()].map((queue) => [queue.model.name, queue.depth().visible]));
  }

  async send(
    queueArn: string,
    body: string,
    attributes: Readonly<Record<string, { type: 'String' | 'Number'; value: string }>> = {},
  ): Promise<void> {
    await this.byArn(queueArn).send(checkedBody(body), attributes);
  }

  /** @throws ServiceError `QueueDoesNotExist` */
  byArn(arn: string): Queue {
    const queue = this.#queues.get(arn);
    if (queue === undefined) throw noSuchQueue(arn);
    return queue;
  }

  byName(name: string): Queue | undefined {
    return [...this.#queues.values()].find((queue) => queue.model.name === name);
  }

  async handle(operation: string, input: JsonObject): Promise<JsonObject> {
    const handler = Object.hasOwn(this.#handlers, operation) ? this.#handlers[operation] : undefined;
    if (handler === undefined)
      throw new ServiceError('InvalidAction', `The action ${operation} is not supported on one machine`);
    return handler(input);
  }

  resources(operation: string, input: JsonObject): readonly string[] {
    if (operation === 'ListQueues') return ['*'];
    const wanted = operation === 'GetQueueUrl' ? input['QueueName'] : input['QueueUrl'];
    const queue = [...this.#queues.values()].find((one) => one.model.url === wanted || one.model.name === wanted);
    return queue === undefined ? [] : [queue.model.arn];
  }

  #queue(input: JsonObject): Queue {
    const url = text(input, 'QueueUrl');
    // The same queue may be spoken of by another host name or port: only the path counts, as in AWS.
    const path = url.replace(/^https?:\/\/[^/]+/, '');
    const queue = [...this.#queues.values()].find((one) => one.model.url === url || one.model.url.endsWith(path));
    if (queue === undefined || path.length < 2) throw noSuchQueue(url);
    return queue;
  }

  #url(name: string): JsonObject {
    const queue = [...this.#queues.values()].find((one) => one.model.name === name);
    if (queue === undefined) throw noSuchQueue(name);
    return { QueueUrl: queue.model.url };
  }

  async #send(input: JsonObject): Promise<JsonObject> {
    return this.#sendTo(this.#queue(input), input);
  }

  async #sendTo(queue: Queue, input: JsonObject): Promise<JsonObject> {
    const body = checkedBody(text(input, 'MessageBody'));
    const delayS = optionalNumber(input, 'DelaySeconds', 0, maxDelayS);
    const id = await queue.send(body, attributesOf(input['MessageAttributes'] ?? {}), delayS);
    return { MessageId: id, MD5OfMessageBody: md5(body) };
  }

  async #receive(input: JsonObject): Promise<JsonObject> {
    const count = optionalNumber(input, 'MaxNumberOfMessages', 1, maxBatch) ?? 1;
    const visibilityS = optionalNumber(input, 'VisibilityTimeout', 0, maxVisibilityS);
    const waitS = optionalNumber(input, 'WaitTimeSeconds', 0, maxWaitS) ?? 0;
    const messages = await this.#queue(input).receive(count, visibilityS, waitS, this.#stopped.signal);
    return messages.length === 0 ? {} : { Messages: messages.map(shown) };
  }

  async #changeVisibility(input: JsonObject): Promise<JsonObject> {
    const visibilityS = optionalNumber(input, 'VisibilityTimeout', 0, maxVisibilityS);
    if (visibilityS === undefined) throw new ServiceError('MissingParameter', 'VisibilityTimeout is missing');
    if (!(await this.#queue(input).changeVisibility(text(input, 'ReceiptHandle'), visibilityS))) {
      throw new ServiceError(
        'ReceiptHandleIsInvalid',
        'The receipt handle is not the last one of a message in this queue',
      );
    }
    return {};
  }

  #attributes(input: JsonObject): JsonObject {
    const { model, ...queue } = { model: this.#queue(input).model, depth: this.#queue(input).depth() };
    const all: Record<string, string> = {
      QueueArn: model.arn,
      ApproximateNumberOfMessages: String(queue.depth.visible),
      ApproximateNumberOfMessagesNotVisible: String(queue.depth.inFlight),
      ApproximateNumberOfMessagesDelayed: String(queue.depth.delayed),
      VisibilityTimeout: String(model.visibilityTimeoutS),
      MessageRetentionPeriod: String(model.retentionS),
      DelaySeconds: String(model.delayS),
      MaximumMessageSize: String(maxMessageBytes),
      ...(model.redrive === undefined
        ? {}
        : {
            RedrivePolicy: JSON.stringify({
              deadLetterTargetArn: model.redrive.deadLetterArn,
              maxReceiveCount: model.redrive.maxReceiveCount,
            }),
          }),
    };
    const names = Array.isArray(input['AttributeNames']) ? input['AttributeNames'] : [];
    const wanted = names.includes('All')
      ? Object.keys(all)
      : names.filter((name) => typeof name === 'string' && Object.hasOwn(all, name));
    return { Attributes: Object.fromEntries(wanted.map((name) => [name, all[String(name)]!])) };
  }

  async #batch(input: JsonObject, run: (entry: JsonObject, queue: Queue) => Promise<JsonObject>): Promise<JsonObject> {
    const queue = this.#queue(input);
    const entries = input['Entries'];
    if (!Array.isArray(entries) || entries.length === 0)
      throw new ServiceError('EmptyBatchRequest', 'There are no entries in the batch');
    if (entries.length > maxBatch)
      throw new ServiceError('TooManyEntriesInBatchRequest', `A batch has ${maxBatch} entries at most`);
    const successful: JsonObject[] = [];
    const failed: JsonObject[] = [];
    for (const entry of entries) {
      const object = entry !== null && typeof entry === 'object' && !Array.isArray(entry) ? entry : {};
      const id = text(object, 'Id');
      try {
        successful.push({ Id: id, ...(await run(object, queue)) });
      } catch (error) {
        if (!(error instanceof ServiceError)) throw error;
        failed.push({ Id: id, Code: error.code, Message: error.message, SenderFault: error.statusCode < 500 });
      }
    }
    return { Successful: successful, ...(failed.length > 0 ? { Failed: failed } : {}) };
  }

  async #redrive(arn: string, message: QueueMessage): Promise<void> {
    // Its age goes on counting from the first queue, as in AWS.
    await this.byArn(arn).send(message.body, message.attributes, 0, message.sentMs);
  }
}

function shown(message: QueueMessage): JsonObject {
  const attributes: JsonObject = {};
  for (const [name, { type, value }] of Object.entries(message.attributes)) {
    attributes[name] = { DataType: type, StringValue: value };
  }
  return {
    MessageId: message.id,
    ReceiptHandle: message.receipt!,
    Body: message.body,
    MD5OfBody: md5(message.body),
    Attributes: {
      SentTimestamp: String(message.sentMs),
      ApproximateReceiveCount: String(message.receives),
      ApproximateFirstReceiveTimestamp: String(message.firstReceivedMs ?? 0),
    },
    ...(Object.keys(attributes).length > 0 ? { MessageAttributes: attributes } : {}),
  };
}

function attributesOf(input: Json): MessageAttributes {
  if (input === null || typeof input !== 'object' || Array.isArray(input)) {
    throw new ServiceError('InvalidParameterValue', 'MessageAttributes is an object');
  }
  if (Object.keys(input).length > 10)
    throw new ServiceError('InvalidParameterValue', 'a message has 10 attributes at most');
  return Object.fromEntries(
    Object.entries(input).map(([name, attribute]) => {
      const object = attribute !== null && typeof attribute === 'object' && !Array.isArray(attribute) ? attribute : {};
      if (object['BinaryValue'] !== undefined)
        throw new ServiceError('UnsupportedOperation', 'binary attributes are not supported on one machine');
      return [name, { type: text(object, 'DataType'), value: text(object, 'StringValue') }];
    }),
  );
}

function checkedBody(body: string): string {
  if (Buffer.byteLength(body) > maxMessageBytes) {
    throw new ServiceError(
      'InvalidParameterValue',
      `One or more parameters are invalid. Reason: Message must be shorter than ${maxMessageBytes} bytes.`,
    );
  }
  return body;
}

function text(input: JsonObject, name: string): string {
  const value = input[name];
  if (typeof value !== 'string' || value.length === 0)
    throw new ServiceError('MissingParameter', `The request must contain the parameter ${name}.`);
  return value;
}

function optionalNumber(input: JsonObject, name: string, least: number, most: number): number | undefined {
  const value = input[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
    throw new ServiceError(
      'InvalidParameterValue',
      `Value ${JSON.stringify(value)} for parameter ${name} is invalid. Reason: Must be between ${least} and ${most}.`,
    );
  }
  return value;
}

function noSuchQueue(which: string): ServiceError {
  return new ServiceError('QueueDoesNotExist', `The specified queue does not exist: ${which}`);
}

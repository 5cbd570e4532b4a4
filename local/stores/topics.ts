/** SNS of one machine: nobody is mailed. What is published to a topic is a line of `outbox/<topic>.jsonl`. */
import { randomUUID } from 'node:crypto';
import type { Resource } from '../assembly/model.ts';
import { ServiceError } from '../server/service.ts';
import { putOut } from './outbox.ts';

const maxMessageBytes = 256 * 1024;
const maxSubjectCharacters = 100;

export interface Published {
  readonly topicArn: string;
  readonly message: string;
  readonly subject?: string | undefined;
}

export class Topics {
  readonly #dir: string;
  readonly #topics: readonly Resource[];
  readonly #now: () => number;

  constructor(dir: string, topics: readonly Resource[], now: () => number = Date.now) {
    this.#dir = dir;
    this.#topics = topics;
    this.#now = now;
  }

  /** @returns the message's id @throws ServiceError `NotFound` or `InvalidParameter`, as SNS does */
  publish({ topicArn, message, subject }: Published): string {
    const topic = this.#topics.find(({ arn }) => arn === topicArn);
    if (topic === undefined) throw new ServiceError('NotFound', 'Topic does not exist', { statusCode: 404 });
    if (message === '') throw new ServiceError('InvalidParameter', 'Invalid parameter: Empty message');
    if (Buffer.byteLength(message) > maxMessageBytes)
      throw new ServiceError('InvalidParameter', 'Invalid parameter: Message too long');
    // As SNS has it: printable ASCII, no line breaks, not empty.
    if (subject !== undefined && !(/^[\x21-\x7e][\x20-\x7e]*$/.test(subject) && subject.length <= maxSubjectCharacters))
      throw new ServiceError('InvalidParameter', 'Invalid parameter: Subject');
    const messageId = randomUUID();
    putOut(this.#dir, topic.name, { messageId, atMs: this.#now(), ...(subject !== undefined && { subject }), message });
    return messageId;
  }
}

/** Kinesis of one machine: the stack's streams, their event source mappings, and retention. */
import { join } from 'node:path';
import type { EventSourceMappingModel, StackModel, StreamModel } from '../assembly/model.ts';
import { ServiceError } from '../server/service.ts';
import type { LambdaInvoker, QueueSender, RuntimeLog, RuntimePart } from '../types.ts';
import { deliverBatch } from './batch-delivery.ts';
import { KeyedJournal } from './keyed-journal.ts';
import { Shard, sequenceNumberOf, shardIdOf, shardIndexOf } from './shard.ts';
import { ShardConsumer } from './shard-consumer.ts';

export interface StreamsOptions {
  readonly dir: string;
  readonly stack: Pick<StackModel, 'streams' | 'eventSourceMappings' | 'functions' | 'region'>;
  readonly invoker: LambdaInvoker;
  readonly queues: QueueSender;
  readonly log: RuntimeLog;
  readonly now?: () => number;
  /** First pause after a failed batch. Default 200 ms. */
  readonly retryBaseMs?: number;
  /** Processed records beyond this size are dropped before the retention period is over. Default 4 GiB a shard. */
  readonly maxShardBytes?: number;
  readonly segmentBytes?: number;
}

export interface PutResult {
  readonly shardId: string;
  readonly sequenceNumber: string;
}

/** Takes records for a stream; resolves when they are durable. */
export interface StreamWriter {
  /** @param data base64 text, at most 1 MiB decoded */
  put(streamName: string, partitionKey: string, data: string): Promise<PutResult>;
}

interface OpenStream {
  readonly model: StreamModel;
  readonly shards: readonly Shard[];
}

interface Mapping {
  readonly model: EventSourceMappingModel;
  readonly stream: OpenStream;
  readonly checkpoints: KeyedJournal<number>;
  readonly consumers: readonly ShardConsumer[];
}

const maxDataBytes = 1024 * 1024;
const maxPartitionKeyLength = 256;
const pruneEveryMs = 60_000;

export class Streams implements RuntimePart, StreamWriter {
  readonly name = 'streams';
  readonly #options: StreamsOptions;
  readonly #now: () => number;
  readonly #streams = new Map<string, OpenStream>();
  #mappings: Mapping[] = [];
  #stopped = new AbortController();
  #pruneTimer: NodeJS.Timeout | undefined;
  readonly #counts = { put: 0, invocations: 0, functionErrors: 0, throttles: 0, discarded: 0 };

  private constructor(options: StreamsOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** Opens the logs, so that records can be put; consumers begin with `start`. */
  static async open(options: StreamsOptions): Promise<Streams> {
    const streams = new Streams(options);
    for (const mapping of options.stack.eventSourceMappings) checkMapping(mapping, options.stack);
    for (const model of options.stack.streams) {
      const shards = await Promise.all(
        Array.from({ length: model.shardCount }, (_, index) =>
          Shard.open(join(options.dir, model.name, shardIdOf(index)), shardIdOf(index), options.segmentBytes),
        ),
      );
      streams.#streams.set(model.name, { model, shards });
    }
    return streams;
  }

  async put(streamName: string, partitionKey: string, data: string): Promise<PutResult> {
    const stream = this.stream(streamName);
    if (partitionKey.length === 0 || partitionKey.length > maxPartitionKeyLength) {
      throw new ServiceError(
        'ValidationException',
        `a partition key has 1 to 256 characters, not ${partitionKey.length}`,
      );
    }
    if (Buffer.byteLength(data, 'base64') > maxDataBytes) {
      throw new ServiceError('ValidationException', 'the data of a record may have 1 MiB at most');
    }
    const shard = stream.shards[shardIndexOf(partitionKey, stream.shards.length)]!;
    const offset = await shard.put(partitionKey, data, this.#now());
    this.#counts.put++;
    return { shardId: shard.id, sequenceNumber: sequenceNumberOf(offset) };
  }

  /** @throws ServiceError `ResourceNotFoundException` */
  stream(name: string): OpenStream {
    const stream = this.#streams.get(name);
    if (stream === undefined) throw new ServiceError('ResourceNotFoundException', `Stream ${name} not found`);
    return stream;
  }

  async start(): Promise<void> {
    this.#stopped = new AbortController();
    for (const model of this.#options.stack.eventSourceMappings) {
      const stream = [...this.#streams.values()].find((one) => one.model.arn === model.sourceArn)!;
      if (model.enabled) this.#mappings.push(await this.#open(model, stream));
    }
    for (const mapping of this.#mappings) for (const consumer of mapping.consumers) consumer.start();
    this.#pruneTimer = setInterval(
      () => void this.prune().catch((error) => this.#options.log.error('pruning streams failed', error)),
      pruneEveryMs,
    );
    this.#pruneTimer.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#pruneTimer);
    const consumers = this.#mappings.flatMap((mapping) => mapping.consumers);
    const stopping = consumers.map((consumer) => consumer.stop());
    this.#stopped.abort();
    await Promise.all(stopping);
    for (const mapping of this.#mappings) await mapping.checkpoints.close();
    this.#mappings = [];
    for (const stream of this.#streams.values()) await Promise.all(stream.shards.map((shard) => shard.close()));
  }

  /** Drops segments that every consumer is done with and that are older than the stream's retention. */
  async prune(): Promise<number> {
    let removed = 0;
    for (const stream of this.#streams.values()) {
      const mappings = this.#mappings.filter((mapping) => mapping.stream === stream);
      const olderThanMs = this.#now() - stream.model.retentionHours * 3_600_000;
      for (const [index, shard] of stream.shards.entries()) {
        const before = Math.min(shard.end, ...mappings.map((mapping) => mapping.consumers[index]!.checkpoint));
        removed += await shard.prune(before, olderThanMs, this.#options.maxShardBytes ?? 4 * 1024 ** 3);
      }
    }
    return removed;
  }

  stats(): Readonly<Record<string, number>> {
    let waitingBytes = 0;
    let storedBytes = 0;
    for (const mapping of this.#mappings) {
      for (const [index, consumer] of mapping.consumers.entries()) {
        waitingBytes += mapping.stream.shards[index]!.end - consumer.checkpoint;
      }
    }
    for (const stream of this.#streams.values()) for (const shard of stream.shards) storedBytes += shard.bytes;
    return { ...this.#counts, waitingBytes, storedBytes };
  }

  async #open(model: EventSourceMappingModel, stream: OpenStream): Promise<Mapping> {
    const { stack, log } = this.#options;
    const fn = stack.functions.find((one) => one.name === model.functionName)!;
    const checkpoints = await KeyedJournal.open<number>(
      join(this.#options.dir, stream.model.name, `checkpoints-${model.logicalId}`),
    );
    for (const shard of stream.shards) {
      // LATEST means "from when the mapping was made on": fixed once, so that a restart does not skip what came between.
      const first = model.startingPosition === 'LATEST' ? shard.end : shard.start;
      if (!checkpoints.entries.has(shard.id)) await checkpoints.commit([{ key: shard.id, value: first }]);
    }
    const sleep = (ms: number): Promise<void> => abortableSleep(ms, this.#stopped.signal);
    const deliver = (shardId: string, batch: Parameters<typeof deliverBatch>[2]): Promise<void> =>
      deliverBatch(
        {
          mapping: model,
          stream: stream.model,
          region: stack.region,
          functionArn: fn.arn,
          roleArn: fn.roleArn,
          invoker: this.#options.invoker,
          queues: this.#options.queues,
          log,
          now: this.#now,
          sleep,
          retryBaseMs: this.#options.retryBaseMs ?? 200,
          count: (what) => {
            this.#counts[what]++;
          },
        },
        shardId,
        batch,
      );
    const consumers = stream.shards.map(
      (shard) =>
        new ShardConsumer({
          shard,
          mapping: model,
          from: checkpoints.entries.get(shard.id)!,
          deliver,
          saveCheckpoint: (key, value) => checkpoints.commit([{ key, value }]),
          sleep,
          now: this.#now,
          onFailure: (error) => log.error(`${model.logicalId}: reading ${shard.id} met an error`, error),
        }),
    );
    return { model, stream, checkpoints, consumers };
  }
}

function checkMapping(mapping: EventSourceMappingModel, stack: StreamsOptions['stack']): void {
  const refuse = (why: string): Error => new Error(`event source mapping ${mapping.logicalId}: ${why}`);
  if (!stack.streams.some((stream) => stream.arn === mapping.sourceArn)) {
    throw refuse(`${mapping.sourceArn} is no stream of the stack; only Kinesis sources are run on one machine`);
  }
  if (!stack.functions.some((fn) => fn.name === mapping.functionName)) {
    throw refuse(`the stack has no function named ${mapping.functionName}`);
  }
  if (mapping.onFailureArn !== undefined && !mapping.onFailureArn.startsWith('arn:aws:sqs:')) {
    throw refuse(`failure destination ${mapping.onFailureArn} is no queue; only SQS is run on one machine`);
  }
}

/** Rejects when the signal is aborted, also when it was before. */
export function abortableSleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(new Error('stopped'));
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(new Error('stopped'));
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

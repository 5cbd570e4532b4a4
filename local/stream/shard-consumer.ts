/**
 * Reads one shard for one event source mapping. Records go to `parallelizationFactor` lanes by partition key; a lane
 * delivers one batch at a time, in order. Without a batching window a lane that is idle delivers at once, and what has
 * come in while it was busy makes the next batch: batches grow with the load by themselves. The checkpoint is the
 * oldest record that is not done yet, so that a crash repeats records but never skips one.
 */
import type { EventSourceMappingModel } from '../assembly/model.ts';
import type { Shard, StreamRecord } from './shard.ts';

export interface ShardConsumerDeps {
  readonly shard: Shard;
  readonly mapping: EventSourceMappingModel;
  /** Where to begin. */
  readonly from: number;
  readonly deliver: (shardId: string, batch: readonly StreamRecord[]) => Promise<void>;
  /** Makes the checkpoint durable. */
  readonly saveCheckpoint: (shardId: string, offset: number) => Promise<void>;
  readonly sleep: (ms: number) => Promise<void>;
  readonly now: () => number;
  readonly onFailure: (error: unknown) => void;
}

interface Lane {
  queue: StreamRecord[];
  /** The batch that is being delivered. */
  busy: readonly StreamRecord[];
  wake: () => void;
}

/** An invocation's payload may have 6 MB; the envelope of a record takes about 500 bytes. */
const maxBatchBytes = 5_500_000;
const envelopeBytes = 500;
const maxBufferedBytes = 16 * 1024 * 1024;

export class ShardConsumer {
  readonly #deps: ShardConsumerDeps;
  readonly #lanes: Lane[];
  readonly #maxBuffered: number;
  #position: number;
  #saved: number;
  #buffered = 0;
  #bufferedBytes = 0;
  #stopping = false;
  #wakeReader: () => void = () => undefined;
  #running: Promise<unknown> = Promise.resolve();
  #unsubscribe: () => void = () => undefined;

  constructor(deps: ShardConsumerDeps) {
    this.#deps = deps;
    this.#position = Math.max(deps.from, deps.shard.start);
    this.#saved = deps.from;
    this.#lanes = Array.from({ length: deps.mapping.parallelizationFactor }, () => ({
      queue: [],
      busy: [],
      wake: () => undefined,
    }));
    this.#maxBuffered = Math.max(1000, 2 * deps.mapping.batchSize * deps.mapping.parallelizationFactor);
  }

  /** Everything before this offset is done. */
  get checkpoint(): number {
    let oldest = this.#position;
    for (const lane of this.#lanes) oldest = Math.min(oldest, (lane.busy[0] ?? lane.queue[0])?.offset ?? oldest);
    return oldest;
  }

  start(): void {
    this.#unsubscribe = this.#deps.shard.onAppend(() => this.#wakeReader());
    this.#running = Promise.all([this.#readLoop(), ...this.#lanes.map((lane) => this.#laneLoop(lane))]).catch(
      (error) => {
        if (!this.#stopping) this.#deps.onFailure(error);
      },
    );
  }

  /** Ends after the invocations that are under way; what they did is checkpointed. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#unsubscribe();
    this.#wakeReader();
    for (const lane of this.#lanes) lane.wake();
    await this.#running;
  }

  async #readLoop(): Promise<void> {
    while (!this.#stopping) {
      const full = this.#buffered >= this.#maxBuffered || this.#bufferedBytes >= maxBufferedBytes;
      if (full || this.#position >= this.#deps.shard.end) {
        await new Promise<void>((resolve) => {
          this.#wakeReader = resolve;
        });
        continue;
      }
      const room = { records: this.#maxBuffered - this.#buffered, bytes: maxBufferedBytes };
      const records = await this.#deps.shard.read(this.#position, room);
      for (const record of records) {
        const lane = this.#lanes[laneOf(record.partitionKey, this.#lanes.length)]!;
        lane.queue.push(record);
        this.#buffered++;
        this.#bufferedBytes += record.data.length;
        this.#position = record.next;
        lane.wake();
      }
    }
  }

  async #laneLoop(lane: Lane): Promise<void> {
    while (!this.#stopping) {
      if (lane.queue.length === 0) {
        await new Promise<void>((resolve) => {
          lane.wake = resolve;
        });
        continue;
      }
      await this.#waitForWindow(lane);
      if (this.#stopping) return;
      lane.busy = takeBatch(lane, this.#deps.mapping.batchSize);
      try {
        await this.#deps.deliver(this.#deps.shard.id, lane.busy);
      } catch (error) {
        if (this.#stopping) return;
        throw error;
      }
      this.#buffered -= lane.busy.length;
      for (const record of lane.busy) this.#bufferedBytes -= record.data.length;
      lane.busy = [];
      await this.#save();
      this.#wakeReader();
    }
  }

  /** Waits until the window has passed or the batch is full, whichever comes first. */
  async #waitForWindow(lane: Lane): Promise<void> {
    const until = this.#deps.now() + this.#deps.mapping.batchingWindowS * 1000;
    for (let left = until - this.#deps.now(); left > 0 && !this.#stopping; left = until - this.#deps.now()) {
      if (lane.queue.length >= this.#deps.mapping.batchSize) return;
      const woken = new Promise<void>((resolve) => {
        lane.wake = resolve;
      });
      await Promise.race([woken, this.#deps.sleep(left).catch(() => undefined)]);
    }
  }

  async #save(): Promise<void> {
    const checkpoint = this.checkpoint;
    if (checkpoint <= this.#saved) return;
    const before = this.#saved;
    this.#saved = checkpoint;
    try {
      await this.#deps.saveCheckpoint(this.#deps.shard.id, checkpoint);
    } catch (error) {
      // The disk is full: reading goes on. A crash now would only repeat records, and the next batch saves anew.
      this.#saved = Math.min(this.#saved, before);
      this.#deps.onFailure(error);
    }
  }
}

function takeBatch(lane: Lane, maxRecords: number): StreamRecord[] {
  let bytes = 0;
  let count = 0;
  for (const record of lane.queue) {
    bytes += record.data.length + record.partitionKey.length + envelopeBytes;
    if (count > 0 && (count >= maxRecords || bytes > maxBatchBytes)) break;
    count++;
  }
  return lane.queue.splice(0, count);
}

/** FNV-1a. Not the MD5 that chose the shard: within a shard its upper bits are all alike. */
function laneOf(partitionKey: string, lanes: number): number {
  if (lanes === 1) return 0;
  let hash = 0x811c9dc5;
  for (let at = 0; at < partitionKey.length; at++) hash = Math.imul(hash ^ partitionKey.charCodeAt(at), 0x01000193);
  return (hash >>> 0) % lanes;
}

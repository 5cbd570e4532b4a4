/** The small agreements between the parts of the one-machine runtime. */
import type { Json, JsonObject } from './flow/types.ts';

export type { Json, JsonObject } from './flow/types.ts';

/** Who calls: a function's logical id, `OPERATOR` for people, `SERVICE:events` and the like for services. */
export type Caller = string;

export interface LambdaAnswer {
  /** The function's answer, or Lambda's error object `{errorType, errorMessage, trace?}` beside `functionError`. */
  readonly payload: Json;
  /** Present when the function failed: what Lambda puts into `X-Amz-Function-Error`. */
  readonly functionError?: 'Unhandled';
}

export interface LambdaInvoker {
  /**
   * Calls a function and waits for its answer.
   * @param nameOrArn name, ARN or logical id
   * @throws ServiceError `ResourceNotFoundException`, `TooManyRequestsException` (reserved concurrency used up),
   *   `RequestTooLargeException` (above 6 MB), `ServiceException` (the runtime is stopping)
   */
  invoke(nameOrArn: string, payload: Json, options?: { clientContext?: Json }): Promise<LambdaAnswer>;
  /**
   * Calls a function without waiting, as `InvocationType: Event`: accepted when this resolves, durable from then on,
   * repeated as the function's asynchronous settings say.
   */
  invokeAsync(nameOrArn: string, payload: Json): Promise<void>;
}

/** One entry of PutEvents, as the API has it; `time` is in ms since the epoch. */
export interface BusEntry {
  readonly source: string;
  readonly detailType: string;
  /** JSON text of an object. */
  readonly detail: string;
  readonly busName?: string;
  readonly resources?: readonly string[];
  readonly timeMs?: number;
}
export type BusEntryResult =
  | { readonly eventId: string }
  | { readonly errorCode: string; readonly errorMessage: string };

export interface BusPublisher {
  /** Resolves when every accepted entry is durable; one result an entry, in order. */
  putEvents(entries: readonly BusEntry[], caller: Caller): Promise<BusEntryResult[]>;
}

/** What a service of AWS itself puts on the default bus. */
export interface ServiceEvent {
  /** `aws.states` for instance; calls of PutEvents may not use it. */
  readonly source: string;
  readonly detailType: string;
  readonly detail: JsonObject;
  readonly resources: readonly string[];
}

/** Puts a message into a queue; dead letters go this way. Resolves when it is durable. */
export interface QueueSender {
  send(
    queueArn: string,
    body: string,
    attributes?: Readonly<Record<string, { type: 'String' | 'Number'; value: string }>>,
  ): Promise<void>;
}

/** Writes an object durably; error actions and archives go this way. */
export interface ObjectWriter {
  put(bucketName: string, key: string, body: Buffer): Promise<unknown>;
}

/** Appends lines to a log group's file. */
export interface LogWriter {
  append(logGroupName: string, message: string, timeMs: number): void;
}

/** Told of every call, for `<data>/calls.jsonl`. */
export interface CallRecorder {
  /** `count`: how often; 1 unless given. */
  record(call: {
    service: string;
    operation: string;
    resources: readonly string[];
    caller: Caller;
    count?: number;
  }): void;
}

/** `<data>`: each part gets one folder of its own and keeps to it. */
export interface DataDir {
  readonly root: string;
  /** Absolute path of a part's folder, created (0700) if absent. */
  folder(name: string): string;
}

/** A part of the runtime that starts and stops with it. */
export interface RuntimePart {
  readonly name: string;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Figures for `runtime.stats()`: counts since the start and present depths, by name. */
  stats?(): Readonly<Record<string, number>>;
}

/** Diagnostics of the runtime itself; never the log of a function. */
export interface RuntimeLog {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string, cause?: unknown): void;
}

/** A JSON value, as states exchange it. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/** An error as Step Functions names it: `error` is matched by Retry and Catch, `cause` is for people. */
export interface ErrorOutput {
  readonly error?: string;
  readonly cause?: string;
}

/** Time as the interpreter sees it: real in the runtime, simulated in `flow run`. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Resolves after `ms` milliseconds; rejects with the signal's reason when it is aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** Randomness as the interpreter sees it: jitter, `$random()`, `$uuid()`, names and task tokens. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  uuid(): string;
}

/** One call of a Task state's resource. */
export interface TaskRequest {
  /** The `Resource` of the state, e.g. `arn:aws:states:::lambda:invoke.waitForTaskToken` or a function's ARN. */
  readonly resource: string;
  /** The evaluated `Arguments`; the state's input where the state has none. */
  readonly arguments: Json;
  /** Present when the resource ends in `.waitForTaskToken`: the answer then comes by `sendTaskSuccess`/`-Failure`. */
  readonly taskToken?: string;
  readonly executionArn: string;
  readonly stateName: string;
  /** 0 for the first call of a state, then 1, 2, … for each retry. */
  readonly retryCount: number;
  /** The time that is left for the task, where the state limits it. */
  readonly timeoutMs?: number;
  /** Aborted when the task timed out, its branch failed or the execution was stopped. */
  readonly signal: AbortSignal;
}

/**
 * Performs tasks. Resolves with the task's result exactly as AWS shapes it: for `lambda:invoke` the object made by
 * `lambdaInvokeResult`, for a function's ARN the bare payload, for `events:putEvents` `{Entries, FailedEntryCount}`.
 * With a task token the resolved value is ignored: it only says that the request was accepted.
 * Rejects with `TaskError`; any other rejection is reported to the state machine as `States.TaskFailed`.
 */
export interface TaskPort {
  invoke(request: TaskRequest): Promise<Json>;
}

export type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';
export type ExecutionType = 'STANDARD' | 'EXPRESS';

/** What DescribeExecution tells; input and output are JSON text, as in AWS; times are milliseconds since the epoch. */
export interface ExecutionDescription extends ErrorOutput {
  readonly executionArn: string;
  readonly stateMachineArn: string;
  readonly name: string;
  readonly type: ExecutionType;
  readonly status: ExecutionStatus;
  readonly startMs: number;
  readonly stopMs?: number;
  /** How often it was redriven, and when last; absent for one that never was. */
  readonly redriveCount?: number;
  readonly redriveMs?: number;
  readonly input: string;
  readonly output?: string;
}

/** One entry of GetExecutionHistory: `details` is the member that AWS calls `<type>EventDetails`. */
export interface HistoryEvent {
  readonly id: number;
  readonly previousEventId: number;
  readonly type: string;
  readonly timestampMs: number;
  /** The name of the details member, e.g. `stateEnteredEventDetails`; absent for events without details. */
  readonly detailsKey?: string;
  readonly details?: JsonObject;
}

/** Where a run is, for those who watch it: the terminal, the console. */
export type FlowObserver = (executionArn: string, event: HistoryEvent) => void;

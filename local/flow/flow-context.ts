import type { Definition, Machine, State } from './definition-types.ts';
import { type Evaluation, evaluateTemplate, QueryError, type Template } from './expressions.ts';
import type { Entry, Position } from './position.ts';
import type { Clock, ErrorOutput, HistoryEvent, Json, JsonObject, Random, TaskPort } from './types.ts';

/** AWS's limit on a state's input, output or result. */
export const PAYLOAD_LIMIT_BYTES = 262_144;

/** What does not change while an execution runs. */
export interface ExecutionMeta {
  readonly executionArn: string;
  readonly stateMachineArn: string;
  readonly name: string;
  readonly startMs: number;
  readonly input: Json;
  readonly roleArn?: string;
}

/** An execution as the interpreter sees it. */
export interface FlowContext {
  readonly meta: ExecutionMeta;
  readonly definition: Definition;
  readonly clock: Clock;
  readonly random: Random;
  readonly tasks: TaskPort;
  /** Makes a task token that the engine can find again. */
  makeToken(): string;
  /** The next history event; it is part of history once an entry that holds it is recorded. */
  event(type: string, previousEventId: number, detailsKey?: string, details?: JsonObject): HistoryEvent;
  /** The id of the newest event. */
  lastEventId(): number;
  /** Writes the entry to the journal and then applies it to the position. Throws JournalError. */
  record(position: Position, entry: Entry): void;
}

/** A branch while it runs: its memory and what it inherits. */
export interface Branch {
  readonly position: Position;
  readonly machine: Machine;
  /** Variables of the outer state machines. */
  readonly outer: Readonly<Record<string, Json>>;
  /** `Map.Item` of the context, inside a Map. */
  readonly item?: JsonObject;
  readonly signal: AbortSignal;
}

/** A state failed; Retry and Catch decide what becomes of it. */
export class StateFailure extends Error implements ErrorOutput {
  readonly error?: string;
  override readonly cause?: string;
  /** Where an expression failed, for the event EvaluationFailed. */
  readonly evaluation: boolean;
  constructor(output: ErrorOutput, evaluation = false) {
    super(output.error ?? 'failed');
    this.name = 'StateFailure';
    this.evaluation = evaluation;
    if (output.error !== undefined) this.error = output.error;
    if (output.cause !== undefined) this.cause = output.cause;
  }
}

export function visibleVariables(branch: Branch): Record<string, Json> {
  return { ...branch.outer, ...branch.position.variables };
}

/** The context object (`$states.context`, `$$`). */
export function contextObject(flow: FlowContext, branch: Branch, token?: string): JsonObject {
  const { meta } = flow;
  const { position } = branch;
  return {
    Execution: {
      Id: meta.executionArn,
      Input: meta.input,
      Name: meta.name,
      ...(meta.roleArn === undefined ? {} : { RoleArn: meta.roleArn }),
      StartTime: new Date(meta.startMs).toISOString(),
      RedriveCount: 0,
    },
    State: {
      EnteredTime: new Date(position.enteredMs).toISOString(),
      Name: position.state,
      RetryCount: position.retryCount,
    },
    StateMachine: { Id: meta.stateMachineArn, Name: meta.stateMachineArn.split(':').at(-1) ?? '' },
    ...(token === undefined ? {} : { Task: { Token: token } }),
    ...(branch.item === undefined ? {} : { Map: { Item: branch.item } }),
  };
}

/** What one evaluation in a state sees; `more` adds `result` or `errorOutput` to `$states`. */
export function evaluationOf(flow: FlowContext, branch: Branch, more: JsonObject = {}, token?: string): Evaluation {
  const states = { input: branch.position.input, context: contextObject(flow, branch, token), ...more };
  return { states, variables: visibleVariables(branch), clock: flow.clock, random: flow.random };
}

/** Evaluates a field; a failing expression becomes States.QueryEvaluationError with AWS's words. */
export async function evaluateField(branch: Branch, template: Template, evaluation: Evaluation): Promise<Json> {
  return await asQueryFailure(branch, () => evaluateTemplate(template, evaluation));
}

/** Runs `work` and turns QueryError into the state's failure. */
export async function asQueryFailure<T>(branch: Branch, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    throw new StateFailure({ error: 'States.QueryEvaluationError', cause: inState(branch, error.message) }, true);
  }
}

/** AWS's beginning of causes that the service itself words. */
export function inState(branch: Branch, message: string): string {
  const { state, enteredId } = branch.position;
  return `An error occurred while executing the state '${state}' (entered at the event id #${enteredId}). ${message}`;
}

/** States.DataLimitExceeded where a value is larger than a state may pass on. */
export function checkSize(value: Json, what: string): void {
  if (Buffer.byteLength(JSON.stringify(value)) <= PAYLOAD_LIMIT_BYTES) return;
  throw new StateFailure({
    error: 'States.DataLimitExceeded',
    cause: `The state/task '${what}' returned a result with a size exceeding the maximum number of bytes service limit.`,
  });
}

/** Settles as `work` does, unless the branch is aborted first; then rejects with the reason. */
export function untilAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

export function stateOf(branch: Branch): State {
  const state = branch.machine.states.get(branch.position.state);
  if (state === undefined) throw new Error(`no state '${branch.position.state}'`);
  return state;
}

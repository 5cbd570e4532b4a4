/**
 * The Step Functions engine of one machine. What callers need:
 *
 * ```ts
 * import { FlowEngine } from '../flow/engine.ts';
 * import { loadDefinition, type Definition } from '../flow/definition.ts';   // loadDefinition(json: string | object): Definition
 * import { TaskError, FlowApiError, UnsupportedError, DefinitionError } from '../flow/errors.ts';
 * import { lambdaInvokeResult } from '../flow/task-results.ts';              // (payload: Json) => Json
 *
 * const definition = loadDefinition(aslText);        // throws UnsupportedError (state + field) or DefinitionError
 * const engine = new FlowEngine({ dir, tasks });     // opens the folder; `clock` and `random` default to the real ones
 * await engine.resumeAll();                          // goes on with every Standard execution that a crash interrupted
 *
 * const { executionArn, startMs } = engine.start({ stateMachineArn, definition, name, input, type });
 *                                                    // type 'STANDARD' | 'EXPRESS'; name optional; input is JSON text
 * const done = await engine.completion(executionArn) // ExecutionDescription once it has ended (StartSyncExecution)
 * engine.sendTaskSuccess(token, outputJsonText);
 * engine.sendTaskFailure(token, error?, cause?);
 * engine.sendTaskHeartbeat(token);
 * engine.describe(executionArn);                     // ExecutionDescription
 * engine.history(executionArn);                      // HistoryEvent[], in order
 * engine.list(stateMachineArn, status?);             // ExecutionDescription[] without input/output, newest first
 * engine.stop(executionArn, error?, cause?);         // ABORTED; returns { stopMs }
 * await engine.close();                              // stops in memory only: Standard executions resume next time
 * ```
 *
 * Every refused call throws `FlowApiError` whose `code` is the exception's name in the Step Functions API.
 * `tasks` is the `TaskPort` of types.ts: it gets `{resource, arguments, taskToken?, …}` and answers or throws `TaskError`.
 * A state machine's ARN is `arn:aws:states:REGION:ACCOUNT:stateMachine:NAME`; an execution's is derived from it.
 */

import type { Definition } from './definition.ts';
import type {
  Clock,
  ExecutionDescription,
  ExecutionStatus,
  ExecutionType,
  FlowObserver,
  HistoryEvent,
  Random,
  TaskPort,
} from './types.ts';

export interface FlowEngineOptions {
  /** Where journals live; made if absent. */
  readonly dir: string;
  readonly tasks: TaskPort;
  readonly clock?: Clock;
  readonly random?: Random;
  /** Told of every history event, after it is durable. */
  readonly observer?: FlowObserver;
  /** Told when an execution cannot go on because its journal cannot be written; it resumes at the next start. */
  readonly onStalled?: (executionArn: string, error: Error) => void;
}

export interface StartRequest {
  readonly stateMachineArn: string;
  readonly definition: Definition;
  /** 1 to 80 characters; a random UUID where absent. */
  readonly name?: string;
  /** JSON text, at most 256 KiB. */
  readonly input: string;
  readonly type: ExecutionType;
}

export interface FlowEngineApi {
  start(request: StartRequest): { executionArn: string; startMs: number };
  completion(executionArn: string): Promise<ExecutionDescription>;
  resumeAll(): Promise<string[]>;
  sendTaskSuccess(token: string, output: string): void;
  sendTaskFailure(token: string, error?: string, cause?: string): void;
  sendTaskHeartbeat(token: string): void;
  describe(executionArn: string): ExecutionDescription;
  history(executionArn: string): HistoryEvent[];
  list(stateMachineArn: string, status?: ExecutionStatus): Omit<ExecutionDescription, 'input' | 'output'>[];
  stop(executionArn: string, error?: string, cause?: string): { stopMs: number };
  close(): Promise<void>;
}

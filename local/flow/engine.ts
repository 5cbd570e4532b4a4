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
 * engine.redrive(executionArn);                       // goes on where it failed; returns { redriveMs }
 * engine.stop(executionArn, error?, cause?);         // ABORTED; returns { stopMs }
 * await engine.close();                              // stops in memory only: Standard executions resume next time
 * ```
 *
 * Every refused call throws `FlowApiError` whose `code` is the exception's name in the Step Functions API.
 * `tasks` is the `TaskPort` of types.ts: it gets `{resource, arguments, taskToken?, …}` and answers or throws `TaskError`.
 * A state machine's ARN is `arn:aws:states:REGION:ACCOUNT:stateMachine:NAME`; an execution's is derived from it.
 */

import { RealClock, systemRandom } from './clock.ts';
import { compileDefinition, type Definition, usesTaskTokens } from './definition.ts';
import { asError, describeLive, failureOf, type Live, parsePayload, redrivesOf, taskIsOver } from './engine-answers.ts';
import { FlowApiError, JournalError, UnsupportedError } from './errors.ts';
import { Execution, executionOfToken, HISTORY_LIMIT_EVENTS, type Outcome } from './execution.ts';
import { FileJournal, type JournalLine, type Summary } from './journal.ts';
import type {
  Clock,
  ExecutionDescription,
  ExecutionStatus,
  ExecutionType,
  FlowObserver,
  HistoryEvent,
  Json,
  Random,
  TaskPort,
} from './types.ts';

export interface FlowEngineOptions {
  /** Where journals live; made if absent. */
  readonly dir: string;
  readonly tasks: TaskPort;
  readonly clock?: Clock;
  readonly random?: Random;
  /** Told of every history event, after it is durable. Must not throw. */
  readonly observer?: FlowObserver;
  /** Told when an execution cannot go on because its journal cannot be written; it is tried again until it can. */
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
  /** Shown as `$states.context.Execution.RoleArn`. */
  readonly roleArn?: string;
}

export type ExecutionListing = Omit<ExecutionDescription, 'input' | 'output'>;

const NAME = /^[^\s<>{}[\]?*"#%\\^|~`$&,;:/\p{Cc}]{1,80}$/u;
const STATE_MACHINE_ARN = /^arn:[\w-]+:states:[a-z0-9-]+:\d{12}:stateMachine:[\w-]{1,80}$/;
/** AWS's limit on an Express execution. */
const EXPRESS_LIMIT_S = 300;
/** So many ended Express executions stay describable; AWS keeps none. */
const EXPRESS_KEPT = 1_000;
/** An execution whose journal could not be written is tried again after so long, and then less and less often. */
const STALLED_PAUSE_MS = 1_000;
const LONGEST_STALLED_PAUSE_MS = 60_000;
/** AWS's limits on redriving. */
const REDRIVABLE_MS = 14 * 86_400_000;
const REDRIVE_LIMIT = 1_000;
/** Starts, resumes and answers executions; see the top of this file. */
export class FlowEngine {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #tasks: TaskPort;
  readonly #observer: FlowObserver | undefined;
  readonly #onStalled: ((executionArn: string, error: Error) => void) | undefined;
  readonly #journal: FileJournal;
  readonly #live = new Map<string, Live>();
  readonly #closing = new AbortController();
  readonly #endedExpress: string[] = [];
  #closed = false;

  /** Opens the journal. Throws JournalError. */
  constructor(options: FlowEngineOptions) {
    this.#clock = options.clock ?? new RealClock();
    this.#random = options.random ?? systemRandom;
    this.#tasks = options.tasks;
    this.#observer = options.observer;
    this.#onStalled = options.onStalled;
    this.#journal = new FileJournal(options.dir, this.#clock.now());
  }

  /**
   * Starts an execution. For a Standard one, the same name with the same input is harmless while it runs (its ARN is
   * returned); otherwise a taken name is ExecutionAlreadyExists. What is returned is durable.
   */
  start(request: StartRequest): { executionArn: string; startMs: number } {
    this.#assertOpen();
    const { stateMachineArn, definition, input, type } = request;
    if (!STATE_MACHINE_ARN.test(stateMachineArn))
      throw new FlowApiError('InvalidArn', `Invalid Arn: '${stateMachineArn}' is not a state machine's ARN`);
    const name = request.name ?? this.#random.uuid();
    if (!NAME.test(name)) throw new FlowApiError('InvalidName', `Invalid Name: '${name}'`);
    const value = parsePayload(input, 'InvalidExecutionInput', 'Invalid State Machine Execution Input');
    if (type === 'EXPRESS' && usesTaskTokens(definition.machine))
      throw new UnsupportedError('.waitForTaskToken in an Express state machine');
    const executionArn = this.#arn(stateMachineArn, name, type);
    const running = this.#sameExecution(executionArn, input);
    if (running !== undefined) return { executionArn, startMs: running.startMs };
    const startMs = this.#clock.now();
    const roleArn = request.roleArn === undefined ? {} : { roleArn: request.roleArn };
    const meta = { executionArn, stateMachineArn, name, startMs, input: value, ...roleArn };
    const execution = this.#execution(meta, definition, type);
    const started = execution.startedEvent();
    if (type === 'STANDARD') {
      const { source } = definition;
      const common = { executionArn, stateMachineArn, name, startMs, input, ...roleArn };
      this.#journal.begin({ k: 'begin', version: 1, ...common, definition: source, ev: [started] });
    }
    execution.publish([started]);
    this.#run(execution, type, input);
    return { executionArn, startMs };
  }

  /** How an execution ended, once it has. Rejects when it cannot go on (it is then tried again). */
  async completion(executionArn: string): Promise<ExecutionDescription> {
    await this.#live.get(executionArn)?.completion;
    return this.describe(executionArn);
  }

  /**
   * Goes on with every Standard execution of the journal that this process does not run yet. Call it before tokens are
   * accepted. An execution whose journal or definition cannot be used is reported to `onStalled`. Returns the ARNs.
   */
  async resumeAll(): Promise<string[]> {
    this.#assertOpen();
    const resumed: string[] = [];
    for (const { executionArn, status } of this.#journal.summaries()) {
      if (status !== 'RUNNING' || this.#live.has(executionArn)) continue;
      try {
        this.#resume(executionArn);
        resumed.push(executionArn);
      } catch (error) {
        this.#onStalled?.(executionArn, asError(error));
      }
    }
    return resumed;
  }

  /** The answer is durable when this returns. Throws InvalidToken, InvalidOutput, TaskDoesNotExist or TaskTimedOut. */
  sendTaskSuccess(token: string, output: string): void {
    const execution = this.#executionOf(token);
    const value = parsePayload(output, 'InvalidOutput', 'Invalid Output');
    if (!execution.answer(token, { output: value })) throw taskIsOver();
  }

  sendTaskFailure(token: string, error?: string, cause?: string): void {
    const execution = this.#executionOf(token);
    if (!execution.answer(token, { failure: failureOf(error, cause) })) throw taskIsOver();
  }

  sendTaskHeartbeat(token: string): void {
    if (!this.#executionOf(token).heartbeat(token)) throw taskIsOver();
  }

  /** Throws ExecutionDoesNotExist. */
  describe(executionArn: string): ExecutionDescription {
    const live = this.#live.get(executionArn);
    if (live !== undefined) return { ...describeLive(live), ...redrivesOf(this.#journal.summary(executionArn)) };
    const summary = this.#summary(executionArn);
    const lines = this.#journal.read(executionArn);
    const [begin] = lines;
    const end = lines.at(-1);
    const input = begin?.k === 'begin' ? begin.input : 'null';
    const output = end?.k === 'end' && end.output !== undefined ? { output: JSON.stringify(end.output) } : {};
    return { ...summary, type: 'STANDARD', input, ...output };
  }

  /** Every event so far, in order. Throws ExecutionDoesNotExist. */
  history(executionArn: string): HistoryEvent[] {
    const live = this.#live.get(executionArn);
    if (live !== undefined) return [...live.execution.events];
    this.#summary(executionArn);
    return this.#journal.read(executionArn).flatMap((line: JournalLine) => line.ev);
  }

  /** Standard executions of a state machine, the newest first. */
  list(stateMachineArn: string, status?: ExecutionStatus): ExecutionListing[] {
    const mine = this.#journal
      .summaries()
      .filter((one) => one.stateMachineArn === stateMachineArn && (status === undefined || one.status === status));
    return mine.sort((a, b) => b.startMs - a.startMs).map((one) => ({ ...one, type: 'STANDARD' }));
  }

  /**
   * Goes on with a Standard execution that ended without success, at the state where it ended.
   * Throws ExecutionDoesNotExist, ExecutionNotRedrivable, UnsupportedError.
   */
  redrive(executionArn: string): { redriveMs: number } {
    this.#assertOpen();
    const { status, stopMs = 0, redriveCount = 0 } = this.#summary(executionArn);
    const nowMs = this.#clock.now();
    const refuse = (why: string): never => {
      throw new FlowApiError('ExecutionNotRedrivable', `Execution Not Redrivable: '${executionArn}' ${why}`);
    };
    if (status === 'RUNNING' || status === 'SUCCEEDED') refuse(`is ${status}`);
    if (nowMs - stopMs > REDRIVABLE_MS) refuse('ended more than 14 days ago');
    if (redriveCount >= REDRIVE_LIMIT) refuse(`was redriven ${redriveCount} times`);
    const { execution, input } = this.#revive(executionArn);
    const entry = execution.redriveEntry();
    this.#journal.redrive(executionArn, entry, nowMs);
    execution.replay(entry);
    for (const event of entry.ev) this.#observer?.(executionArn, event);
    this.#run(execution, 'STANDARD', input, nowMs);
    return { redriveMs: nowMs };
  }

  /** Aborts a running execution; harmless for one that has ended. Throws ExecutionDoesNotExist. */
  stop(executionArn: string, error?: string, cause?: string): { stopMs: number } {
    this.#assertOpen();
    const live = this.#live.get(executionArn);
    if (live === undefined) return { stopMs: this.#summary(executionArn).stopMs ?? this.#clock.now() };
    live.execution.conclude({ status: 'ABORTED', ...failureOf(error, cause) });
    return { stopMs: live.stopMs ?? this.#clock.now() };
  }

  /** Lets go of everything without ending it: Standard executions go on in the next process. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#closing.abort(new Error('the flow engine is closed'));
    const running = [...this.#live.values()].filter(({ outcome }) => outcome === undefined);
    for (const { execution } of running) execution.suspend();
    await Promise.allSettled(running.map(({ completion }) => completion));
  }

  #assertOpen(): void {
    if (this.#closed) throw new Error('the flow engine is closed');
  }

  #arn(stateMachineArn: string, name: string, type: ExecutionType): string {
    if (type === 'STANDARD') return `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`;
    return `${stateMachineArn.replace(':stateMachine:', ':express:')}:${name}:${this.#random.uuid()}`;
  }

  #sameExecution(executionArn: string, input: string): Summary | undefined {
    const summary = this.#journal.summary(executionArn);
    if (summary === undefined) return undefined;
    if (summary.status === 'RUNNING' && this.describe(executionArn).input === input) return summary;
    throw new FlowApiError('ExecutionAlreadyExists', `Execution Already Exists: '${executionArn}'`);
  }

  #execution(meta: Execution['meta'], definition: Definition, type: ExecutionType): Execution {
    const { executionArn } = meta;
    return new Execution(meta, definition, {
      clock: this.#clock,
      random: this.#random,
      tasks: this.#tasks,
      write: (entry) => {
        if (type === 'STANDARD' && entry.k === 'end') this.#journal.end(executionArn, entry);
        if (type === 'STANDARD' && entry.k !== 'end') this.#journal.append(executionArn, entry);
        if (entry.k === 'end') this.#noteEnd(executionArn, entry, entry.stopMs);
      },
      ...(this.#observer === undefined ? {} : { observer: this.#observer }),
      ...(type === 'STANDARD' ? { historyLimit: HISTORY_LIMIT_EVENTS } : {}),
    });
  }

  #noteEnd(executionArn: string, outcome: Outcome, stopMs: number): void {
    const live = this.#live.get(executionArn);
    if (live === undefined) return;
    live.outcome = outcome;
    live.stopMs = stopMs;
  }

  #resume(executionArn: string): void {
    if (!this.#journal.repair(executionArn)) return;
    const { execution, input } = this.#revive(executionArn);
    this.#run(execution, 'STANDARD', input, this.#journal.summary(executionArn)?.redriveMs);
  }

  /** An execution with the memory that its journal gives it. */
  #revive(executionArn: string): { execution: Execution; input: string } {
    const [begin, ...entries] = this.#journal.read(executionArn);
    if (begin?.k !== 'begin') throw new Error(`the journal of ${executionArn} has no beginning`);
    const { stateMachineArn, name, startMs, input } = begin;
    const roleArn = begin.roleArn === undefined ? {} : { roleArn: begin.roleArn };
    const meta = { executionArn, stateMachineArn, name, startMs, input: JSON.parse(input) as Json, ...roleArn };
    const execution = this.#execution(meta, compileDefinition(begin.definition), 'STANDARD');
    execution.replayStart(begin.ev);
    for (const entry of entries) {
      if (entry.k === 'end') execution.replayStart(entry.ev);
      else if (entry.k !== 'begin') execution.replay(entry);
    }
    return { execution, input };
  }

  /** @param fromMs when its time limit began, where that was not its start */
  #run(execution: Execution, type: ExecutionType, input: string, fromMs = execution.meta.startMs): void {
    const { executionArn } = execution.meta;
    const limits = [execution.definition.timeoutS, type === 'EXPRESS' ? EXPRESS_LIMIT_S : undefined];
    const limitS = Math.min(...limits.filter((limit) => limit !== undefined));
    // The first step runs in a later turn, when the execution is in the map and can be found by its tokens.
    const run = Promise.resolve().then(() => execution.run(limitS === Infinity ? undefined : fromMs + limitS * 1000));
    const completion = run.then(
      () => this.#settled(execution, type),
      (error: unknown) => this.#broken(execution, type, asError(error)),
    );
    this.#live.set(executionArn, { execution, type, input, completion });
    completion.catch(() => undefined);
  }

  #settled(execution: Execution, type: ExecutionType): void {
    const { executionArn } = execution.meta;
    if (type === 'STANDARD') {
      // It may have been redriven in the meantime.
      if (this.#live.get(executionArn)?.execution === execution) this.#live.delete(executionArn);
      return;
    }
    this.#endedExpress.push(executionArn);
    if (this.#endedExpress.length > EXPRESS_KEPT) this.#live.delete(this.#endedExpress.shift() ?? '');
  }

  /** What the interpreter cannot do ends the execution; a journal that cannot be written only stalls it. */
  #broken(execution: Execution, type: ExecutionType, error: Error): void {
    const { executionArn } = execution.meta;
    try {
      if (!(error instanceof UnsupportedError)) throw error;
      execution.conclude({ status: 'FAILED', error: 'States.Runtime', cause: error.message });
      this.#settled(execution, type);
    } catch (stalled) {
      this.#live.delete(executionArn);
      this.#onStalled?.(executionArn, asError(stalled));
      if (type === 'STANDARD') this.#resumeLater(executionArn, STALLED_PAUSE_MS);
      throw stalled;
    }
  }

  /** A disk that was full may have room again. */
  #resumeLater(executionArn: string, pauseMs: number): void {
    this.#clock.sleep(pauseMs, this.#closing.signal).then(
      () => {
        if (this.#closed || this.#live.has(executionArn)) return;
        try {
          this.#resume(executionArn);
        } catch (error) {
          this.#onStalled?.(executionArn, asError(error));
          this.#resumeLater(executionArn, Math.min(LONGEST_STALLED_PAUSE_MS, 2 * pauseMs));
        }
      },
      () => undefined,
    );
  }

  #summary(executionArn: string): Summary {
    const summary = this.#journal.summary(executionArn);
    if (summary !== undefined) return summary;
    throw new FlowApiError('ExecutionDoesNotExist', `Execution Does Not Exist: '${executionArn}'`);
  }

  #executionOf(token: string): Execution {
    this.#assertOpen();
    const executionArn = executionOfToken(token);
    const live = this.#live.get(executionArn);
    if (live !== undefined) return live.execution;
    const summary = this.#journal.summary(executionArn);
    // Its token holds still: whoever has the answer must come again.
    if (summary?.status === 'RUNNING') throw new JournalError(`${executionArn} waits until its journal can be written`);
    if (summary !== undefined) throw taskIsOver();
    throw new FlowApiError('TaskDoesNotExist', `Task Does Not Exist: 'Provided task does not exist'`);
  }
}

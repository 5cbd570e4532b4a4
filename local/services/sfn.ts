/** The Step Functions API over the flow engine, for the stack's state machines. */
import { join } from 'node:path';
import type { StackModel, StateMachineModel } from '../assembly/model.ts';
import type { FlowStarter } from '../bus/targets.ts';
import { type Definition, loadDefinition } from '../flow/definition.ts';
import { FlowEngine } from '../flow/engine.ts';
import { FlowApiError, UnsupportedError } from '../flow/errors.ts';
import { executionOfToken } from '../flow/execution.ts';
import type { ExecutionDescription, ExecutionStatus, FlowObserver } from '../flow/types.ts';
import { type AwsService, ServiceError, targetPrefixes } from '../server/service.ts';
import { KeyedJournal } from '../stream/keyed-journal.ts';
import type {
  BusPublisher,
  Json,
  JsonObject,
  LambdaInvoker,
  LogWriter,
  RuntimeLog,
  RuntimePart,
  ServiceEvent,
} from '../types.ts';
import {
  isStatusChange,
  logsHistory,
  page,
  shownEvent,
  shownExecution,
  shownRedrives,
  statusChange,
} from './sfn-shapes.ts';
import { checkResources, taskPort } from './sfn-tasks.ts';

export interface StepFunctionsOptions {
  readonly dir: string;
  readonly stack: Pick<StackModel, 'stateMachines'>;
  readonly invoker: LambdaInvoker;
  readonly bus: BusPublisher;
  /** Takes the changes of Standard executions to the default bus. @default nobody is told */
  readonly onStatusChange?: (event: ServiceEvent) => Promise<void>;
  readonly logs: LogWriter;
  readonly log: RuntimeLog;
  /** Told of every history event, after it is durable. */
  readonly observer?: FlowObserver;
}

interface Machine {
  readonly model: StateMachineModel;
  readonly definition: Definition;
}

/** An asynchronous Express execution that has not ended: after a crash it starts again from its beginning. */
interface Started {
  readonly stateMachineArn: string;
  readonly name: string;
  readonly input: string;
}

const statuses: readonly ExecutionStatus[] = ['RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED'];

export class StepFunctions implements RuntimePart, AwsService, FlowStarter {
  readonly name = 'states';
  readonly service = 'states';
  readonly targetPrefix = targetPrefixes.states;
  readonly engine: FlowEngine;
  readonly #options: StepFunctionsOptions;
  readonly #machines: ReadonlyMap<string, Machine>;
  readonly #express: KeyedJournal<Started>;
  readonly #counts = { started: 0, stalled: 0 };
  #stopping = false;
  #markReady: () => void = () => undefined;
  /** Calls wait for it: an answer to a task that is not resumed yet would be taken for one too late. */
  readonly #ready = new Promise<void>((resolve) => {
    this.#markReady = resolve;
  });
  readonly #handlers: Readonly<Record<string, (input: JsonObject) => JsonObject | Promise<JsonObject>>> = {
    StartExecution: (input) => this.#start(input),
    StartSyncExecution: (input) => this.#startSync(input),
    DescribeExecution: (input) => shownExecution(this.engine.describe(this.#standardArn(input))),
    GetExecutionHistory: (input) => this.#history(input),
    ListExecutions: (input) => this.#listExecutions(input),
    ListStateMachines: (input) => this.#listMachines(input),
    DescribeStateMachine: (input) => this.#describeMachine(input),
    StopExecution: (input) => {
      const { stopMs } = this.engine.stop(this.#standardArn(input), optional(input, 'error'), optional(input, 'cause'));
      return { stopDate: stopMs / 1000 };
    },
    RedriveExecution: (input) => ({ redriveDate: this.engine.redrive(this.#standardArn(input)).redriveMs / 1000 }),
    SendTaskSuccess: (input) => {
      this.engine.sendTaskSuccess(required(input, 'taskToken'), required(input, 'output'));
      return {};
    },
    SendTaskFailure: (input) => {
      this.engine.sendTaskFailure(required(input, 'taskToken'), optional(input, 'error'), optional(input, 'cause'));
      return {};
    },
    SendTaskHeartbeat: (input) => {
      this.engine.sendTaskHeartbeat(required(input, 'taskToken'));
      return {};
    },
  };
  readonly operations = Object.keys(this.#handlers);

  private constructor(
    options: StepFunctionsOptions,
    machines: ReadonlyMap<string, Machine>,
    express: KeyedJournal<Started>,
  ) {
    this.#options = options;
    this.#machines = machines;
    this.#express = express;
    this.engine = new FlowEngine({
      dir: join(options.dir, 'executions'),
      tasks: taskPort(options),
      observer: (executionArn, event) => {
        const machine = [...this.#machines.values()].find(({ model }) => executionArn.split(':')[6] === model.name);
        if (machine !== undefined) logsHistory(options.logs, machine.model, executionArn, event);
        options.observer?.(executionArn, event);
        if (machine?.model.type === 'STANDARD' && isStatusChange(event)) this.#tellStatus(executionArn);
      },
      onStalled: (executionArn, error) => {
        this.#counts.stalled++;
        options.log.error(`execution ${executionArn} cannot go on now; it is tried again`, error);
      },
    });
  }

  /** @throws Error naming the state machine, state and field that cannot be run as AWS would */
  static async open(options: StepFunctionsOptions): Promise<StepFunctions> {
    const machines = new Map(options.stack.stateMachines.map((model) => [model.arn, load(model)]));
    return new StepFunctions(options, machines, await KeyedJournal.open<Started>(join(options.dir, 'express')));
  }

  /** Goes on with what a crash or stop interrupted. */
  async start(): Promise<void> {
    const resumed = await this.engine.resumeAll();
    this.#markReady();
    const again = [...this.#express.entries];
    for (const [key, started] of again) {
      const machine = this.#machines.get(started.stateMachineArn);
      if (machine === undefined) {
        this.#options.log.warn(
          `the state machine ${started.stateMachineArn} is gone; its execution ${started.name} is dropped`,
        );
        await this.#express.commit([{ key }]);
        continue;
      }
      this.#runExpress(key, machine, started.name, started.input);
    }
    if (resumed.length + again.length > 0) {
      this.#options.log.info(
        `went on with ${resumed.length} Standard executions, began ${again.length} Express executions again`,
      );
    }
  }

  /** As best it can, as AWS does: a flow never waits for who listens. */
  #tellStatus(executionArn: string): void {
    const { onStatusChange, log } = this.#options;
    if (onStatusChange === undefined) return;
    onStatusChange(statusChange(this.engine.describe(executionArn))).catch((error: unknown) => {
      if (!this.#stopping) log.warn(`the status of ${executionArn} could not be told: ${String(error)}`);
    });
  }

  /** Call it before the functions stop, so that nothing they were doing is taken for a failure. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.engine.close();
    await this.#express.close();
  }

  stats(): Readonly<Record<string, number>> {
    return { ...this.#counts, expressRunning: this.#express.entries.size };
  }

  async startExecution(stateMachineArn: string, input: string): Promise<void> {
    await this.handle('StartExecution', { stateMachineArn, input });
  }

  async handle(operation: string, input: JsonObject): Promise<JsonObject> {
    const handler = Object.hasOwn(this.#handlers, operation) ? this.#handlers[operation] : undefined;
    if (handler === undefined)
      throw new ServiceError('UnknownOperationException', `${operation} is not supported on one machine`);
    await this.#ready;
    try {
      return await handler(input);
    } catch (error) {
      if (error instanceof FlowApiError) throw new ServiceError(error.code, error.message, { cause: error });
      if (error instanceof UnsupportedError)
        throw new ServiceError('ValidationException', error.message, { cause: error });
      throw error;
    }
  }

  resources(operation: string, input: JsonObject): readonly string[] {
    if (operation === 'ListStateMachines') return ['*'];
    if (operation.startsWith('SendTask')) return [machineOfToken(input['taskToken'])];
    const arn = input['stateMachineArn'] ?? input['executionArn'];
    return typeof arn === 'string' ? [arn] : [];
  }

  async #start(input: JsonObject): Promise<JsonObject> {
    const machine = this.#machine(input);
    const name = optional(input, 'name');
    const text = optional(input, 'input') ?? '{}';
    if (machine.model.type === 'STANDARD') {
      const started = this.engine.start({ ...this.#request(machine, text), ...(name === undefined ? {} : { name }) });
      this.#counts.started++;
      return { executionArn: started.executionArn, startDate: started.startMs / 1000 };
    }
    const key = crypto.randomUUID();
    const started = this.#runExpress(key, machine, name ?? crypto.randomUUID(), text);
    await this.#express.commit([
      { key, value: { stateMachineArn: machine.model.arn, name: name ?? key, input: text } },
    ]);
    return { executionArn: started.executionArn, startDate: started.startMs / 1000 };
  }

  async #startSync(input: JsonObject): Promise<JsonObject> {
    const machine = this.#machine(input);
    if (machine.model.type !== 'EXPRESS') {
      throw new ServiceError(
        'StateMachineTypeNotSupported',
        'This operation is not supported by this type of state machine',
      );
    }
    const name = optional(input, 'name');
    const text = optional(input, 'input') ?? '{}';
    const { executionArn } = this.engine.start({
      ...this.#request(machine, text),
      ...(name === undefined ? {} : { name }),
    });
    this.#counts.started++;
    const ended: ExecutionDescription = await this.engine.completion(executionArn);
    return {
      ...shownExecution(ended),
      billingDetails: { billedDurationInMilliseconds: (ended.stopMs ?? ended.startMs) - ended.startMs },
    };
  }

  /** Begins an Express execution and forgets its journal entry when it has ended. */
  #runExpress(key: string, machine: Machine, name: string, input: string): { executionArn: string; startMs: number } {
    const started = this.engine.start({ ...this.#request(machine, input), name });
    this.#counts.started++;
    this.engine
      .completion(started.executionArn)
      .then(({ status }) => (status === 'RUNNING' || this.#stopping ? undefined : this.#express.commit([{ key }])))
      .catch((error: unknown) => {
        if (!this.#stopping)
          this.#options.log.error(
            `the end of ${started.executionArn} could not be written down; it starts again at the next start`,
            error,
          );
      });
    return started;
  }

  #request(machine: Machine, input: string) {
    const { arn, type, roleArn } = machine.model;
    return { stateMachineArn: arn, definition: machine.definition, type, roleArn, input };
  }

  #machine(input: JsonObject): Machine {
    const arn = required(input, 'stateMachineArn');
    const machine = this.#machines.get(arn);
    if (machine !== undefined) return machine;
    if (!/^arn:[^:]+:states:[^:]+:\d{12}:stateMachine:.+$/.test(arn))
      throw new ServiceError('InvalidArn', `Invalid Arn: '${arn}'`);
    throw new ServiceError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${arn}'`);
  }

  /** Express executions cannot be asked about in AWS; a function that does so must fail here as well. */
  #standardArn(input: JsonObject): string {
    const arn = required(input, 'executionArn');
    if (!/^arn:[^:]+:states:[^:]+:\d{12}:execution:[^:]+:[^:]+$/.test(arn)) {
      throw new ServiceError('InvalidArn', `Invalid Arn: '${arn}' is not the ARN of a Standard execution`);
    }
    return arn;
  }

  #history(input: JsonObject): JsonObject {
    const events = this.engine.history(this.#standardArn(input));
    const ordered = input['reverseOrder'] === true ? events.toReversed() : events;
    const { items, nextToken } = page(ordered, input, 100);
    const withData = input['includeExecutionData'] !== false;
    return { events: items.map((event) => shownEvent(event, withData)), ...nextToken };
  }

  #listExecutions(input: JsonObject): JsonObject {
    const { model } = this.#machine(input);
    if (model.type !== 'STANDARD') {
      throw new ServiceError(
        'StateMachineTypeNotSupported',
        'This operation is not supported by this type of state machine',
      );
    }
    const wanted = optional(input, 'statusFilter');
    const status = statuses.find((one) => one === wanted);
    if (wanted !== undefined && status === undefined)
      throw new ServiceError('ValidationException', `statusFilter '${wanted}' is none of ${statuses.join(', ')}`);
    const { items, nextToken } = page(this.engine.list(model.arn, status), input, 100);
    return {
      executions: items.map(
        (one): JsonObject => ({
          executionArn: one.executionArn,
          stateMachineArn: one.stateMachineArn,
          name: one.name,
          status: one.status,
          startDate: one.startMs / 1000,
          ...(one.stopMs === undefined ? {} : { stopDate: one.stopMs / 1000 }),
          ...shownRedrives(one),
        }),
      ),
      ...nextToken,
    };
  }

  #listMachines(input: JsonObject): JsonObject {
    const all = [...this.#machines.values()].map(
      ({ model }): JsonObject => ({ stateMachineArn: model.arn, name: model.name, type: model.type, creationDate: 0 }),
    );
    const { items, nextToken } = page(all, input, 100);
    return { stateMachines: items, ...nextToken };
  }

  #describeMachine(input: JsonObject): JsonObject {
    const { model } = this.#machine(input);
    return {
      stateMachineArn: model.arn,
      name: model.name,
      status: 'ACTIVE',
      definition: model.definition,
      roleArn: model.roleArn,
      type: model.type,
      creationDate: 0,
    };
  }
}

function load(model: StateMachineModel): Machine {
  try {
    checkResources(JSON.parse(model.definition) as Json);
    return { model, definition: loadDefinition(model.definition) };
  } catch (error) {
    throw new Error(`state machine ${model.logicalId}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

function required(input: JsonObject, name: string): string {
  const value = optional(input, name);
  if (value === undefined)
    throw new ServiceError(
      'ValidationException',
      `1 validation error detected: Value null at '${name}' failed to satisfy constraint: Member must not be null`,
    );
  return value;
}

function optional(input: JsonObject, name: string): string | undefined {
  const value = input[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw new ServiceError('SerializationException', `${name} is a string`);
  return value;
}

/** The state machine that waits for the token; `*` for what is no token. */
function machineOfToken(token: Json | undefined): string {
  try {
    return executionOfToken(String(token)).replace(/:execution:([^:]+):.*$/, ':stateMachine:$1');
  } catch {
    return '*';
  }
}

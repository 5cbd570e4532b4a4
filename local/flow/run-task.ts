import type { State } from './definition-types.ts';
import { isFatal, TaskError } from './errors.ts';
import { expectType, QueryError, type Template } from './expressions.ts';
import {
  asQueryFailure,
  type Branch,
  checkSize,
  evaluateField,
  evaluationOf,
  type FlowContext,
  StateFailure,
  untilAborted,
} from './flow-context.ts';
import { pathInput } from './path-flow.ts';
import { errorOutput, type Phase, type Position } from './position.ts';
import type { ErrorOutput, HistoryEvent, Json, JsonObject } from './types.ts';

type TaskPhase = Extract<Phase, { k: 'task' }>;

/** AWS's limit on TimeoutSeconds and HeartbeatSeconds. */
const TIMEOUT_LIMIT_S = 99_999_999;

/** Evaluates a Task's arguments and time limits and records that it is scheduled. */
export async function scheduleTask(flow: FlowContext, branch: Branch, state: State): Promise<void> {
  const { position } = branch;
  const resource = state.resource ?? '';
  const token = resource.endsWith('.waitForTaskToken') ? flow.makeToken() : undefined;
  const evaluation = evaluationOf(flow, branch, {}, token);
  let args: Json = position.input;
  if (state.paths !== undefined) args = pathInput(flow, branch, state.paths, token);
  else if (state.arguments !== undefined) args = await evaluateField(branch, state.arguments, evaluation);
  const seconds = async (template: Template | undefined, field: string): Promise<number | undefined> => {
    if (template === undefined) return undefined;
    const value = await evaluateField(branch, template, evaluation);
    await asQueryFailure(branch, () => checkSeconds(value, template, field));
    return Number(value);
  };
  const timeoutS = await seconds(state.timeoutSeconds, 'TimeoutSeconds');
  const heartbeatS = await seconds(state.heartbeatSeconds, 'HeartbeatSeconds');
  branch.signal.throwIfAborted();
  flow.record(position, {
    b: position.path,
    k: 'task',
    resource,
    args,
    ...(token === undefined ? {} : { token }),
    ...(timeoutS === undefined ? {} : { deadlineMs: flow.clock.now() + timeoutS * 1000 }),
    ...(heartbeatS === undefined ? {} : { heartbeatMs: heartbeatS * 1000 }),
    ev: scheduledEvents(flow, branch, resource, args, timeoutS, heartbeatS),
  });
}

function checkSeconds(value: Json, template: Template, field: string): void {
  expectType(value, 'number', template, field);
  if (Number.isInteger(value) && Number(value) >= 1 && Number(value) <= TIMEOUT_LIMIT_S) return;
  throw new QueryError(
    `The ${field} field must be an integer from 1 to ${TIMEOUT_LIMIT_S} but was: ${JSON.stringify(value)}`,
  );
}

/** `lambda` and `invoke` of `arn:aws:states:::lambda:invoke.waitForTaskToken`; undefined for a function's ARN. */
function service(resource: string): { resourceType: string; resource: string } | undefined {
  const [, , owner, , , resourceType = '', name = ''] = resource.split(':');
  return owner === 'states' ? { resourceType, resource: name } : undefined;
}

function scheduledEvents(
  flow: FlowContext,
  branch: Branch,
  resource: string,
  args: Json,
  timeoutS: number | undefined,
  heartbeatS: number | undefined,
): HistoryEvent[] {
  const { lastEventId } = branch.position;
  const limits: JsonObject = {
    ...(timeoutS === undefined ? {} : { timeoutInSeconds: timeoutS }),
    ...(heartbeatS === undefined ? {} : { heartbeatInSeconds: heartbeatS }),
  };
  const by = service(resource);
  const text = JSON.stringify(args);
  if (by === undefined) {
    const details = { resource, input: text, inputDetails: { truncated: false }, ...limits };
    const scheduled = flow.event(
      'LambdaFunctionScheduled',
      lastEventId,
      'lambdaFunctionScheduledEventDetails',
      details,
    );
    return [scheduled, flow.event('LambdaFunctionStarted', scheduled.id)];
  }
  const region = flow.meta.stateMachineArn.split(':')[3] ?? '';
  const details = { ...by, region, parameters: text, ...limits };
  const scheduled = flow.event('TaskScheduled', lastEventId, 'taskScheduledEventDetails', details);
  return [scheduled, flow.event('TaskStarted', scheduled.id, 'taskStartedEventDetails', by)];
}

/** Events of a task's end, in the shapes of AWS's two families. */
function endEvent(flow: FlowContext, at: Position, resource: string, kind: string, details: JsonObject): HistoryEvent {
  const by = service(resource);
  const family = by === undefined ? 'LambdaFunction' : 'Task';
  const key = `${family.charAt(0).toLowerCase()}${family.slice(1)}${kind}EventDetails`;
  return flow.event(`${family}${kind}`, at.lastEventId, key, { ...by, ...details });
}

/** Records a task's result; it is an error of the task when it is too large. */
export function recordResult(flow: FlowContext, at: Position, resource: string, output: Json): void {
  try {
    checkSize(output, service(resource)?.resourceType ?? resource);
  } catch (error) {
    if (!(error instanceof StateFailure)) throw error;
    recordFailure(flow, at, resource, error);
    return;
  }
  const details = { output: JSON.stringify(output), outputDetails: { truncated: false } };
  const event = endEvent(flow, at, resource, 'Succeeded', details);
  flow.record(at, { b: at.path, k: 'result', output, ev: [event] });
}

export function recordFailure(flow: FlowContext, at: Position, resource: string, failure: ErrorOutput): void {
  const timedOut = failure.error === 'States.Timeout' || failure.error === 'States.HeartbeatTimeout';
  const output = errorOutput(failure);
  const event = endEvent(flow, at, resource, timedOut ? 'TimedOut' : 'Failed', output as JsonObject);
  flow.record(at, { b: at.path, k: 'failed', ...output, ev: [event] });
}

/**
 * Performs a scheduled task until its result or failure is recorded: by the port, by a task token, by a time limit.
 * After a crash a task without a token is invoked again; one with a token only if its request was not yet accepted.
 */
export async function performTask(flow: FlowContext, branch: Branch, state: State, phase: TaskPhase): Promise<void> {
  const { position } = branch;
  const resource = state.resource ?? '';
  const local = new AbortController();
  const signal = AbortSignal.any([branch.signal, local.signal]);
  const settled = new Promise<void>((resolve, reject) => {
    position.wake = resolve;
    position.lastBeatMs = flow.clock.now();
    const isCurrent = (): boolean => position.phase === phase && !branch.signal.aborted;
    const settle = (work: () => void): void => {
      if (!isCurrent()) return;
      try {
        work();
        if (!isCurrent()) resolve();
      } catch (error) {
        reject(error);
      }
    };
    const fail = (failure: ErrorOutput): void => settle(() => recordFailure(flow, position, resource, failure));
    if (!(phase.token !== undefined && phase.accepted)) invoke(flow, branch, state, phase, signal, settle, reject);
    if (phase.deadlineMs !== undefined)
      flow.clock
        .sleep(phase.deadlineMs - flow.clock.now(), signal)
        .then(() => fail({ error: 'States.Timeout' }), ignore);
    if (phase.heartbeatMs !== undefined && phase.token !== undefined)
      watchHeartbeat(flow, branch, phase.heartbeatMs, signal).then(
        () => fail({ error: 'States.HeartbeatTimeout' }),
        ignore,
      );
  });
  try {
    await untilAborted(branch.signal, settled);
  } finally {
    delete position.wake;
    local.abort(new Error('the task has ended'));
  }
}

/** Sleepers reject when they are aborted, which is how they are meant to end. */
const ignore = (): void => undefined;

async function watchHeartbeat(
  flow: FlowContext,
  { position }: Branch,
  intervalMs: number,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const leftMs = position.lastBeatMs + intervalMs - flow.clock.now();
    if (leftMs <= 0) return;
    await flow.clock.sleep(leftMs, signal);
  }
}

function invoke(
  flow: FlowContext,
  branch: Branch,
  state: State,
  phase: TaskPhase,
  signal: AbortSignal,
  settle: (work: () => void) => void,
  reject: (error: unknown) => void,
): void {
  const { position } = branch;
  const resource = state.resource ?? '';
  const request = {
    resource,
    arguments: phase.args,
    executionArn: flow.meta.executionArn,
    stateName: state.name,
    retryCount: position.retryCount,
    signal,
    ...(phase.token === undefined ? {} : { taskToken: phase.token }),
    ...(phase.deadlineMs === undefined ? {} : { timeoutMs: Math.max(0, phase.deadlineMs - flow.clock.now()) }),
  };
  const accepted = (output: Json): void => {
    const details = { output: JSON.stringify(output), outputDetails: { truncated: false } };
    const event = endEvent(flow, position, resource, 'Submitted', details);
    flow.record(position, { b: position.path, k: 'accepted', ev: [event] });
  };
  // The port may throw before it returns a promise.
  new Promise<Json>((resolve) => resolve(flow.tasks.invoke(request))).then(
    (output) =>
      settle(() => (phase.token === undefined ? recordResult(flow, position, resource, output) : accepted(output))),
    (error: unknown) => {
      if (isFatal(error)) return reject(error);
      settle(() => recordFailure(flow, position, resource, failureOf(error)));
    },
  );
}

function failureOf(error: unknown): ErrorOutput {
  if (error instanceof TaskError)
    return { error: error.error, ...(error.taskCause === undefined ? {} : { cause: error.taskCause }) };
  return { error: 'States.TaskFailed', cause: error instanceof Error ? error.message : String(error) };
}

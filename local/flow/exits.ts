import type { Assignments, Exit, State } from './definition-types.ts';
import {
  type Branch,
  checkSize,
  evaluateField,
  evaluationOf,
  type FlowContext,
  inState,
  StateFailure,
} from './flow-context.ts';
import { combine, pathOutput } from './path-flow.ts';
import { errorOutput } from './position.ts';
import { errorMatches, retryDelayMs } from './retry.ts';
import type { ErrorOutput, Json, JsonObject } from './types.ts';

/** AWS's limits on variables, in bytes: one value, and all that one Assign sets. */
const ASSIGN_LIMIT_BYTES = 262_144;

interface Way {
  readonly exit: Exit;
  readonly next?: string;
  /** The output where the exit has no `Output`. */
  readonly fallback: Json;
  /** Further members of `$states`. */
  readonly more?: JsonObject;
}

/** Leaves a state on a way: evaluates Assign and Output (both see the old variables) and records the exit. */
export async function leave(flow: FlowContext, branch: Branch, state: State, way: Way): Promise<void> {
  const evaluation = evaluationOf(flow, branch, way.more);
  const assign = await evaluateAssign(branch, way.exit.assign ?? [], evaluation);
  const output =
    way.exit.output === undefined ? way.fallback : await evaluateField(branch, way.exit.output, evaluation);
  recordExit(flow, branch, state, output, assign, way.next);
}

async function evaluateAssign(
  branch: Branch,
  assignments: Assignments,
  evaluation: ReturnType<typeof evaluationOf>,
): Promise<JsonObject> {
  const values: [string, Json][] = [];
  for (const [name, template] of assignments) values.push([name, await evaluateField(branch, template, evaluation)]);
  const assign = Object.fromEntries(values);
  if (Buffer.byteLength(JSON.stringify(assign)) > ASSIGN_LIMIT_BYTES)
    throw new StateFailure({
      error: 'States.DataLimitExceeded',
      cause: inState(branch, `The variables of Assign exceed ${ASSIGN_LIMIT_BYTES} bytes.`),
    });
  return assign;
}

function recordExit(
  flow: FlowContext,
  branch: Branch,
  state: State,
  output: Json,
  assign: JsonObject,
  next: string | undefined,
): void {
  checkSize(output, state.name);
  branch.signal.throwIfAborted();
  const { position } = branch;
  const details = {
    name: state.name,
    output: JSON.stringify(output),
    outputDetails: { truncated: false },
    ...(Object.keys(assign).length === 0 ? {} : { assignedVariables: stringified(assign) }),
  };
  const event = flow.event(`${state.type}StateExited`, position.lastEventId, 'stateExitedEventDetails', details);
  const way = next === undefined ? {} : { next };
  flow.record(position, { b: position.path, k: 'exit', output, assign, ...way, ev: [event] });
}

const stringified = (values: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, JSON.stringify(value)]));

/** Leaves a state that has its result. */
export async function finish(flow: FlowContext, branch: Branch, state: State, result: Json): Promise<void> {
  if (state.paths !== undefined) {
    const { output, assign } = pathOutput(flow, branch, state, result);
    return recordExit(flow, branch, state, output, assign, state.next);
  }
  const more: JsonObject = state.type === 'Task' || state.type === 'Parallel' || state.type === 'Map' ? { result } : {};
  const way = { exit: state, fallback: result, more, ...(state.next === undefined ? {} : { next: state.next }) };
  await leave(flow, branch, state, way);
}

/** Decides what becomes of a failed state: retry, a catcher, or the end of its branch. */
export async function recover(flow: FlowContext, branch: Branch, state: State, failure: ErrorOutput): Promise<void> {
  const { position } = branch;
  const index = state.retry.findIndex(({ errorEquals }) => errorMatches(errorEquals, failure.error));
  const retrier = state.retry[index];
  const attempt = position.attempts.get(index) ?? 0;
  if (retrier !== undefined && attempt < retrier.maxAttempts) {
    const untilMs = flow.clock.now() + retryDelayMs(retrier, attempt, flow.random);
    return flow.record(position, { b: position.path, k: 'retry', retrier: index, untilMs, ev: [] });
  }
  const catcher = state.catch.find(({ errorEquals }) => errorMatches(errorEquals, failure.error));
  if (catcher === undefined) return breakOff(flow, branch, failure);
  // Recorded executions have an empty text, not a missing member, where there is no cause.
  const caught: JsonObject = { Error: failure.error ?? '', Cause: failure.cause ?? '' };
  try {
    if (state.paths !== undefined) {
      const output = combine(branch, catcher.resultPath, caught);
      return recordExit(flow, branch, state, output, {}, catcher.next);
    }
    const way = { exit: catcher, next: catcher.next, fallback: caught, more: { errorOutput: caught } };
    await leave(flow, branch, state, way);
  } catch (error) {
    // A catcher that fails itself is not caught again.
    if (!(error instanceof StateFailure)) throw error;
    breakOff(flow, branch, error);
  }
}

/** Ends a branch with an error. */
export function breakOff(flow: FlowContext, branch: Branch, failure: ErrorOutput): void {
  branch.signal.throwIfAborted();
  const { position } = branch;
  const ev = [...evaluationFailed(flow, branch, failure)];
  flow.record(position, { b: position.path, k: 'broke', ...errorOutput(failure), ev });
}

/** The event that AWS adds when an expression failed. */
export function evaluationFailed(flow: FlowContext, branch: Branch, failure: ErrorOutput) {
  if (!(failure instanceof StateFailure) || !failure.evaluation) return [];
  const details = { ...errorOutput(failure), state: branch.position.state } as JsonObject;
  const { lastEventId } = branch.position;
  return [flow.event('EvaluationFailed', lastEventId, 'evaluationFailedEventDetails', details)];
}

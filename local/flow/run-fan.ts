import type { Machine, State } from './definition-types.ts';
import { UnsupportedError } from './errors.ts';
import { expectType, QueryError, type Template } from './expressions.ts';
import {
  asQueryFailure,
  type Branch,
  evaluateField,
  evaluationOf,
  type FlowContext,
  StateFailure,
  visibleVariables,
} from './flow-context.ts';
import { pathInput } from './path-flow.ts';
import { childPath, errorOutput, newPosition, type Phase, type Position } from './position.ts';
import type { Json, JsonObject } from './types.ts';

type FanPhase = Extract<Phase, { k: 'fan' }>;

/** An inline Map runs at most so many items at once, as in AWS. */
const MAP_CONCURRENCY_LIMIT = 40;

/** Evaluates what each branch gets and records that the branches begin. */
export async function fanOut(flow: FlowContext, branch: Branch, state: State): Promise<void> {
  if (state.type === 'Parallel') {
    const input = await parallelInput(flow, branch, state);
    const inputs = (state.branches ?? []).map(() => input);
    return recordFan(flow, branch, { inputs, limit: inputs.length, tolerant: false }, 'Parallel');
  }
  const values = await mapItems(flow, branch, state);
  const limit = await wholeNumber(flow, branch, state.maxConcurrency, 'MaxConcurrency');
  const count = await wholeNumber(flow, branch, state.toleratedFailureCount, 'ToleratedFailureCount');
  const percentage = await percent(flow, branch, state.toleratedFailurePercentage);
  const inputs: Json[] = [];
  for (const [index, value] of values.entries()) inputs.push(await itemInput(flow, branch, state, index, value));
  const atOnce = limit === 0 ? MAP_CONCURRENCY_LIMIT : Math.min(limit, MAP_CONCURRENCY_LIMIT);
  recordFan(flow, branch, { inputs, values, limit: atOnce, tolerant: count > 0 || percentage > 0 }, 'Map');
}

async function parallelInput(flow: FlowContext, branch: Branch, state: State): Promise<Json> {
  if (state.paths !== undefined) return pathInput(flow, branch, state.paths);
  if (state.arguments === undefined) return branch.position.input;
  return evaluateField(branch, state.arguments, evaluationOf(flow, branch));
}

async function mapItems(flow: FlowContext, branch: Branch, state: State): Promise<Json[]> {
  const { items: template } = state;
  if (template !== undefined) {
    const items = await evaluateField(branch, template, evaluationOf(flow, branch));
    await asQueryFailure(branch, () => expectType(items, 'array', template, 'Items'));
    return items as Json[];
  }
  const { input } = branch.position;
  return asQueryFailure(branch, () => {
    if (!Array.isArray(input))
      throw new QueryError(`Map state input must be an array but was: ${JSON.stringify(input)}`);
    return input;
  });
}

async function wholeNumber(
  flow: FlowContext,
  branch: Branch,
  template: Template | undefined,
  field: string,
): Promise<number> {
  if (template === undefined) return 0;
  const value = await evaluateField(branch, template, evaluationOf(flow, branch));
  return asQueryFailure(branch, () => {
    expectType(value, 'number', template, field);
    if (!Number.isInteger(value) || Number(value) < 0) throw new QueryError(`${field} cannot be negative.`);
    return Number(value);
  });
}

async function percent(flow: FlowContext, branch: Branch, template: Template | undefined): Promise<number> {
  if (template === undefined) return 0;
  const field = 'ToleratedFailurePercentage';
  const value = await evaluateField(branch, template, evaluationOf(flow, branch));
  return asQueryFailure(branch, () => {
    expectType(value, 'number', template, field);
    if (Number(value) < 0 || Number(value) > 100) throw new QueryError(`${field} must be between 0 and 100.`);
    return Number(value);
  });
}

async function itemInput(flow: FlowContext, branch: Branch, state: State, index: number, value: Json): Promise<Json> {
  if (state.itemSelector === undefined) return value;
  const inside: Branch = { ...branch, item: { Index: index, Value: value } };
  return evaluateField(branch, state.itemSelector, evaluationOf(flow, inside));
}

function recordFan(flow: FlowContext, branch: Branch, fan: Omit<FanPhase, 'k'>, type: 'Map' | 'Parallel'): void {
  branch.signal.throwIfAborted();
  const { position } = branch;
  const event =
    type === 'Map'
      ? flow.event('MapStateStarted', position.lastEventId, 'mapStateStartedEventDetails', {
          length: fan.inputs.length,
        })
      : flow.event('ParallelStateStarted', position.lastEventId);
  flow.record(position, { b: position.path, k: 'fan', ...fan, ev: [event] });
}

/** Runs all branches of a fan; the first that fails stops the others and fails the state. */
export async function performFan(
  flow: FlowContext,
  branch: Branch,
  state: State,
  phase: FanPhase,
  run: (child: Branch) => Promise<void>,
): Promise<void> {
  const { position } = branch;
  const siblings = new AbortController();
  const signal = AbortSignal.any([branch.signal, siblings.signal]);
  const startedId = position.lastEventId;
  let next = 0;
  let broken: Position | undefined;
  const work = async (): Promise<void> => {
    while (next < phase.inputs.length && broken === undefined) {
      const child = childBranch(branch, state, phase, next++, startedId, signal);
      open(flow, child, state);
      await run(child);
      if (child.position.phase.k === 'broke') broken ??= fail(flow, child, state, phase, siblings);
      else close(flow, child, state);
    }
  };
  // After a crash a branch may already have failed: then nothing else goes on.
  for (const [index, { phase: was }] of position.children)
    if (was.k === 'broke')
      broken ??= fail(flow, childBranch(branch, state, phase, index, startedId, signal), state, phase, siblings);
  const workers = Array.from({ length: Math.min(phase.limit, phase.inputs.length) }, work);
  try {
    await Promise.all(workers);
  } catch (error) {
    // A sibling that failed aborted this one: only the first failure counts.
    siblings.abort(new Error('a branch cannot go on'));
    await Promise.allSettled(workers);
    if (broken === undefined || branch.signal.aborted) throw branch.signal.aborted ? branch.signal.reason : error;
  }
  if (broken === undefined) succeed(flow, branch, state, phase);
  else failAll(flow, branch, state, broken);
}

function childBranch(
  branch: Branch,
  state: State,
  phase: FanPhase,
  index: number,
  startedId: number,
  signal: AbortSignal,
): Branch {
  const { position } = branch;
  const machine = machineOf(state, index);
  const input = phase.inputs[index] as Json;
  let child = position.children.get(index);
  if (child === undefined) {
    child = newPosition(childPath(position, index), machine.startAt, input, startedId);
    position.children.set(index, child);
  }
  const item: JsonObject | undefined =
    phase.values === undefined ? branch.item : { Index: index, Value: phase.values[index] as Json };
  return { position: child, machine, outer: visibleVariables(branch), signal, ...(item === undefined ? {} : { item }) };
}

/** The state machine that a branch runs. */
export function machineOf(state: State, index: number): Machine {
  const machine = state.type === 'Map' ? state.processor : state.branches?.[index];
  if (machine === undefined) throw new Error(`state '${state.name}' has no branch ${index}`);
  return machine;
}

const iteration = (child: Branch, state: State): JsonObject => ({
  name: state.name,
  index: Number(child.position.path.split('.').at(-1)),
});

function open(flow: FlowContext, child: Branch, state: State): void {
  const { position } = child;
  if (state.type !== 'Map' || position.opened) return;
  const details = iteration(child, state);
  const event = flow.event('MapIterationStarted', position.lastEventId, 'mapIterationStartedEventDetails', details);
  flow.record(position, { b: position.path, k: 'open', ev: [event] });
}

function close(flow: FlowContext, child: Branch, state: State): void {
  const { position } = child;
  if (state.type !== 'Map' || position.phase.k !== 'ended' || position.phase.closed) return;
  const details = iteration(child, state);
  const event = flow.event('MapIterationSucceeded', position.lastEventId, 'mapIterationSucceededEventDetails', details);
  flow.record(position, { b: position.path, k: 'close', ev: [event] });
}

function fail(flow: FlowContext, child: Branch, state: State, phase: FanPhase, siblings: AbortController): Position {
  if (phase.tolerant) throw new UnsupportedError('a failed item of an inline Map that tolerates failures', state.name);
  const { position } = child;
  siblings.abort(new Error('another branch failed'));
  if (state.type === 'Map') {
    const details = iteration(child, state);
    const event = flow.event('MapIterationFailed', position.lastEventId, 'mapIterationFailedEventDetails', details);
    flow.record(position, { b: position.path, k: 'close', ev: [event] });
  }
  return position;
}

function succeed(flow: FlowContext, branch: Branch, state: State, phase: FanPhase): void {
  const { position } = branch;
  const output = phase.inputs.map((_, index) => {
    const ended = position.children.get(index)?.phase;
    if (ended?.k !== 'ended') throw new Error(`branch ${index} of '${state.name}' has not ended`);
    return ended.output;
  });
  const event = flow.event(`${state.type}StateSucceeded`, flow.lastEventId());
  flow.record(position, { b: position.path, k: 'result', output, ev: [event] });
}

function failAll(flow: FlowContext, branch: Branch, state: State, broken: Position): void {
  const { position } = branch;
  if (broken.phase.k !== 'broke') throw new StateFailure({ error: 'States.Runtime' });
  const failure = errorOutput(broken.phase);
  const type = `${state.type}StateFailed`;
  const key = state.type === 'Map' ? 'mapStateFailedEventDetails' : 'parallelStateFailedEventDetails';
  const event = flow.event(type, broken.lastEventId, key, failure as JsonObject);
  flow.record(position, { b: position.path, k: 'failed', ...failure, ev: [event] });
}

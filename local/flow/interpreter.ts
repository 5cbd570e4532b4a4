import type { State } from './definition-types.ts';
import { breakOff, evaluationFailed, finish, leave, recover } from './exits.ts';
import { expectType, QueryError, type Template } from './expressions.ts';
import {
  asQueryFailure,
  type Branch,
  evaluateField,
  evaluationOf,
  type FlowContext,
  inState,
  StateFailure,
  stateOf,
} from './flow-context.ts';
import { pathInput } from './path-flow.ts';
import { errorOutput } from './position.ts';
import { fanOut, performFan } from './run-fan.ts';
import { performTask, scheduleTask } from './run-task.ts';
import { parseTimestampMs } from './timestamps.ts';

/** AWS's limit on a Wait's Seconds. */
const WAIT_LIMIT_S = 99_999_999;

/**
 * Runs a branch from wherever its position says to its end: `ended` with an output or `broke` with an error.
 * Every turn of the loop acts on one recorded phase and records the next, so a run that stops anywhere goes on there.
 * Rejects only when the branch is aborted or when the run itself cannot go on (see isFatal).
 */
export async function runBranch(flow: FlowContext, branch: Branch): Promise<void> {
  const { position } = branch;
  for (;;) {
    branch.signal.throwIfAborted();
    const { phase } = position;
    switch (phase.k) {
      case 'ended':
      case 'broke':
        return;
      case 'next':
        enter(flow, branch);
        break;
      case 'retry':
        await flow.clock.sleep(phase.untilMs - flow.clock.now(), branch.signal);
        await failing(flow, branch, (state) => attempt(flow, branch, state));
        break;
      case 'entered':
        await failing(flow, branch, (state) => attempt(flow, branch, state));
        break;
      case 'task':
        await performTask(flow, branch, stateOf(branch), phase);
        break;
      case 'fan':
        await performFan(flow, branch, stateOf(branch), phase, (child) => runBranch(flow, child));
        break;
      case 'wait':
        await flow.clock.sleep(phase.untilMs - flow.clock.now(), branch.signal);
        await failing(flow, branch, (state) => finish(flow, branch, state, passedInput(flow, branch, state)));
        break;
      case 'result':
        await failing(flow, branch, (state) => finish(flow, branch, state, phase.output));
        break;
      case 'failed':
        await recover(flow, branch, stateOf(branch), phase);
        break;
    }
  }
}

function enter(flow: FlowContext, branch: Branch): void {
  const { position } = branch;
  if (position.phase.k !== 'next') return;
  const { state: name, input } = position.phase;
  const type = branch.machine.states.get(name)?.type ?? 'Pass';
  const details = { name, input: JSON.stringify(input), inputDetails: { truncated: false } };
  const event = flow.event(`${type}StateEntered`, position.lastEventId, 'stateEnteredEventDetails', details);
  flow.record(position, { b: position.path, k: 'enter', state: name, input, ms: flow.clock.now(), ev: [event] });
}

/** Runs a part of a state; what fails in it is recorded as the state's failure. */
async function failing(flow: FlowContext, branch: Branch, work: (state: State) => Promise<void>): Promise<void> {
  const state = stateOf(branch);
  try {
    await work(state);
  } catch (error) {
    if (!(error instanceof StateFailure)) throw error;
    branch.signal.throwIfAborted();
    const { position } = branch;
    const ev = evaluationFailed(flow, branch, error);
    flow.record(position, { b: position.path, k: 'failed', ...errorOutput(error), ev });
  }
}

async function attempt(flow: FlowContext, branch: Branch, state: State): Promise<void> {
  switch (state.type) {
    case 'Pass': {
      const { paths } = state;
      const { input } = branch.position;
      if (paths === undefined) return finish(flow, branch, state, input);
      return finish(
        flow,
        branch,
        state,
        paths.result === undefined ? pathInput(flow, branch, paths) : paths.result.value,
      );
    }
    case 'Succeed':
      return finish(flow, branch, state, passedInput(flow, branch, state));
    case 'Fail':
      return failState(flow, branch, state);
    case 'Wait':
      return beginWait(flow, branch, state);
    case 'Choice':
      return choose(flow, branch, state);
    case 'Task':
      return scheduleTask(flow, branch, state);
    case 'Parallel':
    case 'Map':
      return fanOut(flow, branch, state);
  }
}

function passedInput(flow: FlowContext, branch: Branch, state: State) {
  return state.paths === undefined ? branch.position.input : pathInput(flow, branch, state.paths);
}

async function failState(flow: FlowContext, branch: Branch, state: State): Promise<void> {
  const text = async (template: Template | undefined, field: string): Promise<string | undefined> => {
    if (template === undefined) return undefined;
    const value = await evaluateField(branch, template, evaluationOf(flow, branch));
    await asQueryFailure(branch, () => expectType(value, 'string', template, field));
    return String(value);
  };
  const error = await text(state.error, 'Error');
  const cause = await text(state.cause, 'Cause');
  breakOff(flow, branch, {
    ...(error === undefined ? {} : { error }),
    ...(cause === undefined ? {} : { cause }),
  });
}

async function beginWait(flow: FlowContext, branch: Branch, state: State): Promise<void> {
  const evaluation = evaluationOf(flow, branch);
  let untilMs = flow.clock.now();
  const { seconds, timestamp } = state;
  if (seconds !== undefined) {
    const value = await evaluateField(branch, seconds, evaluation);
    await asQueryFailure(branch, () => {
      expectType(value, 'number', seconds, 'Seconds');
      if (!Number.isInteger(value) || Number(value) < 0 || Number(value) > WAIT_LIMIT_S)
        throw new QueryError(
          `The Seconds field must be an integer from 0 to ${WAIT_LIMIT_S} but was: ${String(value)}`,
        );
    });
    untilMs += Number(value) * 1000;
  } else if (timestamp !== undefined) {
    const value = await evaluateField(branch, timestamp, evaluation);
    untilMs = await asQueryFailure(branch, () => {
      expectType(value, 'string', timestamp, 'Timestamp');
      const ms = parseTimestampMs(String(value));
      if (ms !== undefined) return ms;
      throw new QueryError(
        `The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: ${String(value)}`,
      );
    });
  }
  branch.signal.throwIfAborted();
  flow.record(branch.position, { b: branch.position.path, k: 'wait', untilMs, ev: [] });
}

async function choose(flow: FlowContext, branch: Branch, state: State): Promise<void> {
  const { input } = branch.position;
  for (const rule of state.choices ?? []) {
    const value = await evaluateField(branch, rule.condition, evaluationOf(flow, branch));
    const field = rule.condition.kind === 'expression' ? rule.condition.field : 'Condition';
    await asQueryFailure(branch, () => expectType(value, 'boolean', rule.condition, field));
    if (value === true) return leave(flow, branch, state, { exit: rule, next: rule.next, fallback: input });
  }
  if (state.default !== undefined)
    return leave(flow, branch, state, { exit: state, next: state.default, fallback: input });
  const message = 'Failed to transition out of the state. The state does not point to a next state.';
  throw new StateFailure({ error: 'States.NoChoiceMatched', cause: inState(branch, message) });
}

import { SimulatedClock, seededRandom } from './clock.ts';
import type { Definition } from './definition.ts';
import { MockError, TaskError, UnsupportedError } from './errors.ts';
import { Execution, type Outcome } from './execution.ts';
import type { HistoryEvent, Json, TaskPort, TaskRequest } from './types.ts';

/** One answer of a mock: a result, or an error. */
export type MockAnswer =
  | { readonly return: Json }
  | { readonly throw: { readonly error: string; readonly cause?: string } };

/** Answers by state name or resource (the name wins), used one a call, in the order of the calls. */
export type Mocks = Readonly<Record<string, readonly MockAnswer[]>>;

export interface Simulation {
  readonly definition: Definition;
  readonly input: Json;
  readonly mocks?: Mocks;
  /** When the simulated time begins, milliseconds since the epoch. */
  readonly startMs?: number;
  readonly seed?: number;
}

export interface SimulationResult extends Outcome {
  readonly events: readonly HistoryEvent[];
}

const SIMULATION_START_MS = Date.UTC(2024, 0, 1);
const ACCOUNT = 'us-east-1:111111111111';

/**
 * Runs a state machine from beginning to end in simulated time: waits, retries' delays and timeouts cost nothing.
 * A call without a mock, or beyond the end of its list, throws MockError: an answer is never repeated or invented, and
 * no Retry or Catch can hide it. Throws UnsupportedError where the run meets what the interpreter does not do.
 */
export async function simulate(simulation: Simulation): Promise<SimulationResult> {
  const { definition, input, mocks = {}, startMs = SIMULATION_START_MS, seed = 1 } = simulation;
  const clock = new SimulatedClock(startMs);
  const meta = {
    executionArn: `arn:aws:states:${ACCOUNT}:execution:simulation:run`,
    stateMachineArn: `arn:aws:states:${ACCOUNT}:stateMachine:simulation`,
    name: 'run',
    startMs,
    input,
  };
  const tasks = mockedTasks(mocks, (token, answer) => execution.answer(token, answer));
  const execution = new Execution(meta, definition, {
    clock,
    random: seededRandom(seed),
    tasks,
    write: () => undefined,
  });
  execution.publish([execution.startedEvent()]);
  const deadline = definition.timeoutS === undefined ? undefined : startMs + definition.timeoutS * 1000;
  const outcome = await clock.drive(execution.run(deadline));
  if (outcome === undefined) throw new UnsupportedError('a run without an end');
  return { ...outcome, events: execution.events };
}

type Answer = { readonly output: Json } | { readonly failure: { readonly error: string; readonly cause?: string } };

function mockedTasks(mocks: Mocks, answerToken: (token: string, answer: Answer) => boolean): TaskPort {
  const used = new Map<string, number>();
  const next = ({ stateName, resource }: TaskRequest): MockAnswer => {
    const key = [stateName, resource].find((name) => Object.hasOwn(mocks, name));
    if (key === undefined)
      throw new MockError(
        `state '${stateName}' calls ${resource}, for which there is no mock; add one under either name`,
      );
    const list = mocks[key] ?? [];
    const count = used.get(key) ?? 0;
    used.set(key, count + 1);
    const answer = list[count];
    if (answer === undefined)
      throw new MockError(`call ${count + 1} of the mock '${key}' has no answer: its list has ${list.length}; add one`);
    return answer;
  };
  return {
    invoke: async (request) => {
      const answer = next(request);
      if (request.taskToken === undefined) {
        if ('return' in answer) return answer.return;
        throw new TaskError(answer.throw.error, answer.throw.cause);
      }
      // With a task token the mock is what comes back by the token.
      answerToken(request.taskToken, 'return' in answer ? { output: answer.return } : { failure: answer.throw });
      return {};
    },
  };
}

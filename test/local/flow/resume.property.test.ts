import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SimulatedClock, seededRandom } from '../../../local/flow/clock.ts';
import { compileDefinition } from '../../../local/flow/definition.ts';
import type { Definition } from '../../../local/flow/definition-types.ts';
import { TaskError } from '../../../local/flow/errors.ts';
import { type EndEntry, Execution, type Outcome } from '../../../local/flow/execution.ts';
import type { Entry } from '../../../local/flow/position.ts';
import type { HistoryEvent, Json, JsonObject, TaskRequest } from '../../../local/flow/types.ts';
import { FUNCTION, INVOKE, machine } from './support.ts';

type Step =
  | { readonly kind: 'pass'; readonly add: number }
  | { readonly kind: 'wait'; readonly seconds: number }
  | { readonly kind: 'task'; readonly failures: number; readonly token: boolean; readonly caught: boolean }
  | { readonly kind: 'choice'; readonly above: number }
  | { readonly kind: 'map'; readonly items: readonly number[]; readonly limit: number; readonly steps: readonly Step[] }
  | { readonly kind: 'parallel'; readonly branches: readonly (readonly Step[])[] };

const { steps } = fc.letrec<{ step: Step; steps: readonly Step[] }>((tie) => ({
  step: fc.oneof(
    { maxDepth: 2, depthSize: 'small' },
    fc.record({ kind: fc.constant('pass' as const), add: fc.integer({ min: -5, max: 5 }) }),
    fc.record({ kind: fc.constant('wait' as const), seconds: fc.nat(1000) }),
    fc.record({ kind: fc.constant('task' as const), failures: fc.nat(3), token: fc.boolean(), caught: fc.boolean() }),
    fc.record({ kind: fc.constant('choice' as const), above: fc.integer({ min: -3, max: 3 }) }),
    fc.record({
      kind: fc.constant('map' as const),
      items: fc.array(fc.integer({ min: -3, max: 3 }), { maxLength: 3 }),
      limit: fc.nat(2),
      steps: tie('steps'),
    }),
    fc.record({
      kind: fc.constant('parallel' as const),
      branches: fc.array(tie('steps'), { minLength: 1, maxLength: 3 }),
    }),
  ),
  steps: fc.array(tie('step'), { minLength: 1, maxLength: 3 }),
}));

/** States for the steps, each of which takes a number and gives one. Names are unique by their place. */
function statesOf(list: readonly Step[], place: string): JsonObject {
  const states: JsonObject = {};
  for (const [index, step] of list.entries()) {
    const name = `${place}${index}`;
    const way: JsonObject = index === list.length - 1 ? { End: true } : { Next: `${place}${index + 1}` };
    Object.assign(states, statesOfStep(step, name, way));
  }
  return states;
}

const inner = (list: readonly Step[], place: string): JsonObject => ({
  StartAt: `${place}0`,
  States: statesOf(list, place),
});

function statesOfStep(step: Step, name: string, way: JsonObject): JsonObject {
  switch (step.kind) {
    case 'pass': {
      // A variable of this place, so that the exit's assignments are journalled and read again.
      const variable = `v${name.replaceAll(/\W/g, '_')}`;
      const output = `{% $states.input + ${step.add} %}`;
      return {
        [name]: { Type: 'Pass', Assign: { [variable]: output }, Next: `${name}b` },
        [`${name}b`]: { Type: 'Pass', Output: `{% $${variable} * 2 %}`, ...way },
      };
    }
    case 'wait':
      return { [name]: { Type: 'Wait', Seconds: step.seconds, ...way } };
    case 'task':
      return {
        [name]: {
          Type: 'Task',
          Resource: step.token ? `${INVOKE}.waitForTaskToken` : FUNCTION,
          Arguments: { value: '{% $states.input %}', failures: step.failures },
          Output: '{% $states.result.value %}',
          Retry: [{ ErrorEquals: ['Flaky'], MaxAttempts: 2, IntervalSeconds: 2 }],
          ...(step.caught ? { Catch: [{ ErrorEquals: ['States.ALL'], Next: `${name}c`, Output: -1 }] } : {}),
          ...way,
        },
        ...(step.caught ? { [`${name}c`]: { Type: 'Pass', ...way } } : {}),
      };
    case 'choice':
      return {
        [name]: {
          Type: 'Choice',
          Choices: [{ Condition: `{% $states.input > ${step.above} %}`, Next: `${name}y` }],
          Default: `${name}n`,
        },
        [`${name}y`]: { Type: 'Pass', Output: '{% $states.input - 7 %}', ...way },
        [`${name}n`]: { Type: 'Pass', Output: '{% $states.input + 7 %}', ...way },
      };
    case 'map':
      return {
        [name]: {
          Type: 'Map',
          Items: [...step.items],
          ItemSelector: '{% $states.context.Map.Item.Value + $states.input %}',
          MaxConcurrency: step.limit,
          ItemProcessor: inner(step.steps, `${name}m`),
          Output: '{% $sum($states.result) %}',
          Retry: [{ ErrorEquals: ['Flaky'], MaxAttempts: 1 }],
          ...way,
        },
      };
    case 'parallel':
      return {
        [name]: {
          Type: 'Parallel',
          Branches: step.branches.map((branch, index) => inner(branch, `${name}p${index}_`)),
          Output: '{% $sum($states.result) %}',
          ...way,
        },
      };
  }
}

type Answer = { readonly output: Json } | { readonly failure: { readonly error: string } };

/** What a task answers depends only on the request, so that a repeated call answers alike. */
function answerTo({ arguments: args, retryCount }: Pick<TaskRequest, 'arguments' | 'retryCount'>): Answer {
  const { value, failures } = args as { value: number; failures: number };
  if (retryCount < failures) return { failure: { error: 'Flaky' } };
  return { output: { value: value + 1 } };
}

/** Begins an execution, or goes on after `before`, and runs it to its end, answering task tokens. */
async function execute(definition: Definition, input: Json, before: readonly (Entry | EndEntry)[] = []) {
  const entries: (Entry | EndEntry)[] = [...before];
  const pending = new Map<string, Answer>();
  const startMs = 1_700_000_000_000;
  const lastMs = Math.max(startMs, ...before.flatMap(({ ev }) => ev.map(({ timestampMs }) => timestampMs)));
  const clock = new SimulatedClock(lastMs);
  const executionArn = 'arn:aws:states:eu-central-1:111111111111:execution:case:one';
  const meta = {
    executionArn,
    stateMachineArn: executionArn.replace('execution', 'stateMachine'),
    name: 'one',
    startMs,
    input,
  };
  let calls = 0;
  const invoke = async (request: TaskRequest): Promise<Json> => {
    calls += 1;
    const answer = answerTo(request);
    if (request.taskToken !== undefined) {
      execution.answer(request.taskToken, answer);
      return {};
    }
    if ('failure' in answer) throw new TaskError(answer.failure.error);
    return answer.output;
  };
  const execution = new Execution(meta, definition, {
    clock,
    random: seededRandom(before.length + 1),
    tasks: { invoke },
    write: (entry) => entries.push(JSON.parse(JSON.stringify(entry)) as Entry),
  });
  const started: HistoryEvent = { id: 1, previousEventId: 0, type: 'ExecutionStarted', timestampMs: startMs };
  execution.replayStart([started]);
  const retries = new Map<string, number>();
  for (const entry of before) {
    if (entry.k === 'end') continue;
    execution.replay(entry);
    if (entry.k === 'enter') retries.set(entry.b, 0);
    if (entry.k === 'retry') retries.set(entry.b, (retries.get(entry.b) ?? 0) + 1);
    if (entry.k === 'task' && entry.token !== undefined)
      pending.set(entry.token, answerTo({ arguments: entry.args, retryCount: retries.get(entry.b) ?? 0 }));
  }
  const run = execution.run();
  // Those who hold the tokens of the earlier life answer now; the answers of ended tasks are refused.
  for (const [token, answer] of pending) execution.answer(token, answer);
  const outcome = await clock.drive(run);
  return { outcome, entries, events: execution.events, calls };
}

const clean = (outcome: Outcome | undefined) => ({
  status: outcome?.status,
  output: outcome?.output,
  error: outcome?.error,
});

describe('an execution that resumes', () => {
  it('after any entry of its journal ends as the one that was never interrupted', async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: -3, max: 3 }), async (list, input) => {
        const definition = compileDefinition(machine(statesOf(list, 's')));
        const whole = await execute(definition, input);
        const entries = whole.entries.filter(({ k }) => k !== 'end');
        for (let length = 0; length <= entries.length; length++) {
          const resumed = await execute(definition, input, entries.slice(0, length));
          expect(clean(resumed.outcome)).toEqual(clean(whole.outcome));
          // History goes on where it stopped: ids have no gap and no repetition.
          expect(resumed.events.map(({ id }) => id)).toEqual(resumed.events.map((_, index) => index + 1));
        }
      }),
      { numRuns: 25, endOnFailure: true },
    );
  });

  it('does not repeat a task whose result is in the journal', async () => {
    const list: Step[] = [
      { kind: 'task', failures: 0, token: false, caught: false },
      { kind: 'wait', seconds: 60 },
      { kind: 'task', failures: 0, token: false, caught: false },
    ];
    const definition = compileDefinition(machine(statesOf(list, 's')));
    const whole = await execute(definition, 1);
    const firstResult = whole.entries.findIndex(({ k }) => k === 'result');
    const resumed = await execute(definition, 1, whole.entries.slice(0, firstResult + 1));
    expect(whole.calls).toBe(2);
    expect(resumed.calls).toBe(1);
  });

  it('keeps the absolute deadline of a wait', async () => {
    const definition = compileDefinition(machine(statesOf([{ kind: 'wait', seconds: 600 }], 's')));
    const whole = await execute(definition, 1);
    const waits = whole.entries.findIndex(({ k }) => k === 'wait');
    const resumed = await execute(definition, 1, whole.entries.slice(0, waits + 1));
    expect(resumed.events.at(-1)?.timestampMs).toBe(1_700_000_600_000);
  });
});

import { describe, expect, it } from '@jest/globals';
import { SimulatedClock, seededRandom } from '../../../local/flow/clock.ts';
import { compileDefinition } from '../../../local/flow/definition.ts';
import { FlowEngine } from '../../../local/flow/engine.ts';
import type { JsonObject, TaskPort } from '../../../local/flow/types.ts';
import { FUNCTION, INVOKE, MACHINE, machine, withFolder } from './support.ts';

const START_MS = 1_700_000_000_000;

/** Runs an execution whose tasks never answer by themselves, in simulated time. */
function unanswered(
  states: JsonObject,
  onToken: (engine: FlowEngine, token: string, clock: SimulatedClock) => void = () => undefined,
) {
  return withFolder(async (dir) => {
    const clock = new SimulatedClock(START_MS);
    const aborted: boolean[] = [];
    const tasks: TaskPort = {
      invoke: ({ taskToken, signal }) => {
        signal.addEventListener('abort', () => aborted.push(true));
        if (taskToken === undefined) return new Promise(() => undefined);
        onToken(engine, taskToken, clock);
        return Promise.resolve({});
      },
    };
    const engine = new FlowEngine({ dir, tasks, clock, random: seededRandom(1) });
    const definition = compileDefinition(machine(states));
    const { executionArn } = engine.start({
      stateMachineArn: MACHINE,
      definition,
      name: 'one',
      input: '{}',
      type: 'STANDARD',
    });
    const done = await clock.drive(engine.completion(executionArn));
    return { ...done, seconds: ((done.stopMs ?? 0) - START_MS) / 1000, aborted, events: engine.history(executionArn) };
  });
}

const waiting = (more: JsonObject): JsonObject => ({
  T: { Type: 'Task', Resource: `${INVOKE}.waitForTaskToken`, Arguments: {}, End: true, ...more },
});

describe('a task that does not answer', () => {
  it('times out after TimeoutSeconds, and its call is told so', async () => {
    const done = await unanswered({ T: { Type: 'Task', Resource: FUNCTION, TimeoutSeconds: 30, End: true } });
    expect(done).toMatchObject({ status: 'FAILED', error: 'States.Timeout', seconds: 30, aborted: [true] });
    expect(done.events.map(({ type }) => type)).toContain('LambdaFunctionTimedOut');
  });

  it('gets the whole time again when it is retried', async () => {
    const retry = [{ ErrorEquals: ['States.Timeout'], MaxAttempts: 1, IntervalSeconds: 5 }];
    const done = await unanswered({
      T: { Type: 'Task', Resource: FUNCTION, TimeoutSeconds: 30, Retry: retry, End: true },
    });
    expect(done).toMatchObject({ error: 'States.Timeout', seconds: 65 });
  });

  it('misses its heartbeat before its timeout', async () => {
    const done = await unanswered(waiting({ TimeoutSeconds: 600, HeartbeatSeconds: 60 }));
    expect(done).toMatchObject({ status: 'FAILED', error: 'States.HeartbeatTimeout', seconds: 60 });
  });

  it('lives on with each heartbeat, until the timeout all the same', async () => {
    const beat = (engine: FlowEngine, token: string, clock: SimulatedClock): void => {
      const signal = new AbortController().signal;
      void (async () => {
        for (let n = 0; n < 100; n++) {
          await clock.sleep(50_000, signal);
          try {
            engine.sendTaskHeartbeat(token);
          } catch {
            return;
          }
        }
      })();
    };
    const done = await unanswered(waiting({ TimeoutSeconds: 600, HeartbeatSeconds: 60 }), beat);
    expect(done).toMatchObject({ status: 'FAILED', error: 'States.Timeout', seconds: 600 });
  });
});

describe('many items that wait for tokens', () => {
  it('take each answer to the item that asked', async () => {
    const items = { B: { Type: 'Task', Resource: `${INVOKE}.waitForTaskToken`, Arguments: {}, End: true } };
    const tokens: string[] = [];
    const states = {
      M: { Type: 'Map', Items: [0, 1, 2], ItemProcessor: { StartAt: 'B', States: items }, End: true },
    };
    const done = await unanswered(states, (engine, token) => {
      tokens.push(token);
      // The last one asks: now the answers come in another order than the questions.
      if (tokens.length < 3) return;
      for (const index of [2, 0, 1]) engine.sendTaskSuccess(tokens[index] ?? '', String(index * 10));
    });
    expect(done.output).toBe('[0,10,20]');
  });
});

import { appendFileSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { compileDefinition } from '../../../local/flow/definition.ts';
import { FlowEngine, type FlowEngineOptions } from '../../../local/flow/engine.ts';
import { FlowApiError, JournalError, TaskError } from '../../../local/flow/errors.ts';
import type { JsonObject, TaskPort, TaskRequest } from '../../../local/flow/types.ts';
import { FUNCTION, INVOKE, MACHINE, machine, withFolder } from './support.ts';

const task = (more: JsonObject = {}): JsonObject => ({ Type: 'Task', Resource: FUNCTION, End: true, ...more });
const waiting = (more: JsonObject = {}): JsonObject => ({
  Type: 'Task',
  Resource: `${INVOKE}.waitForTaskToken`,
  Arguments: { FunctionName: 'review', Payload: { token: '{% $states.context.Task.Token %}' } },
  End: true,
  ...more,
});

const echo: TaskPort = { invoke: async ({ arguments: args }) => args };

/** A port that keeps its requests and answers none of them. */
function silent(): TaskPort & { readonly requests: TaskRequest[]; called(count: number): Promise<void> } {
  const requests: TaskRequest[] = [];
  const waiters: (() => void)[] = [];
  return {
    requests,
    invoke: (request) => {
      requests.push(request);
      for (const wake of waiters.splice(0)) wake();
      return request.taskToken === undefined ? new Promise(() => undefined) : Promise.resolve({});
    },
    called: async (count) => {
      while (requests.length < count) await new Promise<void>((resolve) => waiters.push(resolve));
    },
  };
}

const engineIn = (dir: string, tasks: TaskPort, more: Partial<FlowEngineOptions> = {}): FlowEngine =>
  new FlowEngine({ dir, tasks, ...more });

function start(
  engine: FlowEngine,
  states: JsonObject,
  name = 'one',
  input = '{"a":1}',
  type: 'STANDARD' | 'EXPRESS' = 'STANDARD',
) {
  const definition = compileDefinition(machine(states));
  return engine.start({ stateMachineArn: MACHINE, definition, name, input, type }).executionArn;
}

const codeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof FlowApiError) return error.code;
    throw error;
  }
  return 'none';
};

describe('StartExecution', () => {
  it('runs a Standard execution and describes it as AWS does', () =>
    withFolder(async (dir) => {
      const engine = engineIn(dir, echo);
      const arn = start(engine, { Work: task({ Output: { got: '{% $states.result.a + 1 %}' } }) });
      const done = await engine.completion(arn);
      expect(arn).toBe('arn:aws:states:eu-central-1:111111111111:execution:case:one');
      expect(done).toMatchObject({ status: 'SUCCEEDED', output: '{"got":2}', input: '{"a":1}', name: 'one' });
      expect(engine.history(arn).map(({ type }) => type)).toEqual([
        'ExecutionStarted',
        'TaskStateEntered',
        'LambdaFunctionScheduled',
        'LambdaFunctionStarted',
        'LambdaFunctionSucceeded',
        'TaskStateExited',
        'ExecutionSucceeded',
      ]);
    }));

  it('is harmless with the same name and input while it runs, and refused otherwise', () =>
    withFolder(async (dir) => {
      const port = silent();
      const engine = engineIn(dir, port);
      const states = { Ask: waiting() };
      const arn = start(engine, states);
      expect(start(engine, states)).toBe(arn);
      expect(codeOf(() => start(engine, states, 'one', '{"a":2}'))).toBe('ExecutionAlreadyExists');
      await port.called(1);
      engine.sendTaskSuccess(port.requests[0]?.taskToken ?? '', '{}');
      await engine.completion(arn);
      expect(codeOf(() => start(engine, states))).toBe('ExecutionAlreadyExists');
      await engine.close();
      // The name stays taken after a restart.
      expect(codeOf(() => start(engineIn(dir, echo), states))).toBe('ExecutionAlreadyExists');
    }));

  it.each([['a b'], [''], ['x'.repeat(81)], ['a/b'], ['a*']])('refuses the name %j', (name) =>
    withFolder(async (dir) => {
      expect(codeOf(() => start(engineIn(dir, echo), { A: { Type: 'Succeed' } }, name))).toBe('InvalidName');
    }),
  );

  it('refuses input that is no JSON or too large', () =>
    withFolder(async (dir) => {
      const engine = engineIn(dir, echo);
      const states = { A: { Type: 'Succeed' } };
      expect(codeOf(() => start(engine, states, 'n', '{'))).toBe('InvalidExecutionInput');
      expect(codeOf(() => start(engine, states, 'n', JSON.stringify('x'.repeat(262_144))))).toBe(
        'InvalidExecutionInput',
      );
    }));

  it('runs Express executions without a journal, each with an ARN of its own', () =>
    withFolder(async (dir) => {
      const engine = engineIn(dir, echo);
      const first = start(engine, { Work: task() }, 'same', '1', 'EXPRESS');
      const second = start(engine, { Work: task() }, 'same', '2', 'EXPRESS');
      expect(first).not.toBe(second);
      expect(await engine.completion(first)).toMatchObject({ status: 'SUCCEEDED', output: '1', type: 'EXPRESS' });
      expect(await engine.completion(second)).toMatchObject({ output: '2' });
      expect(readdirSync(join(dir, 'running'))).toEqual([]);
      expect(readdirSync(join(dir, 'closed'))).toEqual([]);
    }));

  it('refuses task tokens in Express', () =>
    withFolder(async (dir) => {
      const engine = engineIn(dir, echo);
      expect(() => start(engine, { Ask: waiting() }, 'x', '{}', 'EXPRESS')).toThrow(/waitForTaskToken/);
    }));
});

describe('task tokens', () => {
  it('go on with the answer and refuse a second one', () =>
    withFolder(async (dir) => {
      const port = silent();
      const engine = engineIn(dir, port);
      const arn = start(engine, { Ask: waiting({ Output: '{% $states.result.verdict %}' }) });
      await port.called(1);
      const token = port.requests[0]?.taskToken ?? '';
      expect(port.requests[0]?.arguments).toEqual({ FunctionName: 'review', Payload: { token } });
      engine.sendTaskSuccess(token, '{"verdict":"approved"}');
      expect(codeOf(() => engine.sendTaskSuccess(token, '{}'))).toBe('TaskTimedOut');
      expect(codeOf(() => engine.sendTaskFailure(token))).toBe('TaskTimedOut');
      expect(await engine.completion(arn)).toMatchObject({ status: 'SUCCEEDED', output: '"approved"' });
      expect(codeOf(() => engine.sendTaskHeartbeat(token))).toBe('TaskTimedOut');
    }));

  it('tell forged, foreign and malformed tokens apart', () =>
    withFolder(async (dir) => {
      const port = silent();
      const engine = engineIn(dir, port);
      start(engine, { Ask: waiting() });
      await port.called(1);
      const forge = (arn: string): string => Buffer.from(JSON.stringify([arn, 'guess'])).toString('base64url');
      expect(codeOf(() => engine.sendTaskSuccess('nonsense', '{}'))).toBe('InvalidToken');
      expect(codeOf(() => engine.sendTaskSuccess(forge('arn:elsewhere'), '{}'))).toBe('TaskDoesNotExist');
      const arn = 'arn:aws:states:eu-central-1:111111111111:execution:case:one';
      expect(codeOf(() => engine.sendTaskSuccess(forge(arn), '{}'))).toBe('TaskTimedOut');
      expect(codeOf(() => engine.sendTaskSuccess(port.requests[0]?.taskToken ?? '', 'no json'))).toBe('InvalidOutput');
      await engine.close();
    }));

  it('fail a task so that it can be caught, with what the caller said', () =>
    withFolder(async (dir) => {
      const port = silent();
      const engine = engineIn(dir, port);
      const caught = { ErrorEquals: ['Rejected'], Next: 'No', Output: '{% $states.errorOutput %}' };
      const arn = start(engine, { Ask: waiting({ Catch: [caught] }), No: { Type: 'Pass', End: true } });
      await port.called(1);
      engine.sendTaskFailure(port.requests[0]?.taskToken ?? '', 'Rejected', 'by the operator');
      expect((await engine.completion(arn)).output).toBe('{"Error":"Rejected","Cause":"by the operator"}');
    }));

  it('survive a crash: the same token still answers, and the request is not repeated', () =>
    withFolder(async (dir) => {
      const port = silent();
      const first = engineIn(dir, port);
      const arn = start(first, { Ask: waiting() });
      await port.called(1);
      // Until the acceptance is in the journal.
      while (!first.history(arn).some(({ type }) => type === 'TaskSubmitted')) await new Promise(setImmediate);
      await first.close();
      const after = silent();
      const second = engineIn(dir, after);
      expect(await second.resumeAll()).toEqual([arn]);
      second.sendTaskSuccess(port.requests[0]?.taskToken ?? '', '{"ok":true}');
      expect(await second.completion(arn)).toMatchObject({ status: 'SUCCEEDED', output: '{"ok":true}' });
      expect(after.requests).toEqual([]);
    }));
});

describe('after a crash', () => {
  it('a plain task without a recorded result is invoked again, with its retry count', () =>
    withFolder(async (dir) => {
      const port = silent();
      let calls = 0;
      const failing: TaskPort = {
        invoke: (request) => {
          if (calls++ === 0) return Promise.reject(new TaskError('Busy'));
          return port.invoke(request);
        },
      };
      const states = { Work: task({ Retry: [{ ErrorEquals: ['Busy'], IntervalSeconds: 0, MaxAttempts: 1 }] }) };
      const first = engineIn(dir, failing);
      const arn = start(first, states);
      await port.called(1);
      await first.close();
      const second = engineIn(dir, { invoke: async ({ retryCount }) => ({ retryCount }) });
      await second.resumeAll();
      expect((await second.completion(arn)).output).toBe('{"retryCount":1}');
    }));

  it('a torn last line never happened', () =>
    withFolder(async (dir) => {
      const port = silent();
      const first = engineIn(dir, port);
      const arn = start(first, { Work: task() });
      await port.called(1);
      await first.close();
      const [file = ''] = readdirSync(join(dir, 'running'));
      appendFileSync(join(dir, 'running', file), '{"b":"","k":"result","outp');
      const second = engineIn(dir, echo);
      await second.resumeAll();
      expect(await second.completion(arn)).toMatchObject({ status: 'SUCCEEDED', output: '{"a":1}' });
      const [closed = ''] = readdirSync(join(dir, 'closed'));
      for (const line of readFileSync(join(dir, 'closed', closed), 'utf8')
        .trim()
        .split('\n'))
        expect(() => JSON.parse(line)).not.toThrow();
    }));

  it('a damaged line in the middle stalls that execution and says so', () =>
    withFolder(async (dir) => {
      const port = silent();
      const first = engineIn(dir, port);
      const arn = start(first, { Work: task() });
      await port.called(1);
      await first.close();
      const [file = ''] = readdirSync(join(dir, 'running'));
      const stalled: string[] = [];
      const second = engineIn(dir, echo, { onStalled: (which, error) => stalled.push(`${which} ${error.message}`) });
      appendFileSync(join(dir, 'running', file), 'damage\n{}\n');
      expect(await second.resumeAll()).toEqual([]);
      expect(stalled[0]).toContain(arn);
      expect(stalled[0]).toContain('damaged');
    }));
});

describe('a journal that cannot be written', () => {
  /** Sleeps not at all, so that what is tried again later is tried again now. */
  const restless = { now: Date.now, sleep: async () => undefined };
  const away = (dir: string): void => renameSync(join(dir, 'running'), join(dir, 'away'));
  const back = (dir: string): void => renameSync(join(dir, 'away'), join(dir, 'running'));

  it('stops an execution where it was, and it goes on when it can be written again', () =>
    withFolder(async (dir) => {
      const ended = Promise.withResolvers<void>();
      const stalled: string[] = [];
      let calls = 0;
      const tasks: TaskPort = {
        invoke: async () => {
          calls += 1;
          if (calls === 1) away(dir);
          return { calls };
        },
      };
      const engine = engineIn(dir, tasks, {
        clock: restless,
        onStalled: (arn) => {
          stalled.push(arn);
          if (stalled.length === 3) back(dir);
        },
        observer: (_, { type }) => {
          if (type === 'ExecutionSucceeded') ended.resolve();
        },
      });
      const arn = start(engine, { Work: task() });
      await ended.promise;
      // Once when the result could not be written, and once for each time that it was tried again too early.
      expect(stalled).toEqual([arn, arn, arn]);
      expect(engine.describe(arn)).toMatchObject({ status: 'SUCCEEDED', output: '{"calls":2}' });
    }));

  it('refuses an answer in a way that tells to come again, and takes it then', () =>
    withFolder(async (dir) => {
      const port = silent();
      const engine = engineIn(dir, port);
      const arn = start(engine, { Ask: waiting() });
      await port.called(1);
      const token = port.requests[0]?.taskToken ?? '';
      away(dir);
      expect(() => engine.sendTaskSuccess(token, '{"yes":true}')).toThrow(JournalError);
      back(dir);
      engine.sendTaskSuccess(token, '{"yes":true}');
      expect(await engine.completion(arn)).toMatchObject({ status: 'SUCCEEDED', output: '{"yes":true}' });
    }));

  it('begins an execution later under the same name', () =>
    withFolder(async (dir) => {
      const engine = engineIn(dir, echo);
      away(dir);
      expect(() => start(engine, { Work: task() })).toThrow(JournalError);
      back(dir);
      const arn = start(engine, { Work: task() });
      expect(await engine.completion(arn)).toMatchObject({ status: 'SUCCEEDED' });
    }));

  it('an index that fell behind does not call what has ended running', () =>
    withFolder(async (dir) => {
      const first = engineIn(dir, echo);
      const arn = start(first, { Work: task() });
      await first.completion(arn);
      await first.close();
      const index = join(dir, 'index.jsonl');
      const lines = readFileSync(index, 'utf8').split('\n');
      expect(lines.some((line) => line.includes('SUCCEEDED'))).toBe(true);
      writeFileSync(index, lines.filter((line) => !line.includes('SUCCEEDED')).join('\n'));
      const second = engineIn(dir, echo);
      expect(second.describe(arn)).toMatchObject({ status: 'SUCCEEDED' });
      expect(await second.resumeAll()).toEqual([]);
    }));
});

describe('stop, list and describe', () => {
  it('aborts at once, refuses its tokens afterwards and keeps error and cause', () =>
    withFolder(async (dir) => {
      const port = silent();
      const engine = engineIn(dir, port);
      const arn = start(engine, { Ask: waiting() });
      await port.called(1);
      engine.stop(arn, 'Operator', 'not needed');
      expect(codeOf(() => engine.sendTaskSuccess(port.requests[0]?.taskToken ?? '', '{}'))).toBe('TaskTimedOut');
      expect(await engine.completion(arn)).toMatchObject({ status: 'ABORTED', error: 'Operator', cause: 'not needed' });
      expect(port.requests[0]?.signal.aborted).toBe(true);
      expect(engine.list(MACHINE, 'ABORTED').map(({ name }) => name)).toEqual(['one']);
      expect(engine.list(MACHINE, 'RUNNING')).toEqual([]);
    }));

  it('knows no execution that was never started', () =>
    withFolder(async (dir) => {
      const engine = engineIn(dir, echo);
      expect(codeOf(() => engine.describe('arn:none'))).toBe('ExecutionDoesNotExist');
      expect(codeOf(() => engine.history('arn:none'))).toBe('ExecutionDoesNotExist');
      expect(codeOf(() => engine.stop('arn:none'))).toBe('ExecutionDoesNotExist');
    }));
});

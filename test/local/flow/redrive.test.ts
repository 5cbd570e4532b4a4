/** Redriving: an execution that ended without success goes on where it ended, also through crashes. */
import { appendFileSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { compileDefinition } from '../../../local/flow/definition.ts';
import { FlowEngine, type FlowEngineOptions } from '../../../local/flow/engine.ts';
import { FlowApiError, TaskError, UnsupportedError } from '../../../local/flow/errors.ts';
import type { Json, JsonObject, TaskPort } from '../../../local/flow/types.ts';
import { FUNCTION, MACHINE, machine, withFolder } from './support.ts';

const task = (more: JsonObject): JsonObject => ({ Type: 'Task', Resource: FUNCTION, ...more });

/** Two steps: the first sets a variable, the second needs it and is the one that fails. */
const twoSteps: JsonObject = {
  First: task({ Arguments: { step: 'first' }, Assign: { kept: '{% $states.result.step %}' }, Next: 'Second' }),
  Second: task({ Arguments: { step: 'second', kept: '{% $kept %}', given: '{% $states.input %}' }, End: true }),
};

/** Fails the second step so often, and keeps what was asked. */
function failing(times: number): TaskPort & { readonly asked: Json[] } {
  const asked: Json[] = [];
  let left = times;
  return {
    asked,
    invoke: async ({ arguments: args }) => {
      asked.push(args);
      if ((args as JsonObject).step === 'second' && left-- > 0) throw new TaskError('Broken', 'still broken');
      return args;
    },
  };
}

function begin(engine: FlowEngine, states: JsonObject): string {
  const definition = compileDefinition(machine(states));
  return engine.start({ stateMachineArn: MACHINE, definition, name: 'one', input: '{"a":1}', type: 'STANDARD' })
    .executionArn;
}

const open = (dir: string, tasks: TaskPort, more: Partial<FlowEngineOptions> = {}): FlowEngine =>
  new FlowEngine({ dir, tasks, ...more });

const codeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof FlowApiError) return error.code;
    throw error;
  }
  return 'none';
};

const types = (engine: FlowEngine, arn: string): string[] => engine.history(arn).map(({ type }) => type);

describe('RedriveExecution', () => {
  it('goes on at the state that failed, with its input and the variables, and does not repeat what succeeded', () =>
    withFolder(async (dir) => {
      const tasks = failing(2);
      const engine = open(dir, tasks);
      const arn = begin(engine, twoSteps);
      expect(await engine.completion(arn)).toMatchObject({ status: 'FAILED', error: 'Broken' });
      engine.redrive(arn);
      expect(engine.describe(arn)).toMatchObject({ status: 'RUNNING', redriveCount: 1 });
      expect(await engine.completion(arn)).toMatchObject({ status: 'FAILED', redriveCount: 1 });
      engine.redrive(arn);
      expect(await engine.completion(arn)).toMatchObject({ status: 'SUCCEEDED', redriveCount: 2 });
      const second = { step: 'second', kept: 'first', given: { step: 'first' } };
      expect(tasks.asked).toEqual([{ step: 'first' }, second, second, second]);
      expect(types(engine, arn).filter((type) => type.startsWith('Execution'))).toEqual([
        'ExecutionStarted',
        'ExecutionFailed',
        'ExecutionRedriven',
        'ExecutionFailed',
        'ExecutionRedriven',
        'ExecutionSucceeded',
      ]);
      const ids = engine.history(arn).map(({ id }) => id);
      expect(ids).toEqual(ids.map((_, at) => at + 1));
    }));

  it('refuses what runs, what succeeded, what is unknown, and what ended long ago', () =>
    withFolder(async (dir) => {
      let nowMs = 1_000;
      const clock = { now: () => nowMs, sleep: () => new Promise<void>(() => undefined) };
      const engine = open(dir, failing(1), { clock });
      const arn = begin(engine, twoSteps);
      expect(codeOf(() => engine.redrive(arn))).toBe('ExecutionNotRedrivable');
      await engine.completion(arn);
      nowMs += 15 * 86_400_000;
      expect(codeOf(() => engine.redrive(arn))).toBe('ExecutionNotRedrivable');
      nowMs -= 2 * 86_400_000;
      engine.redrive(arn);
      await engine.completion(arn);
      expect(codeOf(() => engine.redrive(arn))).toBe('ExecutionNotRedrivable');
      expect(codeOf(() => engine.redrive(`${arn}x`))).toBe('ExecutionDoesNotExist');
    }));

  it('goes on with one that was aborted in the middle of a step', () =>
    withFolder(async (dir) => {
      const tasks = failing(0);
      const hanging: TaskPort = { invoke: () => new Promise(() => undefined) };
      const first = open(dir, hanging);
      const arn = begin(first, twoSteps);
      await new Promise((resolve) => setImmediate(resolve));
      first.stop(arn, 'Stopped', 'by hand');
      await first.close();
      const second = open(dir, tasks);
      second.redrive(arn);
      expect(await second.completion(arn)).toMatchObject({ status: 'SUCCEEDED' });
    }));

  it('survives a crash at any line of the journal after it', () =>
    withFolder(async (dir) => {
      const engine = open(dir, failing(1));
      const arn = begin(engine, twoSteps);
      await engine.completion(arn);
      engine.redrive(arn);
      await engine.completion(arn);
      await engine.close();
      const [file] = readdirSync(join(dir, 'closed'));
      const lines = readFileSync(join(dir, 'closed', file!), 'utf8')
        .trimEnd()
        .split('\n');
      const redriven = lines.findIndex((line) => line.includes('"k":"redrive"'));
      expect(redriven).toBeGreaterThan(5);
      for (let kept = redriven + 1; kept < lines.length; kept += 1)
        await withFolder(async (again) => {
          open(again, failing(0));
          const torn = kept % 2 === 0 ? '\n{"k":"res' : '\n';
          appendFileSync(join(again, 'running', file!), lines.slice(0, kept).join('\n') + torn);
          const tasks = failing(0);
          const next = open(again, tasks);
          expect(next.describe(arn)).toMatchObject({ status: 'RUNNING' });
          await next.resumeAll();
          expect(await next.completion(arn)).toMatchObject({ status: 'SUCCEEDED', redriveCount: 1 });
          expect(tasks.asked).not.toContainEqual({ step: 'first' });
          await next.close();
        });
    }));

  it('a crash before the journal was opened again leaves it closed, and it can be redriven then', () =>
    withFolder(async (dir) => {
      const engine = open(dir, failing(1));
      const arn = begin(engine, twoSteps);
      await engine.completion(arn);
      engine.redrive(arn);
      await engine.completion(arn);
      await engine.close();
      const [file] = readdirSync(join(dir, 'closed'));
      const path = join(dir, 'closed', file!);
      const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
      const redriven = lines.findIndex((line) => line.includes('"k":"redrive"'));
      await withFolder(async (again) => {
        const made = open(again, failing(0));
        await made.close();
        // The end was written and the journal closed; then "redrive" was appended, and nothing more happened.
        appendFileSync(join(again, 'running', file!), `${lines.slice(0, redriven).join('\n')}\n`);
        await open(again, failing(0)).close();
        appendFileSync(join(again, 'closed', file!), `${lines[redriven]}\n{"k":"red`);
        const next = open(again, failing(0));
        expect(next.describe(arn)).toMatchObject({ status: 'FAILED' });
        next.redrive(arn);
        expect(await next.completion(arn)).toMatchObject({ status: 'SUCCEEDED' });
        await next.close();
      });
    }));

  it('refuses to repeat a Map or Parallel, of which AWS would repeat a part', () =>
    withFolder(async (dir) => {
      const engine = open(dir, failing(9));
      const branch = (step: string) => ({
        StartAt: step,
        States: { [step]: task({ Arguments: { step }, End: true }) },
      });
      const arn = begin(engine, {
        Both: { Type: 'Parallel', Branches: [branch('first'), branch('second')], End: true },
      });
      expect(await engine.completion(arn)).toMatchObject({ status: 'FAILED' });
      expect(() => engine.redrive(arn)).toThrow(UnsupportedError);
      expect(engine.describe(arn)).toMatchObject({ status: 'FAILED' });
    }));
});

import { describe, expect, it } from '@jest/globals';
import type { Mocks } from '../../../local/flow/simulate.ts';
import type { Json, JsonObject } from '../../../local/flow/types.ts';
import { FUNCTION, INVOKE, run } from './support.ts';

const pass = (more: JsonObject = {}): JsonObject => ({ Type: 'Pass', End: true, ...more });
const task = (more: JsonObject = {}): JsonObject => ({ Type: 'Task', Resource: FUNCTION, End: true, ...more });
const map = (states: JsonObject, more: JsonObject = {}): JsonObject => ({
  Type: 'Map',
  ItemProcessor: { StartAt: Object.keys(states)[0] ?? '', States: states },
  End: true,
  ...more,
});
const branch = (states: JsonObject): JsonObject => ({ StartAt: Object.keys(states)[0] ?? '', States: states });
const thrown = (error: string, cause?: string) => ({ throw: { error, ...(cause === undefined ? {} : { cause }) } });

async function output(states: JsonObject, input: Json = {}, mocks: Mocks = {}): Promise<Json | undefined> {
  const result = await run(states, input, mocks);
  expect(result).toMatchObject({ status: 'SUCCEEDED' });
  return result.output;
}

async function failure(states: JsonObject, input: Json = {}, mocks: Mocks = {}) {
  const { status, error, cause } = await run(states, input, mocks);
  expect(status).toBe('FAILED');
  return { error, cause };
}

/** Simulated seconds from the beginning to the end of a run. */
async function seconds(states: JsonObject, input: Json = {}, mocks: Mocks = {}): Promise<number> {
  const { events } = await run(states, input, mocks);
  return ((events.at(-1)?.timestampMs ?? 0) - (events[0]?.timestampMs ?? 0)) / 1000;
}

describe('expressions', () => {
  it.each<[string, Json]>([
    ['{% $partition([1,2,3,4,5], 2) %}', [[1, 2], [3, 4], [5]]],
    ['{% $range(0, 10, 3) %}', [0, 3, 6, 9]],
    ['{% $range(3, 1, -1) %}', [3, 2, 1]],
    ['{% $hash("abc", "SHA-1") %}', 'a9993e364706816aba3e25717850c26c9cd0d89d'],
    ['{% $parse("{\\"a\\":[1]}") %}', { a: [1] }],
    ['{% $random(5) = $random(5) %}', true],
    ['{% $now() %}', '2024-01-01T00:00:00.000Z'],
    ['{% $millis() %}', 1_704_067_200_000],
    ['{% $length($uuid()) %}', 36],
    ['{% $states.context.State.Name %}', 'A'],
    ['{% $states.context.Execution.Input.n %}', 3],
    [' {% 1 %}', ' {% 1 %}'],
  ])('%j gives %j', async (expression, expected) => {
    expect(await output({ A: pass({ Output: expression }) }, { n: 3 })).toEqual(expected);
  });

  it.each([
    [
      '{% $nothing %}',
      "The JSONata expression '$nothing' specified for the field 'Output' returned nothing (undefined).",
    ],
    [
      '{% $sum %}',
      "The JSONata expression '$sum' specified for the field 'Output' returned an unsupported result type.",
    ],
    [
      '{% 1 + "a" %}',
      `threw an error during evaluation. T2002: The right side of the "+" operator must evaluate to a number`,
    ],
    ['{% $range(1, 2, 0) %}', 'The step of $range must not be 0'],
    ['{% $range(1, 5000, 1) %}', '$range makes at most 1000 items'],
    ['{% $hash("a", "CRC") %}', '$hash knows'],
    ['{% ($f := function($n){ $f($n + 1) + 1 }; $f(0)) %}', 'threw an error during evaluation.'],
  ])('%j is a query evaluation error', async (expression, cause) => {
    const got = await failure({ A: pass({ Output: expression }) });
    expect(got.error).toBe('States.QueryEvaluationError');
    expect(got.cause).toContain("An error occurred while executing the state 'A' (entered at the event id #2). ");
    expect(got.cause).toContain(cause);
  });
});

describe('variables', () => {
  it('are assigned all at once: an expression sees the old values', async () => {
    const states = {
      A: pass({ Assign: { x: 1, y: 2 }, Next: 'B', End: false }),
      B: pass({ Assign: { x: '{% $y %}', y: '{% $x %}' }, Output: '{% $x %}', Next: 'C', End: false }),
      C: pass({ Output: ['{% $states.input %}', '{% $x %}', '{% $y %}'] }),
    };
    expect(await output(states)).toEqual([1, 2, 1]);
  });

  it('of the outer machine are read inside, and inner ones are gone afterwards', async () => {
    const inner = {
      I: pass({ Assign: { z: '{% $x + $states.input %}' }, Next: 'J', End: false }),
      J: pass({ Output: '{% $z %}' }),
    };
    const states = {
      A: pass({ Assign: { x: 10 }, Next: 'M', End: false }),
      M: map(inner, { Items: [1, 2], Next: 'C', End: false }),
      C: pass({ Output: { result: '{% $states.input %}', gone: '{% $exists($z) %}' } }),
    };
    expect(await output(states)).toEqual({ result: [11, 12], gone: false });
  });
});

describe('Choice', () => {
  const choice = (condition: Json, more: JsonObject = {}): JsonObject => ({
    C: {
      Type: 'Choice',
      Choices: [{ Condition: condition, Next: 'Yes', Output: 'rule' }],
      Default: 'No',
      Output: 'default',
      ...more,
    },
    Yes: pass(),
    No: pass({ Output: { no: '{% $states.input %}' } }),
  });

  it('takes the first rule that holds, with its Output, and else the default with the state’s own', async () => {
    expect(await output(choice('{% $states.input.a > 1 %}'), { a: 2 })).toBe('rule');
    expect(await output(choice('{% $states.input.a > 1 %}'), { a: 1 })).toEqual({ no: 'default' });
  });

  it('demands a boolean', async () => {
    const got = await failure(choice('{% $states.input.a %}'), { a: 'yes' });
    expect(got.error).toBe('States.QueryEvaluationError');
    expect(got.cause).toContain(`Expected 'boolean', but was 'string' for value: "yes"`);
  });

  it('without a default fails when nothing holds', async () => {
    const { C, Yes } = choice(false) as { C: JsonObject; Yes: JsonObject };
    const { Default: _, ...open } = C;
    expect((await failure({ C: open, Yes })).error).toBe('States.NoChoiceMatched');
  });
});

describe('Wait', () => {
  it('waits in simulated time, by seconds or until a moment', async () => {
    expect(await seconds({ W: { Type: 'Wait', Seconds: '{% $states.input.s %}', End: true } }, { s: 86_400 })).toBe(
      86_400,
    );
    expect(await seconds({ W: { Type: 'Wait', Timestamp: '2024-01-01T01:00:00+00:30', End: true } })).toBe(1800);
    expect(await seconds({ W: { Type: 'Wait', Timestamp: '2001-01-01T00:00:00Z', End: true } })).toBe(0);
  });

  it.each<[Json]>([[-1], [1.5], ['1'], [null]])('refuses %j seconds', async (value) => {
    const got = await failure({ W: { Type: 'Wait', Seconds: '{% $states.input.s %}', End: true } }, { s: value });
    expect(got.error).toBe('States.QueryEvaluationError');
  });

  it.each(['2024-02-30T00:00:00Z', '2024-01-01T24:00:00Z', '2024-01-01', '2024-01-01T00:00:00'])(
    'refuses %s',
    async (value) => {
      const got = await failure({ W: { Type: 'Wait', Timestamp: '{% $states.input %}', End: true } }, value);
      expect(got.cause).toContain('cannot be parsed as an ISO-8601 extended offset date-time format string');
    },
  );
});

describe('Fail', () => {
  it('evaluates error and cause and demands texts', async () => {
    const states = { F: { Type: 'Fail', Error: '{% "E" & $states.input %}', Cause: 'why' } };
    expect(await failure(states, 1)).toEqual({ error: 'E1', cause: 'why' });
    expect((await failure({ F: { Type: 'Fail', Error: '{% 5 %}' } })).error).toBe('States.QueryEvaluationError');
  });
});

describe('Retry', () => {
  const retry = (retriers: Json, more: JsonObject = {}) => ({ T: task({ Retry: retriers, ...more }) });

  it('waits interval × rate^n between attempts, at most MaxDelaySeconds', async () => {
    const states = retry([
      { ErrorEquals: ['E'], IntervalSeconds: 2, BackoffRate: 3, MaxAttempts: 3, MaxDelaySeconds: 10 },
    ]);
    const mocks = { T: [thrown('E'), thrown('E'), thrown('E'), { return: 1 }] };
    expect(await seconds(states, {}, mocks)).toBe(2 + 6 + 10);
  });

  it('with full jitter waits less than that', async () => {
    const states = retry([{ ErrorEquals: ['E'], IntervalSeconds: 100, JitterStrategy: 'FULL', MaxAttempts: 1 }]);
    const waited = await seconds(states, {}, { T: [thrown('E'), { return: 1 }] });
    expect(waited).toBeGreaterThan(0);
    expect(waited).toBeLessThan(100);
  });

  it('counts by retrier, and gives up when the matching one is used up', async () => {
    const states = retry([
      { ErrorEquals: ['A'], MaxAttempts: 1 },
      { ErrorEquals: ['States.ALL'], MaxAttempts: 2 },
    ]);
    expect(await output(states, {}, { T: [thrown('A'), thrown('B'), thrown('B'), { return: 'ok' }] })).toBe('ok');
    expect(await failure(states, {}, { T: [thrown('A'), thrown('B'), thrown('A', 'again')] })).toEqual({
      error: 'A',
      cause: 'again',
    });
  });

  it('shows the count in the context and starts anew when the state is entered again', async () => {
    const mocks = { T: [thrown('E'), { return: 0 }, thrown('E'), { return: 1 }] };
    const states = {
      T: task({
        Arguments: '{% $states.context.State.RetryCount %}',
        Retry: [{ ErrorEquals: ['E'], MaxAttempts: 1 }],
        Next: 'C',
        End: false,
      }),
      C: { Type: 'Choice', Choices: [{ Condition: '{% $states.input = 0 %}', Next: 'T' }], Default: 'Z' },
      Z: pass(),
    };
    expect(await output(states, {}, mocks)).toBe(1);
  });

  it.each([
    ['States.ALL', 'Anything', true],
    ['States.ALL', 'States.Timeout', true],
    ['States.ALL', 'States.DataLimitExceeded', true],
    ['States.ALL', 'States.Runtime', false],
    ['States.Runtime', 'States.Runtime', false],
    ['States.TaskFailed', 'Anything', true],
    ['States.TaskFailed', 'States.Timeout', false],
    ['States.Timeout', 'States.Timeout', true],
    ['States.Timeout', 'States.HeartbeatTimeout', true],
    ['States.HeartbeatTimeout', 'States.Timeout', false],
    ['States.Permissions', 'Anything', false],
  ])('%s and the error %s: %s', async (named, error, matched) => {
    const { status } = await run(
      retry([{ ErrorEquals: [named], MaxAttempts: 1 }]),
      {},
      { T: [thrown(error), { return: 1 }] },
    );
    expect(status).toBe(matched ? 'SUCCEEDED' : 'FAILED');
  });
});

describe('Catch', () => {
  const caught = (catcher: JsonObject, more: JsonObject = {}) => ({
    T: task({ Catch: [{ ErrorEquals: ['States.ALL'], Next: 'F', ...catcher }], ...more }),
    F: pass(),
  });

  it('passes the error output on, with an empty cause where there is none', async () => {
    expect(await output(caught({}), {}, { T: [thrown('E')] })).toEqual({ Error: 'E', Cause: '' });
  });

  it('gives its own Output and Assign, which see input and error', async () => {
    const states = {
      ...caught({
        Output: ['{% $states.input %}', '{% $states.errorOutput.Error %}'],
        Assign: { seen: '{% $states.errorOutput.Cause %}' },
      }),
      F: pass({ Output: ['{% $states.input %}', '{% $seen %}'] }),
    };
    expect(await output(states, 7, { T: [thrown('E', 'why')] })).toEqual([[7, 'E'], 'why']);
  });

  it('catches failing expressions of its state, before and after the call', async () => {
    expect(await output(caught({}, { Arguments: '{% $nothing %}' }))).toMatchObject({
      Error: 'States.QueryEvaluationError',
    });
    const after = caught({}, { Output: '{% $states.result.none %}' });
    expect(await output(after, {}, { T: [{ return: {} }] })).toMatchObject({ Error: 'States.QueryEvaluationError' });
  });

  it('is not caught itself when its own expressions fail', async () => {
    expect((await failure(caught({ Output: '{% $nothing %}' }), {}, { T: [thrown('E')] })).error).toBe(
      'States.QueryEvaluationError',
    );
  });

  it('comes after retries', async () => {
    const states = caught({}, { Retry: [{ ErrorEquals: ['E'], MaxAttempts: 1 }] });
    expect(await output(states, {}, { T: [thrown('E', '1'), thrown('E', '2')] })).toEqual({ Error: 'E', Cause: '2' });
  });
});

describe('Map', () => {
  it('keeps the order, whatever ends first', async () => {
    const inner = { W: { Type: 'Wait', Seconds: '{% $states.input %}', End: true } };
    expect(await output({ M: map(inner) }, [30, 10, 20])).toEqual([30, 10, 20]);
    expect(await seconds({ M: map(inner) }, [30, 10, 20])).toBe(30);
    expect(await seconds({ M: map(inner, { MaxConcurrency: 1 }) }, [30, 10, 20])).toBe(60);
    expect(await seconds({ M: map(inner, { MaxConcurrency: 2 }) }, [30, 10, 20])).toBe(30);
  });

  it('selects each item’s input with its index and value', async () => {
    const selector = {
      i: '{% $states.context.Map.Item.Index %}',
      v: '{% $states.context.Map.Item.Value %}',
      all: '{% $states.input.k %}',
    };
    const states = { M: map({ P: pass() }, { Items: '{% $states.input.list %}', ItemSelector: selector }) };
    expect(await output(states, { list: ['a'], k: 1 })).toEqual([{ i: 0, v: 'a', all: 1 }]);
  });

  it('stops the other items when one fails, and may be retried as a whole', async () => {
    const inner = { T: task({ End: false, Next: 'W' }), W: { Type: 'Wait', Seconds: 5, End: true } };
    const mocks = { T: [{ return: 1 }, thrown('E'), { return: 3 }, { return: 4 }] };
    const states = { M: map(inner, { Retry: [{ ErrorEquals: ['E'], IntervalSeconds: 1, MaxAttempts: 1 }] }) };
    expect(await output(states, ['a', 'b'], mocks)).toEqual([3, 4]);
    expect(await seconds(states, ['a', 'b'], mocks)).toBe(6);
  });

  it('refuses to guess what an inline map with tolerated failures does', async () => {
    const states = { M: map({ T: task() }, { ToleratedFailureCount: 1 }) };
    await expect(run(states, [1], { T: [thrown('E')] })).rejects.toThrow(/tolerates failures/);
  });
});

describe('Parallel', () => {
  it('gives every branch the arguments and collects their outputs', async () => {
    const states = {
      P: {
        Type: 'Parallel',
        Arguments: { n: '{% $states.input %}' },
        Branches: [branch({ A: pass({ Output: '{% $states.input.n + 1 %}' }) }), branch({ B: pass() })],
        End: true,
      },
    };
    expect(await output(states, 1)).toEqual([2, { n: 1 }]);
  });

  it('fails with the first branch that fails and stops the others', async () => {
    const states = {
      P: {
        Type: 'Parallel',
        Branches: [
          branch({ W: { Type: 'Wait', Seconds: 100, End: true } }),
          branch({ F: { Type: 'Fail', Error: 'E' } }),
        ],
        Catch: [{ ErrorEquals: ['E'], Next: 'Z' }],
        End: true,
      },
      Z: pass({ Output: 'caught' }),
    };
    expect(await output(states)).toBe('caught');
    expect(await seconds(states)).toBe(0);
  });
});

describe('limits', () => {
  it('a run that takes longer than the machine’s TimeoutSeconds times out', async () => {
    const result = await run({ W: { Type: 'Wait', Seconds: 10, End: true } }, {}, {}, { TimeoutSeconds: 5 });
    expect(result).toMatchObject({ status: 'TIMED_OUT', error: 'States.Timeout' });
    expect(result.events.at(-1)?.type).toBe('ExecutionTimedOut');
  });

  it('a result beyond 256 KiB is States.DataLimitExceeded', async () => {
    const big = 'x'.repeat(262_144);
    const got = await failure({ T: task({ Resource: INVOKE, Arguments: {} }) }, {}, { T: [{ return: big }] });
    expect(got.error).toBe('States.DataLimitExceeded');
    expect(got.cause).toContain("The state/task 'lambda' returned a result with a size exceeding");
  });

  it.each<[Json]>([[0], [-1], [1.5], ['5']])('TimeoutSeconds must not be %j', async (value) => {
    const states = { T: task({ TimeoutSeconds: '{% $states.input %}' }) };
    expect((await failure(states, value, { T: [{ return: 1 }] })).error).toBe('States.QueryEvaluationError');
  });
});

describe('mocks', () => {
  it('that run out end the run, and no Catch hides it', async () => {
    const states = {
      T: task({ Retry: [{ ErrorEquals: ['States.ALL'] }], Catch: [{ ErrorEquals: ['States.ALL'], Next: 'F' }] }),
      F: pass(),
    };
    await expect(run(states, {}, { T: [thrown('E')] })).rejects.toThrow(/call 2 of the mock 'T' has no answer/);
    await expect(run(states)).rejects.toThrow(/there is no mock/);
  });

  it('may stand under the resource, and the state’s name wins', async () => {
    expect(await output({ T: task() }, {}, { [FUNCTION]: [{ return: 1 }] })).toBe(1);
    expect(await output({ T: task() }, {}, { [FUNCTION]: [{ return: 1 }], T: [{ return: 2 }] })).toBe(2);
  });

  it('answer by the token where a state waits for one', async () => {
    const states = {
      T: task({ Resource: `${INVOKE}.waitForTaskToken`, Arguments: { Payload: '{% $states.context.Task.Token %}' } }),
    };
    expect(await output(states, {}, { T: [{ return: { ok: 1 } }] })).toEqual({ ok: 1 });
  });
});

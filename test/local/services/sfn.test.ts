import { describe, expect, test } from '@jest/globals';
import { ServiceError } from '../../../local/server/service.ts';
import type { Json, JsonObject, LambdaAnswer } from '../../../local/types.ts';
import { asl, invokeTask, machine, setUp } from '../support/flows.ts';
import { fn } from '../support/models.ts';
import { until } from '../support/temp.ts';

describe('changes of an execution', () => {
  const failing = asl({ Fail: { Type: 'Fail', Error: 'Broken', Cause: 'a pipe' } });

  test('are told of Standard executions, with what the service says of them', async () => {
    const { start, ended, changes } = await setUp([machine('m', failing)]);
    const executionArn = await start('m', { a: 1 }, { name: 'one' });
    await ended(executionArn);
    expect(changes.map(({ detail }) => detail['status'])).toEqual(['RUNNING', 'FAILED']);
    expect(changes[1]).toMatchObject({
      source: 'aws.states',
      detailType: 'Step Functions Execution Status Change',
      resources: [executionArn],
      detail: { executionArn, name: 'one', input: '{"a":1}', output: null, error: 'Broken', cause: 'a pipe' },
    });
    expect(changes[0]!.detail).toMatchObject({ stopDate: null, startDate: expect.any(Number) });
  });

  test('are not told of Express executions, as in AWS', async () => {
    const { flows, start, changes } = await setUp([machine('e', failing, { type: 'EXPRESS' })]);
    await start('e');
    await until(async () => flows.stats()['expressRunning'] === 0, 'the end');
    expect(changes).toEqual([]);
  });
});

describe('StepFunctions', () => {
  test('runs a Standard execution with a function and tells its history', async () => {
    const { flows, start, ended } = await setUp([
      machine('m', asl({ Work: invokeTask({ Output: '{% $states.result %}' }) })),
    ]);
    const executionArn = await start('m', { a: 1 }, { name: 'one' });
    expect(executionArn).toBe('arn:aws:states:eu-central-1:000000000000:execution:m:one');
    const described = await ended(executionArn);
    expect(described).toMatchObject({ status: 'SUCCEEDED', name: 'one', input: '{"a":1}' });
    expect(JSON.parse(described['output'] as string)).toMatchObject({
      ExecutedVersion: '$LATEST',
      Payload: { a: 1 },
      StatusCode: 200,
    });
    const history = await flows.handle('GetExecutionHistory', { executionArn, maxResults: 2 });
    expect((history['events'] as JsonObject[]).map((event) => event['type'])).toEqual([
      'ExecutionStarted',
      'TaskStateEntered',
    ]);
    const rest = await flows.handle('GetExecutionHistory', {
      executionArn,
      nextToken: history['nextToken']!,
      maxResults: 1000,
    });
    expect((rest['events'] as JsonObject[]).at(-1)).toMatchObject({ type: 'ExecutionSucceeded' });
    expect(rest['nextToken']).toBeUndefined();
    const backwards = await flows.handle('GetExecutionHistory', {
      executionArn,
      reverseOrder: true,
      includeExecutionData: false,
    });
    const last = (backwards['events'] as JsonObject[])[0]!;
    expect(last['type']).toBe('ExecutionSucceeded');
    expect(JSON.stringify(backwards)).not.toContain('"output"');
    expect(
      await flows.handle('ListExecutions', { stateMachineArn: machine('m', '').arn, statusFilter: 'SUCCEEDED' }),
    ).toMatchObject({
      executions: [{ executionArn, status: 'SUCCEEDED' }],
    });
  });

  test.each([
    [
      'an error of the function',
      async (): Promise<LambdaAnswer> => ({
        payload: { errorType: 'Refused', errorMessage: 'no', trace: [] },
        functionError: 'Unhandled',
      }),
      'Refused',
      '{"errorType":"Refused","errorMessage":"no","trace":[]}',
    ],
    [
      'an error without a type',
      async (): Promise<LambdaAnswer> => ({ payload: null, functionError: 'Unhandled' }),
      'Lambda.Unknown',
      'null',
    ],
    [
      'throttling',
      async (): Promise<LambdaAnswer> =>
        Promise.reject(new ServiceError('TooManyRequestsException', 'Rate Exceeded.', { statusCode: 429 })),
      'Lambda.TooManyRequestsException',
      'Rate Exceeded. (Service: Lambda, Status Code: 429)',
    ],
    [
      'a fault of the service',
      async (): Promise<LambdaAnswer> =>
        Promise.reject(new ServiceError('ServiceException', 'lost', { statusCode: 500 })),
      'Lambda.ServiceException',
      'lost (Service: Lambda, Status Code: 500)',
    ],
    [
      'a broken line',
      async (): Promise<LambdaAnswer> => Promise.reject(new Error('EPIPE')),
      'Lambda.SdkClientException',
      'Error: EPIPE',
    ],
  ])('names %s as AWS does', async (_title, invoke, error, cause) => {
    const { start, ended } = await setUp([machine('m', asl({ Work: invokeTask() }))], invoke);
    expect(await ended(await start('m'))).toMatchObject({ status: 'FAILED', error, cause });
  });

  test('calls a function’s ARN bare, and refuses arguments that it would have to ignore', async () => {
    const bare = { Type: 'Task', Resource: fn('work').arn, End: true };
    const { start, ended } = await setUp([
      machine('bare', asl({ Work: bare })),
      machine('bad', asl({ Work: invokeTask({}, { LogType: 'Tail' }) })),
    ]);
    expect(await ended(await start('bare', { x: 1 }))).toMatchObject({ output: '{"x":1}' });
    expect(await ended(await start('bad'))).toMatchObject({
      status: 'FAILED',
      error: 'States.Runtime',
      cause: expect.stringContaining('LogType') as unknown,
    });
  });

  test('puts events on the bus, with the execution among the resources; a failed entry fails the task', async () => {
    const put = {
      Type: 'Task',
      Resource: 'arn:aws:states:::events:putEvents',
      Arguments: {
        Entries: [
          {
            Source: 'groundcrew',
            DetailType: 'T',
            Detail: '{% {"n": $states.input.n} %}',
            EventBusName: 'groundcrew-bus',
          },
        ],
      },
      End: true,
    };
    const { start, ended, puts, answerPuts } = await setUp([machine('m', asl({ Put: put }))]);
    const first = await start('m', { n: 3 });
    expect(await ended(first)).toMatchObject({
      status: 'SUCCEEDED',
      output: '{"Entries":[{"EventId":"e1"}],"FailedEntryCount":0}',
    });
    expect(puts).toEqual([
      {
        source: 'groundcrew',
        detailType: 'T',
        detail: '{"n":3}',
        busName: 'groundcrew-bus',
        resources: [first, machine('m', '').arn],
      },
    ]);
    answerPuts([{ errorCode: 'MalformedDetail', errorMessage: 'Detail is malformed.' }]);
    expect(await ended(await start('m', { n: 3 }))).toMatchObject({
      status: 'FAILED',
      error: 'EventBridge.FailedEntry',
    });
  });

  test('waits for a task token, over a restart, and takes one answer', async () => {
    const definition = asl({
      Ask: {
        ...invokeTask({}, { Payload: { token: '{% $states.context.Task.Token %}' } }),
        Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
      },
    });
    let token = '';
    const first = await setUp([machine('m', definition)], async (_name, payload) => {
      token = (payload as { token: string }).token;
      return { payload: null };
    });
    const executionArn = await first.start('m', {}, { name: 'waits' });
    await until(() => token !== '', 'the token');
    await first.stop();
    const { flows, ended } = await setUp([machine('m', definition)]);
    expect(flows.resources('SendTaskSuccess', { taskToken: token })).toEqual([
      executionArn.replace(/:execution:m:.*/, ':stateMachine:m'),
    ]);
    await flows.handle('SendTaskHeartbeat', { taskToken: token });
    await expect(flows.handle('SendTaskSuccess', { taskToken: token, output: '{x' })).rejects.toMatchObject({
      code: 'InvalidOutput',
    });
    await flows.handle('SendTaskSuccess', { taskToken: token, output: '{"answer":"yes"}' });
    expect(await ended(executionArn)).toMatchObject({ status: 'SUCCEEDED', output: '{"answer":"yes"}' });
    await expect(flows.handle('SendTaskSuccess', { taskToken: token, output: '{}' })).rejects.toMatchObject({
      code: 'TaskTimedOut',
    });
    await expect(flows.handle('SendTaskFailure', { taskToken: 'nonsense' })).rejects.toMatchObject({
      code: 'InvalidToken',
    });
  });

  test('starting the same name with the same input again is harmless while it runs, and refused otherwise', async () => {
    const { flows, start, ended } = await setUp([
      machine('m', asl({ Wait: { Type: 'Wait', Seconds: 100, End: true } })),
    ]);
    const first = await start('m', { a: 1 }, { name: 'n' });
    expect(await start('m', { a: 1 }, { name: 'n' })).toBe(first);
    await expect(start('m', { a: 2 }, { name: 'n' })).rejects.toMatchObject({ code: 'ExecutionAlreadyExists' });
    await flows.handle('StopExecution', { executionArn: first, error: 'Enough', cause: 'stop' });
    expect(await ended(first)).toMatchObject({ status: 'ABORTED', error: 'Enough', cause: 'stop' });
    await expect(start('m', { a: 1 }, { name: 'n' })).rejects.toMatchObject({ code: 'ExecutionAlreadyExists' });
  });

  test('what failed is found by its status and goes on when it is redriven; what succeeded is refused', async () => {
    let failures = 1;
    const { flows, start, ended } = await setUp([machine('m', asl({ Work: invokeTask() }))], async (_name, payload) =>
      failures-- > 0
        ? { payload: { errorType: 'Broken', errorMessage: 'no' }, functionError: 'Unhandled' }
        : { payload },
    );
    const executionArn = await start('m', { a: 1 }, { name: 'n' });
    expect(await ended(executionArn)).toMatchObject({ status: 'FAILED', redriveCount: 0 });
    const failed = { stateMachineArn: machine('m', '').arn, statusFilter: 'FAILED' };
    expect(await flows.handle('ListExecutions', failed)).toMatchObject({ executions: [{ executionArn, name: 'n' }] });
    expect(await flows.handle('RedriveExecution', { executionArn })).toEqual({ redriveDate: expect.any(Number) });
    expect(await ended(executionArn)).toMatchObject({ status: 'SUCCEEDED', redriveCount: 1 });
    expect(await flows.handle('ListExecutions', failed)).toEqual({ executions: [] });
    await expect(flows.handle('RedriveExecution', { executionArn })).rejects.toMatchObject({
      code: 'ExecutionNotRedrivable',
    });
    expect(flows.resources('RedriveExecution', { executionArn })).toEqual([executionArn]);
  });

  test('an Express execution that had not ended starts again from its beginning; one that had does not', async () => {
    const express = machine('fast', asl({ Work: invokeTask() }), { type: 'EXPRESS' });
    const calls: Json[] = [];
    const first = await setUp([express], async (_name, payload) => {
      calls.push(payload);
      return (payload as { hang?: boolean }).hang === true ? new Promise(() => undefined) : { payload };
    });
    expect(await first.start('fast', { n: 1 })).toContain(':express:fast:');
    await first.flows.startExecution(express.arn, '{"n":2,"hang":true}');
    await until(() => calls.length === 2 && first.flows.stats()['expressRunning'] === 1, 'one to hang');
    await first.stop();
    const again: Json[] = [];
    const second = await setUp([express], async (_name, payload) => {
      again.push(payload);
      return { payload };
    });
    await until(() => second.flows.stats()['expressRunning'] === 0, 'the end');
    expect(again).toEqual([{ n: 2, hang: true }]);
  });

  test('answers StartSyncExecution with the end of the execution', async () => {
    const { flows } = await setUp([
      machine('fast', asl({ Work: invokeTask({ Output: '{% $states.result.Payload %}' }) }), { type: 'EXPRESS' }),
    ]);
    expect(
      await flows.handle('StartSyncExecution', { stateMachineArn: machine('fast', '').arn, input: '{"x":1}' }),
    ).toMatchObject({
      status: 'SUCCEEDED',
      output: '{"x":1}',
      billingDetails: { billedDurationInMilliseconds: expect.any(Number) },
    });
  });

  test('writes to the log group what the logging level asks for, without data unless asked', async () => {
    const logging = { level: 'ERROR', includeExecutionData: false, logGroupName: '/flow' } as const;
    const { start, ended, lines } = await setUp(
      [machine('m', asl({ Work: invokeTask() }), { logging }), machine('quiet', asl({ Work: invokeTask() }))],
      async () => ({ payload: { errorType: 'Secret', errorMessage: 'x' }, functionError: 'Unhandled' }),
    );
    await ended(await start('quiet'));
    await ended(await start('m', { secret: 1 }));
    expect(lines.map((line) => line.message['type'])).toEqual(['TaskFailed', 'ExecutionFailed']);
    expect(JSON.stringify(lines).toLowerCase()).not.toContain('secret');
  });

  test('refuses calls with the names of AWS', async () => {
    const { flows } = await setUp([machine('m', asl({ Work: invokeTask() }))]);
    const refused: [string, JsonObject, string][] = [
      [
        'StartExecution',
        { stateMachineArn: 'arn:aws:states:eu-central-1:000000000000:stateMachine:none' },
        'StateMachineDoesNotExist',
      ],
      ['StartExecution', { stateMachineArn: 'none' }, 'InvalidArn'],
      ['StartExecution', { stateMachineArn: machine('m', '').arn, input: '{x' }, 'InvalidExecutionInput'],
      ['StartExecution', { stateMachineArn: machine('m', '').arn, name: 'a b' }, 'InvalidName'],
      ['StartExecution', {}, 'ValidationException'],
      ['StartExecution', { stateMachineArn: machine('m', '').arn, input: 5 }, 'SerializationException'],
      ['StartSyncExecution', { stateMachineArn: machine('m', '').arn }, 'StateMachineTypeNotSupported'],
      [
        'DescribeExecution',
        { executionArn: 'arn:aws:states:eu-central-1:000000000000:execution:m:none' },
        'ExecutionDoesNotExist',
      ],
      ['DescribeExecution', { executionArn: 'arn:aws:states:eu-central-1:000000000000:express:m:a:b' }, 'InvalidArn'],
      ['ListExecutions', { stateMachineArn: machine('m', '').arn, statusFilter: 'DONE' }, 'ValidationException'],
      ['ListExecutions', { stateMachineArn: machine('m', '').arn, nextToken: 'x' }, 'InvalidToken'],
      ['SendTaskSuccess', { taskToken: 'x' }, 'ValidationException'],
      ['toString', {}, 'UnknownOperationException'],
    ];
    for (const [operation, input, code] of refused) {
      await expect(flows.handle(operation, input)).rejects.toMatchObject({ code });
    }
  });

  test.each([
    [asl({ Work: { ...invokeTask(), Resource: 'arn:aws:states:::sns:publish' } }), "state 'Work' uses the resource"],
    [
      asl({
        P: {
          Type: 'Parallel',
          Branches: [
            JSON.parse(
              asl({ In: { ...invokeTask(), Resource: 'arn:aws:states:::aws-sdk:s3:getObject' } }),
            ) as JsonObject,
          ],
          End: true,
        },
      }),
      "state 'In' uses the resource",
    ],
    [asl({ Work: { Type: 'Pass' } }), 'state machine Machinem'],
  ])(
    'a definition that cannot be run stops the start, naming the machine and the state (%#)',
    async (definition, message) => {
      await expect(setUp([machine('m', definition)])).rejects.toThrow(message);
      await expect(setUp([machine('m', definition)])).rejects.toThrow('state machine Machinem');
    },
  );
});

/** Parts that both state machines are written with. */

/** What is worth trying again: the service was busy, or the sandbox died. */
const transient = {
  ErrorEquals: [
    'Lambda.TooManyRequestsException',
    'Lambda.ServiceException',
    'Lambda.AWSLambdaException',
    'Lambda.SdkClientException',
    'Lambda.Unknown',
    'RetryableError',
  ],
  IntervalSeconds: 1,
  BackoffRate: 2,
  JitterStrategy: 'FULL',
};

/** For some seconds: a decision is made again from its beginning when it failed. */
export const quickRetry = [{ ...transient, MaxAttempts: 4, MaxDelaySeconds: 20 }];

/** For some minutes, before a person is asked instead: a person is asked by the same tables. */
export const steadyRetry = [{ ...transient, MaxAttempts: 10, MaxDelaySeconds: 60 }];

/**
 * For states whose failure would leave the case to nobody: whatever the error, for hours. One entry for all of them,
 * because the first entry that names an error is the only one that counts for it, also when its attempts are used up.
 * That time has run out is an answer, not an error.
 */
export const patientRetry = [
  { ErrorEquals: ['States.Timeout'], MaxAttempts: 0 },
  {
    ErrorEquals: ['States.ALL'],
    IntervalSeconds: 1,
    MaxAttempts: 40,
    BackoffRate: 2,
    MaxDelaySeconds: 300,
    JitterStrategy: 'FULL',
  },
];

/** A task that invokes a function with a JSONata payload and no retries but those stated. */
export function lambdaTask(
  functionArn: string,
  payload: unknown,
  rest: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return {
    Type: 'Task',
    Resource: 'arn:aws:states:::lambda:invoke',
    Arguments: { FunctionName: functionArn, Payload: payload },
    ...rest,
  };
}

/** The same, but the state ends when somebody answers with the task token. */
export function tokenTask(
  functionArn: string,
  payload: unknown,
  rest: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return { ...lambdaTask(functionArn, payload, rest), Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken' };
}

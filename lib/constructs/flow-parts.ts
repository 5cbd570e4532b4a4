/** Parts that both state machines are written with. */

/** Retries of what is worth trying again at once: the service was busy or the sandbox died. */
export const quickRetry = [
  {
    ErrorEquals: [
      'Lambda.TooManyRequestsException',
      'Lambda.ServiceException',
      'Lambda.AWSLambdaException',
      'Lambda.SdkClientException',
      'Lambda.Unknown',
      'RetryableError',
    ],
    IntervalSeconds: 1,
    MaxAttempts: 4,
    BackoffRate: 2,
    MaxDelaySeconds: 20,
    JitterStrategy: 'FULL',
  },
];

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

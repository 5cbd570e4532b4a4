/** A task failed in a way that the state machine may retry or catch. */
export class TaskError extends Error {
  readonly error: string;
  readonly taskCause: string | undefined;
  constructor(error: string, cause?: string) {
    super(cause === undefined ? error : `${error}: ${cause}`);
    this.name = 'TaskError';
    this.error = error;
    this.taskCause = cause;
  }
}

/** The definition uses something that this interpreter does not run faithfully; `feature` names it. */
export class UnsupportedError extends Error {
  readonly code = 'Unsupported';
  readonly retryable = false;
  readonly feature: string;
  readonly stateName: string | undefined;
  constructor(feature: string, stateName?: string) {
    super(
      `${stateName === undefined ? 'the state machine' : `state '${stateName}'`} uses ${feature}, which is not supported; docs/generated/asl-support.md lists what is`,
    );
    this.name = 'UnsupportedError';
    this.feature = feature;
    this.stateName = stateName;
  }
}

/** The definition is not valid Amazon States Language; AWS would refuse to create it. */
export class DefinitionError extends Error {
  readonly code = 'InvalidDefinition';
  readonly retryable = false;
  constructor(message: string) {
    super(message);
    this.name = 'DefinitionError';
  }
}

/**
 * Errors that no Retry or Catch may see: they say that the run itself cannot go on, not that a state failed.
 */
export function isFatal(error: unknown): boolean {
  return error instanceof UnsupportedError || error instanceof JournalError || error instanceof MockError;
}

/** `flow run` met a call for which the mocks have no answer. */
export class MockError extends Error {
  readonly code = 'MockMissing';
  readonly retryable = false;
  constructor(message: string) {
    super(message);
    this.name = 'MockError';
  }
}

export type FlowApiCode =
  | 'ExecutionAlreadyExists'
  | 'ExecutionNotRedrivable'
  | 'ExecutionDoesNotExist'
  | 'InvalidName'
  | 'InvalidExecutionInput'
  | 'InvalidArn'
  | 'InvalidToken'
  | 'InvalidOutput'
  | 'TaskDoesNotExist'
  | 'TaskTimedOut';

/** An API call was refused; `code` is the exception's name in the Step Functions API. */
export class FlowApiError extends Error {
  readonly code: FlowApiCode;
  readonly retryable = false;
  constructor(code: FlowApiCode, message: string) {
    super(message);
    this.name = 'FlowApiError';
    this.code = code;
  }
}

/** The journal cannot be written or read; the execution cannot go on without breaking its promise. */
export class JournalError extends Error {
  readonly code = 'Journal';
  readonly retryable = true;
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'JournalError';
  }
}

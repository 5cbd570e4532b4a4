/**
 * The errors of this system. The name is what a state machine's Retry and Catch see, so each class names one thing that
 * a caller can do: try again, mend the input, or look at the data.
 */

export type Fault = 'caller' | 'service' | 'dependency';

export interface ErrorDetail {
  /** Stable, for programs: lower-case words with hyphens. */
  readonly code: string;
  readonly cause?: unknown;
}

/** Base of all of them: a stable code, whether trying again can help, and whose fault it is. */
export abstract class GroundcrewError extends Error {
  readonly code: string;
  abstract readonly retryable: boolean;
  abstract readonly fault: Fault;

  constructor(message: string, detail: ErrorDetail) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = new.target.name;
    this.code = detail.code;
  }
}

/** What was given is not valid; the same input fails again. */
export class InvalidInputError extends GroundcrewError {
  readonly retryable = false;
  readonly fault: Fault = 'caller';
}

/** Something that is named does not exist. */
export class NotFoundError extends GroundcrewError {
  readonly retryable = false;
  readonly fault: Fault = 'caller';
}

/** A conditional write lost against another writer: read again and decide anew. */
export class ConflictError extends GroundcrewError {
  readonly retryable = true;
  readonly fault: Fault = 'service';
}

/** A store or service did not answer as it should; the same call may succeed later. */
export class DependencyError extends GroundcrewError {
  readonly retryable = true;
  readonly fault: Fault = 'dependency';
}

/** Data of our own do not read back as written, or a configuration is wrong: a person must look. */
export class CorruptDataError extends GroundcrewError {
  readonly retryable = false;
  readonly fault: Fault = 'service';
}

/** Names of transient faults: of Node's sockets and of the services (their SDKs set `name`). */
const transient = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
  'TimeoutError',
  'ThrottlingException',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'InternalServerError',
  'InternalError',
  'ServiceUnavailable',
  'SlowDown',
]);

/** Whether trying again can help. An error that does not say counts as transient only when a service answered 5xx. */
export function isRetryable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, retryable, $metadata } = error as Error & {
    code?: unknown;
    retryable?: unknown;
    $metadata?: { httpStatusCode?: number };
  };
  if (typeof retryable === 'boolean') return retryable;
  if (transient.has(error.name) || (typeof code === 'string' && transient.has(code))) return true;
  return ($metadata?.httpStatusCode ?? 0) >= 500;
}

/** Errors as `application/problem+json`. What is ours to mend says nothing of its cause: that stands in the log. */
import type { Problem } from '../../contracts/api.ts';
import {
  ConflictError,
  type ErrorDetail,
  GroundcrewError,
  InvalidInputError,
  isRetryable,
  NotFoundError,
} from '../../core/errors.ts';

export type ProblemStatus = 400 | 401 | 403 | 404 | 405 | 409 | 413 | 415 | 422 | 429 | 500 | 503;

const titles: Readonly<Record<ProblemStatus, string>> = {
  400: 'Not a request',
  401: 'Not signed in',
  403: 'Not allowed',
  404: 'Not there',
  405: 'Not this method',
  409: 'Something else came first',
  413: 'Too large',
  415: 'Not JSON',
  422: 'Not valid',
  429: 'Too often',
  500: 'Failed',
  503: 'Not available now',
};

/** A refusal with a status of its own. */
export class ProblemError extends GroundcrewError {
  readonly retryable = false;
  readonly fault = 'caller';
  readonly status: ProblemStatus;
  readonly allowed: readonly string[] | undefined;
  /** After which time it is worth trying again. */
  readonly retryAfterS: number | undefined;

  /** @example throw new ProblemError(409, 'stale-proposal', 'The proposal has changed: load the case again.'); */
  constructor(
    status: ProblemStatus,
    code: ErrorDetail['code'],
    message: string,
    more: { readonly allowed?: readonly string[]; readonly retryAfterS?: number } = {},
  ) {
    super(message, { code });
    this.status = status;
    this.allowed = more.allowed;
    this.retryAfterS = more.retryAfterS;
  }
}

function statusOf(error: unknown): ProblemStatus {
  if (error instanceof ProblemError) return error.status;
  if (error instanceof InvalidInputError) return 422;
  if (error instanceof NotFoundError) return 404;
  if (error instanceof ConflictError) return 409;
  return isRetryable(error) ? 503 : 500;
}

/** The answer to an error. A failure of ours is told to `failed`, not to the caller. */
export function problemResponse(error: unknown, failed: (error: Error) => void): Response {
  const status = statusOf(error);
  const isOurs = status >= 500;
  if (isOurs) failed(error instanceof Error ? error : new Error(String(error)));
  const body: Problem = {
    type: 'about:blank',
    title: titles[status],
    status,
    detail: detailOf(error, status),
    code: isOurs || !(error instanceof GroundcrewError) ? ourCode(status) : error.code,
    ...(error instanceof ProblemError && error.allowed ? { allowed: [...error.allowed] } : {}),
  };
  const retryAfterS = status === 503 ? 2 : error instanceof ProblemError ? error.retryAfterS : undefined;
  return new Response(JSON.stringify(body), {
    status,
    headers: {
      'content-type': 'application/problem+json',
      ...(retryAfterS === undefined ? {} : { 'retry-after': String(retryAfterS) }),
    },
  });
}

const ourCode = (status: ProblemStatus): string => (status === 503 ? 'not-available' : 'failed');

function detailOf(error: unknown, status: ProblemStatus): string {
  if (status === 503) return 'A part that is needed does not answer. Try again in a moment.';
  if (status === 500) return 'Something is wrong on our side; the log of the function `api` says what.';
  return error instanceof Error ? error.message : String(error);
}

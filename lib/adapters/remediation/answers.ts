/** What answers of HTTP endpoints have in common, whoever they are of. Where an answer is no proof, it is UNKNOWN. */
import type { z } from 'zod';
import type { CallResult } from '../../core/remediation/remediator.ts';
import { AddressError } from './addresses.ts';
import type { CallFailedError, HttpAnswer } from './http-call.ts';

/** Longest wait that an endpoint may ask for. */
const maxRetryAfterMs = 900_000;
/** Wait where an endpoint wants one and does not say how long. */
export const defaultRetryAfterMs = 2_000;

export const headerOf = (answer: HttpAnswer, name: string): string | undefined => {
  const value = answer.headers[name];
  return Array.isArray(value) ? value[0] : value;
};

/** Retry-After in either of its forms (RFC 9110, section 10.2.3), in milliseconds. */
export function retryAfterMs(answer: HttpAnswer, nowMs: number): number | undefined {
  const text = headerOf(answer, 'retry-after')?.trim();
  if (!text) return undefined;
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs;
  return Number.isFinite(ms) ? Math.min(maxRetryAfterMs, Math.max(0, ms)) : undefined;
}

/** The body as the schema says; `undefined` where it is not JSON by its content type, or not of that shape. */
export function readJson<T>(answer: HttpAnswer, schema: z.ZodType<T>): T | undefined {
  if (!/^application\/(?:[a-z0-9.+-]+\+)?json(?:\s*;|$)/i.test(headerOf(answer, 'content-type') ?? ''))
    return undefined;
  try {
    const parsed = schema.safeParse(JSON.parse(answer.body));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/** An endpoint's text as it may be shown in terminals and logs: no control characters, no novels. */
export const shown = (text: string, characters = 300): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: removing them is the point
  text.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]+/g, ' ').slice(0, characters);

/**
 * The meaning of an answer outside of 2xx to something that acts.
 * @param message the endpoint's own words, shown to people
 */
export function meaningOfRefusal(answer: HttpAnswer, message: string, nowMs: number): CallResult {
  const { status: httpStatus } = answer;
  const at = { httpStatus, endpointWell: true };
  const wait = retryAfterMs(answer, nowMs);
  switch (httpStatus) {
    case 409:
      return { ...at, status: 'UNKNOWN', message, retryAfterMs: wait ?? defaultRetryAfterMs };
    case 429:
      return { ...at, status: 'DEFERRED', message, retryAfterMs: wait ?? defaultRetryAfterMs };
    case 408:
    case 425:
      return { ...at, status: 'UNKNOWN', message };
    default:
      break;
  }
  if (httpStatus < 300) return provesNothing(answer);
  if (httpStatus >= 500)
    return { httpStatus, status: 'UNKNOWN', message, ...(wait !== undefined && { retryAfterMs: wait }) };
  if (httpStatus >= 400) return { httpStatus, status: 'FAILED', provenNotExecuted: true, message };
  // 307 and 308 ask for the same request elsewhere, so it was not carried out here; the others may follow an effect.
  if (httpStatus === 307 || httpStatus === 308)
    return { httpStatus, status: 'FAILED', provenNotExecuted: true, message: 'redirects are not followed' };
  return { ...at, status: 'UNKNOWN', message: `redirects are not followed (${httpStatus})` };
}

/** 2xx whose body is not what the endpoint's interface says: a page of a proxy also says 200. */
export const provesNothing = ({ status: httpStatus }: HttpAnswer): CallResult => ({
  httpStatus,
  endpointWell: true,
  status: 'UNKNOWN',
  message: `${httpStatus} without the answer that was to be expected proves nothing`,
});

const notSentRetryMs = 2_000;

/** The meaning of an exchange that failed. */
export function meaningOfFailure(error: CallFailedError): CallResult {
  const { message } = error;
  if (error.cause instanceof AddressError && error.cause.refused)
    return { status: 'FAILED', provenNotExecuted: true, message };
  if (!error.sent) return { status: 'DEFERRED', message: `not sent: ${message}`, retryAfterMs: notSentRetryMs };
  return { status: 'UNKNOWN', message, ...(error.status !== undefined && { httpStatus: error.status }) };
}

/** Something kept the order from being sent; it may be sent later. */
export const notTried = (why: string, waitMs = defaultRetryAfterMs): CallResult & { readonly status: 'DEFERRED' } => ({
  status: 'DEFERRED',
  message: `not sent: ${why}`,
  retryAfterMs: waitMs,
});

/** What a look before the order means when it does not succeed: whatever it was, nothing was ordered yet. */
export const beforeOrdering = (meaning: CallResult): CallResult =>
  meaning.status === 'UNKNOWN'
    ? {
        ...notTried(meaning.message, meaning.retryAfterMs),
        ...(meaning.httpStatus !== undefined && { httpStatus: meaning.httpStatus }),
        ...(meaning.endpointWell && { endpointWell: true }),
      }
    : meaning;

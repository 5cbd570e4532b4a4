/** What an endpoint's answer means for an effect. Where an answer is no proof, it is UNKNOWN. */
import { z } from 'zod';
import type { CallResult } from '../../core/remediation/remediator.ts';
import type { HttpAnswer } from './http-call.ts';

/** What of an answer is used; endpoints name their result in different words. */
const answerBody = z
  .object({
    reference: z.union([z.string(), z.number()]).optional(),
    id: z.union([z.string(), z.number()]).optional(),
    commandId: z.union([z.string(), z.number()]).optional(),
    ticket: z.union([z.string(), z.number()]).optional(),
    status: z.union([z.string(), z.number()]).optional(),
    state: z.string().optional(),
    message: z.string().optional(),
    detail: z.string().optional(),
    title: z.string().optional(),
    /** Answers to a query may wrap what the command was answered with. */
    httpStatus: z.number().int().optional(),
    result: z.object({ reference: z.union([z.string(), z.number()]).optional() }).optional(),
  })
  .catch({});

/** Longest wait that an endpoint may ask for. */
const maxRetryAfterMs = 900_000;
const defaultRetryAfterMs = 2_000;

const headerOf = (answer: HttpAnswer, name: string): string | undefined => {
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

const isJson = (answer: HttpAnswer): boolean =>
  /^application\/(?:[a-z0-9.+-]+\+)?json(?:\s*;|$)/i.test(headerOf(answer, 'content-type') ?? '');

type Body = z.infer<typeof answerBody>;

function readJson(answer: HttpAnswer): Body | undefined {
  if (!isJson(answer)) return undefined;
  try {
    return answerBody.parse(JSON.parse(answer.body));
  } catch {
    return undefined;
  }
}

const words = (body: Body | undefined, otherwise: string): string => {
  const text = body?.detail ?? body?.message ?? body?.title ?? otherwise;
  // An endpoint's text is shown in terminals and logs: no control characters, no novels.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: removing them is the point
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]+/g, ' ').slice(0, 300);
};

const referenceOf = (body: Body): string | undefined => {
  const reference = body.reference ?? body.result?.reference ?? body.ticket ?? body.commandId ?? body.id;
  return reference === undefined ? undefined : words({ message: String(reference) }, '').slice(0, 256);
};

/** The meaning of an answer to the POST of a command. */
export function meaningOfSend(answer: HttpAnswer, nowMs: number): CallResult {
  const { status: httpStatus } = answer;
  const body = readJson(answer);
  const at = { httpStatus, endpointWell: true };
  const message = words(body, `the endpoint answered ${httpStatus}`);
  if (httpStatus >= 200 && httpStatus < 300) return meaningOfSuccess(answer, body, message);
  switch (httpStatus) {
    case 409:
      return { ...at, status: 'UNKNOWN', message, retryAfterMs: retryAfterMs(answer, nowMs) ?? defaultRetryAfterMs };
    case 422:
      return { httpStatus, status: 'FAILED', provenNotExecuted: false, conflict: true, message };
    case 429:
      return { ...at, status: 'DEFERRED', message, retryAfterMs: retryAfterMs(answer, nowMs) ?? defaultRetryAfterMs };
    case 408:
    case 425:
      return { ...at, status: 'UNKNOWN', message };
    default:
      break;
  }
  if (httpStatus >= 500) {
    const wait = retryAfterMs(answer, nowMs);
    return { httpStatus, status: 'UNKNOWN', message, ...(wait !== undefined && { retryAfterMs: wait }) };
  }
  if (httpStatus >= 400) return { httpStatus, status: 'FAILED', provenNotExecuted: true, message };
  // 307 and 308 ask for the same request elsewhere, so it was not carried out here; the others may follow an effect.
  if (httpStatus === 307 || httpStatus === 308)
    return { httpStatus, status: 'FAILED', provenNotExecuted: true, message: 'redirects are not followed' };
  return { ...at, status: 'UNKNOWN', message: `redirects are not followed (${httpStatus})` };
}

function meaningOfSuccess(answer: HttpAnswer, body: Body | undefined, message: string): CallResult {
  const { status: httpStatus } = answer;
  const at = { httpStatus, endpointWell: true };
  // A page of a proxy also says 200: without JSON, or nothing at all, it proves nothing.
  if (!body && answer.body !== '')
    return { ...at, status: 'UNKNOWN', message: `${httpStatus} without a JSON answer proves nothing` };
  if (httpStatus === 202 && isRunning(body))
    return { ...at, status: 'UNKNOWN', message, retryAfterMs: defaultRetryAfterMs };
  if (isFailed(body)) return { httpStatus, status: 'FAILED', provenNotExecuted: false, message };
  const reference = body && referenceOf(body);
  return { httpStatus, status: 'SUCCEEDED', message, ...(reference !== undefined && { reference }) };
}

const stateOf = (body: Body | undefined): string => String(body?.state ?? body?.status ?? '').toLowerCase();
const isRunning = (body: Body | undefined): boolean =>
  /^(in[-_ ]?(progress|flight)|pending|running|accepted|queued)$/.test(stateOf(body));
const isFailed = (body: Body | undefined): boolean => /^(failed|error|rejected)$/.test(stateOf(body));

/** The meaning of an answer to the question about a key; `undefined` where it says nothing. */
export function meaningOfQuery(answer: HttpAnswer, nowMs: number): CallResult | undefined {
  const { status: httpStatus } = answer;
  const body = readJson(answer);
  const message = words(body, `the endpoint answered ${httpStatus}`);
  if (httpStatus >= 200 && httpStatus < 300 && body) {
    if (isRunning(body))
      return { httpStatus, status: 'UNKNOWN', endpointWell: true, message, retryAfterMs: defaultRetryAfterMs };
    if (isFailed(body) || (body.httpStatus ?? 200) >= 400)
      return { httpStatus, status: 'FAILED', provenNotExecuted: false, message };
    const reference = referenceOf(body);
    return { httpStatus, status: 'SUCCEEDED', message, ...(reference !== undefined && { reference }) };
  }
  if (httpStatus === 409 || httpStatus === 429)
    return {
      httpStatus,
      status: 'UNKNOWN',
      endpointWell: true,
      message,
      retryAfterMs: retryAfterMs(answer, nowMs) ?? defaultRetryAfterMs,
    };
  // 404 may mean "never seen", "forgotten" or "no such page": it is no proof that nothing happened.
  return undefined;
}

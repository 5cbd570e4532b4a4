/** What an endpoint's answer means for an effect. Where an answer is no proof, it is UNKNOWN. */
import { z } from 'zod';
import { lazily } from '../../contracts/lazily.ts';
import type { CallResult } from '../../core/remediation/remediator.ts';
import { defaultRetryAfterMs, meaningOfRefusal, provesNothing, readJson, retryAfterMs, shown } from './answers.ts';
import type { HttpAnswer } from './http-call.ts';

/** What of an answer is used; endpoints name their result in different words. */
const answerBody = lazily(() =>
  z
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
    .catch({}),
);

type Body = z.infer<typeof answerBody>;

const words = (body: Body | undefined, otherwise: string): string =>
  shown(body?.detail ?? body?.message ?? body?.title ?? otherwise);

const referenceOf = (body: Body): string | undefined => {
  const reference = body.reference ?? body.result?.reference ?? body.ticket ?? body.commandId ?? body.id;
  return reference === undefined ? undefined : shown(String(reference), 256);
};

/** The meaning of an answer to the POST of a command. */
export function meaningOfSend(answer: HttpAnswer, nowMs: number): CallResult {
  const { status: httpStatus } = answer;
  const body = readJson(answer, answerBody);
  const message = words(body, `the endpoint answered ${httpStatus}`);
  if (httpStatus >= 200 && httpStatus < 300) return meaningOfSuccess(answer, body, message);
  if (httpStatus === 422) return { httpStatus, status: 'FAILED', provenNotExecuted: false, conflict: true, message };
  return meaningOfRefusal(answer, message, nowMs);
}

function meaningOfSuccess(answer: HttpAnswer, body: Body | undefined, message: string): CallResult {
  const { status: httpStatus } = answer;
  const at = { httpStatus, endpointWell: true };
  // Nothing at all is an answer, too; anything but JSON is not.
  if (!body && answer.body !== '') return provesNothing(answer);
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
  const body = readJson(answer, answerBody);
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

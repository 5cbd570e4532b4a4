/**
 * The webhook remediator: POSTs the stored bytes with `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header) and
 * Standard Webhooks signature headers (https://www.standardwebhooks.com), and asks `GET <url>/<key>` what became of it.
 */
import { Webhook } from 'standardwebhooks';
import {
  type CallResult,
  defineRemediator,
  type OpenRemediator,
  type RemediatorConfiguration,
  type SendOptions,
  type StoredRequest,
} from '../../core/remediation/remediator.ts';
import { AddressError } from './addresses.ts';
import { CallFailedError, type HttpAnswer, httpCall } from './http-call.ts';
import { meaningOfQuery, meaningOfSend } from './webhook-answer.ts';

/** A day: what common providers keep keys for at least. */
const keyRetentionMs = 86_400_000;
const notSentRetryMs = 2_000;

function open({ webhook, secret, now }: RemediatorConfiguration): OpenRemediator {
  const url = new URL(webhook.url);
  if (url.username || url.password) throw new TypeError('the webhook URL must not carry a user or password');

  const signed = async (id: string, body: string, refetch: boolean): Promise<Record<string, string>> => {
    const at = new Date(now());
    return {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': new Webhook(await secret({ refetch })).sign(id, at, body),
    };
  };

  const post = async (request: StoredRequest, options: SendOptions, refetch: boolean): Promise<HttpAnswer> =>
    await httpCall({
      url,
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        'user-agent': 'groundcrew',
        'idempotency-key': request.effectKey,
        ...(await signed(request.effectKey, request.body, refetch)),
      },
      body: request.body,
      allowPrivate: webhook.allowPrivate,
      timeoutMs: options.timeoutMs,
      beforeSend: options.beforeSend,
    });

  return {
    async send(request, options) {
      const deadlineMs = now() + options.timeoutMs;
      try {
        let answer = await post(request, options, false);
        // 401 proves that nothing was done; the secret may have been rotated, so it is fetched again, once.
        if (answer.status === 401 && deadlineMs - now() > 1_000)
          answer = await post(request, { ...options, timeoutMs: deadlineMs - now() }, true);
        return meaningOfSend(answer, now());
      } catch (error) {
        if (error instanceof CallFailedError) return meaningOfFailure(error);
        throw error;
      }
    },
    async query(effectKey, { timeoutMs }) {
      const target = new URL(url);
      target.pathname = `${target.pathname.replace(/\/$/, '')}/${effectKey}`;
      const ask = async (refetch: boolean): Promise<HttpAnswer> =>
        await httpCall({
          url: target,
          method: 'GET',
          headers: {
            accept: 'application/json',
            'user-agent': 'groundcrew',
            ...(await signed(effectKey, '', refetch)),
          },
          allowPrivate: webhook.allowPrivate,
          timeoutMs,
        });
      let answer = await ask(false);
      if (answer.status === 401) answer = await ask(true);
      return meaningOfQuery(answer, now());
    },
  };
}

function meaningOfFailure(error: CallFailedError): CallResult {
  const { message } = error;
  if (error.cause instanceof AddressError && error.cause.refused)
    return { status: 'FAILED', provenNotExecuted: true, message };
  if (!error.sent) return { status: 'DEFERRED', message: `not sent: ${message}`, retryAfterMs: notSentRetryMs };
  return { status: 'UNKNOWN', message, ...(error.status !== undefined && { httpStatus: error.status }) };
}

export default defineRemediator({
  name: 'webhook',
  endpoint: 'webhook',
  offers: ['keyed', 'queryable'],
  keyRetentionMs,
  open,
});

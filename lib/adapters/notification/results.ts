/** What answers of HTTP endpoints mean to a message. A message has no effect of its own, so doubt is sent again. */
import { z } from 'zod';
import { lazily } from '../../contracts/lazily.ts';
import type { ChannelSurroundings, SendResult } from '../../core/notification/channel.ts';
import { AddressError } from '../remediation/addresses.ts';
import { retryAfterMs } from '../remediation/answers.ts';
import { CallFailedError, type HttpAnswer, httpCall } from '../remediation/http-call.ts';

/** A host of a URL, with its port where it is not the usual one. */
export const hostName = lazily(() =>
  z
    .string()
    .max(260)
    .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?$/, 'a host such as hooks.slack.com, in lower case'),
);

export function resultOf(answer: HttpAnswer, nowMs: number): SendResult {
  const { status } = answer;
  if (status >= 200 && status < 300) return { status: 'sent' };
  const retryable = status === 408 || status === 425 || status === 429 || status >= 500;
  return { status: 'failed', problem: `it answered ${status}`, retryable, retryAfterMs: retryAfterMs(answer, nowMs) };
}

export function resultOfFailure(error: unknown): SendResult {
  if (!(error instanceof CallFailedError))
    return { status: 'failed', problem: error instanceof Error ? error.name : 'an error', retryable: true };
  const isRefused = error.cause instanceof AddressError && error.cause.refused;
  return { status: 'failed', problem: error.message, retryable: !isRefused };
}

const loopback = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/;

/** Whether nobody on the way can read an address that is a secret: by TLS, or on this machine. */
export const isSecretSafe = ({ protocol, host }: URL): boolean =>
  protocol === 'https:' || (protocol === 'http:' && loopback.test(host));

/** POSTs JSON to the URL that the channel's secret is. Only the host that the configuration names is called. */
export async function postToSecretUrl(
  { secret, allowPrivate, now }: ChannelSurroundings,
  host: string,
  body: unknown,
  timeoutMs: number,
): Promise<SendResult> {
  const text = await secret();
  const url = URL.canParse(text.trim()) ? new URL(text.trim()) : undefined;
  // Nothing of what the secret holds is said: it is the key to the channel.
  if (!url)
    return { status: 'failed', problem: 'its secret is not a URL: put the address of the webhook in', retryable: true };
  if (url.host !== host)
    return { status: 'failed', problem: `its secret leads to another host than ${host}`, retryable: true };
  if (!isSecretSafe(url)) return { status: 'failed', problem: 'its secret is not an https address', retryable: true };
  try {
    const answer = await httpCall({
      url,
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': 'groundcrew' },
      body: JSON.stringify(body),
      egress: { hosts: [host], allowPrivate },
      timeoutMs,
    });
    // The address may have been renewed: the next try reads it anew.
    if (answer.status === 401 || answer.status === 403 || answer.status === 404 || answer.status === 410) {
      await secret({ refetch: true });
      return {
        status: 'failed',
        problem: `it answered ${answer.status}: is the webhook still there?`,
        retryable: true,
      };
    }
    return resultOf(answer, now());
  } catch (error) {
    return resultOfFailure(error);
  }
}

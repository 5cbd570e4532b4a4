/**
 * Messages to the browsers in which people have turned them on, by the push service of each browser's maker (RFC 8030).
 * Text and link are encrypted for the one browser; only services that the configuration names are called.
 */
import { z } from 'zod';
import { lazily } from '../../contracts/lazily.ts';
import type { Notification } from '../../contracts/notification.ts';
import {
  type Browser,
  type ChannelSurroundings,
  defineChannel,
  type SendResult,
} from '../../core/notification/channel.ts';
import { httpCall } from '../remediation/http-call.ts';
import { authorization, encrypted, maxTextBytes, senderKey, subscriptionId } from './push-message.ts';
import { hostName, isSecretSafe, resultOf, resultOfFailure } from './results.ts';

const settings = lazily(() =>
  z.strictObject({
    by: z.literal('web-push'),
    /** Push services; `*.` takes every name below one. */
    hosts: z
      .array(
        z.union([
          hostName,
          z
            .string()
            .max(260)
            .regex(/^\*\.[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, 'or *.DOMAIN'),
        ]),
      )
      .max(16)
      .default([]),
    /** At which a push service reaches whoever runs the deployment; its `sub`. */
    contact: z
      .string()
      .max(200)
      .regex(/^(mailto:[^\s@<>]+@[^\s@<>]+|https:\/\/[^\s<>]+)$/, 'mailto:somebody@example.org or an https address'),
  }),
);
export type PushSettings = z.infer<typeof settings>;

/** @throws ZodError; settings of a configuration were checked when it was synthesized */
export const pushSettings = (given: unknown): PushSettings => settings.parse(given);

/** Whether a browser's address is at a push service of the configuration, and cannot be listened to on the way. */
export function isAllowedEndpoint(endpoint: string, { hosts }: Pick<PushSettings, 'hosts'>): boolean {
  if (!URL.canParse(endpoint)) return false;
  const url = new URL(endpoint);
  if (url.username + url.password !== '' || !isSecretSafe(url)) return false;
  return hosts.some((host) => (host.startsWith('*.') ? url.host.endsWith(host.slice(1)) : url.host === host));
}

/** As long as a question usually waits: what comes later would only be old. */
const ttlS = 6 * 3_600;
const urgencies = { urgent: 'high', normal: 'normal', info: 'low' } as const;

/** What the console's service worker shows, as JSON that fits into one message. */
export function pushText({ id, title, text, link, caseId, urgency }: Notification): Buffer {
  const bytesOf = (shown: string): Buffer =>
    Buffer.from(
      JSON.stringify({ title, text: shown, link, tag: id, urgent: urgency === 'urgent', ...(caseId && { caseId }) }),
    );
  let shown = text;
  while (bytesOf(shown).length > maxTextBytes) shown = `${shown.slice(0, Math.floor(shown.length * 0.8))}…`;
  return bytesOf(shown);
}

/** Messages of which some browsers are still to be told; a process forgets them when it ends, which tells twice. */
const mostRemembered = 200;

function opened({ contact, ...allowed }: PushSettings, surroundings: ChannelSurroundings) {
  const { secret, allowPrivate, browsers, now } = surroundings;
  const told = new Map<string, Set<string>>();

  const sendTo = async (browser: Browser, message: Notification, timeoutMs: number): Promise<SendResult | 'gone'> => {
    if (!isAllowedEndpoint(browser.endpoint, allowed))
      return { status: 'failed', problem: 'its push service is not one of the configuration', retryable: false };
    const url = new URL(browser.endpoint);
    try {
      const answer = await httpCall({
        url,
        method: 'POST',
        headers: {
          authorization: authorization(browser.endpoint, senderKey(await secret()), contact, now()),
          'content-encoding': 'aes128gcm',
          'content-type': 'application/octet-stream',
          ttl: String(ttlS),
          urgency: urgencies[message.urgency],
          // A later try of the same message takes the place of the one before.
          topic: message.id.slice(0, 32),
        },
        body: encrypted(pushText(message), browser),
        egress: { hosts: [url.host], allowPrivate },
        timeoutMs,
      });
      return answer.status === 404 || answer.status === 410 ? 'gone' : resultOf(answer, now());
    } catch (error) {
      return resultOfFailure(error);
    }
  };

  return {
    async send(message: Notification, { timeoutMs }: { readonly timeoutMs: number }): Promise<SendResult> {
      const done = told.get(message.id) ?? new Set<string>();
      const all = await browsers.open();
      const results = await Promise.all(
        all
          .map((browser) => ({ browser, id: subscriptionId(browser.endpoint) }))
          .filter(({ id }) => !done.has(id))
          .map(async ({ browser, id }) => ({ id, result: await sendTo(browser, message, timeoutMs) })),
      );
      const gone = results.filter(({ result }) => result === 'gone').map(({ id }) => id);
      if (gone.length > 0) await browsers.forget(gone);
      const failed = results.flatMap(({ result }) => (result !== 'gone' && result.status === 'failed' ? [result] : []));
      for (const { id, result } of results) if (result !== 'gone' && result.status === 'sent') done.add(id);
      const again = failed.find(({ retryable }) => retryable);
      if (again) {
        told.set(message.id, done);
        if (told.size > mostRemembered) told.delete(told.keys().next().value ?? '');
        return { ...again, problem: `${failed.length} of ${all.length} browsers: ${again.problem}` };
      }
      told.delete(message.id);
      if (done.size > 0) return { status: 'sent' };
      const [first] = failed;
      return first ?? { status: 'failed', problem: 'nobody has turned messages on in a browser', retryable: false };
    },
  };
}

export default defineChannel<PushSettings>({ name: 'web-push', settings, needsSecret: true, open: opened });

/**
 * The webhook remediator: POSTs the stored bytes with an idempotency key (draft-ietf-httpapi-idempotency-key-header) and
 * Standard Webhooks signature headers (https://www.standardwebhooks.com), and asks `GET <url>/<key>` what became of it.
 */
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import { lazily } from '../../contracts/lazily.ts';
import { CorruptDataError } from '../../core/errors.ts';
import {
  defineRemediator,
  type OpenRemediator,
  type RemediatorSurroundings,
  type SendOptions,
} from '../../core/remediation/remediator.ts';
import { meaningOfFailure } from './answers.ts';
import { withSecret } from './authorised.ts';
import { CallFailedError, type ClientIdentity, type Egress, type HttpAnswer, httpCall } from './http-call.ts';
import { meaningOfQuery, meaningOfSend } from './webhook-answer.ts';

/** A day: what common providers keep keys for at least. */
const keyRetentionMs = 86_400_000;

/** Headers that this remediator, or HTTP, already has a meaning for. */
const taken =
  /^(accept|authorization|connection|content-.*|expect|host|te|trailer|transfer-encoding|upgrade|user-agent|webhook-.*)$/i;

const settings = lazily(() =>
  z.strictObject({
    /** Header that carries the key, where the endpoint wants another name. */
    idempotencyHeader: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9-]{0,63}$/, 'letters, digits and hyphens')
      .refine((name) => !taken.test(name), 'this header has a meaning of its own')
      .default('Idempotency-Key'),
    /** Present a client certificate: the secret `<prefix>/webhook-tls` holds it as JSON. */
    mutualTls: z.boolean().default(false),
  }),
);
type Settings = z.infer<typeof settings>;

const identitySchema = lazily(() =>
  z.strictObject({ certificate: z.string(), privateKey: z.string(), authority: z.string().optional() }),
);

function open({ idempotencyHeader, mutualTls }: Settings, surroundings: RemediatorSurroundings): OpenRemediator {
  const { webhookUrl, allowPrivate, now } = surroundings;
  const url = new URL(webhookUrl);
  if (url.username || url.password) throw new TypeError('the webhook URL must not carry a user or password');
  if (mutualTls && url.protocol !== 'https:') throw new TypeError('mutual TLS needs a webhook URL with https');
  const secret = surroundings.secret('webhook');
  const tlsSecret = surroundings.secret('webhook-tls');
  const egress: Egress = { hosts: [url.host], allowPrivate };

  const call = async (
    request: { readonly id: string; readonly body?: string; readonly target: URL },
    options: Pick<SendOptions, 'timeoutMs'> & Partial<SendOptions>,
  ): Promise<HttpAnswer> =>
    await withSecret(secret, { deadlineMs: now() + options.timeoutMs, now }, async (key, timeoutMs) => {
      const at = new Date(now());
      const { id, body, target } = request;
      return await httpCall({
        url: target,
        method: body === undefined ? 'GET' : 'POST',
        headers: {
          accept: 'application/json',
          'user-agent': 'groundcrew',
          'webhook-id': id,
          'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
          'webhook-signature': new Webhook(key).sign(id, at, body ?? ''),
          ...(body !== undefined && { 'content-type': 'application/json', [idempotencyHeader.toLowerCase()]: id }),
        },
        ...(body !== undefined && { body }),
        egress,
        identity: mutualTls ? identityOf(await tlsSecret()) : undefined,
        timeoutMs,
        ...(options.beforeSend && { beforeSend: options.beforeSend }),
      });
    });

  return {
    async send(request, options) {
      try {
        const answer = await call({ id: request.effectKey, body: request.body, target: url }, options);
        return meaningOfSend(answer, now());
      } catch (error) {
        if (error instanceof CallFailedError) return meaningOfFailure(error);
        throw error;
      }
    },
    async query({ effectKey }, options) {
      const target = new URL(url);
      target.pathname = `${target.pathname.replace(/\/$/, '')}/${effectKey}`;
      return meaningOfQuery(await call({ id: effectKey, target }, options), now());
    },
  };
}

/** @throws CorruptDataError without a word of the secret: what a parser says quotes what it read */
function identityOf(text: string): ClientIdentity {
  try {
    return identitySchema.parse(JSON.parse(text));
  } catch {
    throw new CorruptDataError(
      'the secret webhook-tls is not JSON with certificate and privateKey (PEM texts) and, if wanted, authority',
      { code: 'secret-invalid' },
    );
  }
}

export default defineRemediator<Settings>({
  name: 'webhook',
  endpoint: 'webhook',
  offers: ['keyed', 'queryable'],
  keyRetentionMs,
  settings,
  needs: ({ mutualTls }) => ({ secrets: ['webhook', ...(mutualTls ? ['webhook-tls'] : [])], grants: [] }),
  open,
});

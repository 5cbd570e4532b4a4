/**
 * What Jira and ServiceNow send when a ticket changes. Both are signed with a shared secret: HMAC-SHA256 over the very
 * bytes of the body. Jira puts it into `X-Hub-Signature` as `sha256=<hex>`
 * (https://developer.atlassian.com/cloud/jira/platform/webhooks/); a ServiceNow business rule makes it with
 * `GlideCertificateEncryption.generateMac` and sends it as `X-Groundcrew-Signature`, `sha256=<base64>`.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { TicketService } from '../../contracts/api.ts';
import { epochMs, sha256Hex } from '../../contracts/common.ts';
import { lazily } from '../../contracts/lazily.ts';
import type { ClosedTicket } from '../../core/case/ticket-closed.ts';
import { InvalidInputError } from '../../core/errors.ts';
import { shown } from './answers.ts';

export interface TicketWebhook {
  readonly service: TicketService;
  /** By lower-case name. */
  readonly header: (name: string) => string | undefined;
  /** The bytes as they came: what is parsed and written again has another signature. */
  readonly body: Uint8Array;
}

/** Header, how the signature is written in it, and how it looks: what only begins like one is none. */
const signatureOf = {
  jira: ['x-hub-signature', 'hex', /^sha256=([0-9a-f]{64})$/],
  servicenow: ['x-groundcrew-signature', 'base64', /^sha256=([A-Za-z0-9+/]{43}=)$/],
} as const;
const reference = lazily(() => z.string().min(1).max(256));

const jiraEvent = lazily(() =>
  z.object({
    timestamp: epochMs,
    webhookEvent: z.string(),
    changelog: z.object({ items: z.array(z.object({ field: z.string() })).max(1_000) }).optional(),
    issue: z.object({
      key: reference,
      fields: z.object({
        labels: z.array(z.string()).max(1_000),
        status: z.object({ statusCategory: z.object({ key: z.string() }) }),
      }),
    }),
  }),
);

/** What the business rule sends; docs/remediation.md has its script. */
const nowEvent = lazily(() =>
  z.object({ number: reference, correlation_id: z.string().max(128), state: z.string().max(64), closedAtMs: epochMs }),
);

const keyLabel = /^groundcrew-([0-9a-f]{64})$/;

/**
 * @returns the ticket that was closed, or `undefined` for a message about something else
 * @throws InvalidInputError where it is not signed with the secret (`signature-invalid`), or is no such message
 */
export function closedTicketOf(webhook: TicketWebhook, secret: string): ClosedTicket | undefined {
  checkSignature(webhook, secret);
  return webhook.service === 'jira' ? ofJira(webhook.body) : ofServiceNow(webhook.body);
}

function checkSignature({ service, header: headerOf, body }: TicketWebhook, secret: string): void {
  const [header, encoding, form] = signatureOf[service];
  const said = form.exec(headerOf(header) ?? '')?.[1] ?? '';
  const right = createHmac('sha256', secret).update(body).digest();
  const given = Buffer.from(said, encoding);
  // A secret that nobody has put in verifies nothing.
  if (secret !== '' && given.byteLength === right.byteLength && timingSafeEqual(given, right)) return;
  throw new InvalidInputError(`the message is not signed with the shared secret (${header})`, {
    code: 'signature-invalid',
  });
}

function ofJira(body: Uint8Array): ClosedTicket | undefined {
  const { timestamp, webhookEvent, changelog, issue } = parsed(jiraEvent, body);
  // A word about a ticket that was closed long ago is no end of it: only a change of its status is.
  if (!changelog?.items.some(({ field }) => field === 'status')) return undefined;
  const effectKey = issue.fields.labels.map((label) => keyLabel.exec(label)?.[1]).find((key) => key !== undefined);
  if (webhookEvent !== 'jira:issue_updated' || issue.fields.status.statusCategory.key !== 'done' || !effectKey)
    return undefined;
  return { system: 'Jira', reference: shown(issue.key, 256), effectKey, closedAtMs: timestamp };
}

function ofServiceNow(body: Uint8Array): ClosedTicket | undefined {
  const { number, correlation_id, state, closedAtMs } = parsed(nowEvent, body);
  const effectKey = sha256Hex.safeParse(correlation_id);
  if (state !== 'closed' || !effectKey.success) return undefined;
  return { system: 'ServiceNow', reference: shown(number, 256), effectKey: effectKey.data, closedAtMs };
}

function parsed<T>(schema: z.ZodType<T>, body: Uint8Array): T {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(body).toString('utf8'));
  } catch {
    throw new InvalidInputError('the message is not JSON', { code: 'webhook-invalid' });
  }
  const checked = schema.safeParse(value);
  if (checked.success) return checked.data;
  throw new InvalidInputError(`the message is not as it should be: ${z.prettifyError(checked.error).slice(0, 500)}`, {
    code: 'webhook-invalid',
  });
}

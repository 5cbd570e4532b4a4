/**
 * The ticket remediator: raises one ticket for an order, in Jira or ServiceNow. Neither honours idempotency keys, so the
 * ticket carries the effect's key, is looked for before it is made, and an order whose answer was lost is only ever
 * looked for, never sent again: `queryable` and nothing else. That a ticket is not found proves nothing, because Jira's
 * search lags behind by seconds to minutes.
 */
import type { z } from 'zod';
import { ticketWebhookSecret } from '../../contracts/names.ts';
import { remediationRequest } from '../../contracts/remediation.ts';
import { sha256 } from '../../core/audit/canonical.ts';
import {
  type CallResult,
  defineRemediator,
  type OpenRemediator,
  type RemediatorSurroundings,
  type SendOptions,
  type StoredRequest,
} from '../../core/remediation/remediator.ts';
import { beforeOrdering, meaningOfFailure, meaningOfRefusal, provesNothing, shown } from './answers.ts';
import { authorizationOf, withSecret } from './authorised.ts';
import { CallFailedError, type HttpAnswer, httpCall } from './http-call.ts';
import { dialectOf, type TicketOrder, ticketSettings } from './ticket-dialects.ts';

type Settings = z.infer<typeof ticketSettings>;

/** Told from the body, so that the same order has the same ticket at every sending. */
function orderOf({ effectKey, body }: StoredRequest): TicketOrder {
  const { action, target, asset, caseId, reason, parameters } = remediationRequest.parse(JSON.parse(body));
  const details = Object.entries(parameters).map(([name, value]) => `${name}: ${String(value)}`);
  return {
    effectKey,
    requestHash: sha256(body),
    summary: shown(`${action} ${target} at ${asset}`, 160),
    description: shown([reason, ...details, `Case ${caseId}`].join(' | '), 4_000),
  };
}

function open(settings: Settings, surroundings: RemediatorSurroundings): OpenRemediator {
  const { now } = surroundings;
  const dialect = dialectOf(settings);
  const egress = { hosts: [new URL(settings.url).host], allowPrivate: surroundings.allowPrivate };
  const secret = surroundings.secret('ticket');

  const call = async (
    path: string,
    { deadlineMs, beforeSend }: { readonly deadlineMs: number; readonly beforeSend?: SendOptions['beforeSend'] },
    body?: unknown,
  ): Promise<HttpAnswer> =>
    await withSecret(secret, { deadlineMs, now }, (text, timeoutMs) =>
      httpCall({
        url: new URL(`${settings.url}${path}`),
        method: body === undefined ? 'GET' : 'POST',
        headers: {
          accept: 'application/json',
          authorization: authorizationOf(text),
          'user-agent': 'groundcrew',
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        egress,
        timeoutMs,
        ...(beforeSend && { beforeSend }),
      }),
    );

  /** What is there of this key. `looked` is false where the search itself did not succeed. */
  async function find(order: TicketOrder, deadlineMs: number) {
    const answer = await call(dialect.findPath(order.effectKey), { deadlineMs });
    const found = answer.status === 200 ? dialect.found(answer, order.effectKey) : undefined;
    if (!found) return { looked: false as const, answer };
    const [there] = found;
    return { looked: true as const, meaning: there && meaningOf(there, order) };
  }

  return {
    async send(request, { timeoutMs, beforeSend }) {
      const deadlineMs = now() + timeoutMs;
      const order = orderOf(request);
      let tried = false;
      try {
        const before = await find(order, deadlineMs);
        if (!before.looked) return withoutLooking(before.answer, now());
        if (before.meaning) return before.meaning;
        tried = true;
        const answer = await call(dialect.createPath, { deadlineMs, beforeSend }, dialect.createBody(order));
        const { status: httpStatus } = answer;
        if (httpStatus < 200 || httpStatus > 299)
          return meaningOfRefusal(answer, shown(dialect.words(answer) ?? `it answered ${httpStatus}`), now());
        const reference = dialect.made(answer);
        if (reference === undefined) return provesNothing(answer);
        return { status: 'SUCCEEDED', httpStatus, message: 'ticket raised', reference: shown(reference, 256) };
      } catch (error) {
        if (!(error instanceof CallFailedError)) throw error;
        const meaning = meaningOfFailure(error);
        return tried ? meaning : beforeOrdering(meaning);
      }
    },
    async query(request, { timeoutMs }) {
      const found = await find(orderOf(request), now() + timeoutMs);
      return found.looked ? found.meaning : undefined;
    },
  };
}

function meaningOf(
  there: { readonly reference: string; readonly requestHash: string },
  order: TicketOrder,
): CallResult {
  // Fields are as short as the service allows, so a part of the hash is compared.
  if (!there.requestHash || !order.requestHash.startsWith(there.requestHash))
    return {
      status: 'FAILED',
      provenNotExecuted: false,
      conflict: true,
      message: 'there is a ticket of this key with another payload',
    };
  return { status: 'SUCCEEDED', message: 'the ticket is there', reference: shown(there.reference, 256) };
}

/** The look before the order did not succeed. */
const withoutLooking = (answer: HttpAnswer, nowMs: number): CallResult =>
  beforeOrdering(meaningOfRefusal(answer, `the search was answered with ${answer.status}`, nowMs));

export default defineRemediator<Settings>({
  name: 'ticket',
  endpoint: 'ticket',
  offers: ['queryable'],
  keyRetentionMs: 0,
  settings: ticketSettings,
  needs: () => ({ secrets: ['ticket'], signedWith: [ticketWebhookSecret], grants: [] }),
  open,
});

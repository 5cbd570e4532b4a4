/**
 * The RPA queue remediator: puts the order into a queue from which robots work, in the shape of UiPath Orchestrator
 * (`Queues/UiPathODataSvc.AddQueueItem`). The effect is the item in the queue. Its Reference is the effect's key, and
 * the queue enforces unique references: a duplicate is refused, which proves that the item is there. A queue that does
 * not enforce them is refused here, because sending to it twice would act twice.
 */
import { z } from 'zod';
import { lazily } from '../../contracts/lazily.ts';
import { sha256 } from '../../core/audit/canonical.ts';
import {
  type CallResult,
  defineRemediator,
  type OpenRemediator,
  type RemediatorSurroundings,
  type SendOptions,
  type StoredRequest,
} from '../../core/remediation/remediator.ts';
import { beforeOrdering, meaningOfFailure, meaningOfRefusal, provesNothing, readJson, shown } from './answers.ts';
import { authorizationOf, withSecret } from './authorised.ts';
import { endpointUrl } from './endpoint-url.ts';
import { CallFailedError, type HttpAnswer, httpCall } from './http-call.ts';

/** The shortest time for which a queue's retention policy may keep the items that are done. */
const keyRetentionMs = 86_400_000;
/** "Duplicate Reference", whatever the language of its message. */
const duplicateReference = 1016;
/** The queue's settings are looked at again after this. */
const queueKnownMs = 300_000;

const settings = lazily(() =>
  z.strictObject({
    /** Orchestrator's address with organisation and tenant: `https://cloud.uipath.com/ORG/TENANT/orchestrator_`. */
    url: endpointUrl,
    /** Id of the folder that the queue is in. */
    folderId: z.number().int().min(1),
    queue: z
      .string()
      .max(128)
      .regex(/^[A-Za-z0-9][A-Za-z0-9 _.-]*$/, 'letters, digits, spaces, dots, hyphens and underscores'),
    priority: z.enum(['Low', 'Normal', 'High']).default('High'),
  }),
);
type Settings = z.infer<typeof settings>;

const queueList = lazily(() =>
  z.object({
    value: z.array(z.object({ Id: z.number(), Name: z.string(), EnforceUniqueReference: z.boolean() })).max(10),
  }),
);
const item = lazily(() =>
  z.object({
    Id: z.number(),
    Reference: z.string(),
    SpecificContent: z.object({ requestHash: z.string().optional() }).nullish(),
  }),
);
const itemList = lazily(() => z.object({ value: z.array(item).max(10) }));
const refusal = lazily(() => z.object({ message: z.string().optional(), errorCode: z.number().optional() }));

interface Deadline {
  readonly deadlineMs: number;
  readonly beforeSend?: SendOptions['beforeSend'];
}

function open({ url, folderId, queue, priority }: Settings, surroundings: RemediatorSurroundings): OpenRemediator {
  const { now } = surroundings;
  const egress = { hosts: [new URL(url).host], allowPrivate: surroundings.allowPrivate };
  const secret = surroundings.secret('rpa-queue');
  let known: { readonly id: number; readonly atMs: number } | undefined;

  const call = async (path: string, { deadlineMs, beforeSend }: Deadline, body?: unknown): Promise<HttpAnswer> =>
    await withSecret(secret, { deadlineMs, now }, (token, timeoutMs) =>
      httpCall({
        url: new URL(`${url}/odata/${path}`),
        method: body === undefined ? 'GET' : 'POST',
        headers: {
          accept: 'application/json',
          authorization: authorizationOf(token),
          'user-agent': 'groundcrew',
          'x-uipath-organizationunitid': String(folderId),
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        egress,
        timeoutMs,
        ...(beforeSend && { beforeSend }),
      }),
    );
  const list = <T>(set: string, filter: string, schema: z.ZodType<T>, deadline: Deadline) =>
    call(`${set}?$filter=${encodeURIComponent(filter)}&$top=2`, deadline).then((answer) => ({
      answer,
      list: answer.status === 200 ? readJson(answer, schema) : undefined,
    }));

  /** The queue's id, or why nothing may be sent to it. */
  async function queueId(deadline: Deadline): Promise<number | CallResult> {
    if (known && now() - known.atMs < queueKnownMs) return known.id;
    const { answer, list: found } = await list('QueueDefinitions', `Name eq '${queue}'`, queueList, deadline);
    if (!found) return withoutLooking(answer, now());
    const definition = found.value.find(({ Name }) => Name === queue);
    const refuse = (message: string): CallResult => ({ status: 'FAILED', provenNotExecuted: true, message });
    if (!definition) return refuse(`there is no queue "${queue}" in folder ${folderId}`);
    if (!definition.EnforceUniqueReference)
      return refuse(`queue "${queue}" does not enforce unique references: an item could be added twice`);
    known = { id: definition.Id, atMs: now() };
    return definition.Id;
  }

  async function find(request: StoredRequest, id: number, deadline: Deadline): Promise<CallResult | undefined> {
    const filter = `Reference eq '${request.effectKey}' and QueueDefinitionId eq ${id}`;
    const { list: found } = await list('QueueItems', filter, itemList, deadline);
    const there = found?.value.find(({ Reference }) => Reference === request.effectKey);
    if (!there) return undefined;
    if (there.SpecificContent?.requestHash !== sha256(request.body))
      return {
        status: 'FAILED',
        provenNotExecuted: false,
        conflict: true,
        message: 'the queue has an item of this key with another payload',
      };
    return { status: 'SUCCEEDED', message: 'the item is in the queue', reference: String(there.Id) };
  }

  return {
    async send(request, { timeoutMs, beforeSend }) {
      const deadlineMs = now() + timeoutMs;
      let tried = false;
      try {
        const id = await queueId({ deadlineMs });
        if (typeof id !== 'number') return id;
        tried = true;
        const answer = await call(
          'Queues/UiPathODataSvc.AddQueueItem',
          { deadlineMs, beforeSend },
          itemOf(request, queue, priority),
        );
        const { status: httpStatus } = answer;
        if (httpStatus >= 200 && httpStatus < 300) {
          const made = readJson(answer, item);
          if (made?.Reference !== request.effectKey) return provesNothing(answer);
          return { status: 'SUCCEEDED', httpStatus, message: 'added to the queue', reference: String(made.Id) };
        }
        const refused = readJson(answer, refusal);
        const message = shown(refused?.message ?? `Orchestrator answered ${httpStatus}`);
        if (refused?.errorCode !== duplicateReference) return meaningOfRefusal(answer, message, now());
        // The item is there; whether it is this order is seen by looking at it.
        const there = await find(request, id, { deadlineMs }).catch(() => undefined);
        return there ?? { status: 'UNKNOWN', httpStatus, endpointWell: true, message, retryAfterMs: 2_000 };
      } catch (error) {
        if (!(error instanceof CallFailedError)) throw error;
        const meaning = meaningOfFailure(error);
        return tried ? meaning : beforeOrdering(meaning);
      }
    },
    async query(request, { timeoutMs }) {
      const deadlineMs = now() + timeoutMs;
      const id = await queueId({ deadlineMs });
      return typeof id === 'number' ? await find(request, id, { deadlineMs }) : undefined;
    },
  };
}

/** The look before the order did not succeed. */
const withoutLooking = (answer: HttpAnswer, nowMs: number): CallResult =>
  beforeOrdering(meaningOfRefusal(answer, `looking up the queue was answered with ${answer.status}`, nowMs));

function itemOf({ effectKey, body }: StoredRequest, queue: string, priority: Settings['priority']): unknown {
  return {
    itemData: {
      Name: queue,
      Priority: priority,
      Reference: effectKey,
      // Robots read flat fields; the whole order goes along as it was stored.
      SpecificContent: { request: body, requestHash: sha256(body) },
    },
  };
}

export default defineRemediator<Settings>({
  name: 'rpa-queue',
  endpoint: 'rpa-queue',
  offers: ['keyed', 'queryable'],
  keyRetentionMs,
  settings,
  needs: () => ({ secrets: ['rpa-queue'], grants: [] }),
  open,
});

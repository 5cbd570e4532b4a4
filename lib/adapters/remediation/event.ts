/**
 * The event remediator: publishes the order on the deployment's bus, for whatever rule carries it out. The event is a
 * CloudEvent whose id is the effect's key. The bus itself does not know keys and may deliver any event twice, so a
 * consumer must recognise an id that it has seen (CloudEvents 1.0: same source and id are duplicates). Publishing again
 * therefore adds nothing that the bus does not do on its own: `naturally-idempotent`, and nobody can be asked.
 */
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { z } from 'zod';
import { lazily } from '../../contracts/lazily.ts';
import {
  type CallResult,
  defineRemediator,
  type OpenRemediator,
  type RemediatorSurroundings,
} from '../../core/remediation/remediator.ts';
import { defaultRetryAfterMs, meaningOfFailure, meaningOfRefusal, provesNothing, shown } from './answers.ts';
import { awsCall, awsError, isThrottled } from './aws-call.ts';
import { CallFailedError, type HttpAnswer } from './http-call.ts';

/** EventBridge goes on delivering for a day, so a consumer has to remember ids for that long in any case. */
const keyRetentionMs = 86_400_000;
/** EventBridge's limit for an entry, less what stands around the request. */
const maxDetailBytes = 250_000;

const settings = lazily(() =>
  z.strictObject({
    /** Source and detail-type that rules match on. */
    source: z
      .string()
      .regex(/^[a-z][a-z0-9.-]{0,99}$/, 'lower-case letters, digits, dots and hyphens')
      .refine((text) => !text.startsWith('aws.'), 'sources that begin with aws. are those of AWS')
      .default('groundcrew.remedies'),
    detailType: z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9 .-]{0,99}$/, 'letters, digits, spaces, dots and hyphens')
      .default('RemedyOrdered'),
  }),
);
type Settings = z.infer<typeof settings>;

function open({ source, detailType }: Settings, { busName, now }: RemediatorSurroundings): OpenRemediator {
  return {
    async send({ effectKey, body }, options) {
      // The stored bytes as they are; no time, so that the event is the same at every sending.
      const about = {
        specversion: '1.0',
        id: effectKey,
        source,
        type: detailType,
        datacontenttype: 'application/json',
      };
      const detail = `${JSON.stringify(about).slice(0, -1)},"data":${body}}`;
      if (Buffer.byteLength(detail) > maxDetailBytes)
        return { status: 'FAILED', provenNotExecuted: true, message: 'the order is too large for an event' };
      const call = awsCall(options);
      const client = new EventBridgeClient(call.configuration);
      const entry = { EventBusName: busName, Source: source, DetailType: detailType, Detail: detail };
      try {
        const { answer, output } = await call.run(() => client.send(new PutEventsCommand({ Entries: [entry] })));
        if (answer.status < 200 || answer.status > 299) return refusalOf(answer, now());
        return meaningOfEntry(answer, output?.Entries);
      } catch (error) {
        if (error instanceof CallFailedError) return meaningOfFailure(error);
        throw error;
      }
    },
  };
}

function refusalOf(answer: HttpAnswer, nowMs: number): CallResult {
  const { code, message } = awsError(answer);
  const { status: httpStatus } = answer;
  if (isThrottled(code) && httpStatus < 500)
    return { status: 'DEFERRED', httpStatus, endpointWell: true, message, retryAfterMs: defaultRetryAfterMs };
  return meaningOfRefusal(answer, shown(message), nowMs);
}

function meaningOfEntry(
  answer: HttpAnswer,
  entries:
    | readonly { EventId?: string | undefined; ErrorCode?: string | undefined; ErrorMessage?: string | undefined }[]
    | undefined,
): CallResult {
  const { status: httpStatus } = answer;
  const entry = entries?.length === 1 ? entries[0] : undefined;
  if (entry?.EventId) return { httpStatus, status: 'SUCCEEDED', message: 'published', reference: entry.EventId };
  if (!entry?.ErrorCode) return provesNothing(answer);
  const message = shown(`${entry.ErrorCode}: ${entry.ErrorMessage ?? 'the bus has not taken the event'}`);
  if (isThrottled(entry.ErrorCode))
    return { httpStatus, endpointWell: true, status: 'DEFERRED', message, retryAfterMs: defaultRetryAfterMs };
  // A failure inside of the bus says nothing about how far the event came.
  if (/^Internal/.test(entry.ErrorCode)) return { httpStatus, status: 'UNKNOWN', message };
  return { httpStatus, status: 'FAILED', provenNotExecuted: true, message };
}

export default defineRemediator<Settings>({
  name: 'event',
  endpoint: 'event',
  offers: ['naturally-idempotent'],
  keyRetentionMs,
  settings,
  // The functions that send may publish on this bus in any case.
  needs: () => ({ secrets: [], grants: [] }),
  open,
});

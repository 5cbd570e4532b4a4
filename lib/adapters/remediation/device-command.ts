/**
 * The device command remediator: writes the order as the desired state of the asset's device shadow (AWS IoT), from
 * which the device learns it over MQTT, and takes what the device reports under the order's key as its answer. The
 * shadow is looked at before it is written, and written on the condition of its version, so that an order is never
 * written over another that is still under way. Writing an older order again could undo a newer one, so a lost answer
 * is only ever looked for: `queryable` and nothing else. docs/remediation.md says what a device does.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { GetThingShadowCommand, IoTDataPlaneClient, UpdateThingShadowCommand } from '@aws-sdk/client-iot-data-plane';
import { z } from 'zod';
import { lazily } from '../../contracts/lazily.ts';
import { remediationRequest } from '../../contracts/remediation.ts';
import {
  type CallResult,
  defineRemediator,
  type OpenRemediator,
  type RemediatorSurroundings,
  type SendOptions,
  type StoredRequest,
} from '../../core/remediation/remediator.ts';
import { beforeOrdering, meaningOfFailure, meaningOfRefusal, notTried, shown } from './answers.ts';
import { awsCall, awsError, isThrottled } from './aws-call.ts';
import { CallFailedError, type HttpAnswer } from './http-call.ts';

/** A shadow may have 8 KiB; the order shares it with what the device reports and with orders for other targets. */
const maxOrderBytes = 3_072;
/** How long a send waits for the device itself; later its answer is asked for. */
const waitForDeviceMs = 3_000;
const lookEveryMs = 300;
/** A device that has not reported by now is asked about again after this. */
const askAgainMs = 5_000;

const settings = lazily(() =>
  z.strictObject({
    /** Name of the shadow, one for orders alone. */
    shadow: z
      .string()
      .regex(/^[A-Za-z0-9:_-]{1,64}$/, 'letters, digits, : _ -')
      .default('groundcrew'),
    /** A device must not begin an order that it learns of later than this. */
    validForS: z.number().int().min(5).max(86_400).default(120),
  }),
);
type Settings = z.infer<typeof settings>;

/** What stands in the shadow, by target. */
const order = lazily(() => z.object({ effectKey: z.string(), request: z.string(), notAfterMs: z.number() }));
const report = lazily(() =>
  z.object({
    effectKey: z.string(),
    status: z.enum(['running', 'done', 'failed', 'refused']),
    message: z.string().optional(),
  }),
);
type Report = z.infer<typeof report>;
const section = <T extends z.ZodType>(of: T) =>
  z.object({ commands: z.record(z.string(), of.optional().catch(undefined)).optional() }).optional();
const shadowDocument = lazily(() =>
  z.object({
    state: z.object({ desired: section(order), reported: section(report) }).optional(),
    version: z.number().int(),
  }),
);

interface Shadow {
  /** 0 where there is none yet. */
  readonly version: number;
  readonly desired: z.infer<typeof order> | undefined;
  readonly reported: Report | undefined;
}

type Looked = { readonly shadow: Shadow } | { readonly answer: HttpAnswer };

function open({ shadow: shadowName, validForS }: Settings, { now }: RemediatorSurroundings): OpenRemediator {
  async function look(thingName: string, target: string, deadlineMs: number): Promise<Looked> {
    const call = awsCall({ timeoutMs: Math.max(1, deadlineMs - now()) });
    const iot = new IoTDataPlaneClient(call.configuration);
    const { answer } = await call.run(() => iot.send(new GetThingShadowCommand({ thingName, shadowName })));
    if (answer.status === 404 && awsError(answer).code === 'ResourceNotFoundException')
      return { shadow: { version: 0, desired: undefined, reported: undefined } };
    const read = answer.status === 200 ? parsed(answer.body) : undefined;
    if (!read) return { answer };
    const { state, version } = read;
    const own = <T>(commands: Record<string, T> | undefined): T | undefined =>
      commands && Object.hasOwn(commands, target) ? commands[target] : undefined;
    return {
      shadow: { version, desired: own(state?.desired?.commands), reported: own(state?.reported?.commands) },
    };
  }

  async function write(
    thingName: string,
    {
      target,
      request,
      version,
    }: { readonly target: string; readonly request: StoredRequest; readonly version: number },
    options: SendOptions,
  ): Promise<HttpAnswer> {
    const ordered = { effectKey: request.effectKey, request: request.body, notAfterMs: now() + validForS * 1_000 };
    const document = {
      state: { desired: { commands: { [target]: ordered } } },
      ...(version > 0 && { version }),
      clientToken: request.effectKey,
    };
    const call = awsCall(options);
    const iot = new IoTDataPlaneClient(call.configuration);
    const payload = Buffer.from(JSON.stringify(document));
    const { answer } = await call.run(() => iot.send(new UpdateThingShadowCommand({ thingName, shadowName, payload })));
    return answer;
  }

  return {
    async send(request, { timeoutMs, beforeSend }) {
      const deadlineMs = now() + timeoutMs;
      const { asset, target } = remediationRequest.parse(JSON.parse(request.body));
      if (Buffer.byteLength(request.body) > maxOrderBytes)
        return { status: 'FAILED', provenNotExecuted: true, message: 'the order is too large for a device shadow' };
      let tried = false;
      try {
        const before = await look(asset, target, deadlineMs);
        if ('answer' in before) return withoutLooking(before.answer, now());
        const there = meaningOf(before.shadow, request);
        if (there && there !== 'waiting') return there;
        if (!there) {
          const other = before.shadow.desired;
          if (other && before.shadow.reported?.effectKey !== other.effectKey && now() < other.notAfterMs)
            return { ...notTried(`another order for ${target} is under way`, askAgainMs), endpointWell: true };
          tried = true;
          const { version } = before.shadow;
          const options = { timeoutMs: Math.max(1, deadlineMs - now()), beforeSend };
          const answer = await write(asset, { target, request, version }, options);
          if (answer.status !== 200) return refusalOf(answer, now());
        }
        // It stands in the shadow: from here on nothing is lost, and the device's own answer is waited for.
        return await waitFor(
          () => look(asset, target, deadlineMs),
          request,
          Math.min(deadlineMs, now() + waitForDeviceMs),
        );
      } catch (error) {
        if (!(error instanceof CallFailedError)) throw error;
        const meaning = meaningOfFailure(error);
        return tried ? meaning : beforeOrdering(meaning);
      }
    },
    async query(request, { timeoutMs }) {
      const { asset, target } = remediationRequest.parse(JSON.parse(request.body));
      const looked = await look(asset, target, now() + timeoutMs);
      if ('answer' in looked) return undefined;
      const meaning = meaningOf(looked.shadow, request);
      return meaning === 'waiting' ? waiting : meaning;
    },
  };

  async function waitFor(again: () => Promise<Looked>, request: StoredRequest, untilMs: number): Promise<CallResult> {
    for (;;) {
      const looked = await again().catch(() => undefined);
      const meaning = looked && 'shadow' in looked ? meaningOf(looked.shadow, request) : 'waiting';
      // It was said to be written; another order may have taken its place since. Neither says what the device did.
      if (meaning !== 'waiting') return meaning ?? { ...waiting, message: 'the order was written, but is not there' };
      if (now() + lookEveryMs >= untilMs) return waiting;
      await sleep(lookEveryMs);
    }
  }
}

const waiting: CallResult = {
  status: 'UNKNOWN',
  endpointWell: true,
  message: 'the order stands in the shadow; the device has not reported on it',
  retryAfterMs: askAgainMs,
};

/** What a shadow says of an order: nothing (`undefined`), that it waits for the device, or what the device did. */
function meaningOf(
  { desired, reported }: Shadow,
  { effectKey, body }: StoredRequest,
): CallResult | 'waiting' | undefined {
  if (desired?.effectKey === effectKey && desired.request !== body)
    return {
      status: 'FAILED',
      provenNotExecuted: false,
      conflict: true,
      message: 'the shadow has an order of this key with another payload',
    };
  if (reported?.effectKey === effectKey) return meaningOfReport(reported);
  return desired?.effectKey === effectKey ? 'waiting' : undefined;
}

function meaningOfReport({ status, message: said, effectKey }: Report): CallResult | 'waiting' {
  const message = shown(said ?? `the device reports ${status}`);
  switch (status) {
    case 'running':
      return 'waiting';
    case 'done':
      return { status: 'SUCCEEDED', message, reference: effectKey.slice(0, 12) };
    case 'failed':
      return { status: 'FAILED', provenNotExecuted: false, message };
    case 'refused':
      return { status: 'FAILED', provenNotExecuted: true, message };
  }
}

function parsed(body: string): z.infer<typeof shadowDocument> | undefined {
  try {
    const read = shadowDocument.safeParse(JSON.parse(body));
    return read.success ? read.data : undefined;
  } catch {
    return undefined;
  }
}

function refusalOf(answer: HttpAnswer, nowMs: number): CallResult {
  const { code, message } = awsError(answer);
  const { status: httpStatus } = answer;
  // Somebody changed the shadow since it was looked at, so this was not written; or too much was asked.
  if ((httpStatus === 409 && code === 'ConflictException') || (httpStatus < 500 && isThrottled(code)))
    return { status: 'DEFERRED', httpStatus, endpointWell: true, message: shown(message), retryAfterMs: 1_000 };
  return meaningOfRefusal(answer, shown(message), nowMs);
}

/** The look before the order did not succeed. */
const withoutLooking = (answer: HttpAnswer, nowMs: number): CallResult => beforeOrdering(refusalOf(answer, nowMs));

export default defineRemediator<Settings>({
  name: 'device-command',
  endpoint: 'device-command',
  offers: ['queryable'],
  keyRetentionMs: 0,
  settings,
  needs: ({ shadow }) => ({
    secrets: [],
    grants: ['iot:GetThingShadow', 'iot:UpdateThingShadow'].map((action) => ({
      action,
      resource: `thing/*/${shadow}`,
    })),
  }),
  open,
});

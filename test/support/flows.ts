/** What the tests of the two flows share: answers of functions as the flows get them, and CaseFlow run with them. */
import { caseFlowDefinition } from '../../lib/constructs/case-flow.ts';
import { loadDefinition } from '../../local/flow/definition.ts';
import { type MockAnswer, simulate } from '../../local/flow/simulate.ts';
import type { Json, JsonObject } from '../../local/flow/types.ts';

export const arn = (name: string): string => `arn:aws:lambda:eu-central-1:000000000000:function:groundcrew-${name}`;
export const caseFlow = caseFlowDefinition({
  caseLoad: arn('case-load'),
  reviewRequest: arn('review-request'),
  reviewTimeout: arn('review-timeout'),
  permit: arn('permit'),
  remediate: arn('remediate'),
  reconcile: arn('reconcile'),
  verify: arn('verify'),
  close: arn('close'),
});
export const caseId = 'c'.repeat(64);
export const answers = (...payloads: Json[]): MockAnswer[] =>
  payloads.map((Payload) => ({ return: { Payload, StatusCode: 200, ExecutedVersion: '$LATEST' } }));
export const fails = (error: string): MockAnswer => ({ throw: { error, cause: 'because' } });
export const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

export const verification = { settleMs: 1000, deadlineMs: 60_000, minRows: 3 };
export const proposal = { action: 'close-valve', target: 'v-2', inverse: 'open-valve', verification };
export const act = { caseId, verdict: 'act', proposal, reviewTimeoutS: 60, escalationTimeoutS: 120 };
export const asks = { ...act, verdict: 'ask' };
export const permitted = { permitted: true };
export const done = { status: 'SUCCEEDED', effectKey: 'e'.repeat(64), waitS: 2 };
export const unknown = { ...done, status: 'UNKNOWN' };
export const closed = { closed: true };
/** A review that nobody answers within its time. */
export const noAnswer = { throw: { error: 'States.Timeout', cause: '' } };

export async function runCase(mocks: Record<string, readonly MockAnswer[]>) {
  const result = await simulate({ definition: loadDefinition(caseFlow as JsonObject), input: { caseId }, mocks });
  const entered = result.events
    .filter((event) => event.type.endsWith('StateEntered'))
    .map((event) => (event.details as { name: string }).name);
  const scheduled = result.events
    .filter((event) => event.type === 'TaskScheduled')
    .map(
      (event) =>
        JSON.parse((event.details as { parameters: string }).parameters) as {
          FunctionName: string;
          Payload: Record<string, Json>;
        },
    );
  const calls = (name: string) =>
    scheduled.filter((call) => call.FunctionName === arn(name)).map((call) => call.Payload);
  return { status: result.status, entered, calls, resolution: calls('close')[0]?.resolution };
}

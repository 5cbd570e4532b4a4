/** Permits over the real stores: what is read, what is taken, and what an error means. */
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { getBreaker, putBreaker } from '../../../lib/adapters/aws/ledger-store.ts';
import { permitCase } from '../../../lib/adapters/aws/permit-check.ts';
import { remediationPorts } from '../../../lib/adapters/aws/remediation-ports.ts';
import { setStop } from '../../../lib/adapters/aws/stop-store.ts';
import type { CaseRecord } from '../../../lib/contracts/case.ts';
import { afterFailure, closedBreaker, failuresToOpen, firstPauseMs } from '../../../lib/core/ledger/breaker.ts';
import { remediate } from '../../../lib/core/remediation/remediate.ts';
import { type RemediationStack, startRemediationStack } from '../../support/remediation-stack.ts';
import { caseFor } from '../../support/remediation-world.ts';

let stack: RemediationStack;
let cases = 0;
beforeAll(async () => {
  stack = await startRemediationStack('permit');
});
afterAll(() => stack.stop());
// Each test has an hour, and so a quota, of its own.
beforeEach(() => {
  stack.clock.nowMs += 3_600_000;
});

async function opened(): Promise<CaseRecord> {
  cases += 1;
  const record = caseFor(`p${cases}`, { correlationKey: `p${cases}`, openedAtMs: stack.clock.nowMs });
  await stack.open(record);
  return record;
}
const permit = (caseId: string, quotaPerAssetHour = 2) => permitCase(stack.world, { caseId, quotaPerAssetHour });
const stop = (scope: string, stopped: boolean) =>
  setStop(
    { client: stack.world.client, table: stack.world.stop },
    { v: 1, scope, stopped, by: 'ann', reason: 'works on site', atMs: stack.clock.nowMs },
  );

test('the quota is taken once a case and refuses what is above it', async () => {
  const [first, second, third] = [await opened(), await opened(), await opened()];
  for (const record of [first, first, second]) expect(await permit(record.caseId)).toMatchObject({ permitted: true });
  expect(await permit(third.caseId)).toMatchObject({ permitted: false, refused: expect.any(Array) });
});

test.each(['all', 'site#site-1', 'asset#plant-1'])(
  'a stop of %s refuses, and keeps remediate from sending',
  async (scope) => {
    const { caseId } = await opened();
    await stop(scope, true);
    const answer = await permit(caseId);
    expect(answer).toMatchObject({ permitted: false, refused: expect.any(Array) });
    expect(answer.refused?.join()).toContain(`stop switch: ${scope} by ann`);
    // The reason is personal; refusals stand in the audit and in notes.
    expect(answer.refused?.join()).not.toContain('works on site');
    const before = stack.endpoint.requests.length;
    expect(await remediate(remediationPorts(stack.world), { caseId, inverse: false })).toMatchObject({
      status: 'FAILED',
    });
    expect(stack.endpoint.requests).toHaveLength(before);
    await stop(scope, false);
    expect(await permit(caseId)).toMatchObject({ permitted: true });
  },
);

test('an open breaker makes everybody wait, then lets one pass', async () => {
  const [first, second] = [await opened(), await opened()];
  const ledger = { client: stack.world.client, table: stack.world.ledger };
  const { endpoint } = remediationPorts(stack.world).remediator('webhook').declared;
  let state = (await getBreaker(ledger, endpoint)) ?? closedBreaker(endpoint);
  for (let n = 0; n < failuresToOpen; n += 1) {
    state = afterFailure(state, stack.clock.nowMs);
    expect(await putBreaker(ledger, state)).toBe(true);
  }
  expect(await permit(first.caseId)).toMatchObject({ permitted: false, waitS: firstPauseMs / 1000 });
  stack.clock.nowMs += firstPauseMs;
  expect(await permit(first.caseId)).toMatchObject({ permitted: true });
  expect(await permit(second.caseId)).toMatchObject({ permitted: false });
  expect(await remediate(remediationPorts(stack.world), { caseId: first.caseId, inverse: false })).toMatchObject({
    status: 'SUCCEEDED',
  });
  expect(await permit(second.caseId)).toMatchObject({ permitted: true });
});

test('what cannot be read is refused', async () => {
  const { caseId } = await opened();
  expect(await permitCase({ ...stack.world, stop: 'no-such-table' }, { caseId, quotaPerAssetHour: 2 })).toMatchObject({
    permitted: false,
    refused: expect.any(Array),
  });
  expect(await permit('0'.repeat(64))).toMatchObject({ permitted: false, refused: expect.any(Array) });
});

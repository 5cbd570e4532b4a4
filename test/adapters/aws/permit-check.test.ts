/** Permits over the real stores: what is read, what is taken, and what an error means. */
import { type DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
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
const limits = { perAssetHour: 2, perZoneHour: 2 };
const permit = (caseId: string) => permitCase(stack.world, { caseId, limits });
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
    state = afterFailure(state, stack.clock.nowMs)!;
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

test('while all is well a breaker is read and never written', async () => {
  const ledger = { client: stack.world.client, table: stack.world.ledger };
  const ports = remediationPorts(stack.world);
  const { endpoint } = ports.remediator('webhook').declared;
  const before = await getBreaker(ledger, endpoint);
  const writes: string[] = [];
  const send = stack.world.client.send.bind(stack.world.client) as (command: unknown) => Promise<unknown>;
  const counted = {
    send: async (command: { readonly input: object }) => {
      if (JSON.stringify(command.input).includes('breaker#') && !(command instanceof GetItemCommand))
        writes.push(command.constructor.name);
      return await send(command);
    },
  } as unknown as DynamoDBClient;
  for (let n = 0; n < 3; n += 1) {
    const { caseId } = await opened();
    const world = { ...stack.world, client: counted };
    expect(await permitCase(world, { caseId, limits: { perAssetHour: 9, perZoneHour: 9 } })).toMatchObject({
      permitted: true,
    });
    expect(await remediate(remediationPorts(world), { caseId, inverse: false })).toMatchObject({ status: 'SUCCEEDED' });
  }
  expect([writes, await getBreaker(ledger, endpoint)]).toEqual([[], before]);
});

test('of those that race for the probe of a half-open breaker one wins, and only it may send', async () => {
  const cases = [await opened(), await opened(), await opened(), await opened()];
  const ports = remediationPorts(stack.world);
  const ledger = { client: stack.world.client, table: stack.world.ledger };
  const { endpoint } = ports.remediator('webhook').declared;
  for (let n = 0; n < failuresToOpen; n += 1) await ports.reportEndpoint(endpoint, false);
  const open = await getBreaker(ledger, endpoint);
  expect(open).toMatchObject({ failures: failuresToOpen, openUntilMs: stack.clock.nowMs + firstPauseMs });
  // Calls that were under way fail now: nothing is written, the pause stays as it is.
  await ports.reportEndpoint(endpoint, false);
  expect(await getBreaker(ledger, endpoint)).toEqual(open);

  const requests = stack.endpoint.requests.length;
  const waits = await remediate(ports, { caseId: cases[0]!.caseId, inverse: false });
  expect(waits).toMatchObject({ status: 'UNKNOWN', waitS: firstPauseMs / 1000 });
  expect(stack.endpoint.requests).toHaveLength(requests);
  expect((await ports.ledger.get(waits.effectKey))?.status).toBe('PENDING');

  stack.clock.nowMs += firstPauseMs;
  const passed = await Promise.all(cases.map(({ caseId }) => ports.mayCall(endpoint, caseId)));
  expect(passed.filter(({ pass }) => pass)).toHaveLength(1);
  const winner = cases[passed.findIndex(({ pass }) => pass)]!;
  for (const { caseId } of cases.filter((one) => one !== winner))
    expect(await remediate(ports, { caseId, inverse: false })).toMatchObject({ status: 'UNKNOWN' });
  expect(stack.endpoint.requests).toHaveLength(requests);
  expect(await remediate(ports, { caseId: winner.caseId, inverse: false })).toMatchObject({ status: 'SUCCEEDED' });
  expect(await getBreaker(ledger, endpoint)).toMatchObject({ failures: 0, openUntilMs: 0, openings: 0 });

  // Closed again, and well: not one write more.
  const { version } = (await getBreaker(ledger, endpoint))!;
  for (const { caseId } of cases)
    expect(await remediate(ports, { caseId, inverse: false })).toMatchObject({ status: 'SUCCEEDED' });
  expect((await getBreaker(ledger, endpoint))!.version).toBe(version);
});

test('what cannot be read is refused', async () => {
  const { caseId } = await opened();
  expect(await permitCase({ ...stack.world, stop: 'no-such-table' }, { caseId, limits })).toMatchObject({
    permitted: false,
    refused: expect.any(Array),
  });
  expect(await permit('0'.repeat(64))).toMatchObject({ permitted: false, refused: expect.any(Array) });
});

test('a zone has a quota of its own, and what its effects took is counted for no other zone', async () => {
  const inZone = async (zone: string) => {
    cases += 1;
    const change = { correlationKey: `p${cases}`, openedAtMs: stack.clock.nowMs, zone };
    const record = caseFor(`p${cases}`, change);
    await stack.open(record);
    return await permitCase(stack.world, { caseId: record.caseId, limits: { perAssetHour: 5, perZoneHour: 1 } });
  };
  expect(await inZone('Z1')).toMatchObject({ permitted: true });
  const refused = await inZone('Z1');
  expect(refused).toMatchObject({ permitted: false });
  expect(refused.refused?.join()).toContain('zone/plant-1/in/Z1');
  expect(await inZone('Z2')).toMatchObject({ permitted: true });
});

test('evidence that grows too old between the permit and the send is not sent on', async () => {
  cases += 1;
  const nowMs = stack.clock.nowMs;
  const evidence = { atMs: nowMs, sentAtMs: nowMs, receivedAtMs: nowMs };
  const record = caseFor(`p${cases}`, { correlationKey: `p${cases}`, openedAtMs: nowMs, evidence });
  await stack.open(record);
  expect(await permit(record.caseId)).toMatchObject({ permitted: true });
  stack.clock.nowMs += 3_600_001;
  const before = stack.endpoint.requests.length;
  const answer = await remediate(remediationPorts(stack.world), { caseId: record.caseId, inverse: false });
  expect(answer).toMatchObject({ status: 'FAILED' });
  expect(answer.message).toContain('the evidence is');
  expect(stack.endpoint.requests).toHaveLength(before);
});

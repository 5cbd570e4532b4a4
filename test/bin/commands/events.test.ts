/** What the bus brings more than once is told to people once. */
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { beforeAll, expect, test } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { registerEvents } from '../../../bin/commands/events.ts';
import { makeEvent } from '../../../lib/core/events.ts';
import { commandRunner } from '../../support/commands.ts';
import { flagOf, inferenceOf } from '../../support/decision-data.ts';
import { dataFolderOfRuntime } from '../../support/runtime-file.ts';

let data: string;
beforeAll(() => {
  data = dataFolderOfRuntime({});
});
const run = commandRunner([registerEvents], () => data);
const atMs = Date.UTC(2025, 2, 3, 12);

/** A decision as the bus brings it: each time in an envelope of its own. */
function brought(seq: number, delivery: number) {
  const flag = flagOf({ seq });
  const { flagId, asset, correlationId } = flag;
  const decision = {
    v: 1 as const,
    decisionId: flagId,
    flagId,
    correlationId,
    asset,
    pack: 'water-network',
    atMs,
    inference: inferenceOf(),
    guard: { verdict: 'observe' as const, policies: [], policyHash: 'b'.repeat(64), reasons: [] },
  };
  const { detail } = makeEvent('DecisionRecorded', decision, { atMs, correlationId, key: flagId });
  const message = {
    id: `delivery-${delivery}`,
    'detail-type': 'DecisionRecorded',
    time: new Date(atMs + delivery).toISOString(),
    detail,
  };
  return { eventId: `entry-${delivery}`, timestamp: atMs + delivery, message: JSON.stringify(message) };
}

test('a decision that is brought twice is one line; programs get both', async () => {
  const logs = mockClient(CloudWatchLogsClient);
  logs.on(FilterLogEventsCommand).resolves({ events: [brought(1, 0), brought(2, 1), brought(1, 2)] });
  const told = (await run('events', 'tail', '--no-follow')).trim().split('\n');
  expect(told).toHaveLength(2);
  for (const line of told) expect(line).toContain('A leak in zone A.');
  const raw = (await run('events', 'tail', '--no-follow', '--json')).trim().split('\n');
  expect(raw).toHaveLength(3);
});

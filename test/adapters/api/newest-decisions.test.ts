/** The newest decisions of a span, on a real engine: all of them, in a bounded number of reads. */

import { BatchGetItemCommand, type DynamoDBClient, QueryCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { newestDecisions } from '../../../lib/adapters/aws/console/decision-reader.ts';
import type { ConsoleWorld } from '../../../lib/adapters/aws/console/world.ts';
import { dayShards, dynamoDecisionStore } from '../../../lib/adapters/aws/decision-store.ts';
import type { Decision } from '../../../lib/contracts/decision.ts';
import { sha256 } from '../../../lib/core/audit/canonical.ts';
import { inferenceOf } from '../../support/decision-data.ts';
import { startTables, type TestTables } from '../../support/tables.ts';

const dayMs = 86_400_000;
const nowMs = Date.UTC(2026, 4, 20, 3, 30);
let tables: TestTables;
let made = 0;
beforeAll(async () => {
  tables = await startTables();
}, 30_000);
afterAll(async () => await tables.stop());

/** A table of decisions that were made so long ago; `calls` fills with what is asked, `rounds` with what was asked at once. */
async function worldWith(backMs: readonly number[]) {
  made += 1;
  const names = await tables.create(`n${made}`);
  const store = dynamoDecisionStore(tables.client, names['decisions']!);
  const decisions = backMs.map(
    (ms, n): Decision => ({
      v: 1,
      decisionId: sha256(`decision ${n}`),
      flagId: sha256(`flag ${n}`),
      correlationId: 'c',
      asset: `plant-${n % 7}`,
      pack: 'water-network',
      atMs: nowMs - ms,
      inference: inferenceOf(),
      guard: { verdict: 'observe', policies: [], policyHash: 'b'.repeat(64), reasons: [] },
    }),
  );
  await Promise.all(decisions.map((decision) => store.put(decision)));
  const calls: object[] = [];
  const rounds: number[] = [];
  let underWay = 0;
  const send = async (command: never): Promise<unknown> => {
    calls.push(command);
    if (underWay === 0) rounds.push(0);
    rounds[rounds.length - 1]! += 1;
    underWay += 1;
    try {
      return await tables.client.send(command);
    } finally {
      underWay -= 1;
    }
  };
  const world = { client: { send } as unknown as DynamoDBClient, tables: names } as unknown as ConsoleWorld;
  return { world, decisions, calls, rounds };
}

const idsOf = (decisions: readonly Decision[]): string[] => decisions.map(({ decisionId }) => decisionId);

/** As they are meant: newest first, by time and then by id. */
const meant = (decisions: readonly Decision[], fromMs: number, toMs: number): string[] =>
  idsOf(
    decisions
      .filter(({ atMs }) => atMs >= fromMs && atMs < toMs)
      .sort((a, b) => b.atMs - a.atMs || (a.decisionId < b.decisionId ? 1 : -1)),
  );

test('are those of the span, however they lie in its days', async () => {
  const backMs = fc.oneof(fc.integer({ min: -dayMs, max: 40 * dayMs }), fc.integer({ min: 0, max: 3_600_000 }));
  await fc.assert(
    fc.asyncProperty(
      fc.array(backMs, { maxLength: 60 }),
      fc.integer({ min: 0, max: 35 * dayMs }),
      fc.integer({ min: 1, max: 70 }),
      async (times, spanMs, limit) => {
        const { world, decisions } = await worldWith(times);
        const all = meant(decisions, nowMs - spanMs, nowMs);
        const found = await newestDecisions(world, nowMs - spanMs, nowMs, limit);
        expect(idsOf(found.decisions)).toEqual(all.slice(0, limit));
        expect(found.complete).toBe(all.length <= limit);
      },
    ),
    { numRuns: 20 },
  );
}, 60_000);

test('few a day take queries of three days, one read of all keys, and one of what they name', async () => {
  const days = 30;
  const { world, calls, rounds } = await worldWith(Array.from({ length: 2 * days }, (_, n) => (n * dayMs) / 2));
  const { decisions, complete } = await newestDecisions(world, nowMs - days * dayMs, nowMs, 200);
  expect([decisions.length, complete]).toEqual([59, true]);
  expect(calls.filter((call) => call instanceof QueryCommand)).toHaveLength(3 * dayShards);
  expect(calls.filter((call) => call instanceof ScanCommand)).toHaveLength(1);
  expect(calls.filter((call) => call instanceof BatchGetItemCommand)).toHaveLength(1);
  expect(rounds.length).toBeLessThanOrEqual(4);
});

test('few lately after very many take one query a day and shard, in few rounds', async () => {
  const days = 30;
  const { world, decisions, calls, rounds } = await worldWith([
    ...Array.from({ length: 20 }, (_, n) => n * dayMs),
    ...Array.from({ length: 2_001 }, (_, n) => 20 * dayMs + n * 1_000),
  ]);
  const found = await newestDecisions(world, nowMs - days * dayMs, nowMs, 100);
  expect(idsOf(found.decisions)).toEqual(meant(decisions, nowMs - days * dayMs, nowMs).slice(0, 100));
  expect(found.complete).toBe(false);
  expect(calls.filter((call) => call instanceof QueryCommand).length).toBeLessThanOrEqual((days + 3) * dayShards);
  // 1, 2, 4, 8 and 16 days at once, one look at all, another page of the day that had many, then what was found.
  expect(rounds.length).toBeLessThanOrEqual(9);
}, 60_000);

test('a day that has enough of them is the only one that is asked', async () => {
  const { world, calls } = await worldWith(Array.from({ length: 300 }, (_, n) => n * 10_000 + 1));
  const { decisions, complete } = await newestDecisions(world, nowMs - 30 * dayMs, nowMs, 200);
  expect([decisions.length, complete]).toEqual([200, false]);
  expect(calls.filter((call) => call instanceof QueryCommand).length).toBeLessThanOrEqual(2 * dayShards);
});

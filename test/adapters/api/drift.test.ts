/** What GET /drift reads, on real tables. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { dynamoDecisionStore } from '../../../lib/adapters/aws/decision-store.ts';
import { driftList, packList } from '../../../lib/contracts/api.ts';
import type { Decision } from '../../../lib/contracts/decision.ts';
import { modelCard } from '../../../lib/contracts/model-card.ts';
import { sha256 } from '../../../lib/core/audit/canonical.ts';
import { seededRandom } from '../../../lib/core/random.ts';
import waterNetwork from '../../../models/water-network/index.ts';
import { type ConsoleTest, consoleTest } from '../../support/console-world.ts';
import { inferenceOf } from '../../support/decision-data.ts';
import { drawn } from '../../support/drawn.ts';
import { startTables, type TestTables } from '../../support/tables.ts';

const dayMs = 86_400_000;
const card = modelCard.parse(
  JSON.parse(readFileSync(new URL('../../../models/water-network/card.json', import.meta.url), 'utf8')),
);
const reference = card.reference!;
let tables: TestTables;
beforeAll(async () => {
  tables = await startTables();
}, 30_000);
afterAll(() => tables.stop());

async function worldWith(name: string): Promise<ConsoleTest> {
  const given = await consoleTest(tables, name);
  const shown = await given.world.packs();
  const packs = { 'water-network': { ...shown['water-network']!, card } };
  Object.assign(given.world, { packs: async () => packs });
  return given;
}

async function ask(given: ConsoleTest, path: string): Promise<unknown> {
  const answer = await given.api.ask('GET', path, { cookie: await given.cookie('viewer') });
  expect(answer.status).toBe(200);
  return answer.json();
}
const drift = async (given: ConsoleTest) => driftList.parse(await ask(given, '/drift'));

async function decided(given: ConsoleTest, days: number, change: Partial<Decision['inference']> = {}): Promise<void> {
  const random = seededRandom(2);
  const store = dynamoDecisionStore(given.world.client, given.world.tables.decisions);
  for (let n = 0; n < days; n += 1)
    await store.put({
      v: 1,
      decisionId: sha256(`decision ${n}`),
      flagId: sha256(`flag ${n}`),
      correlationId: 'c',
      asset: 'plant-1',
      pack: card.name,
      atMs: given.api.nowMs() - 1_000 - n * dayMs,
      inference: inferenceOf({
        modelHash: card.modelSha256,
        oodPValue: random(),
        places: reference.features
          .map(({ edges, shares }) => {
            const bin = drawn(shares, random);
            return bin > edges.length ? '-' : bin;
          })
          .join(''),
        ...change,
      }),
      guard: { verdict: 'observe', policies: [], policyHash: 'b'.repeat(64), reasons: [] },
    });
}

test('without a decision there is nothing to tell, and what was decided is read back by its days', async () => {
  const none = await drift(await worldWith('drift-none'));
  expect(none.items).toMatchObject([{ name: 'water-network', verdict: 'too-few', decisions: 0 }]);
  const given = await worldWith('drift-some');
  // Some lie before the days that are looked at.
  await decided(given, 70);
  const { items, days } = await drift(given);
  expect(items[0]!.decisions).toBeGreaterThanOrEqual(days);
  expect(items[0]!.decisions).toBeLessThan(days + 3);
  expect(items[0]).toMatchObject({ assets: 1, assetDays: items[0]!.decisions, features: { shifted: 0 } });
  expect(items[0]!.ood!.stability).toBe('noise');
  const { most } = items[0]!.features;
  expect(most.length).toBeGreaterThan(0);
  expect(Object.values(waterNetwork.featureWords!)).toEqual(expect.arrayContaining(most.map(({ name }) => name)));
}, 30_000);

test('windows that are strange are said to be', async () => {
  const given = await worldWith('drift-strange');
  await decided(given, 30, { oodPValue: 0.004 });
  const { items } = await drift(given);
  expect(items[0]).toMatchObject({ verdict: 'strange', ood: { strange: 1, strangeExpected: 0.01 } });
});

test('a card is shown without its reference, and one that keeps none is not compared', async () => {
  const given = await worldWith('drift-card');
  const { items } = packList.parse(await ask(given, '/packs'));
  expect(items[0]!.card).toMatchObject({ name: 'water-network' });
  expect(items[0]!.card).not.toHaveProperty('reference');
  const without = await consoleTest(tables, 'drift-without');
  expect((await drift(without)).items).toEqual([]);
});

/** The router and the whole way of a question: the real client, a real server, the real policies. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { largerModel } from '../../../lib/adapters/inference/larger-model.ts';
import { cedarAuthorizers } from '../../../lib/adapters/policy/cedar.ts';
import { assetRegistration } from '../../../lib/contracts/asset.ts';
import type { Kind } from '../../../lib/contracts/common.ts';
import { tier2 } from '../../../lib/contracts/configuration.ts';
import { inference as inferenceSchema } from '../../../lib/contracts/decision.ts';
import {
  askLargerModel,
  expectedLoss,
  type LargerModel,
  type TierAnswer,
} from '../../../lib/core/decision/larger-model.ts';
import { guard } from '../../../lib/core/guard/guard.ts';
import pack from '../../../models/water-network/index.ts';
import { flagAtMs, flagOf, inferenceOf, proposalOf } from '../../support/decision-data.ts';
import { type InferenceServer, misbehaviours, startInferenceServer } from '../../support/inference-server.ts';

const { manifest } = pack;
const { kinds } = manifest;
const features = new Float32Array(manifest.features.length).fill(0.5);
const losses = { wrongActUsd: 500, missedEventUsd: 2_000, personUsd: 20 };
const answerOf = (change: Partial<TierAnswer> = {}): TierAnswer => {
  const { kind, confidence, probabilities, set, oodPValue, tier, explanation } = inferenceOf();
  return { kind, confidence, probabilities, set, oodPValue, tier, explanation, ...change };
};
const sure = (kind: string, probability: number): number[] =>
  kinds.map((one) => (one === kind ? probability : (1 - probability) / (kinds.length - 1)));

let server: InferenceServer;
let larger: LargerModel;
beforeAll(async () => {
  server = await startInferenceServer(features.length);
  server.answer = () => sure('leak', 0.9);
  larger = largerModel(
    tier2.parse({
      url: server.url,
      costUsd: 0.5,
      timeoutMs: 400,
      allowPrivate: true,
      models: { 'water-network': { name: 'large', version: '3' } },
      losses,
    }),
  )!;
});
afterAll(() => server.stop());
const ask = (own: TierAnswer, change: object = {}) =>
  askLargerModel(own, { larger, manifest, features, canAct: true, elapsed: () => performance.now(), ...change });

const authorizerOf = cedarAuthorizers(() => join(import.meta.dirname, '../../../models/water-network/policies'));
const registration = assetRegistration.parse({
  v: 1,
  asset: 'town-1',
  site: 'demo-town',
  pack: 'water-network',
  channels: [],
});
const verdictOf = async (answer: TierAnswer, more: object = {}) => {
  const inference = inferenceSchema.parse({ ...answer, ...more, costUsd: 0, latencyMs: 1 });
  const ports = {
    authorizerOf,
    assetOf: async () => ({ registration, holds: [] }),
    stoppedScopes: async () => [],
    standingOrders: async () => [],
    quotaLeft: async () => 3,
    nowMs: () => flagAtMs + 2000,
  };
  return (await guard(ports, { flag: flagOf(), inference, proposal: proposalOf(), pack: 'water-network' })).verdict;
};

describe('the expected loss of deciding now', () => {
  test.each<[string, Partial<TierAnswer>, boolean, 'act' | 'ask' | 'observe', number]>([
    ['a sure act', { confidence: 0.99 }, true, 'act', 5],
    ['a person is cheaper than a doubtful act', { confidence: 0.9 }, true, 'ask', 20],
    ['an act that is not open costs a person', { confidence: 0.99, set: ['leak', 'burst'] }, true, 'ask', 20],
    ['so does a strange window', { confidence: 0.99, oodPValue: 0.001 }, true, 'ask', 20],
    ['and absurd readings', { confidence: 0.99, oodReasons: ['p1 reads 4 km'] }, true, 'ask', 20],
    ['and where nothing is proposed', { confidence: 0.99 }, false, 'ask', 20],
    ['a normal window', { kind: 'normal', confidence: 0.999, probabilities: { normal: 0.999 } }, true, 'observe', 2],
  ])('%s', (_, change, canAct, cheapest, usd) => {
    const found = expectedLoss(answerOf({ probabilities: { leak: 0.9 }, ...change }), canAct, losses);
    expect(found.cheapest).toBe(cheapest);
    expect(found.expectedLossUsd).toBeCloseTo(usd, 6);
  });

  test('is never more than a person costs, and falls as the answer gets surer', () => {
    const probability = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(probability, probability, (a, b) => {
        const loss = (confidence: number) =>
          expectedLoss(answerOf({ confidence, probabilities: { leak: confidence } }), true, losses).expectedLossUsd;
        expect(loss(a)).toBeLessThanOrEqual(20);
        expect(loss(Math.max(a, b))).toBeLessThanOrEqual(loss(Math.min(a, b)));
      }),
    );
  });
});

describe('asking further', () => {
  test('is left where it costs more than it could save', async () => {
    const before = server.requests.length;
    const own = answerOf({ confidence: 0.9995 });
    const { answer, routing, remote } = await ask(own);
    expect(answer).toBe(own);
    expect(routing).toEqual({
      cheapest: 'act',
      expectedLossUsd: expect.closeTo(0.25, 6),
      askingUsd: 0.5,
      asked: false,
    });
    expect(remote).toBeUndefined();
    expect(server.requests.length).toBe(before);
  });

  test('is left where it costs just what it could save, and done for the least bit less', async () => {
    const own = answerOf({ confidence: 0.6 });
    const { expectedLossUsd } = expectedLoss(own, true, losses);
    const at = async (costUsd: number) => (await ask(own, { larger: { ...larger, costUsd } })).routing?.asked;
    expect(await at(expectedLossUsd)).toBe(false);
    expect(await at(expectedLossUsd * (1 - 1e-9))).toBe(true);
  });

  test('is off without a model of the pack, and without features to send', async () => {
    const own = answerOf({ confidence: 0.6 });
    expect(await ask(own, { larger: { ...larger, models: {} } })).toEqual({ answer: own });
    expect(await ask(own, { features: undefined })).toEqual({ answer: own });
    expect(largerModel(undefined)).toBeUndefined();
  });

  test('uses the model and the losses of the pack where the deployment names none', async () => {
    const own = answerOf({ confidence: 0.6 });
    const { models, losses: _, ...bare } = larger;
    const named = { ...manifest, tier2: models['water-network']!, losses: { ...losses, personUsd: 0.1 } };
    expect(await ask(own, { larger: { ...bare, models: {} }, manifest: named })).toMatchObject({
      routing: { expectedLossUsd: 0.1, asked: false },
    });
    expect(
      await ask(own, { larger: { ...bare, models: {} }, manifest: { ...named, losses: undefined } }),
    ).toMatchObject({
      routing: { asked: true },
      remote: { outcome: 'answered' },
    });
  });

  test('takes kind and confidence of the larger model, and records whose they are', async () => {
    server.answer = () => sure('leak', 0.97);
    const { answer, routing, remote } = await ask(answerOf({ confidence: 0.62 }));
    expect(answer).toMatchObject({ kind: 'leak', tier: 2, set: ['leak'], oodPValue: 0.4 });
    expect(answer.confidence).toBeCloseTo(0.97, 6);
    expect(answer.explanation.without).toBeUndefined();
    expect(routing).toMatchObject({ cheapest: 'ask', expectedLossUsd: 20, askingUsd: 0.5, asked: true });
    expect(remote).toMatchObject({
      replayable: false,
      endpoint: new URL(server.url).host,
      model: 'large',
      version: '3',
      outcome: 'answered',
      probabilities: { leak: expect.closeTo(0.97, 6) },
      inputHash: expect.stringMatching(/^[0-9a-f]{64}$/),
      costUsd: 0.5,
    });
    expect(await verdictOf(answer, { routing, remote })).toBe('act');
  });

  test('lets two that disagree act on neither, and tells the person of both', async () => {
    server.answer = () => sure('burst', 0.99);
    const { answer } = await ask(answerOf({ confidence: 0.62 }));
    expect(answer).toMatchObject({ kind: 'burst', tier: 2, set: ['leak', 'burst'] });
    expect(answer.explanation.sentence).toContain(
      'The larger model large finds burst (99 %) where the pack’s own finds leak (62 %).',
    );
    expect(await verdictOf(answer)).toBe('ask');
  });

  test.each(misbehaviours)('falls back where the larger model goes wrong: %s', async (wrong) => {
    server.answer = () => sure('leak', 0.99);
    for (const own of [answerOf({ confidence: 0.62 }), answerOf({ confidence: 0.9 })]) {
      server.next.push(wrong);
      const { answer, routing, remote } = await ask(own);
      expect(answer).toBe(own);
      expect(routing?.asked).toBe(true);
      expect(remote).toMatchObject({ outcome: 'failed', model: 'large', version: '3', costUsd: 0.5 });
      expect(remote!.failure).not.toBe('');
      expect(remote!.probabilities).toBeUndefined();
      // Whatever the pack's own answer alone would get.
      expect(await verdictOf(answer, { routing, remote })).toBe(await verdictOf(own));
    }
    expect(server.next).toEqual([]);
  });

  test('falls back where nobody is there', async () => {
    const own = answerOf({ confidence: 0.62 });
    const gone = largerModel(
      tier2.parse({ url: 'http://127.0.0.1:1', costUsd: 0, allowPrivate: true, models: larger.models }),
    );
    expect(await ask(own, { larger: gone })).toMatchObject({ answer: own, remote: { outcome: 'failed' } });
    const unsafe = largerModel(tier2.parse({ url: server.url, costUsd: 0, models: larger.models }));
    expect(await ask(own, { larger: unsafe })).toMatchObject({ remote: { failure: expect.stringContaining('https') } });
  });

  test('whatever it answers, an act needs the set and the distribution of the pack’s own model', async () => {
    const row = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), {
      minLength: kinds.length,
      maxLength: kinds.length,
    });
    // Even over its range; doubles are mostly next to nothing.
    const perMille = fc.integer({ min: 0, max: 1000 }).map((one) => one / 1000);
    const own = fc.record({
      confidence: perMille.filter((one) => one < 0.99),
      set: fc.oneof(fc.constant<Kind[]>(['leak']), fc.subarray([...kinds])),
      oodPValue: perMille,
    });
    const raised = fc.tuple(fc.constantFrom(...kinds), fc.double({ min: 0.8, max: 1, noNaN: true }));
    let acted = 0;
    await fc.assert(
      fc.asyncProperty(
        own,
        fc.oneof(
          row,
          raised.map(([kind, at]) => sure(kind, at)),
        ),
        async (change, values) => {
          const reply = { ...larger, ask: async () => ({ probabilities: values }) };
          const mine = answerOf(change);
          const { answer, remote } = await ask(mine, { larger: reply });
          if (remote?.outcome === 'failed') expect(answer).toBe(mine);
          expect(answer.set).toEqual(expect.arrayContaining(mine.set));
          if ((await verdictOf(answer)) !== 'act') return;
          acted += 1;
          expect(mine.set).toEqual([mine.kind]);
          expect(answer.kind).toBe(mine.kind);
          expect(mine.oodPValue).toBeGreaterThanOrEqual(0.01);
        },
      ),
      { numRuns: 300, seed: 3 },
    );
    expect(acted).toBeGreaterThan(3);
  });
});

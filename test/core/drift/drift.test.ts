import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { packDrift } from '../../../lib/contracts/api.ts';
import type { Decision } from '../../../lib/contracts/decision.ts';
import { type ModelCard, modelCard } from '../../../lib/contracts/model-card.ts';
import { sha256 } from '../../../lib/core/audit/canonical.ts';
import { driftOf } from '../../../lib/core/drift/drift.ts';
import { binShares, sharesOf, weightsOf } from '../../../lib/core/drift/shares.ts';
import { leastGroups } from '../../../lib/core/drift/stability.ts';
import { seededRandom } from '../../../lib/core/random.ts';
import { inferenceOf } from '../../support/decision-data.ts';
import { drawn } from '../../support/drawn.ts';

const dayMs = 86_400_000;
const tenths = [0, 0, 0, 0, 0, 0.1, 0.1, 0.2, 0.2, 0.4];
const card: ModelCard = modelCard.parse({
  v: 1,
  name: 'water-network',
  modelVersion: '1.0.0',
  modelSha256: 'a'.repeat(64),
  datasetSha256: 'b'.repeat(64),
  seed: 1,
  intendedUse: 'Tests.',
  data: 'None.',
  limits: ['None.'],
  features: ['flow', 'pressure'],
  kinds: ['normal', 'leak'],
  metrics: { testWindows: 900, macroF1: 0.8, byKind: {}, expectedCalibrationError: 0.01 },
  reference: {
    windows: 900,
    groups: 400,
    kinds: { normal: 0.5, leak: 0.5 },
    confidence: tenths,
    meanConfidence: 0.82,
    features: [
      { edges: [1, 2, 3], shares: [0.25, 0.25, 0.25, 0.25, 0] },
      { edges: [5], shares: [0.5, 0.4, 0.1] },
    ],
  },
});

const random = seededRandom(3);
const pick = (shares: readonly number[]): number => drawn(shares, random);
/** A decision on a day of its own that is what the card's test windows were, but for the change. */
function decisionOf(n: number, change: Partial<Decision['inference']> = {}, rest: Partial<Decision> = {}): Decision {
  const [flow, pressure] = card.reference!.features;
  const places = `${pick(flow!.shares)}${[0, 1, '-'][pick(pressure!.shares)]}`;
  return {
    v: 1,
    decisionId: sha256(`decision ${n}`),
    flagId: sha256(`flag ${n}`),
    correlationId: 'c',
    asset: `town-${n % 3}`,
    pack: 'water-network',
    atMs: n * dayMs,
    inference: inferenceOf({
      kind: pick([0.5, 0.5]) === 0 ? 'normal' : 'leak',
      confidence: (pick(tenths) + random()) / 10,
      oodPValue: random(),
      modelHash: card.modelSha256,
      places,
      ...change,
    }),
    guard: { verdict: 'observe', policies: [], policyHash: 'b'.repeat(64), reasons: [] },
    ...rest,
  };
}
const decisions = (count: number, change: (n: number) => Partial<Decision['inference']> = () => ({})) =>
  Array.from({ length: count }, (_, n) => decisionOf(n, change(n)));
const made = (list: readonly Decision[]) => packDrift.parse(driftOf(card, list));

describe('drift', () => {
  test('what is as the test windows were is said to be so, with what it rests on', () => {
    const drift = made(decisions(150));
    expect(drift).toMatchObject({
      verdict: 'as-measured',
      decisions: 150,
      assets: 3,
      assetDays: 150,
      fromMs: 0,
      toMs: 149 * dayMs,
      features: { compared: 2, shifted: 0 },
    });
    expect(drift.confidence!.meanNow).toBeCloseTo(0.82, 1);
  });

  test('features that are elsewhere differ, farthest first, and are no alarm while the model knows such windows', () => {
    const drift = made(decisions(150, (n) => ({ places: n % 10 === 0 ? '30' : '3-' })));
    expect(drift.verdict).toBe('differs');
    expect(drift.features.shifted).toBe(2);
    expect(drift.features.most.map(({ name }) => name)).toEqual(['pressure', 'flow']);
    expect(drift.features.most[0]).toMatchObject({ edges: [5], now: [0.1, 0, 0.9], stability: 'large' });
  });

  test('windows that are strange to the model are, whether by their p-value or by what is absurd in them', () => {
    const low = made(decisions(100, (n) => (n % 4 === 0 ? { oodPValue: 0.004 } : {})));
    expect(low.verdict).toBe('strange');
    expect(low.ood!.strange).toBeGreaterThan(0.2);
    const absurd = made(decisions(100, (n) => (n % 2 === 0 ? { oodPValue: 0.004, oodReasons: ['1e9 °C'] } : {})));
    expect(absurd.verdict).toBe('strange');
  });

  test('windows more usual than the test windows are no alarm', () => {
    const drift = made(decisions(100, (n) => ({ oodPValue: n % 50 === 0 ? 0.004 : 0.9 })));
    expect(drift.ood).toMatchObject({ stability: 'large', strange: 0.02, strangeExpected: 0.01 });
    expect(drift.verdict).toBe('as-measured');
  });

  test('a model that is less sure than it was is one, a surer one is none', () => {
    expect(made(decisions(100, () => ({ confidence: 0.55 }))).verdict).toBe('strange');
    expect(made(decisions(100, () => ({ confidence: 0.99 }))).verdict).toBe('as-measured');
  });

  test('another mix of kinds is shown and is no alarm: a site has its own', () => {
    const drift = made(decisions(100, () => ({ kind: 'leak' })));
    expect(drift.kinds).toMatchObject({ labels: ['normal', 'leak'], now: [0, 1], stability: 'large' });
    expect(drift.verdict).toBe('as-measured');
  });

  test('decisions of one asset on one day count as one, however many they are', () => {
    const many = Array.from({ length: 400 }, (_, n) =>
      decisionOf(n, { oodPValue: 0.001 }, { asset: 'town-1', atMs: 5 * dayMs + n }),
    );
    const drift = made([...many, ...decisions(leastGroups - 2)]);
    expect(drift).toMatchObject({ verdict: 'too-few', assetDays: leastGroups - 1 });
    expect(drift.ood!.stability).toBe('too-few');
    expect(drift.ood!.strange).toBeLessThan(0.2);
  });

  test('what another model, another pack, a person or an older version said is not compared', () => {
    const own = decisionOf(1);
    const others = [
      decisionOf(2, { modelHash: 'c'.repeat(64) }),
      decisionOf(3, {}, { pack: 'air-quality' }),
      decisionOf(4, { places: '000' }),
      decisionOf(5, { kind: 'silence' }),
      { ...own, inference: inferenceOf({ modelHash: card.modelSha256 }) },
    ];
    expect(made([own, ...others]).decisions).toBe(1);
    expect(made(others)).toMatchObject({ verdict: 'too-few', decisions: 0, features: { most: [] } });
    expect(made([]).ood).toBeUndefined();
  });

  test('where a larger model had the last word, only what was seen is compared', () => {
    const drift = made([...decisions(50), decisionOf(51, { tier: 2 })]);
    expect(drift.kinds).toBeUndefined();
    expect(drift.confidence).toBeUndefined();
    expect(drift.features.compared).toBe(2);
    expect(drift.ood).toBeDefined();
  });

  test('a card without a reference says nothing', () => {
    const { reference: _, ...older } = card;
    expect(driftOf(older, decisions(30))).toBeUndefined();
  });

  test('the order of decisions changes nothing, and shares sum to 1', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0, max: 1_000 }), (count, turn) => {
        const list = decisions(count);
        const turned = [...list.slice(turn % count), ...list.slice(0, turn % count)];
        const drift = made(list);
        expect(made(turned)).toEqual(drift);
        for (const { now } of [drift.kinds!, drift.confidence!, drift.ood!, ...drift.features.most])
          expect(now.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 2);
      }),
      { numRuns: 30 },
    );
  });
});

describe('shares', () => {
  test('each group has the same weight', () => {
    expect(weightsOf(['a', 'b', 'a', 'a'])).toEqual({ weights: [1 / 6, 1 / 2, 1 / 6, 1 / 6], groups: 2 });
    expect(() => weightsOf([])).toThrow(RangeError);
  });

  test('a place beyond the bins counts to the last, a missing one by itself', () => {
    expect(binShares(['0', '1', '9', '-', ''], 0, 2, [0.2, 0.2, 0.2, 0.2, 0.2])).toEqual([
      0.2,
      expect.closeTo(0.4),
      expect.closeTo(0.4),
    ]);
    expect(sharesOf(2, [0.5, 0.5], (window) => window)).toEqual([0.5, 0.5]);
  });
});

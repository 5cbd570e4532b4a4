/** Drift as the API tells it: of decisions that are drawn from each card's reference, one pack's moved, one's strange. */
import { readFile } from 'node:fs/promises';
import type { AnswerOf } from '../../../lib/contracts/api.ts';
import type { Decision } from '../../../lib/contracts/decision.ts';
import { type CardReference, modelCard } from '../../../lib/contracts/model-card.ts';
import { driftOf } from '../../../lib/core/drift/drift.ts';
import { seededRandom } from '../../../lib/core/random.ts';
import { inferenceOf } from '../../support/decision-data.ts';
import { drawn } from '../../support/drawn.ts';

const dayMs = 86_400_000;
const random = seededRandom(11);

interface Change {
  readonly days: number;
  /** Every so many features are in their highest bin. */
  readonly moved?: number;
  readonly oodPValue?: () => number;
}

function decisionOf(name: string, modelHash: string, reference: CardReference, n: number, change: Change): Decision {
  const places = reference.features.map(({ edges, shares }, at) => {
    if (change.moved !== undefined && at % change.moved === 0) return edges.length;
    const bin = drawn(shares, random);
    return bin > edges.length ? '-' : bin;
  });
  return {
    v: 1,
    decisionId: 'a'.repeat(64),
    flagId: 'b'.repeat(64),
    correlationId: 'c',
    asset: `plant-${n % 6}`,
    pack: name,
    atMs: Date.UTC(2026, 4, 1) + (n % change.days) * dayMs,
    inference: inferenceOf({
      kind: Object.keys(reference.kinds)[
        drawn(Object.values(reference.kinds), random)
      ] as Decision['inference']['kind'],
      confidence: (drawn(reference.confidence, random) + random()) / 10,
      oodPValue: change.oodPValue?.() ?? random(),
      modelHash,
      places: places.join(''),
    }),
    guard: { verdict: 'observe', policies: [], policyHash: 'b'.repeat(64), reasons: [] },
  };
}

const changes: Readonly<Record<string, Change>> = {
  'water-network': { days: 60, moved: 9 },
  'air-quality': { days: 60, oodPValue: () => random() ** 3 },
  'rotating-equipment': { days: 2 },
};

export async function drift(): Promise<AnswerOf<'drift'>> {
  const items = await Promise.all(
    Object.entries(changes).map(async ([name, change]) => {
      const card = modelCard.parse(
        JSON.parse(await readFile(new URL(`../../../models/${name}/card.json`, import.meta.url), 'utf8')),
      );
      const count = change.days * 5;
      const decisions = Array.from({ length: count }, (_, n) =>
        decisionOf(name, card.modelSha256, card.reference!, n, change),
      );
      return driftOf(card, decisions) ?? [];
    }),
  );
  return { decisionLimit: 200, days: 30, items: items.flat() };
}

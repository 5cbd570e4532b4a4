import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { driftHere, driftLine } from '../../../bin/commands/support/drift.ts';
import type { Decision } from '../../../lib/contracts/decision.ts';
import { modelCard } from '../../../lib/contracts/model-card.ts';
import { driftSpan } from '../../../lib/core/drift/drift.ts';
import { inferenceOf } from '../../support/decision-data.ts';

const dayMs = 86_400_000;
const nowMs = Date.UTC(2026, 5, 1);
const card = modelCard.parse(
  JSON.parse(readFileSync(new URL('../../../models/air-quality/card.json', import.meta.url), 'utf8')),
);
const decisionOf = (n: number, change: Partial<Decision['inference']> = {}): Decision => ({
  v: 1,
  decisionId: 'a'.repeat(64),
  flagId: 'b'.repeat(64),
  correlationId: 'c',
  asset: 'city-1',
  pack: 'air-quality',
  atMs: nowMs - n * dayMs,
  inference: inferenceOf({
    kind: 'normal',
    oodPValue: 0.004,
    modelHash: card.modelSha256,
    places: '0'.repeat(card.features.length),
    ...change,
  }),
  guard: { verdict: 'observe', policies: [], policyHash: 'b'.repeat(64), reasons: [] },
});
const oldestFirst = (count: number) => Array.from({ length: count }, (_, n) => decisionOf(count - 1 - n));

describe('drift on the terminal', () => {
  test('is of the days that are looked at, and says what it rests on', () => {
    const [drift, ...others] = driftHere(oldestFirst(2 * driftSpan.days), nowMs);
    expect(others).toEqual([]);
    expect(drift!.decisions).toBe(driftSpan.days + 1);
    expect(driftLine(drift!)).toMatch(
      /^air-quality: DRIFT: do not rely on its card's figures, 100.0 % of windows unknown to the model, \d+ of 146 features moved \(31 asset-days\)$/,
    );
  });

  test('is not told of few decisions, and not of those of another model', () => {
    const [few] = driftHere(oldestFirst(3), nowMs);
    expect(driftLine(few!)).toBe('air-quality: not enough to tell of drift, 3 of 20 asset-days');
    expect(driftHere([decisionOf(0, { modelHash: 'f'.repeat(64) })], nowMs)).toEqual([]);
    expect(driftHere([], nowMs)).toEqual([]);
  });
});

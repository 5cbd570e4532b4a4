import { expect, test } from '@jest/globals';
import { counterfactual } from '../../../lib/core/guard/counterfactual.ts';
import type { EvidenceContext } from '../../../lib/core/guard/evidence.ts';
import { inferenceOf } from '../../support/decision-data.ts';

const context: EvidenceContext = {
  kind: 'leak',
  reason: 'onset',
  confidence: 700,
  oodPValuePerMille: 1000,
  evidenceAgeMs: 0,
  remedyAction: 'raise-ticket',
  remedyTarget: 'x',
  highImpact: false,
  quotaLeft: 3,
  stopped: false,
  heldByCase: false,
  singleClass: true,
};
/** Observes below a half, acts from 0.8 on, asks between. */
const verdictOf = ({ confidence }: EvidenceContext) =>
  confidence < 500 ? 'observe' : confidence < 800 ? 'ask' : 'act';

test.each([
  [700, 'At a confidence of at least 0.80 it would act by itself.'],
  [560, 'At a confidence below 0.50 it would only be written down.'],
  [499, 'At a confidence of at least 0.50 a person would be asked.'],
  [900, 'At a confidence below 0.80 a person would be asked.'],
])('of two limits the nearer one is named, at %i per mille', (confidence, said) => {
  const now = { ...context, confidence };
  for (const limits of [
    [500, 800],
    [800, 500],
  ]) {
    const inference = inferenceOf({ confidence: confidence / 1000 });
    expect(counterfactual({ context: now, verdict: verdictOf(now), inference, limits, verdictOf })).toBe(said);
  }
});

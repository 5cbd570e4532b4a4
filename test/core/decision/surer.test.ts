import { describe, expect, test } from '@jest/globals';
import type { Decision, Inference } from '../../../lib/contracts/decision.ts';
import type { FlaggedSignal } from '../../../lib/contracts/flag.ts';
import { hashOf, sha256 } from '../../../lib/core/audit/canonical.ts';
import { surerDecision } from '../../../lib/core/decision/surer.ts';
import { manifest } from '../../../models/water-network/manifest.ts';
import { flagAtMs, flagOf, inferenceOf, proposalOf } from '../../support/decision-data.ts';

const decisionOf = (inference: Partial<Inference> = {}, change: Partial<Decision> = {}): Decision => ({
  v: 1,
  decisionId: sha256('decision'),
  flagId: flagOf().flagId,
  correlationId: 'c',
  asset: 'town-1',
  pack: 'water-network',
  atMs: flagAtMs,
  inference: inferenceOf(inference),
  guard: {
    verdict: 'ask',
    policies: [],
    policyHash: '1'.repeat(64),
    reasons: [],
    counterfactual: 'Above 0.9 it acts.',
  },
  proposal: proposalOf(),
  ...change,
});
const surer = (reason: FlaggedSignal['reason'], inference: Partial<Inference> = {}, change: Partial<Decision> = {}) =>
  surerDecision({ reason }, decisionOf(inference, change), manifest) !== undefined;
const observed = { guard: { ...decisionOf().guard, verdict: 'observe' as const } };
const { proposal: _, ...nothing } = decisionOf();

describe('a decision that an open question may follow', () => {
  test('holds what the case then says and asks', () => {
    const contributions = [
      { feature: 'nightFlow', value: 2, contribution: 0.1 },
      { feature: 'balance', value: 3, contribution: 0.4 },
      { feature: 'pumps', value: 0, contribution: -0.2 },
    ];
    const explanation = { sentence: 'A burst in zone A.', contributions };
    expect(
      surerDecision(
        { reason: 'persistence' },
        decisionOf({ kind: 'burst', set: ['burst'], zone: 'A', explanation }),
        manifest,
      ),
    ).toEqual({
      decisionId: sha256('decision'),
      flagId: flagOf().flagId,
      atMs: flagAtMs,
      kind: 'burst',
      zone: 'A',
      sentence: 'A burst in zone A.',
      grounds: ['balance', 'nightFlow'],
      counterfactual: 'Above 0.9 it acts.',
      proposal: proposalOf(),
      proposalHash: hashOf(proposalOf()),
    });
  });

  test.each<[string, boolean, boolean]>([
    ['the alarm goes on', true, surer('persistence')],
    ['the alarm grows', true, surer('growth')],
    ['two kinds of one family', true, surer('persistence', { set: ['burst', 'leak'] })],
    ['a new alarm', false, surer('onset')],
    ['a silence', false, surer('silence')],
    ['a person’s word', false, surer('manual')],
    ['it may be nothing', false, surer('persistence', { set: ['leak', 'normal'] })],
    ['it may be of another family', false, surer('persistence', { set: ['leak', 'pump-failure'] })],
    ['the kind itself is excluded', false, surer('persistence', { set: ['burst'] })],
    ['no kind is left', false, surer('persistence', { set: [] })],
    ['a window that the model cannot know', false, surer('persistence', { oodPValue: 0.009 })],
    ['readings absurd', false, surer('persistence', { oodReasons: ['absurd'] })],
    ['only observed', false, surer('persistence', {}, observed)],
    ['nothing proposed', false, surerDecision({ reason: 'growth' }, nothing, manifest) !== undefined],
  ])('%s: %s', (_name, expected, got) => expect(got).toBe(expected));
});

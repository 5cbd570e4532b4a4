/** Flags, inferences and proposals for tests of deciding. */

import type { Proposal } from '../../lib/contracts/remediation.ts';
import type { Inference } from '../../lib/core/decision/infer.ts';
import { type FlagDraft, makeFlag } from '../../lib/core/ingest/flags.ts';

export const flagAtMs = Date.UTC(2026, 5, 1);

export const flagOf = (change: Partial<FlagDraft> = {}) =>
  makeFlag({
    asset: 'town-1',
    reason: 'onset',
    bootId: 'boot-1',
    seq: 7,
    atMs: flagAtMs,
    sentAtMs: flagAtMs + 500,
    receivedAtMs: flagAtMs + 600,
    score: 6,
    pValue: 1e-6,
    topChannels: [
      { name: 'p1', share: 0.6 },
      { name: 'q1', share: 0.3 },
    ],
    ...change,
  });

export const inferenceOf = (change: Partial<Inference> = {}): Inference => ({
  kind: 'leak',
  confidence: 0.93,
  probabilities: { leak: 0.93, normal: 0.07 },
  set: ['leak'],
  oodPValue: 0.4,
  tier: 1,
  explanation: { sentence: 'A leak in zone A.', contributions: [] },
  costUsd: 0.000001,
  latencyMs: 12,
  ...change,
});

export const proposalOf = (change: Partial<Proposal> = {}): Proposal => ({
  v: 1,
  asset: 'town-1',
  action: 'close-valve',
  target: 'V1',
  parameters: {},
  inverse: 'open-valve',
  remediator: 'webhook',
  highImpact: false,
  expectedChannels: ['p1'],
  why: 'A leak in zone A.',
  ...change,
});

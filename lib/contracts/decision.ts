/** What the models made of a flag and what the guard allows. Enough to run the decision again years later. */
import { z } from 'zod';
import {
  assetId,
  bootId,
  correlationId,
  epochMs,
  kind,
  probability,
  seq,
  sha256Hex,
  siteId,
  verdict,
} from './common.ts';
import { lazily } from './lazily.ts';
import { proposal } from './remediation.ts';

export const decisionVersion = 1;

export const windowRef = lazily(() =>
  z.strictObject({
    /** The reading that ends the window (inclusive). */
    bootId,
    seq,
    fromMs: epochMs,
    toMs: epochMs,
    rows: z.number().int().min(0),
    /** SHA-256 over the window's canonical JSON. */
    hash: sha256Hex,
  }),
);

/** What Infer says of a flagged window. */
export const inference = lazily(() =>
  z.strictObject({
    kind,
    /** Calibrated probability of `kind`. */
    confidence: probability,
    probabilities: z.record(z.string().max(32), probability),
    /** Conformal set of kinds that cannot be excluded. */
    set: z.array(kind).max(16),
    oodPValue: probability,
    tier: z.number().int().min(0).max(2),
    zone: z.string().max(64).optional(),
    explanation: z.strictObject({
      sentence: z.string().max(1000),
      contributions: z
        .array(z.strictObject({ feature: z.string().max(64), value: z.number(), contribution: z.number() }))
        .max(12),
    }),
    window: windowRef.optional(),
    modelHash: sha256Hex.optional(),
    calibrationHash: sha256Hex.optional(),
    costUsd: z.number().min(0),
    latencyMs: z.number().min(0),
  }),
);
export type Inference = z.infer<typeof inference>;

export const guardVerdict = lazily(() =>
  z.strictObject({
    verdict,
    /** Policies that determined it, by @id. */
    policies: z.array(z.string().max(128)).max(32),
    policyHash: sha256Hex,
    reasons: z.array(z.string().max(500)).max(16),
    /** Effects that hold and are expected to show what was seen: masked by name, so observed. */
    expected: z
      .array(
        z.strictObject({
          caseId: sha256Hex,
          effectKey: sha256Hex.optional(),
          action: z.string().max(48),
          target: z.string().max(64),
          /** Channels of the flag that it explains. */
          channels: z.array(z.string().max(64)).max(8),
        }),
      )
      .max(8)
      .optional(),
    /** Where the asset stands, as it was registered: what correlates assets with one cause. */
    place: z.strictObject({ site: siteId, zone: z.string().max(64).optional() }).optional(),
  }),
);
export type GuardVerdict = z.infer<typeof guardVerdict>;

export const decision = lazily(() =>
  z.strictObject({
    v: z.literal(decisionVersion),
    /** Hex SHA-256 of the flag id and the contract version: one flag, one decision. */
    decisionId: sha256Hex,
    flagId: sha256Hex,
    correlationId,
    asset: assetId,
    pack: z.string().max(64),
    atMs: epochMs,
    inference,
    guard: guardVerdict,
    proposal: proposal.optional(),
    codeHash: sha256Hex.optional(),
    configurationHash: sha256Hex.optional(),
  }),
);
export type Decision = z.infer<typeof decision>;

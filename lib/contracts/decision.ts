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
import { flagReason } from './flag.ts';
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

/** Whether it was worth asking a larger model; only where there is one. */
export const routing = lazily(() =>
  z.strictObject({
    /** Expected loss of deciding by the pack's own model: the smallest of acting, asking a person and observing. */
    expectedLossUsd: z.number().min(0),
    cheapest: verdict,
    askingUsd: z.number().min(0),
    asked: z.boolean(),
  }),
);
export type Routing = z.infer<typeof routing>;

/**
 * What a larger model answered. It runs elsewhere and may change without notice, so it cannot be run again by a hash, as
 * the pack's own model can: its answer is kept instead.
 */
export const remoteAnswer = lazily(() =>
  z.strictObject({
    replayable: z.literal(false),
    /** Host that was asked. */
    endpoint: z.string().max(260),
    model: z.string().max(128),
    /** As the server names it; absent where it does not. */
    version: z.string().max(128).optional(),
    /** `failed`: the pack's own model decided alone. */
    outcome: z.enum(['answered', 'failed']),
    failure: z.string().max(300).optional(),
    probabilities: z.record(z.string().max(32), probability).optional(),
    /** SHA-256 over the features that were sent, as little-endian float32. */
    inputHash: sha256Hex,
    latencyMs: z.number().min(0),
    costUsd: z.number().min(0),
  }),
);
export type RemoteAnswer = z.infer<typeof remoteAnswer>;

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
    /** Why the window is none that the model could know, whatever the p-value says: readings absurd or missing. */
    oodReasons: z.array(z.string().max(200)).max(8).optional(),
    /** Who has the last word: 0 screening or a person, 1 the pack's own model, 2 a larger one. */
    tier: z.number().int().min(0).max(2),
    zone: z.string().max(64).optional(),
    explanation: z.strictObject({
      sentence: z.string().max(1000),
      contributions: z
        .array(z.strictObject({ feature: z.string().max(64), value: z.number(), contribution: z.number() }))
        .max(12),
      /** The confidence that the pack's model has left without what these names stand for, lowest first. */
      without: z
        .array(z.strictObject({ names: z.array(z.string().max(120)).min(1).max(2), confidence: probability }))
        .max(12)
        .optional(),
    }),
    routing: routing.optional(),
    remote: remoteAnswer.optional(),
    window: windowRef.optional(),
    modelHash: sha256Hex.optional(),
    /**
     * What the pack's own model saw, coarsely: for each of its features the bin of the card's reference in which it lay,
     * `-` where it was missing. Enough to tell drift by, at a tenth of what the features would take.
     */
    places: z
      .string()
      .regex(/^[0-9-]{1,512}$/)
      .optional(),
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
    /** The smallest change that would have led to another verdict, for people. */
    counterfactual: z.string().max(500).optional(),
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
    /** Standing orders, planned work or a shelved kind, because of which it was only observed. */
    withheld: z
      .array(
        z.strictObject({
          order: sha256Hex,
          what: z.enum(['planned-work', 'shelving']),
          scope: z.string().max(140),
          kind: kind.optional(),
          fromMs: epochMs,
          toMs: epochMs,
        }),
      )
      .max(8)
      .optional(),
    /** Where the asset stands, as it was registered: what correlates assets with one cause. */
    place: z
      .strictObject({ site: siteId, zone: z.string().max(64).optional(), fedBy: z.string().max(64).optional() })
      .optional(),
    /** What was so at that moment and is kept nowhere else; absent where it could not be found out. */
    moment: z
      .strictObject({
        atMs: epochMs,
        /** Scopes at which the stop switch was on. */
        stopped: z.array(z.string().max(140)).max(8),
        /** Effects that the place could still have in that hour. */
        quotaLeft: z.number().int(),
        /** An action of a case held on the asset. */
        held: z.boolean(),
      })
      .optional(),
  }),
);
export type GuardVerdict = z.infer<typeof guardVerdict>;

/**
 * What of its flag a decision rests on, beside the reading that its window ends with. The flag itself is deleted after
 * some months; who said something by hand, and in which words, stands in the sentence.
 */
export const raisedBy = lazily(() =>
  z.strictObject({
    reason: flagReason,
    atMs: epochMs,
    sentAtMs: epochMs,
    receivedAtMs: epochMs,
    score: z.number().min(0),
    pValue: probability,
    topChannels: z.array(z.strictObject({ name: z.string().max(64), share: probability })).max(8),
    onset: z.strictObject({ bootId, seq }).optional(),
  }),
);
export type RaisedBy = z.infer<typeof raisedBy>;

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
    /** Absent, as is the registration, in decisions of before these were kept. */
    raisedBy: raisedBy.optional(),
    /** The asset as it was registered then: `registration/<hash>.json`. */
    registrationHash: sha256Hex.optional(),
    codeHash: sha256Hex.optional(),
    configurationHash: sha256Hex.optional(),
  }),
);
export type Decision = z.infer<typeof decision>;

/** Decisions, packs, figures, settings, the audit, and what changes. */
import { z } from 'zod';
import { assetId, epochMs, humanText, kind, probability, sha256Hex, verdict } from '../common.ts';
import { decision } from '../decision.ts';
import { lazily } from '../lazily.ts';
import { modelCard } from '../model-card.ts';
import { packManifest } from '../pack.ts';
import { cursor, pageOf, pageQuery, person } from './common.ts';

export const decisionsQuery = lazily(() =>
  z.strictObject({
    asset: assetId.optional(),
    /** UTC. Without an asset and a day: today. */
    day: z.iso.date().optional(),
    ...pageQuery.shape,
  }),
);
export type DecisionsQuery = z.infer<typeof decisionsQuery>;
export const decisionSummary = lazily(() =>
  z.strictObject({
    /** Names it in GET /decisions/{ref}. */
    ref: z.string().max(160),
    decisionId: sha256Hex,
    asset: assetId,
    pack: z.string().max(64),
    atMs: epochMs,
    kind,
    confidence: probability,
    set: z.array(kind).max(16),
    oodPValue: probability,
    verdict,
    policies: z.array(z.string().max(128)).max(32),
    sentence: z.string().max(1000),
    proposal: z.strictObject({ action: z.string().max(48), target: z.string().max(64) }).optional(),
    latencyMs: z.number().min(0),
    costUsd: z.number().min(0),
  }),
);
export type DecisionSummary = z.infer<typeof decisionSummary>;
/** Newest first. */
export const decisionPage = lazily(() => pageOf(decisionSummary));
export const decisionDetail = lazily(() => z.strictObject({ decision }));

export const packView = lazily(() =>
  z.strictObject({
    name: z.string().max(64),
    version: z.string().max(32),
    title: z.string().max(80),
    manifest: packManifest,
    card: modelCard.optional(),
    modelHash: sha256Hex.optional(),
    policies: z
      .array(
        z.strictObject({
          id: z.string().max(128),
          file: z.string().max(128),
          text: z.string().max(20_000),
          /** Of the file that it stands in. */
          hash: sha256Hex,
          /** Decisions of the sample that it determined. */
          determined: z.number().int().min(0).optional(),
        }),
      )
      .max(200),
    /** From the newest decisions of a week, at most 200 of all packs; up to a minute old. */
    live: z.strictObject({
      decisions: z.number().int().min(0),
      act: z.number().int().min(0),
      ask: z.number().int().min(0),
      observe: z.number().int().min(0),
      meanConfidence: probability.optional(),
      outOfDistribution: z.number().int().min(0),
      fromMs: epochMs.optional(),
    }),
  }),
);
export type PackView = z.infer<typeof packView>;
export const packList = lazily(() => z.strictObject({ items: z.array(packView).max(64) }));

export const figuresQuery = lazily(() =>
  z.strictObject({
    /** The last seven days where it is left out. */
    fromMs: z.coerce.number().int().min(0).optional(),
    toMs: z.coerce.number().int().min(0).optional(),
  }),
);
export type FiguresQuery = z.infer<typeof figuresQuery>;

/** Work that is tried again, or was given up. What is not known is absent, never 0, and `unknown` says why. */
export const workQueue = lazily(() =>
  z.strictObject({
    /** `dead-letters`, `flags`, `answers`, `effects`, `messages`; others may come. */
    name: z.string().max(40),
    waiting: z.number().int().min(0).optional(),
    /** Absent where nothing waits, or where it is not known. */
    oldestAgeMs: z.number().min(0).optional(),
    /** False: more wait than were looked at, so both numbers are at least these. */
    complete: z.boolean(),
    /** The service refused, has no such queue, did not answer, or has not measured it yet. */
    unknown: z.enum(['refused', 'missing', 'unreachable', 'not-measured']).optional(),
  }),
);
export type WorkQueue = z.infer<typeof workQueue>;

const share = lazily(() => z.number().min(0).max(1));
export const figures = lazily(() =>
  z.strictObject({
    fromMs: epochMs,
    toMs: epochMs,
    /** What the numbers are made of: cases closed in the span, decisions in it, and how many of them were read. */
    sample: z.strictObject({
      cases: z.number().int().min(0),
      decisions: z.number().int().min(0),
      /** More was there than is read for one answer: the newest of it counts. */
      complete: z.boolean(),
    }),
    cases: z.number().int().min(0),
    /** Of the closed cases: those that ended without any person's answer, after an act. */
    automatedShare: share.optional(),
    overrides: z.number().int().min(0),
    rejected: z.number().int().min(0),
    expired: z.number().int().min(0),
    /** In the order in which a case passes them. */
    steps: z
      .array(
        z.strictObject({
          name: z.string().max(40),
          title: z.string().max(120),
          p50Ms: z.number().min(0),
          p95Ms: z.number().min(0),
          p99Ms: z.number().min(0),
          n: z.number().int().min(1),
        }),
      )
      .max(16),
    perKind: z
      .array(
        z.strictObject({
          kind,
          cases: z.number().int().min(1),
          automated: z.number().int().min(0),
          overrides: z.number().int().min(0),
          rejected: z.number().int().min(0),
          medianMs: z.number().min(0).optional(),
          manualMinutes: z.number().min(0).optional(),
          timeSavedMinutes: z.number().optional(),
        }),
      )
      .max(64),
    /** By hand as people entered it, less what the case took; only over kinds with an entry. */
    timeSavedMinutes: z.number().optional(),
    costUsd: z
      .strictObject({
        perDecision: z.number().min(0).optional(),
        month: z.number().min(0).optional(),
      })
      .optional(),
    /** Of the cases that people labelled, or approved as they were: those labelled normal. Wilson's interval of 95 %. */
    falseAlarms: z.strictObject({
      n: z.number().int().min(0),
      of: z.number().int().min(0),
      low: share,
      high: share,
    }),
    /** Questions that wait now, whatever the span; how long answers took stands in the step `answer`. */
    queue: z
      .strictObject({
        waiting: z.number().int().min(0),
        /** Since when the one that has waited longest was asked; absent where none waits. */
        oldestAgeMs: z.number().min(0).optional(),
        /** False: more wait than were looked at, so both numbers are at least these. */
        complete: z.boolean(),
      })
      .optional(),
    /** What waits now, whatever the span. */
    workQueues: z.array(workQueue).max(16).optional(),
    /** Answers that were taken back before anything followed from them. */
    takenBack: z.number().int().min(0).optional(),
    /** Approvals given sooner than the proposal can be read; of those that were taken back, too. */
    hastyApprovals: z.strictObject({
      n: z.number().int().min(0),
      of: z.number().int().min(0),
      belowMs: z.number().int().min(1),
    }),
  }),
);
export type Figures = z.infer<typeof figures>;

export const settings = lazily(() =>
  z.strictObject({
    /** Minutes that a case of this kind takes by hand. */
    manualMinutes: z.record(kind, z.number().min(0).max(100_000)),
    /** IANA name; pages show times in it. */
    timeZone: z
      .string()
      .max(64)
      .regex(/^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+){0,2}$/),
    /** What people call the site; its deployment's prefix where it is absent. */
    siteName: humanText.max(64).optional(),
  }),
);
export type Settings = z.infer<typeof settings>;

export const chainsQuery = lazily(() =>
  z.strictObject({
    /** `case`, `asset` or `system`, with or without the start of an id. */
    prefix: z
      .string()
      .regex(/^(asset|case|system)?(#[a-z0-9-]{0,64})?$/)
      .default(''),
    ...pageQuery.shape,
  }),
);
export type ChainsQuery = z.infer<typeof chainsQuery>;
export const chainPage = lazily(() =>
  pageOf(z.strictObject({ chain: z.string().max(80), entries: z.number().int().min(0).optional() })),
);
export const chainQuery = lazily(() =>
  z.strictObject({
    fromSeq: z.coerce.number().int().min(0).default(0),
    limit: pageQuery.shape.limit,
  }),
);
export type ChainQuery = z.infer<typeof chainQuery>;
/** Entries as they are stored: their text, byte for byte, so that a browser can hash it. */
export const chainEntries = lazily(() =>
  z.strictObject({
    chain: z.string().max(80),
    entries: z.array(z.string()).max(200),
    /** Where the chain goes on. */
    nextSeq: z.number().int().min(0).optional(),
  }),
);
export type ChainEntries = z.infer<typeof chainEntries>;
/** Newest first. */
export const checkpointPage = lazily(() =>
  pageOf(z.strictObject({ name: z.string().max(120), bytes: z.number().int().min(0), storedAtMs: epochMs.optional() })),
);
/** A checkpoint as it is stored, byte for byte. */
export const checkpointText = lazily(() => z.strictObject({ name: z.string().max(120), text: z.string() }));
export type CheckpointText = z.infer<typeof checkpointText>;
export const publicKey = lazily(() =>
  z.strictObject({
    keyId: z.string().max(512),
    algorithm: z.literal('ECDSA_SHA_256'),
    /** DER (SubjectPublicKeyInfo), base64. */
    spki: z.string().max(4096),
  }),
);
export type PublicKey = z.infer<typeof publicKey>;

export const changesQuery = lazily(() => z.strictObject({ after: cursor.optional() }));
export const change = lazily(() =>
  z.strictObject({
    /** The audit entry's: the same change comes again with the same id. */
    id: z.string().max(80),
    atMs: epochMs,
    /** As the audit entry's. */
    type: z.string().max(40),
    asset: assetId.optional(),
    caseId: sha256Hex.optional(),
    sentence: z.string().max(1000).optional(),
    by: person.optional(),
  }),
);
export type Change = z.infer<typeof change>;
/** Everything since the cursor at least once, in rough order of time. Without a cursor: where to begin, and nothing. */
export const changes = lazily(() =>
  z.strictObject({
    cursor,
    changes: z.array(change).max(2000),
    /** More happened than can be listed, or the cursor is too old: load again whatever is shown. */
    reset: z.boolean(),
  }),
);
export type Changes = z.infer<typeof changes>;

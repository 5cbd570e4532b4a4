/** A flagged signal: screening says "this is new". It is the unit that must never be lost. */
import { z } from 'zod';
import { assetId, bootId, correlationId, epochMs, kind, probability, seq, sha256Hex } from './common.ts';
import { lazily } from './lazily.ts';

export const flagVersion = 1;

/** `persistence`: the alarm still stands some rows after its onset, and more rows mean a surer decision. */
export const flagReason = lazily(() => z.enum(['onset', 'growth', 'persistence', 'silence', 'manual']));

export const flaggedSignal = lazily(() =>
  z.strictObject({
    v: z.literal(flagVersion),
    /**
     * Hex SHA-256 of asset, bootId, seq, reason and contract version (for `manual` also of the stated kind and the note):
     * the same anomaly is the same flag however often it is found.
     */
    flagId: sha256Hex,
    correlationId,
    asset: assetId,
    reason: flagReason,
    /** The reading at which the evidence crossed the threshold; for silence the last one that was seen. */
    bootId,
    seq,
    /** Event time of that reading, device clock. */
    atMs: epochMs,
    /** The device's own clock when it sent the message: `sentAtMs - atMs` is the age at sending, free of clock skew. */
    sentAtMs: epochMs,
    receivedAtMs: epochMs,
    /** −log10 of the conformal p-value. */
    score: z.number().min(0),
    pValue: probability,
    /** Channels that carry most of the evidence, largest first. */
    topChannels: z.array(z.strictObject({ name: z.string().max(64), share: probability })).max(8),
    calibrationHash: sha256Hex.optional(),
    modelHash: sha256Hex.optional(),
    /** For `growth`: the reading where the standing alarm set in. */
    onset: z.strictObject({ bootId, seq }).optional(),
    /** The raw batch that holds the reading (`YYYYMMDDHH/ID`): readable before the asset's state names it. */
    batch: z.string().max(64).optional(),
    /** Only for `manual`: what the person says it is, and why. */
    statedKind: kind.optional(),
    statedBy: z.string().max(128).optional(),
    note: z.string().max(2000).optional(),
  }),
);
export type FlaggedSignal = z.infer<typeof flaggedSignal>;

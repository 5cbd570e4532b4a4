/** What the ledger holds: effects, quotas and breakers. It is primary data: nothing can rebuild it. */
import { z } from 'zod';
import { assetId, epochMs, sha256Hex } from './common.ts';
import { lazily } from './lazily.ts';
import { actionName, effectStatus, remediationOutcome, targetName } from './remediation.ts';

export const ledgerVersion = 1;

/** One try at an effect. Only its holder may finish it, and only while the lease lasts. */
export const attempt = lazily(() =>
  z.strictObject({
    attemptId: z.string().min(1).max(64),
    /** Rises with each attempt of this effect. */
    fence: z.number().int().min(1),
    leaseUntilMs: epochMs,
  }),
);
export type Attempt = z.infer<typeof attempt>;

export const effect = lazily(() =>
  z.strictObject({
    v: z.literal(ledgerVersion),
    effectKey: sha256Hex,
    caseId: sha256Hex,
    asset: assetId,
    action: actionName,
    target: targetName,
    remediator: z.string().max(48),
    /** Whether it undoes an earlier effect of the case. */
    inverse: z.boolean(),
    ordinal: z.number().int().min(0).max(64),
    /** How many times a person had said yes when it was created; a later yes may raise the ordinal. */
    generation: z.number().int().min(0),
    /** The bytes for the endpoint (UTF-8), stored once and resent unchanged, and their SHA-256. */
    request: z.string().max(64 * 1024),
    requestHash: sha256Hex,
    status: effectStatus,
    /** Number of the newest attempt; 0 before the first. */
    fence: z.number().int().min(0),
    /** While IN_PROGRESS the call's holder; while UNKNOWN the holder of a reconciliation, if one runs. */
    attempt: attempt.optional(),
    outcome: remediationOutcome.optional(),
    /** Times the endpoint asked to come back later, and times an UNKNOWN was reconciled without an answer. */
    deferrals: z.number().int().min(0),
    reconciliations: z.number().int().min(0),
    /** Not to be tried before this. */
    notBeforeMs: epochMs,
    /** Not to be swept before this: the sweeper can do nothing about it. */
    sweepAfterMs: epochMs.optional(),
    /** A person has said yes to a later ordinal: this one may be asked about, but never be sent again. */
    superseded: z.boolean(),
    /** Outcome in the audit, on the asset and on the bus: nothing is left to do. */
    completed: z.boolean(),
    createdAtMs: epochMs,
    updatedAtMs: epochMs,
    version: z.number().int().min(0),
  }),
);
export type Effect = z.infer<typeof effect>;

export const breakerState = lazily(() =>
  z.strictObject({
    v: z.literal(ledgerVersion),
    endpoint: z.string().max(200),
    /** Failures in a row. */
    failures: z.number().int().min(0),
    /** Open until then; 0 while closed. */
    openUntilMs: epochMs,
    /** Who may try while half open, and until when nobody else. */
    probe: z.strictObject({ holder: z.string().max(128), untilMs: epochMs }).optional(),
    /** How many times in a row it opened; lengthens the pause. */
    openings: z.number().int().min(0),
    version: z.number().int().min(0),
  }),
);
export type BreakerState = z.infer<typeof breakerState>;

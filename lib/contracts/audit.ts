/** One entry of a hash chain. */
import { z } from 'zod';
import { anyJson, correlationId, epochMs, sha256Hex } from './common.ts';
import { lazily } from './lazily.ts';

export const auditVersion = 1;

export const auditType = lazily(() =>
  z.enum([
    'decision-recorded',
    'case-opened',
    'case-acknowledged',
    'flag-attached',
    'flags-attached',
    'review-requested',
    'approval-given',
    'review-answered',
    'answer-taken-back',
    'review-timed-out',
    'review-superseded',
    'label-set',
    'effect-announced',
    'effect-outcome',
    'effect-refused',
    'effect-reconciled',
    'effect-deferred',
    'effect-superseded',
    'effect-verified',
    'case-closed',
    'calibration-changed',
    'asset-registered',
    'stop-changed',
    'configuration-changed',
    'settings-changed',
    'subject-erased',
    'hold-placed',
    'hold-released',
    'order-given',
    'order-ended',
    'handover-written',
    'handover-taken',
    'sample-answered',
    'ticket-closed',
    'normal-declared',
  ]),
);
export type AuditType = z.infer<typeof auditType>;

/** `asset#ID`, `case#ID` or `system#NAME`. */
export const chainName = lazily(() => z.string().regex(/^(asset|case|system)#[a-z0-9-]{1,64}$/));

export const auditEntry = lazily(() =>
  z.strictObject({
    chain: chainName,
    /** Position in the chain, from 0. */
    seq: z.number().int().min(0),
    /** Deterministic: the same thing recorded twice has the same id, so that repeats can be told. */
    entryId: sha256Hex,
    /** Hash of the entry before, 64 zeros at the start of a chain. */
    prevHash: sha256Hex,
    /** SHA-256 of the RFC 8785 canonical JSON of this entry without `hash`. */
    hash: sha256Hex,
    type: auditType,
    at: epochMs,
    correlationId,
    contractVersion: z.number().int().min(1),
    body: z.record(z.string(), anyJson),
  }),
);
export type AuditEntry = z.infer<typeof auditEntry>;

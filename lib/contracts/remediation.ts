/** What is to be done, asked of an endpoint, and what came of it. */
import { z } from 'zod';
import { assetId, bootId, correlationId, epochMs, seq, sha256Hex } from './common.ts';
import { lazily } from './lazily.ts';
import { parameterValues } from './parameters.ts';

export const remediationVersion = 1;

export const actionName = lazily(() => z.string().regex(/^[a-z][a-z0-9-]{0,47}$/));
export const targetName = lazily(() =>
  z
    .string()
    .min(1)
    .max(64)
    .regex(/^[A-Za-z0-9][A-Za-z0-9 _.:/#-]*$/),
);

/** How a pack's success test is run; times are event time of the asset, not the wall clock. */
export const verification = lazily(() =>
  z.strictObject({
    settleMs: z
      .number()
      .int()
      .min(0)
      .max(7 * 86_400_000),
    deadlineMs: z
      .number()
      .int()
      .min(1)
      .max(14 * 86_400_000),
    minRows: z.number().int().min(1).max(10_000),
  }),
);

/** A proposal names everything that a person or a policy says yes to; an approval is bound to its hash. */
export const proposal = lazily(() =>
  z.strictObject({
    v: z.literal(remediationVersion),
    asset: assetId,
    action: actionName,
    target: targetName,
    parameters: parameterValues.default({}),
    /** The action that undoes it, where one exists. */
    inverse: actionName.optional(),
    /** Which remediator carries it out (the file's own name under lib/adapters/remediation). */
    remediator: z.string().max(48),
    highImpact: z.boolean().default(false),
    /** Channels that this action is expected to move: masked by name while the action holds, never silenced. */
    expectedChannels: z.array(z.string().max(64)).max(256).default([]),
    verification: verification.optional(),
    /** Evidence older than this must not lead to it, at the decision and again when it is sent. */
    maxEvidenceAgeMs: z
      .number()
      .int()
      .min(1_000)
      .max(7 * 86_400_000)
      .optional(),
    why: z.string().max(1000),
  }),
);
export type Proposal = z.infer<typeof proposal>;

/** The bytes that go to the endpoint; stored once in the ledger and resent unchanged. */
export const remediationRequest = lazily(() =>
  z.strictObject({
    v: z.literal(remediationVersion),
    effectKey: sha256Hex,
    caseId: sha256Hex,
    correlationId,
    asset: assetId,
    action: actionName,
    target: targetName,
    parameters: parameterValues,
    reason: z.string().max(1000),
  }),
);
export type RemediationRequest = z.infer<typeof remediationRequest>;

export const effectStatus = lazily(() => z.enum(['PENDING', 'IN_PROGRESS', 'SUCCEEDED', 'FAILED', 'UNKNOWN']));
export type EffectStatus = z.infer<typeof effectStatus>;

export const remediationOutcome = lazily(() =>
  z.strictObject({
    v: z.literal(remediationVersion),
    effectKey: sha256Hex,
    caseId: sha256Hex,
    status: z.enum(['SUCCEEDED', 'FAILED', 'UNKNOWN']),
    /** Whether the endpoint gave proof that nothing happened; only then may a new ordinal be asked for. */
    provenNotExecuted: z.boolean(),
    httpStatus: z.number().int().optional(),
    reference: z.string().max(256).optional(),
    message: z.string().max(1000),
    atMs: epochMs,
    /** Position of the asset's newest reading when the outcome was recorded: only later ones count as evidence. */
    after: z.strictObject({ bootId, seq, atMs: epochMs }).optional(),
  }),
);
export type RemediationOutcome = z.infer<typeof remediationOutcome>;

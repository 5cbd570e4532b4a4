/** A case: one anomaly from its first flag to its end. */
import { z } from 'zod';
import { assetId, correlationId, epochMs, humanText, kind, sha256Hex, verdict } from './common.ts';
import { lazily } from './lazily.ts';
import { parameterSchema, parameterValues } from './parameters.ts';
import { proposal } from './remediation.ts';

export const caseVersion = 1;

/** Who has answered waits for what follows, so that time to think again stays short. */
export const maxThinkAgainS = 300;

export const caseStatus = lazily(() => z.enum(['open', 'in-review', 'acting', 'verifying', 'closed']));
export type CaseStatus = z.infer<typeof caseStatus>;

export const caseResolution = lazily(() =>
  z.enum(['verified', 'acted-unverified', 'rejected', 'overridden', 'handed-over', 'observed', 'expired', 'failed']),
);
export type CaseResolution = z.infer<typeof caseResolution>;

export const incident = lazily(() =>
  z.strictObject({
    scope: z.enum(['zone', 'site']),
    place: z.string().max(140),
    /** What feeds them all, where the incident is not the scope's but lies behind it. */
    fedBy: z.string().max(64).optional(),
  }),
);

export const caseRecord = lazily(() =>
  z.strictObject({
    v: z.literal(caseVersion),
    caseId: sha256Hex,
    correlationKey: z.string().max(200),
    correlationId,
    asset: assetId,
    zone: z.string().max(64).optional(),
    kind,
    verdict,
    status: caseStatus,
    resolution: caseResolution.optional(),
    openedAtMs: epochMs,
    updatedAtMs: epochMs,
    closedAtMs: epochMs.optional(),
    decisionId: sha256Hex,
    openingFlagId: sha256Hex,
    sentence: z.string().max(1000),
    /** What spoke for its kind most, strongest first: by it people find cases that were like it. */
    grounds: z.array(z.string().max(64)).max(5).optional(),
    /** The smallest change that would have led to another verdict. */
    counterfactual: z.string().max(500).optional(),
    proposal: proposal.optional(),
    proposalHash: sha256Hex.optional(),
    /** What was proposed when it was opened has a high impact: whatever is ordered instead needs two people, too. */
    impact: z.literal('high').optional(),
    /** Actions that the pack marks as having a high impact, should a person order one of them instead. */
    highImpactActions: z.array(z.string().max(48)).max(64).optional(),
    /** Parameters that a person may order with an action, by action, as the pack states them. Others take none. */
    orderParameters: z.record(z.string().max(48), parameterSchema).optional(),
    /** Remediators by action, where the deployment says so: for what a person orders instead of what was proposed. */
    ways: z.record(z.string().max(48), z.string().max(48)).optional(),
    /** Times of the reading that was flagged: event time, the device's clock at sending, ours. Absent without a reading. */
    evidence: z.strictObject({ atMs: epochMs, sentAtMs: epochMs, receivedAtMs: epochMs }).optional(),
    /** One cause that many assets see; `asset` is then the one that was flagged first. */
    incident: incident.optional(),
    /** The later, surer decision that the case is about since; absent: the one that opened it. */
    newer: z.strictObject({ decisionId: sha256Hex, atMs: epochMs }).optional(),
    effectKeys: z.array(sha256Hex).max(32).default([]),
    ticket: z.string().max(256).optional(),
    /** Rounds in which people were asked; absent where nobody was. */
    rounds: z.number().int().min(1).max(10).optional(),
    flags: z.number().int().min(1).default(1),
    note: z.string().max(2000).optional(),
    version: z.number().int().min(0),
  }),
);
export type CaseRecord = z.infer<typeof caseRecord>;

/** A later decision on the alarm of a case, surer than what the case asked about: what it asks about instead. */
export const newerDecision = lazily(() =>
  z.strictObject({
    decisionId: sha256Hex,
    flagId: sha256Hex,
    atMs: epochMs,
    kind,
    zone: z.string().max(64).optional(),
    sentence: z.string().max(1000),
    grounds: z.array(z.string().max(64)).max(5).optional(),
    counterfactual: z.string().max(500).optional(),
    proposal,
    proposalHash: sha256Hex,
  }),
);
export type NewerDecision = z.infer<typeof newerDecision>;

export const reviewRequest = lazily(() =>
  z.strictObject({
    v: z.literal(caseVersion),
    caseId: sha256Hex,
    round: z.number().int().min(0).max(9),
    /** Whom it is at: 1 goes up when its time is over, 2 is the last. Absent: 1 in round 0, else 2. */
    level: z.union([z.literal(1), z.literal(2)]).optional(),
    question: z.string().max(1000),
    proposalHash: sha256Hex.optional(),
    /** How many different people must say yes; one where it is absent. */
    people: z.number().int().min(1).max(2).optional(),
    /** `handover`: a yes says that a person has taken over, and lets nothing act. Absent: a yes may let it act. */
    after: z.literal('handover').optional(),
    /** Seconds for which an answer may be taken back before anything follows from it; absent: none. */
    thinkAgainS: z.number().int().min(1).max(maxThinkAgainS).optional(),
    askedAtMs: epochMs,
    dueAtMs: epochMs,
  }),
);
export type ReviewRequest = z.infer<typeof reviewRequest>;

export const reviewAnswer = lazily(() =>
  z.strictObject({
    v: z.literal(caseVersion),
    caseId: sha256Hex,
    answer: z.enum(['approve', 'reject', 'override']),
    by: humanText.max(128),
    reason: humanText,
    /** An approval is bound to what was proposed. */
    proposalHash: sha256Hex.optional(),
    /** For `override`: what shall be done instead. */
    override: z
      .strictObject({
        action: z.string().max(48),
        target: z.string().max(64),
        parameters: parameterValues.optional(),
      })
      .optional(),
    /** The question that is meant: with another one nothing is answered. Absent: the one that is open. */
    round: z.number().int().min(0).max(9).optional(),
    /** How long the page had shown what is answered, where a page was used. */
    shownForMs: z.number().int().min(0).max(86_400_000).optional(),
  }),
);
export type ReviewAnswer = z.infer<typeof reviewAnswer>;

/** A person takes an answer back. It names the answer that was seen, so that no other one is taken back. */
export const takeBackOrder = lazily(() =>
  z.strictObject({
    v: z.literal(caseVersion),
    caseId: sha256Hex,
    /** Tells it from the answers to a review, which come the same way. */
    answer: z.literal('take-back'),
    round: z.number().int().min(0).max(9),
    /** When the answer was stored, as the case shows it. */
    answeredAtMs: epochMs,
    by: humanText.max(128),
    reason: humanText,
  }),
);
export type TakeBackOrder = z.infer<typeof takeBackOrder>;

/** Who took an answer back, why and when; kept beside the answer. */
export const takenBack = lazily(() => z.strictObject({ by: humanText.max(128), reason: humanText, atMs: epochMs }));
export type TakenBack = z.infer<typeof takenBack>;

/** A first yes of two that was taken back before the second. */
export const withdrawal = lazily(() => z.strictObject({ answer: reviewAnswer, atMs: epochMs, takenBack }));
export type Withdrawal = z.infer<typeof withdrawal>;

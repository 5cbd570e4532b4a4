/**
 * What crosses the bus. The bus event's `detail` carries CloudEvents 1.0 attributes (https://github.com/cloudevents/spec)
 * beside `data`; `detail-type` and `source` repeat `type` and `source` so that rules can match on either.
 */
import { z } from 'zod';
import { caseResolution } from './case.ts';
import { anyJson, assetId, correlationId, epochMs, kind, sha256Hex, verdict } from './common.ts';
import { decision } from './decision.ts';
import { flaggedSignal } from './flag.ts';
import { lazily } from './lazily.ts';
import { remediationOutcome } from './remediation.ts';

export const eventVersion = 1;
export const eventSource = 'groundcrew';

const caseRef = { caseId: sha256Hex, asset: assetId, kind, atMs: epochMs };

/** Data of each event by its detail-type. */
export const eventData = {
  FlagRaised: flaggedSignal,
  DecisionRecorded: decision,
  CaseOpened: lazily(() => z.strictObject({ ...caseRef, verdict, sentence: z.string().max(1000) })),
  ReviewRequested: lazily(() =>
    z.strictObject({
      ...caseRef,
      question: z.string().max(1000),
      dueAtMs: epochMs,
      round: z.number().int().min(0),
      people: z.number().int().min(1).max(2).optional(),
      /** Its answer was taken back: it is asked again. */
      again: z.literal(true).optional(),
      /** It replaces the question before, which nobody had answered: a later decision is surer. */
      newer: z.literal(true).optional(),
    }),
  ),
  ReviewAnswered: lazily(() => z.strictObject({ ...caseRef, answer: z.string().max(32), by: z.string().max(128) })),
  RemediationSucceeded: lazily(() =>
    z.strictObject({
      ...caseRef,
      outcome: remediationOutcome,
      action: z.string().max(48),
      target: z.string().max(64),
    }),
  ),
  RemediationFailed: lazily(() =>
    z.strictObject({
      ...caseRef,
      outcome: remediationOutcome,
      action: z.string().max(48),
      target: z.string().max(64),
    }),
  ),
  RemediationUnknown: lazily(() =>
    z.strictObject({
      ...caseRef,
      outcome: remediationOutcome,
      action: z.string().max(48),
      target: z.string().max(64),
    }),
  ),
  EffectVerified: lazily(() =>
    z.strictObject({
      ...caseRef,
      result: z.enum(['recovered', 'not-recovered', 'unknown']),
      rows: z.number().int().min(0),
    }),
  ),
  CaseClosed: lazily(() =>
    z.strictObject({
      ...caseRef,
      resolution: caseResolution,
      ticket: z.string().max(256).optional(),
      sentence: z.string().max(1000),
    }),
  ),
  ReadingsQuarantined: lazily(() =>
    z.strictObject({
      count: z.number().int().min(1),
      reasons: z.record(z.string(), z.number().int()),
      object: z.string().max(512),
      atMs: epochMs,
    }),
  ),
  CalibrationChanged: lazily(() =>
    z.strictObject({
      asset: assetId,
      calibrationHash: sha256Hex,
      rows: z.number().int().min(0),
      atMs: epochMs,
    }),
  ),
} as const;

export type EventType = keyof typeof eventData;
export type EventData<T extends EventType> = z.infer<(typeof eventData)[T]>;

/** CloudEvents attributes as they stand inside `detail`. */
export const cloudEvent = lazily(() =>
  z.strictObject({
    specversion: z.literal('1.0'),
    id: z.string().min(1).max(128),
    source: z.string().max(128),
    type: z.string().max(64),
    time: z.iso.datetime(),
    subject: z.string().max(128).optional(),
    datacontenttype: z.literal('application/json'),
    dataschema: z.string().max(256),
    correlationid: correlationId,
    data: anyJson,
  }),
);
export type CloudEvent = z.infer<typeof cloudEvent>;

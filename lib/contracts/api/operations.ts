/** What people set for a while, the shift that is handed over, and decisions that are looked at unlabelled. */
import { z } from 'zod';
import { assetId, epochMs, humanText, kind, probability, sha256Hex } from '../common.ts';
import { lazily } from '../lazily.ts';
import { orderScope } from '../operations.ts';
import { sampleStratum } from '../sample.ts';
import { stopView } from './assets.ts';
import { caseSummary } from './cases.ts';
import { person } from './common.ts';
import { withheldMark } from './marks.ts';

export const orderView = lazily(() =>
  z.strictObject({
    ...withheldMark.shape,
    fromMs: epochMs,
    by: person,
    reason: z.string().max(500),
    /** Else it begins later. */
    holds: z.boolean(),
  }),
);
export type OrderView = z.infer<typeof orderView>;
/** Those that hold or will, the first to end first. */
export const orderList = lazily(() => z.strictObject({ items: z.array(orderView).max(1000) }));
export const orderBody = lazily(() =>
  z.strictObject({
    what: withheldMark.shape.what,
    scope: orderScope,
    kind: kind.optional(),
    /** Absent: now. */
    fromMs: epochMs.optional(),
    toMs: epochMs,
    reason: humanText.max(500),
  }),
);
export type OrderBody = z.infer<typeof orderBody>;
export const endOrderBody = lazily(() => z.strictObject({ reason: humanText.max(500) }));

const counts = {
  alarms: z.number().int().min(0),
  /** Alarms of one operator in an hour; an alarm is a case that asks. */
  perOperatorHour: z.number().min(0),
};
export const alarmLoadView = lazily(() =>
  z.strictObject({
    ...counts,
    peakIn10Minutes: z.number().min(0),
    floodShare: probability,
    verdict: z.enum(['acceptable', 'manageable', 'too many']),
    reference: z.strictObject({
      acceptablePerHour: z.number(),
      manageablePerHour: z.number(),
      source: z.string().max(200),
    }),
  }),
);

export const handoverQuery = lazily(() =>
  z.strictObject({
    /** Length of the shift that ends now. */
    hours: z.coerce.number().min(0.5).max(168).default(8),
    operators: z.coerce.number().int().min(1).max(100).default(1),
  }),
);
export type HandoverQuery = z.infer<typeof handoverQuery>;
const shift = { fromMs: epochMs, toMs: epochMs, operators: z.number().int().min(1).max(100) };
export const handoverView = lazily(() =>
  z.strictObject({
    ...shift,
    stops: z.array(stopView).max(1000),
    /** Oldest first. */
    open: z.array(caseSummary).max(200),
    /** Closed in the shift, newest first. */
    ended: z.array(caseSummary).max(100),
    opened: z.number().int().min(0),
    /** By resolution. */
    closed: z.record(z.string().max(40), z.number().int().min(1)),
    plannedWork: z.array(orderView).max(1000),
    shelved: z.array(orderView).max(1000),
    alarmLoad: alarmLoadView,
    /** More happened than is read for one answer: numbers are at least these. */
    complete: z.boolean(),
  }),
);
export type HandoverView = z.infer<typeof handoverView>;

/** What one shift wrote for the next, and who has taken it over. */
export const handoverNoteView = lazily(() =>
  z.strictObject({
    id: sha256Hex,
    ...shift,
    note: z.string().max(2000),
    by: person,
    atMs: epochMs,
    open: z.number().int().min(0),
    ...counts,
    taken: z.strictObject({ by: person, atMs: epochMs }).optional(),
  }),
);
export type HandoverNoteView = z.infer<typeof handoverNoteView>;
/** The newest first. */
export const handoverNotes = lazily(() => z.strictObject({ items: z.array(handoverNoteView).max(20) }));
export const handoverBody = lazily(() =>
  z.strictObject({
    hours: z.number().min(0.5).max(168),
    operators: z.number().int().min(1).max(100),
    note: humanText,
  }),
);
export type HandoverBody = z.infer<typeof handoverBody>;

/** A window to look at. What was made of it is not said before there is an answer. */
export const sampleView = lazily(() =>
  z.strictObject({
    id: sha256Hex,
    asset: assetId,
    pack: z.string().max(64),
    fromMs: epochMs,
    toMs: epochMs,
    rows: z.number().int().min(0),
    /** What it can be called. */
    kinds: z.array(kind).max(20),
  }),
);
export type SampleView = z.infer<typeof sampleView>;
/** Those that wait, the oldest first. */
export const sampleList = lazily(() => z.strictObject({ items: z.array(sampleView).max(50), more: z.boolean() }));
export const sampleAnswerBody = lazily(() => z.strictObject({ kind, reason: humanText }));
export type SampleAnswerBody = z.infer<typeof sampleAnswerBody>;
export const sampleAnswered = lazily(() =>
  z.strictObject({
    kind,
    /** What the automation had said. */
    said: kind,
    agrees: z.boolean(),
  }),
);
export type SampleAnswered = z.infer<typeof sampleAnswered>;

export const sampleEstimate = lazily(() =>
  z.strictObject({
    answered: z.number().int().min(0),
    waiting: z.number().int().min(0),
    /** Share of wrong decisions; absent while nobody has looked. At 95 %. */
    errorRate: probability.optional(),
    low: probability.optional(),
    high: probability.optional(),
    strata: z
      .array(
        z.strictObject({
          stratum: sampleStratum,
          rate: probability,
          /** Absent while some wait: it would say what was made of them. */
          selected: z.number().int().min(0).optional(),
          answered: z.number().int().min(0),
          wrong: z.number().int().min(0),
          /** Decisions that it stands for. Absent while some wait. */
          stoodFor: z.number().min(0).optional(),
        }),
      )
      .max(100),
  }),
);
export type SampleEstimate = z.infer<typeof sampleEstimate>;

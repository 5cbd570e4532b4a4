/** What a model's card says; the Markdown page and the model file's metadata are both made from it. */
import { z } from 'zod';
import { sha256Hex } from './common.ts';
import { lazily } from './lazily.ts';

export const modelCardVersion = 1;

const share = lazily(() => z.number().min(0).max(1));

export const cardReference = lazily(() =>
  z.strictObject({
    windows: z.number().int().min(1),
    /** Windows of one event hang together and count as one: how many such groups there are. */
    groups: z.number().int().min(1),
    /** By the kind that the model answered. */
    kinds: z.record(z.string(), share),
    /** By tenths of the calibrated probability of that kind. */
    confidence: z.array(share).length(10),
    meanConfidence: share,
    /** For each feature, in their order: upper bounds of all bins but the last, and shares of the bins and of missing. */
    features: z
      .array(
        z.strictObject({
          edges: z.array(z.number()).max(9),
          shares: z.array(share).min(2).max(11),
        }),
      )
      .min(1)
      .max(512),
  }),
);
export type CardReference = z.infer<typeof cardReference>;

const segment = lazily(() =>
  z.strictObject({
    segment: z.string().max(120),
    windows: z.number().int().min(0),
    /** Share of its windows given the right kind; absent where it has none. */
    right: share.optional(),
    /** Events of it, how many of them were flagged within 24 hours, and how soon; absent where nothing began. */
    events: z.number().int().min(0).optional(),
    foundWithin24h: share.optional(),
    medianDelayHours: z.number().min(0).optional(),
  }),
);

/** What turns an answer into something else. From which confidence on an act is let, the pack's policies say. */
const thresholds = lazily(() =>
  z.strictObject({
    /** Of the set of kinds that cannot be excluded. */
    setErrorRate: share,
    /** A kind with at least this probability stays in the set. */
    leastProbability: z.record(z.string().max(32), share),
    /** A window with a smaller out-of-distribution p-value never acts. */
    leastOodPValue: share,
    /** Scores are divided by it. */
    temperature: z.number().positive(),
  }),
);

export const modelCard = lazily(() =>
  z.strictObject({
    v: z.literal(modelCardVersion),
    name: z.string().max(64),
    modelVersion: z.string().max(32),
    modelSha256: sha256Hex,
    datasetSha256: sha256Hex,
    seed: z.number().int(),
    /** Commit of the code that made it, `-changed` where files of it were not as committed; absent where nobody knows. */
    codeCommit: z
      .string()
      .regex(/^[0-9a-f]{40,64}(-changed)?$/)
      .optional(),
    intendedUse: z.string().max(2000),
    data: z.string().max(4000),
    limits: z.array(z.string().max(500)).min(1).max(32),
    features: z.array(z.string().max(64)).min(1).max(512),
    kinds: z.array(z.string().max(32)).min(2).max(16),
    metrics: z.strictObject({
      testWindows: z.number().int().min(1),
      macroF1: share,
      byKind: z.record(
        z.string(),
        z.strictObject({ precision: share, recall: share, f1: share, windows: z.number().int().min(0) }),
      ),
      expectedCalibrationError: share,
      /** Finer than kinds, on the test windows: `leak, abrupt, 5 to 10 % of demand`. */
      segments: z.array(segment).max(256).optional(),
      /** Of the windows whose place is known: how often it was ranked first, and among the first three. */
      places: z.strictObject({ windows: z.number().int().min(0), first: share, firstThree: share }).optional(),
    }),
    thresholds: thresholds.optional(),
    /** What the model saw and said on its test windows: what live decisions are held against. Shares sum to 1. */
    reference: cardReference.optional(),
  }),
);
export type ModelCard = z.infer<typeof modelCard>;

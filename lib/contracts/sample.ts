/** Decisions of the automation that a person looks at unlabelled, to estimate how often it is wrong. */
import { z } from 'zod';
import { assetId, epochMs, humanText, kind, probability, sha256Hex } from './common.ts';
import { windowRef } from './decision.ts';
import { lazily } from './lazily.ts';

export const sampleVersion = 1;

/** Verdicts that no person had a part in, each sampled at a rate of its own. */
export const sampleStratum = lazily(() => z.enum(['act', 'observe']));
export type SampleStratum = z.infer<typeof sampleStratum>;

export const sampleRates = lazily(() =>
  z.strictObject({ act: probability.default(0.02), observe: probability.default(0.02) }),
);
export type SampleRates = z.infer<typeof sampleRates>;

/** What the item holds. Only `asset`, `window` and `decisionId` are shown before there is an answer. */
export const sample = lazily(() =>
  z.strictObject({
    v: z.literal(sampleVersion),
    decisionId: sha256Hex,
    asset: assetId,
    pack: z.string().max(64),
    window: windowRef,
    /** With which probability it was chosen. */
    stratum: sampleStratum,
    rate: probability,
    /** What the automation said. */
    said: kind,
    selectedAtMs: epochMs,
    answer: z.strictObject({ kind, by: humanText.max(128), reason: humanText, atMs: epochMs }).optional(),
  }),
);
export type Sample = z.infer<typeof sample>;

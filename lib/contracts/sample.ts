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

/** Where a sample stands; `none` before it is there. */
export const sampleOutcome = lazily(() => z.enum(['none', 'waiting', 'right', 'wrong']));
export type SampleOutcome = z.infer<typeof sampleOutcome>;

const count = lazily(() => z.number().int());
/** Samples of one verdict that were chosen at one rate. */
export const stratumCount = lazily(() =>
  z.strictObject({ stratum: sampleStratum, rate: probability, selected: count, answered: count, wrong: count }),
);
export type StratumCount = z.infer<typeof stratumCount>;

/** How many samples there are, kept beside them: `lib/core/sampling/tally.ts` says how it stays exact. */
export const sampleTally = lazily(() =>
  z.strictObject({
    v: z.literal(sampleVersion),
    /** Since when every write of a sample is announced here. */
    sinceMs: epochMs,
    /** Absent until the samples have been counted once. */
    strata: z.array(stratumCount).optional(),
    /** Samples whose writes may have happened: to which versions, and as what the strata have it meanwhile. */
    underWay: z.array(
      z.strictObject({
        decisionId: sha256Hex,
        stratum: sampleStratum,
        rate: probability,
        outcome: sampleOutcome,
        versions: z.array(count),
      }),
    ),
    /** Somebody counts the samples: which version of this item they began with, and what was written meanwhile. */
    building: z.strictObject({ began: count, touched: z.array(sha256Hex) }).optional(),
  }),
);
export type SampleTally = z.infer<typeof sampleTally>;

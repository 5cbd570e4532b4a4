/** What models see and say here, held against what their cards keep of their test windows. */
import { z } from 'zod';
import { epochMs, sha256Hex } from '../common.ts';
import { lazily } from '../lazily.ts';

const share = lazily(() => z.number().min(0).max(1));

/** Two spreads over the same bins. */
const comparison = lazily(() =>
  z.strictObject({
    reference: z.array(share).min(2).max(17),
    now: z.array(share).min(2).max(17),
    /** Population stability index. */
    psi: z.number().min(0),
    /** What chance alone stays below, at this number of asset-days. */
    noisePsi: z.number().min(0),
    /** `noise`: no farther apart than chance takes them; `slight` below 0.1, `large` from 0.25 on. */
    stability: z.enum(['too-few', 'noise', 'slight', 'moderate', 'large']),
  }),
);
export type DriftComparison = z.infer<typeof comparison>;

export const featureDrift = lazily(() =>
  z.strictObject({
    name: z.string().max(64),
    /** Upper bounds of all bins but the last; behind the bins stands the share of windows that miss the feature. */
    edges: z.array(z.number()).max(9),
    ...comparison.shape,
  }),
);
export type FeatureDrift = z.infer<typeof featureDrift>;

export const packDrift = lazily(() =>
  z.strictObject({
    name: z.string().max(64),
    modelHash: sha256Hex,
    /**
     * `strange`: windows are stranger to the model than chance explains, or it is less sure than it was. `differs`:
     * features are spread otherwise than on the test windows, and the model knows such windows. `as-measured`: neither.
     */
    verdict: z.enum(['too-few', 'as-measured', 'differs', 'strange']),
    /** Decisions of this model that were compared, and the days of assets on which they were made: those count. */
    decisions: z.number().int().min(0),
    assets: z.number().int().min(0),
    assetDays: z.number().int().min(0),
    /** With fewer asset-days nothing is said. */
    leastAssetDays: z.number().int().min(1),
    fromMs: epochMs.optional(),
    toMs: epochMs.optional(),
    /** What the card keeps: test windows, and the events that they belong to. */
    reference: z.strictObject({ windows: z.number().int().min(1), groups: z.number().int().min(1) }),
    /** Absent where nothing was compared, or where a larger model had the last word in some decisions. */
    kinds: z.strictObject({ labels: z.array(z.string().max(32)).max(17), ...comparison.shape }).optional(),
    /** By tenths of the top probability; absent as `kinds` is. */
    confidence: z.strictObject({ meanReference: share, meanNow: share, ...comparison.shape }).optional(),
    /** Out-of-distribution p-values, which are spread evenly where nothing has changed. */
    ood: z
      .strictObject({
        /** Upper bounds of all bins but the last, which ends at 1. */
        edges: z.array(share).max(9),
        /** Share of windows that the model cannot know, and what it is where nothing has changed. */
        strange: share,
        strangeExpected: share,
        ...comparison.shape,
      })
      .optional(),
    features: z.strictObject({
      compared: z.number().int().min(0).max(512),
      /** Of them, how many moved moderately or more, beyond chance. */
      shifted: z.number().int().min(0).max(512),
      /** Those that moved most, farthest first. */
      most: z.array(featureDrift).max(8),
    }),
  }),
);
export type PackDrift = z.infer<typeof packDrift>;
/** Of packs whose card keeps a reference. */
export const driftList = lazily(() =>
  z.strictObject({
    /** Decisions are the newest of all packs, at most `decisionLimit` of `days` days; up to a minute old. */
    decisionLimit: z.number().int().min(1),
    days: z.number().int().min(1),
    items: z.array(packDrift).max(64),
  }),
);

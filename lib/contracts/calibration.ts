/**
 * What screening learned about one asset from its warm-up. Content-addressed: `calibrationHash` of lib/core/screening
 * is the SHA-256 of its RFC 8785 form. Matrices are little-endian float32 as base64, row-major.
 */
import { z } from 'zod';
import { assetId, epochMs, humanText, sha256Hex } from './common.ts';
import { lazily } from './lazily.ts';
import { channelMeta, maxChannels } from './telemetry.ts';

export const calibrationVersion = 1;

/** Little-endian float32 numbers as base64. */
const floats = lazily(() => z.base64().max(4 * 1024 * 1024));
const finite = lazily(() => z.number());

/** What is known of one channel. Values are in the channel's own unit. */
export const calibrationChannel = lazily(() =>
  z.strictObject({
    ...channelMeta.shape,
    /** Median of the warm-up. */
    center: finite,
    /** Robust spread (1.4826 × MAD, with the standard deviation where the MAD vanishes); above 0 also when dead. */
    scale: z.number().positive(),
    /** Smallest difference between two values that the warm-up shows; 0 where none could be told. */
    step: z.number().min(0),
    low: finite,
    high: finite,
    /** Mean of the absolute difference from one row to the next. */
    roughness: z.number().min(0),
    /** Longest run of rows with exactly the same value. */
    longestRunRows: z.number().int().min(0),
    missingRate: z.number().min(0).max(1),
    /** Constant or (nearly) always missing in the warm-up: the channel gives no evidence. */
    dead: z.boolean(),
    /**
     * A value v is screened by its logarithm: as center + scale × ln((v + offset) / (center + offset)) / spread, with
     * the offset in the channel's unit. Absent where values are screened as they are. All else of this table is of the
     * values themselves.
     */
    curve: z.strictObject({ offset: z.number().positive(), spread: z.number().positive() }).optional(),
  }),
);
export type CalibrationChannel = z.infer<typeof calibrationChannel>;

/** How one kind of evidence is spread over normal rows: quantile knots, then a generalised Pareto tail. */
export const evidenceTail = lazily(() =>
  z.strictObject({
    name: z.string().max(32),
    /** Evidence at the exceedance probabilities 0.5, 0.4, 0.3, 0.2, 0.1, … listed in `lib/core/screening/tail.ts`. */
    knots: z.array(finite).min(2).max(32),
    /** Exceedance probability at the last knot, where the tail begins. */
    tailProbability: z.number().min(0).max(1),
    tailScale: z.number().positive(),
    /** 0 is an exponential tail, above 0 a heavier one. */
    tailShape: z.number().min(0).max(2),
  }),
);
export type EvidenceTail = z.infer<typeof evidenceTail>;

/** The alarm threshold and what it promises. */
export const alarmThreshold = lazily(() =>
  z.strictObject({
    /** Onset when the combined evidence (−log10 p) reaches this. */
    onset: z.number().positive(),
    /** Release when the fresh evidence has stayed below this for `releaseRows` rows. */
    release: z.number().positive(),
    releaseRows: z.number().int().min(1),
    /** False-alarm episodes promised for each row at most. */
    episodesPerRow: z.number().positive().max(1),
    /** The finest rate that the warm-up's effective sample supports without a fitted tail. */
    finestEpisodesPerRow: z.number().positive().max(1),
    /** The promised rate lies beyond the finest one: it comes from the fitted tail. */
    extrapolated: z.boolean(),
  }),
);
export type AlarmThreshold = z.infer<typeof alarmThreshold>;

export const calibration = lazily(() =>
  z.strictObject({
    v: z.literal(calibrationVersion),
    channels: z.array(calibrationChannel).min(1).max(maxChannels),
    warmup: z.strictObject({
      rows: z.number().int().min(1),
      fromMs: epochMs,
      toMs: epochMs,
      /** Median time between rows. */
      periodMs: z.number().positive(),
      /** Decimals that the values were rounded to before fitting; null for as they came. */
      decimals: z.number().int().min(0).max(15).nullable(),
      /** Most decimals seen in any channel. */
      seenDecimals: z.number().int().min(0).max(15),
    }),
    /**
     * Mean of each channel by hour of the day (UTC, or the clock of `model.timeZone`) and kind of day, or null where the warm-up covers too few days.
     * `values` and `spreads` are [dayKinds × 24 × channels]: the mean and the standard deviation in the channel's unit.
     * With two kinds of day the first is Monday to Friday, the second Saturday and Sunday.
     */
    profile: z.strictObject({ dayKinds: z.literal([1, 2]), values: floats, spreads: floats }).nullable(),
    model: z.strictObject({
      /** Daily harmonics (sine and cosine each), 0 where the warm-up covers less than two days. */
      harmonics: z.number().int().min(0).max(12),
      /** A level of its own (and first harmonics) for Saturday and Sunday. */
      weekend: z.boolean(),
      /** IANA name of the zone whose clock on the wall days and weekends follow; UTC where it is absent. */
      timeZone: z.string().min(1).max(64).optional(),
      /**
       * Of an asset of which one channel lives: views of its past that the graph takes for two further channels, behind
       * all of the asset: the logarithm of its mean step from row to row, and its mean. Centre and scale of each are in
       * scales of the value. All shapes below then count two channels more.
       */
      views: z
        .strictObject({
          /** Mean step from row to row in the warm-up, in scales of the value. */
          unit: z.number().positive(),
          activity: z.strictObject({ center: finite, scale: z.number().positive() }),
          mean: z.strictObject({ center: finite, scale: z.number().positive() }),
        })
        .optional(),
      /** [seasonal terms × channels], in units of `scale`: the season of each channel; a constant term comes first. */
      season: floats,
      /** [channels × channels], column c: weights of the levels now in the static residual of c, over its deviation. */
      staticNow: floats,
      /** As `staticNow`, for the dynamic residual. */
      dynamicNow: floats,
      /** Weights of the levels one row before in the dynamic residual. */
      dynamicBefore: floats,
      /**
       * Standard deviations by channel in units of `scale`, [7 × channels]: level, static residual, dynamic residual,
       * smoothed static residual (unit: its deviation), smoothed level (unit: its deviation); then the weights of
       * level × static residual in the sum that is T²; last the trend (unit: the level's deviation), which calibrations
       * without evidence of trends do not have.
       */
      deviations: floats,
      /** Weight of the newest row in smoothed residuals. */
      smoothing: z.number().positive().max(1),
      /** Ridge strengths chosen by blocked cross-validation, static and dynamic. */
      ridge: z.tuple([z.number().positive(), z.number().positive()]),
    }),
    evidence: z.array(evidenceTail).min(1).max(32),
    /** The smallest of the evidences' p-values, calibrated again, which takes care of their dependence. */
    combined: evidenceTail,
    /** As `combined`, from the evidences without memory: used for release. */
    fresh: evidenceTail,
    threshold: alarmThreshold,
    /** What a reader should know: short warm-up, coarse rates, dead channels. */
    notes: z.array(z.string().max(300)).max(32),
  }),
);
/** A calibration document; `openCalibration` of lib/core/screening decodes the matrices. */
export type Calibration = z.infer<typeof calibration>;

/** What screening remembers between two rows of one asset. Small enough for one item beside the head of the window. */
export const screenState = lazily(() =>
  z.strictObject({
    v: z.literal(1),
    /** First 16 digits of the calibration's hash: a state goes with one calibration. */
    calibration: z.string().regex(/^[0-9a-f]{16}$/),
    /** Time of the last row; 0 before the first. */
    lastMs: epochMs,
    rows: z.number().int().min(0),
    /** Layout in lib/core/screening/state.ts. */
    floats: z.base64().max(16 * 1024),
  }),
);
export type ScreenState = z.infer<typeof screenState>;

/** Why an asset is measured by the calibration that it has, and when the next one is due. One item an asset. */
export const calibrationRecord = lazily(() =>
  z.strictObject({
    v: z.literal(1),
    asset: assetId,
    calibrationHash: sha256Hex,
    /** An imported history, the asset's first rows, its later ones, fewer decimals than it was fitted on, a person's word. */
    why: z.enum(['history', 'warm-up', 'schedule', 'resolution', 'new-normal']),
    /** Wall clock. */
    atMs: epochMs,
    /** Readings in all at which the next calibration is due; absent where none comes by itself (an imported history). */
    dueAtReadings: z.number().int().min(0).optional(),
    /** Rows of the first calibration since the asset was learned anew. */
    warmupRows: z.number().int().min(1),
    /** Most decimals that the calibration was fitted on. */
    decimals: z.number().int().min(0).max(32),
    /** The imported history, under `history/`. */
    historyKey: z.string().max(512).optional(),
    /** Event time; what came before was another normal and is not learned from. */
    fromMs: epochMs.optional(),
    /** Readings in all when it began; they do not count for when the next one is due. */
    sinceReadings: z.number().int().min(0).optional(),
    /** A person's word that what came since `fromMs` is normal; fulfilled when enough of it has come. */
    wish: z.strictObject({ fromMs: epochMs, by: humanText.max(128), atMs: epochMs }).optional(),
  }),
);
export type CalibrationRecord = z.infer<typeof calibrationRecord>;

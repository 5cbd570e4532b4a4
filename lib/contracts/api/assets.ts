/** What stands where, how it is, and what it measured. */
import { z } from 'zod';
import { assetRegistration, assetState } from '../asset.ts';
import { calibrationRecord } from '../calibration.ts';
import { assetId, bootId, epochMs, humanText, kind, seq, sha256Hex, siteId } from '../common.ts';
import { lazily } from '../lazily.ts';
import { actionName, effectStatus, targetName } from '../remediation.ts';
import { stopScope } from '../stop.ts';
import { channelMeta } from '../telemetry.ts';
import { caseSummary } from './cases.ts';
import { pageOf, person } from './common.ts';
import { withheldMark } from './marks.ts';

export const assetStatus = lazily(() => z.enum(['normal', 'alarm', 'silent', 'learning', 'unknown']));

const summary = {
  asset: assetId,
  pack: z.string().max(64),
  site: siteId.optional(),
  zone: z.string().max(64).optional(),
  /** Zones that it feeds itself, where it is registered with any; a case of it may name one. */
  zones: z.array(z.string().max(64)).max(64).optional(),
  /** `act`: its pack knows a remedy that a policy may permit; `observe`: whatever is seen, a person does it. */
  mode: z.enum(['observe', 'act']),
  status: assetStatus,
  /** The device's clock. */
  lastReadingMs: epochMs.optional(),
  /** Ours. */
  lastReceivedMs: epochMs.optional(),
  openCaseIds: z.array(sha256Hex).max(200),
  channels: z.number().int().min(0),
  /** Readings whose numbers are missing, of the boots that are remembered. */
  missing: z.number().int().min(0).optional(),
  /** Planned work and what is shelved here, where any holds now. */
  withheld: z.array(withheldMark).max(20).optional(),
};
export const assetSummary = lazily(() => z.strictObject(summary));
export type AssetSummary = z.infer<typeof assetSummary>;
export const assetPage = lazily(() => pageOf(assetSummary));

export const assetDetail = lazily(() =>
  z.strictObject({
    ...summary,
    registration: assetRegistration,
    calibration: z
      .strictObject({
        hash: sha256Hex,
        /** End of the warm-up, by the device's clock. */
        fittedAtMs: epochMs.optional(),
        rows: z.number().int().min(0),
        /** Why it is this one, and when it became so; absent for one that was made before that was written down. */
        why: calibrationRecord.shape.why.optional(),
        atMs: epochMs.optional(),
        /** Readings in all at which the next one is due; absent where none comes by itself. */
        dueAtReadings: z.number().int().min(0).optional(),
        /** What somebody said is normal, and is not learned yet. */
        newNormal: z
          .strictObject({ fromMs: epochMs, by: person, atMs: epochMs, wantedRows: z.number().int().min(1) })
          .optional(),
        channels: z
          .array(
            z.strictObject({
              ...channelMeta.shape,
              low: z.number(),
              high: z.number(),
              center: z.number(),
              missingRate: z.number().min(0).max(1),
              /** Gives no evidence: constant, or missing. */
              dead: z.boolean(),
            }),
          )
          .max(256),
        notes: z.array(z.string().max(300)).max(32),
      })
      .optional(),
    quality: z.strictObject({
      readings: z.number().int().min(0),
      missing: z.number().int().min(0),
      /** Of the newest rows that were looked at: cells without a value, constant channels, values out of the warm-up's range. */
      window: z
        .strictObject({
          rows: z.number().int().min(0),
          missingCells: z.number().int().min(0),
          flat: z.array(z.string().max(64)).max(256),
          outOfRange: z.array(z.string().max(64)).max(256),
        })
        .optional(),
      /** From the newest reading's own time to when it came; clocks that differ show here, too. */
      delayMs: z.number().int().optional(),
      /** What the newest batch brought against what is registered; absent where both agree. */
      schema: z
        .strictObject({
          absent: z.array(z.string().max(64)).max(256),
          unknown: z.array(z.string().max(64)).max(256),
        })
        .optional(),
      silentSinceMs: epochMs.optional(),
      boots: z.array(z.strictObject({ bootId, lastSeq: seq, missing: z.number().int().min(0) })).max(4),
    }),
    alarm: z.strictObject({ atMs: epochMs, score: z.number().min(0), rows: z.number().int().min(1) }).optional(),
    holds: assetState.shape.holds,
  }),
);
export type AssetDetail = z.infer<typeof assetDetail>;

export const newNormalBody = lazily(() =>
  z.strictObject({
    /** Event time since which it is normal; left out: since the newest alarm began. */
    fromMs: epochMs.optional(),
    reason: humanText.max(500),
  }),
);
export type NewNormalBody = z.infer<typeof newNormalBody>;
export const newNormalAnswer = lazily(() =>
  z.strictObject({
    asset: assetId,
    fromMs: epochMs,
    /** `waiting`: it is calibrated as soon as `wantedRows` rows since then have come. */
    state: z.enum(['calibrated', 'waiting']),
    wantedRows: z.number().int().min(1),
    calibrationHash: sha256Hex.optional(),
  }),
);
export type NewNormalAnswer = z.infer<typeof newNormalAnswer>;

export const signalChannel = lazily(() =>
  z.strictObject({
    name: z.string().max(64),
    unit: z.string().max(16).optional(),
    timesMs: z.array(epochMs).max(4096),
    /** null: no value, or a gap in the readings. */
    values: z.array(z.number().nullable()).max(4096),
    expectedLow: z.array(z.number().nullable()).max(4096).optional(),
    expectedHigh: z.array(z.number().nullable()).max(4096).optional(),
    /** Share of the flag's evidence. */
    contribution: z.number().optional(),
  }),
);
export type SignalChannel = z.infer<typeof signalChannel>;
/** Points of a score history at most. */
export const maxScorePoints = 2000;
const scores = lazily(() => z.array(z.number().min(0).nullable()).max(2 * maxScorePoints));
/** Scores over time, −log10 of the p-value, oldest first. A point stands for one reading or more. */
export const scoreCurve = lazily(() =>
  z.strictObject({
    timesMs: z.array(epochMs).max(2 * maxScorePoints),
    /** The highest of each point's readings, so that no peak is lost from afar; null in a gap. */
    highest: scores,
    /** Their mean; null in a gap. */
    mean: scores,
    /** Where the alarm stood, as finely as the points are. */
    alarms: z.array(z.strictObject({ fromMs: epochMs, toMs: epochMs })).max(maxScorePoints),
  }),
);
export type ScoreCurve = z.infer<typeof scoreCurve>;
/** How unlike its calibration an asset's readings were, of every reading that was screened. */
export const scoreHistory = lazily(() =>
  z.strictObject({
    ...scoreCurve.shape,
    fromMs: epochMs,
    toMs: epochMs,
    /** An alarm sets in from this score on, as the asset is calibrated now; absent before it is. */
    threshold: z.number().positive().optional(),
    /** What lies farther back was left out, because more would have to be read than is read at once. */
    partial: z.boolean(),
  }),
);
export type ScoreHistory = z.infer<typeof scoreHistory>;
export const scoresQuery = lazily(() =>
  z.strictObject({
    /** Four weeks before `toMs` where it is left out. */
    fromMs: z.coerce.number().int().min(0).optional(),
    /** The newest reading where it is left out. */
    toMs: z.coerce.number().int().min(0).optional(),
    points: z.coerce.number().int().min(10).max(maxScorePoints).default(800),
  }),
);
export type ScoresQuery = z.infer<typeof scoresQuery>;

/** Times are the device's clock. At most some 500 points a channel: lowest and highest of each part. */
export const signal = lazily(() =>
  z.strictObject({
    fromMs: epochMs,
    toMs: epochMs,
    flagged: z.strictObject({ fromMs: epochMs, toMs: epochMs }).optional(),
    channels: z.array(signalChannel).max(256),
    alarms: z.array(z.strictObject({ atMs: epochMs, kind })).max(200),
    /** Readings were left out: not kept any more, or more than are read at once. */
    partial: z.boolean(),
  }),
);
export type Signal = z.infer<typeof signal>;
export const readingsQuery = lazily(() =>
  z.strictObject({
    /** The newest readings where it is left out. */
    fromMs: z.coerce.number().int().min(0).optional(),
    toMs: z.coerce.number().int().min(0).optional(),
    points: z.coerce.number().int().min(10).max(2000).default(500),
  }),
);
export type ReadingsQuery = z.infer<typeof readingsQuery>;

/** An effect that is at work, or holds until its success is known. */
export const doing = lazily(() =>
  z.strictObject({
    caseId: sha256Hex,
    asset: assetId,
    action: actionName,
    target: targetName,
    state: z.enum([...effectStatus.options, 'VERIFYING']),
    sinceMs: epochMs,
  }),
);
export type Doing = z.infer<typeof doing>;

export const stopView = lazily(() =>
  z.strictObject({
    scope: stopScope,
    reason: z.string().max(2000),
    by: person,
    atMs: epochMs,
    resumeRequestedBy: person.optional(),
    /** The second person's word counts until then. */
    resumeRequestedUntilMs: epochMs.optional(),
  }),
);
export type StopState = z.infer<typeof stopView>;
export const stopList = lazily(() => z.strictObject({ items: z.array(stopView).max(1000) }));
export const stopBody = lazily(() => z.strictObject({ scope: stopScope, reason: z.string().min(1).max(2000) }));
export type StopBody = z.infer<typeof stopBody>;
export const stopped = lazily(() =>
  z.strictObject({
    stop: stopView,
    /** Sent before, perhaps still at work. From now on nothing is sent. */
    inFlight: z.array(doing).max(1000),
  }),
);
export type Stopped = z.infer<typeof stopped>;
export const resumed = lazily(() => z.strictObject({ state: z.enum(['resumed', 'waiting-for-second']) }));
export type Resumed = z.infer<typeof resumed>;

export const now = lazily(() =>
  z.strictObject({
    atMs: epochMs,
    assets: z.array(assetSummary).max(500),
    /** There are more assets than are named here: GET /assets has them all. */
    assetsMore: z.boolean(),
    /** Open ones, most urgent first, at most 50. */
    cases: z.array(caseSummary).max(50),
    stops: z.array(stopView).max(1000),
    doing: z.array(doing).max(200),
    /** Counted up to `limit`: a number that is equal to it says "at least". */
    counts: z.strictObject({
      open: z.number().int().min(0),
      inReview: z.number().int().min(0),
      acting: z.number().int().min(0),
      verifying: z.number().int().min(0),
      /** Closed since midnight in the site's zone without any person's answer. */
      automatedToday: z.number().int().min(0),
      limit: z.number().int().min(1),
    }),
  }),
);
export type Now = z.infer<typeof now>;

/** An asset's small state item: what screening carries from batch to batch. One item an asset, conditional on `version`. */
import { z } from 'zod';
import { screenState } from './calibration.ts';
import { assetId, bootId, epochMs, seq, sha256Hex, siteId } from './common.ts';
import { lazily } from './lazily.ts';
import { channelMeta } from './telemetry.ts';

export const assetVersion = 1;

export const assetRegistration = lazily(() =>
  z.strictObject({
    v: z.literal(assetVersion),
    asset: assetId,
    site: siteId,
    /** Time zone of the site (IANA name), whose clock its days follow and people are told times by; UTC where it is absent. */
    timeZone: z
      .string()
      .max(64)
      .regex(/^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+){0,2}$/)
      .optional(),
    /** Where the asset stands within its site: assets of one zone may see one cause, and share a quota of effects. */
    zone: z.string().min(1).max(64).optional(),
    /**
     * What feeds the asset and would take it down (a main, a feeder, a gateway, a sump), by its name within the site: assets
     * that name the same may see one cause, in whatever zones they stand.
     */
    fedBy: z.string().min(1).max(64).optional(),
    pack: z.string().regex(/^[a-z][a-z0-9-]{0,47}$/),
    channels: z.array(channelMeta).max(256),
    /** Event seconds per wall second: 1 for real devices, more for a simulation that runs faster than the clock. */
    clockRate: z.number().min(1).max(100_000).default(1),
    /** Where each zone's isolation valve and each pump's stand-by is, for remedies: element names by zone. */
    topology: z
      .strictObject({
        zones: z.array(z.strictObject({ name: z.string().max(64), valve: z.string().max(64).optional() })).max(256),
        pumps: z.array(z.strictObject({ name: z.string().max(64), standby: z.string().max(64).optional() })).max(64),
      })
      .default({ zones: [], pumps: [] }),
    /**
     * False alarms that its calibration may raise in a week at most. Absent: one a week where rows are a minute apart or
     * slower, else one in 1,500 rows.
     */
    falseAlarmsPerWeek: z.number().min(0.001).max(10_000).optional(),
    /** Silence: a case is opened when nothing came for this long (wall clock). */
    silenceAfterMs: z
      .number()
      .int()
      .min(1_000)
      .max(30 * 86_400_000)
      .default(3_600_000),
  }),
);
export type AssetRegistration = z.infer<typeof assetRegistration>;

/** Sequence bookkeeping of one boot: what came, and which numbers below `lastSeq` are still missing. */
export const bootPosition = lazily(() =>
  z.strictObject({
    bootId,
    lastSeq: seq,
    missing: z.array(z.tuple([seq, seq])).max(32),
  }),
);

export const assetState = lazily(() =>
  z.strictObject({
    v: z.literal(assetVersion),
    asset: assetId,
    version: z.number().int().min(0),
    /** SHA-256 of the registration document, stored content-addressed in S3 under `registration/`. */
    registrationHash: sha256Hex,
    /** SHA-256 of the calibration document, stored under `calibration/`; absent until the warm-up is over. */
    calibrationHash: sha256Hex.optional(),
    /** Up to four boots, newest first. */
    boots: z.array(bootPosition).max(4),
    /** Earliest event time, and that of the newest reading, which falls where the device's clock was set back. */
    firstEventMs: epochMs.optional(),
    lastEventMs: epochMs.optional(),
    lastReceivedMs: epochMs.optional(),
    /** Since when (wall clock) readings come, of another boot than the newest, of which none continues the series. */
    lateSinceMs: epochMs.optional(),
    readings: z.number().int().min(0),
    /** What screening remembers; absent before the first screened row. */
    screen: screenState.optional(),
    /** The standing alarm: the reading where it set in, the highest score since, and how many readings it stands. */
    alarm: z
      .strictObject({ bootId, seq, atMs: epochMs, score: z.number().min(0), rows: z.number().int().min(1) })
      .optional(),
    /** Alarms that are over, oldest first: event times of onset and of the first row without it. No calibration learns from them. */
    alarms: z
      .array(z.tuple([epochMs, epochMs]))
      .max(8)
      .optional(),
    /**
     * The window, oldest first: full chunks `window/ASSET/0 … nextChunk − 1`, then the asset's part of `open/<open>` where
     * `openRows` is above 0, then the raw batches that `tail` names (`YYYYMMDDHH/ID`). `openPart` counts the open chunks.
     */
    nextChunk: z.number().int().min(0),
    openPart: z.number().int().min(0),
    open: z.string().max(64).optional(),
    openRows: z.number().int().min(0),
    tailRows: z.number().int().min(0),
    tail: z.array(z.string().max(64)).max(64),
    /**
     * Scores of the tail's rows, oldest first, until they go into a chunk with them: a byte a row (0: not screened), and a
     * bit a row where the alarm stood in any (lib/core/scores). `levels[i]` is that of row `seq + i × every` and of the
     * rows up to the next, of which it is the highest.
     */
    scores: z
      .array(
        z.strictObject({
          bootId,
          seq,
          every: z.number().int().min(2).max(10_000).optional(),
          levels: z.base64().max(32 * 1024),
          alarms: z
            .base64()
            .max(4 * 1024)
            .optional(),
        }),
      )
      .max(64)
      .optional(),
    /** Set while a silence case is open, so that it opens once. */
    silentSinceMs: epochMs.optional(),
    /** Actions that hold on this asset: their expected effects are masked by name, not silenced. */
    holds: z
      .array(
        z.strictObject({
          caseId: sha256Hex,
          action: z.string().max(48),
          target: z.string().max(64),
          expectedChannels: z.array(z.string().max(64)).max(256),
          /** The effect that holds, as the ledger names it, and since when (wall clock). */
          effectKey: sha256Hex.optional(),
          sinceMs: epochMs.optional(),
        }),
      )
      .max(8),
  }),
);
export type AssetState = z.infer<typeof assetState>;

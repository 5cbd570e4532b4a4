/** What a person says that something was: for scoring, and for training from. */
import { z } from 'zod';
import { epochMs, humanText, kind, sha256Hex } from './common.ts';
import { lazily } from './lazily.ts';

export const labelVersion = 1;

/** Label of a case, as it is ordered; the audit keeps it as `label-set` in the case's chain. The newest one counts. */
export const caseLabel = lazily(() =>
  z.strictObject({
    v: z.literal(labelVersion),
    caseId: sha256Hex,
    /** Tells it from the answers to a review, which come the same way. */
    answer: z.literal('label'),
    /** Labels that the case had when this one was given: the same order twice is one label. */
    ordinal: z.number().int().min(0).max(999),
    /** The kind that it was; `normal` for a false alarm. */
    label: kind,
    by: humanText.max(128),
    reason: humanText,
    /** The round whose answer it came with: it counts as long as that answer does. */
    round: z.number().int().min(0).max(9).optional(),
  }),
);
export type CaseLabel = z.infer<typeof caseLabel>;

/** Numbers as a classifier takes them. */
const features = lazily(() => z.array(z.number()).min(1).max(1024));

/** One alarm of a backtest: a line of the file that `backtest --episodes` writes. */
export const episodeLine = lazily(() =>
  z.strictObject({
    v: z.literal(labelVersion),
    /** Position in the file, from 1. */
    number: z.number().int().min(1),
    file: z.string().max(1024),
    pack: z.string().max(64).optional(),
    fromMs: epochMs,
    toMs: epochMs,
    /** What the classifier, or the general rule, made of it. */
    said: z.string().max(48),
    sentence: z.string().max(1000),
    /** Features of the last look, where the pack has a classifier. */
    features: features.optional(),
  }),
);
export type EpisodeLine = z.infer<typeof episodeLine>;

/** Label of an episode: a line of the file beside, which only grows. The last one for a number counts. */
export const episodeLabel = lazily(() =>
  z.strictObject({
    v: z.literal(labelVersion),
    number: z.number().int().min(1),
    label: kind,
    by: humanText.max(128),
    reason: humanText,
    atMs: epochMs,
  }),
);
export type EpisodeLabel = z.infer<typeof episodeLabel>;

/** A window with the kind that a person gave it: a line of `label export`, and what `train --labels` reads. */
export const labelledWindow = lazily(() =>
  z.strictObject({
    v: z.literal(labelVersion),
    /** `case:ID` or `episode:FILE:NUMBER`: windows of one event share it. */
    event: z.string().min(1).max(1200),
    pack: z.string().max(64),
    label: kind,
    by: humanText.max(128),
    reason: humanText,
    features,
  }),
);
export type LabelledWindow = z.infer<typeof labelledWindow>;

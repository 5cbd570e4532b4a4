/** What people set for a while (planned work, and kinds that are shelved; both end by themselves), and what a shift hands over. */
import { z } from 'zod';
import { assetId, epochMs, humanText, kind, sha256Hex, siteId } from './common.ts';
import { lazily } from './lazily.ts';

export const operationsVersion = 1;

const dayMs = 86_400_000;
/** Longest span of each; longer work is planned again. */
export const longestMs = { 'planned-work': 31 * dayMs, shelving: 7 * dayMs } as const;

/** `asset#ID`, `site#ID` or `zone#SITE/ZONE`. */
export const orderScope = lazily(() =>
  z.union([
    z.templateLiteral([z.literal('asset#'), assetId]),
    z.templateLiteral([z.literal('site#'), siteId]),
    z.string().regex(/^zone#[a-z0-9][a-z0-9-]{0,63}\/.{1,64}$/, 'zone#SITE/ZONE'),
  ]),
);

export const standingOrder = lazily(() =>
  z
    .strictObject({
      v: z.literal(operationsVersion),
      id: sha256Hex,
      /** Planned work: whatever is found there is only observed. Shelving: what of one kind is found on one asset is. */
      what: z.enum(['planned-work', 'shelving']),
      scope: orderScope,
      /** The kind that is shelved. */
      kind: kind.optional(),
      fromMs: epochMs,
      /** From this moment on it holds no more. */
      toMs: epochMs,
      by: humanText.max(128),
      reason: humanText.max(500),
      createdAtMs: epochMs,
      /** Where somebody ended it before its time. */
      ended: z.strictObject({ atMs: epochMs, by: humanText.max(128), reason: humanText.max(500) }).optional(),
    })
    .refine(({ fromMs, toMs }) => fromMs < toMs, 'it ends before it begins')
    .refine(
      ({ what, fromMs, toMs }) => toMs - fromMs <= longestMs[what],
      'it is too long: planned work lasts 31 days at most, shelving 7',
    )
    .refine(
      ({ what, scope, kind: shelved }) =>
        (what === 'shelving') === (shelved !== undefined) && (what !== 'shelving' || scope.startsWith('asset#')),
      'a kind is shelved on one asset; planned work names no kind',
    ),
);
export type StandingOrder = z.infer<typeof standingOrder>;

/** What one shift wrote for the next, with the numbers of that moment. */
export const handoverNote = lazily(() =>
  z.strictObject({
    v: z.literal(operationsVersion),
    id: sha256Hex,
    fromMs: epochMs,
    toMs: epochMs,
    operators: z.number().int().min(1).max(100),
    note: humanText,
    by: humanText.max(128),
    atMs: epochMs,
    /** Cases that were open then, and alarms of the shift. */
    open: z.number().int().min(0),
    alarms: z.number().int().min(0),
    perOperatorHour: z.number().min(0),
    taken: z.strictObject({ by: humanText.max(128), atMs: epochMs }).optional(),
  }),
);
export type HandoverNote = z.infer<typeof handoverNote>;

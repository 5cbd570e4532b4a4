/** The stop switch: one item a scope. Anything that acts reads all its scopes first. */
import { z } from 'zod';
import { assetId, epochMs, humanText } from './common.ts';
import { lazily } from './lazily.ts';

export const stopVersion = 1;

/** `all`, `site#ID` or `asset#ID`. */
export const stopScope = lazily(() =>
  z.union([
    z.literal('all'),
    z.templateLiteral([z.literal('site#'), assetId]),
    z.templateLiteral([z.literal('asset#'), assetId]),
  ]),
);

export const stopState = lazily(() =>
  z.strictObject({
    v: z.literal(stopVersion),
    scope: z.string().max(80),
    stopped: z.boolean(),
    by: humanText.max(128),
    reason: humanText,
    atMs: epochMs,
    /** Somebody asks to resume; it works only when another person completes it. */
    resumeAsked: z.strictObject({ by: humanText.max(128), reason: humanText, atMs: epochMs }).optional(),
  }),
);
export type StopState = z.infer<typeof stopState>;

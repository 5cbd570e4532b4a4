/** Messages to the browser that somebody sits at. Everybody sees and changes their own only. */
import { z } from 'zod';
import { epochMs, sha256Hex } from '../common.ts';
import { lazily } from '../lazily.ts';

/** As `PushSubscription.toJSON()` of a browser has it. */
export const pushBody = lazily(() =>
  z.strictObject({
    /** At a push service that the deployment allows. */
    endpoint: z.url().max(1024),
    keys: z.strictObject({
      /** 65 bytes as base64url. */
      p256dh: z.string().regex(/^[A-Za-z0-9_-]{87}=?$/, '65 bytes as base64url'),
      /** 16 bytes as base64url. */
      auth: z.string().regex(/^[A-Za-z0-9_-]{22}(==)?$/, '16 bytes as base64url'),
    }),
  }),
);
export type PushBody = z.infer<typeof pushBody>;

/** A browser of one's own; its id is the SHA-256 of its address, which only the browser knows. */
export const pushBrowser = lazily(() => z.strictObject({ id: sha256Hex, sinceMs: epochMs, untilMs: epochMs }));
export type PushBrowser = z.infer<typeof pushBrowser>;

export const pushView = lazily(() =>
  z.strictObject({
    /** What a browser asks for; absent where the deployment sends nothing to browsers. */
    publicKey: z.string().max(100).optional(),
    browsers: z.array(pushBrowser).max(10),
  }),
);
export type PushView = z.infer<typeof pushView>;

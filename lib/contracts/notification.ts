/** Who is told what, when and by which channel. */
import { z } from 'zod';
import { assetId, epochMs, kind, sha256Hex, siteId, wallClock } from './common.ts';
import { lazily } from './lazily.ts';

export const notificationVersion = 1;

/** A channel by the name that the configuration gives it; `sns` is always there. */
export const channelName = lazily(() =>
  z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, 'lower-case letters, digits and hyphens, at most 40'),
);

/** What a notification is about. `storm` sums up what was grouped. */
export const topic = lazily(() =>
  z.enum(['question', 'acting', 'failed', 'unknown', 'closed', 'flow-failed', 'quarantine', 'storm']),
);
export type Topic = z.infer<typeof topic>;

/** `urgent` breaks through quiet hours; `info` needs nobody to do anything. */
export const urgency = lazily(() => z.enum(['urgent', 'normal', 'info']));
export type Urgency = z.infer<typeof urgency>;

const some = <T extends z.ZodType>(one: T) => z.array(one).min(1).max(64).optional();

/** A list that is absent takes all. What is about no asset (quarantine) has no site: routes with sites pass it over. */
export const notificationRoute = lazily(() =>
  z.strictObject({
    name: channelName,
    when: z
      .strictObject({
        topics: some(topic),
        urgencies: some(urgency),
        sites: some(siteId),
        zones: some(z.string().min(1).max(64)),
        kinds: some(kind),
      })
      .default({}),
    channels: z.array(channelName).min(1).max(8),
  }),
);
export type NotificationRoute = z.infer<typeof notificationRoute>;

export const notificationSettings = lazily(() =>
  z
    .strictObject({
      v: z.literal(notificationVersion),
      /** Base of the links to cases: `<consoleUrl>/cases/ID`. Left out: the command that shows the case. */
      consoleUrl: z
        .url({ protocol: /^https?$/ })
        .max(256)
        .refine((text) => {
          const { username, password, search, hash } = new URL(text);
          return username + password + search + hash === '';
        }, 'without user, password, query and fragment')
        .transform((text) => text.replace(/\/+$/, ''))
        .optional(),
      routes: z.array(notificationRoute).max(64),
      /** In the time zone of the asset's site (UTC where it has none). What is not urgent waits for their end. */
      quietHours: z
        .strictObject({ from: wallClock, to: wallClock })
        .refine(({ from, to }) => from !== to, 'from and to are the same: leave quietHours out, or give a span')
        .optional(),
      /** A question that is due sooner than this breaks through quiet hours. */
      dueSoonMs: z.number().int().min(60_000).max(86_400_000).default(1_800_000),
      /** More than `most` messages of one channel in a window are grouped: one summary a window, and a last one. */
      storm: z
        .strictObject({
          most: z.number().int().min(1).max(1000).default(10),
          windowMs: z.number().int().min(1_000).max(3_600_000).default(600_000),
        })
        .default({ most: 10, windowMs: 600_000 }),
      /** Quarantined readings in a window of that length that are worth a message. */
      quarantinedReadings: z.number().int().min(1).max(1_000_000_000).default(1_000),
    })
    .refine(
      ({ routes }) => new Set(routes.map(({ name }) => name)).size === routes.length,
      'two routes have the same name',
    ),
);
export type NotificationSettings = z.infer<typeof notificationSettings>;

/** What goes out. It holds no secret, no person's words and no reading beyond the case's own sentence. */
export const notification = lazily(() =>
  z.strictObject({
    v: z.literal(notificationVersion),
    /** Deterministic: the same event told twice is one notification. */
    id: sha256Hex,
    topic,
    urgency,
    channel: channelName,
    route: channelName,
    title: z.string().min(1).max(200),
    text: z.string().max(2_000),
    /** Where to look: a page of the console, or a command. */
    link: z.string().max(400),
    caseId: sha256Hex.optional(),
    round: z.number().int().min(0).optional(),
    asset: assetId.optional(),
    site: siteId.optional(),
    kind: kind.optional(),
    createdAtMs: epochMs,
  }),
);
export type Notification = z.infer<typeof notification>;

export const notificationStatus = lazily(() => z.enum(['waiting', 'sending', 'sent', 'grouped', 'obsolete', 'failed']));

/** A notification and what became of it, as its item holds it. */
export const notificationRecord = lazily(() =>
  z.strictObject({
    message: notification,
    status: notificationStatus,
    /** When it is sent, sent again, or taken over from a sender that died. */
    dueAtMs: epochMs,
    attempts: z.number().int().min(0).max(100),
    /** Stands for an event that is told more fully by another, which replaces it. */
    provisional: z.boolean().optional(),
    /** Window in which it counted, once it was tried. */
    window: z.number().int().min(0).optional(),
    sentAtMs: epochMs.optional(),
    problem: z.string().max(300).optional(),
  }),
);
export type NotificationRecord = z.infer<typeof notificationRecord>;

/** Who is told what, as it is configured, and the quiet hours, which an admin may set here. */
import { z } from 'zod';
import { humanText } from '../common.ts';
import { lazily } from '../lazily.ts';
import { channelName, notificationSettings } from '../notification.ts';

export const notificationsView = lazily(() =>
  z.strictObject({
    settings: notificationSettings,
    /** The template's; a change needs a deployment. */
    channels: z.array(z.strictObject({ name: channelName, by: z.string().max(40) })).max(100),
    /** Channels that routes name and the template does not have: nothing goes there. */
    missing: z.array(channelName).max(64),
    /** Goes back with a change. */
    version: z.number().int().min(0),
  }),
);
export type NotificationsView = z.infer<typeof notificationsView>;
export const quietHoursBody = lazily(() =>
  z.strictObject({
    /** null: none. */
    quietHours: notificationSettings.shape.quietHours.unwrap().nullable(),
    reason: humanText.max(500),
    version: z.number().int().min(0),
  }),
);
export type QuietHoursBody = z.infer<typeof quietHoursBody>;

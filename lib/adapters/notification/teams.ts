/**
 * Microsoft Teams, by a webhook of a Workflow ("Post to a channel when a webhook request is received"): a message with
 * one Adaptive Card. It takes no key.
 */
import { z } from 'zod';
import { lazily } from '../../contracts/lazily.ts';
import type { Notification } from '../../contracts/notification.ts';
import { defineChannel } from '../../core/notification/channel.ts';
import { hostName, postToSecretUrl } from './results.ts';

const settings = lazily(() =>
  z.strictObject({
    by: z.literal('teams'),
    /** Of the webhook, whose whole address is the secret; each tenant has one of its own. */
    host: hostName,
  }),
);

export function teamsMessage({ title, text, link, urgency }: Notification) {
  const isUrl = /^https?:\/\//.test(link);
  return {
    type: 'message',
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        content: {
          $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
          type: 'AdaptiveCard',
          version: '1.4',
          body: [
            {
              type: 'TextBlock',
              text: title,
              weight: 'Bolder',
              wrap: true,
              ...(urgency === 'urgent' && { color: 'Attention' }),
            },
            { type: 'TextBlock', text, wrap: true },
            ...(isUrl ? [] : [{ type: 'TextBlock', text: link, fontType: 'Monospace', wrap: true }]),
          ],
          ...(isUrl && { actions: [{ type: 'Action.OpenUrl', title: 'Open', url: link }] }),
        },
      },
    ],
  };
}

export default defineChannel<z.infer<typeof settings>>({
  name: 'teams',
  settings,
  needsSecret: true,
  open: ({ host }, surroundings) => ({
    send: (message, { timeoutMs }) => postToSecretUrl(surroundings, host, teamsMessage(message), timeoutMs),
  }),
});

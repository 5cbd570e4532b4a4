/** Slack's incoming webhooks (https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks). They take no key. */
import { z } from 'zod';
import { lazily } from '../../contracts/lazily.ts';
import type { Notification } from '../../contracts/notification.ts';
import { defineChannel } from '../../core/notification/channel.ts';
import { hostName, postToSecretUrl } from './results.ts';

const settings = lazily(() =>
  z.strictObject({
    by: z.literal('slack'),
    /** Of the webhook, whose whole address is the secret. */
    host: hostName.default('hooks.slack.com'),
  }),
);

/** The three characters that mean something in Slack's texts. */
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const isUrl = (link: string): boolean => /^https?:\/\//.test(link);

/** `text` is what a phone shows; the blocks are the message. */
export function slackMessage({ title, text, link, urgency }: Notification) {
  const mark = urgency === 'urgent' ? ':rotating_light: ' : '';
  return {
    text: escaped(title),
    blocks: [
      {
        type: 'section',
        text: {
          type: 'mrkdwn',
          text: `${mark}*${escaped(title).replaceAll('*', '∗')}*\n${escaped(text)}`.slice(0, 2_900),
        },
      },
      {
        type: 'context',
        elements: [{ type: 'mrkdwn', text: isUrl(link) ? `<${encodeURI(link)}|Open>` : `\`${link}\`` }],
      },
    ],
  };
}

export default defineChannel<z.infer<typeof settings>>({
  name: 'slack',
  settings,
  needsSecret: true,
  open: ({ host }, surroundings) => ({
    send: (message, { timeoutMs }) => postToSecretUrl(surroundings, host, slackMessage(message), timeoutMs),
  }),
});

/**
 * The deployment's own topic: whoever subscribes gets e-mail. On one machine the topic keeps what is published in a
 * file. A standard topic takes no key, so a message whose answer was lost comes twice.
 */
import { z } from 'zod';
import { lazily } from '../../contracts/lazily.ts';
import type { Notification } from '../../contracts/notification.ts';
import { defineChannel } from '../../core/notification/channel.ts';
import { resultOf, resultOfFailure } from './results.ts';
import { endpointOf, functionCredentials, queryCall } from './signed-call.ts';

const settings = lazily(() => z.strictObject({ by: z.literal('sns') }));

/** SNS takes printable ASCII of at most 100 characters as a subject. */
export const subjectOf = (title: string): string =>
  title
    .normalize('NFKD')
    .replace(/[^\u0020-\u007e]/g, '')
    .trim()
    .slice(0, 100) || 'Groundcrew';

export const bodyOf = ({ title, text, link }: Notification): string => `${title}\n\n${text}\n\n${link}\n`;

export default defineChannel<z.infer<typeof settings>>({
  name: 'sns',
  settings,
  needsSecret: false,
  open: (_, { topicArn, now }) => ({
    async send(message, { timeoutMs }) {
      const region = topicArn.split(':')[3] ?? '';
      try {
        const answer = await queryCall({
          url: endpointOf('sns', region),
          form: {
            Action: 'Publish',
            Version: '2010-03-31',
            TopicArn: topicArn,
            Subject: subjectOf(message.title),
            Message: bodyOf(message),
          },
          service: 'sns',
          region,
          credentials: functionCredentials(),
          atMs: now(),
          timeoutMs,
        });
        return resultOf(answer, now());
      } catch (error) {
        return resultOfFailure(error);
      }
    },
  }),
});

/**
 * The deployment's own topic: whoever subscribes gets e-mail. On one machine the topic keeps what is published in a
 * file. A standard topic takes no key, so a message whose answer was lost comes twice.
 */
import { z } from 'zod';
import { lazily } from '../../contracts/lazily.ts';
import type { Notification } from '../../contracts/notification.ts';
import { defineChannel } from '../../core/notification/channel.ts';
import { resultOf, resultOfFailure } from './results.ts';
import { type Credentials, queryCall } from './signed-call.ts';

const settings = lazily(() => z.strictObject({ by: z.literal('sns') }));

/** SNS takes printable ASCII of at most 100 characters as a subject. */
export const subjectOf = (title: string): string =>
  title
    .normalize('NFKD')
    .replace(/[^\u0020-\u007e]/g, '')
    .trim()
    .slice(0, 100) || 'Groundcrew';

export const bodyOf = ({ title, text, link }: Notification): string => `${title}\n\n${text}\n\n${link}\n`;

/** As Lambda gives them to every function. */
function credentials(): Credentials {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = process.env;
  return {
    accessKeyId: AWS_ACCESS_KEY_ID ?? '',
    secretAccessKey: AWS_SECRET_ACCESS_KEY ?? '',
    sessionToken: AWS_SESSION_TOKEN,
  };
}

/** The endpoint as an SDK client would find it. */
const endpointOf = (region: string): URL =>
  new URL(process.env.AWS_ENDPOINT_URL_SNS ?? process.env.AWS_ENDPOINT_URL ?? `https://sns.${region}.amazonaws.com/`);

export default defineChannel<z.infer<typeof settings>>({
  name: 'sns',
  settings,
  needsSecret: false,
  open: (_, { topicArn, now }) => ({
    async send(message, { timeoutMs }) {
      const region = topicArn.split(':')[3] ?? '';
      try {
        const answer = await queryCall({
          url: endpointOf(region),
          form: {
            Action: 'Publish',
            Version: '2010-03-31',
            TopicArn: topicArn,
            Subject: subjectOf(message.title),
            Message: bodyOf(message),
          },
          service: 'sns',
          region,
          credentials: credentials(),
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

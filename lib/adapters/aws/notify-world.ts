/** What telling people is wired with, from the function's environment. */
import { namesOf } from '../../contracts/names.ts';
import { Documents } from '../../core/ingest/documents.ts';
import type { Browsers, SendResult } from '../../core/notification/channel.ts';
import type { NotifyPorts } from '../../core/notification/notify.ts';
import type { CaseFacts } from '../../core/notification/told.ts';
import { channelSecret, checkChannels, openChannel } from '../notification/configured.ts';
import { getCase } from './case-store.ts';
import { dynamoDb, s3, secretsManager } from './clients.ts';
import { environment } from './environment.ts';
import { dynamoFlagStore } from './flag-store.ts';
import { notificationPorts } from './notification-store.ts';
import { s3ObjectStore } from './object-store.ts';
import { getReview } from './review-store.ts';
import { cachedSecret } from './secrets.ts';
import { dynamoStateStore } from './state-store.ts';

/** A message is small; whoever does not take it in this time is asked again later. */
const sendTimeoutMs = 8_000;

export function notifyPorts(): NotifyPorts {
  const env = environment(
    'TABLE_OPERATIONS',
    'TABLE_CASES',
    'TABLE_STATE',
    'BUCKET_DATA',
    'CHANNELS',
    'TOPIC_ARN',
    'WEBHOOK_ALLOW_PRIVATE',
    'GROUNDCREW_PREFIX',
  );
  checkChannels(env.CHANNELS);
  const client = dynamoDb();
  const cases = { client, table: env.TABLE_CASES };
  const states = dynamoStateStore(client, env.TABLE_STATE);
  const documents = new Documents(s3ObjectStore(s3(), env.BUCKET_DATA), 4 * 1024 * 1024);
  const flags = dynamoFlagStore(client, env.TABLE_CASES);
  const names = namesOf(env.GROUNDCREW_PREFIX);
  const browsers: Browsers = {
    // Loaded where there is such a channel: it brings the client of the key service along.
    open: async () => await (await import('./browser-ports.ts')).openedBrowsers(Date.now()),
    forget: async (ids) => await (await import('./browser-ports.ts')).forgottenBrowsers(ids),
  };
  const opened = new Map<string, ReturnType<typeof openChannel>>();

  const channelOf = (name: string) => {
    if (!opened.has(name))
      opened.set(
        name,
        openChannel(env.CHANNELS, {
          name,
          secret: cachedSecret(secretsManager(), names.secret(channelSecret(name)), Date.now),
          allowPrivate: env.WEBHOOK_ALLOW_PRIVATE,
          topicArn: env.TOPIC_ARN,
          browsers,
          now: Date.now,
        }),
      );
    return opened.get(name);
  };

  return {
    ...notificationPorts({ client, table: env.TABLE_OPERATIONS }),
    async caseFacts(caseId): Promise<CaseFacts | undefined> {
      const record = await getCase(cases, caseId);
      if (!record) return undefined;
      const [state, flag] = await Promise.all([states.get(record.asset), flags.get(record.openingFlagId)]);
      const registration = state && (await documents.registration(state.registrationHash));
      return {
        record,
        // A flag that has gone is old; who raised it is then unknown, and its words are kept back.
        isByPerson: flag === undefined || flag.flag.reason === 'manual',
        site: registration?.site,
        zone: record.zone ?? registration?.zone,
        timeZone: registration?.timeZone,
      };
    },
    isAsked: async (caseId, round) => (await getReview(cases, caseId, round))?.end.state === 'open',
    async send(message): Promise<SendResult> {
      const channel = channelOf(message.channel);
      if (!channel)
        return { status: 'failed', problem: `the deployment has no channel ${message.channel}`, retryable: true };
      try {
        return await channel.send(message, { timeoutMs: sendTimeoutMs });
      } catch (error) {
        // A secret that cannot be read, say. Its name is said, never its value.
        return { status: 'failed', problem: error instanceof Error ? error.name : 'an error', retryable: true };
      }
    },
    now: Date.now,
  };
}

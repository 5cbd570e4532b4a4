/** Messages to browsers: everybody turns them on and off for themselves, at push services that the configuration names. */
import { browsersOf, forgetBrowsers, keepBrowser, type StoredBrowser } from '../aws/browser-store.ts';
import { type ConsoleWorld, tableAt } from '../aws/console/world.ts';
import { knownSubject, subjectOf } from '../aws/subject-store.ts';
import { pushChannel } from '../notification/configured.ts';
import { areBrowserKeys, senderKey } from '../notification/push-message.ts';
import { isAllowedEndpoint, pushSettings } from '../notification/web-push.ts';
import { ProblemError } from './problems.ts';
import type { AddRoutes } from './routes.ts';

const shown = ({ id, sinceMs, untilMs }: StoredBrowser) => ({ id, sinceMs, untilMs });

export const pushRoutes =
  (world: ConsoleWorld): AddRoutes =>
  (routes) => {
    const name = pushChannel(world.channels);
    const settings = name === undefined ? undefined : pushSettings(world.channels[name]);
    const table = tableAt(world, 'operations');
    routes.on('push', async ({ person, nowMs }) => {
      if (name === undefined) return { body: { browsers: [] } };
      const subject = await knownSubject(world.subjects, person.username);
      const browsers = subject === undefined ? [] : await browsersOf(table, subject, nowMs);
      const { publicKey } = senderKey(await world.channelSecret(name));
      return { body: { publicKey, browsers: browsers.map(shown) } };
    });
    routes.on('turnPushOn', async ({ body: { endpoint, keys }, person, nowMs }) => {
      if (!settings)
        throw new ProblemError(409, 'push-off', 'This deployment sends nothing to browsers (docs/notifications.md).');
      // Neither the address nor a key is repeated: whoever knows them could send.
      if (!isAllowedEndpoint(endpoint, settings))
        throw new ProblemError(422, 'push-service-refused', 'The push service of this browser is not allowed here.', {
          allowed: settings.hosts,
        });
      if (!areBrowserKeys(keys)) throw new ProblemError(422, 'body-invalid', 'These are no keys of a browser.');
      const subject = await subjectOf(world.subjects, person.username, nowMs);
      return { body: shown(await keepBrowser(table, world.subjects, subject, { endpoint, ...keys }, nowMs)) };
    });
    routes.on('turnPushOff', async ({ parameters: { id }, person }) => {
      const subject = await knownSubject(world.subjects, person.username);
      if (subject !== undefined) await forgetBrowsers(table, { ids: [id], subject });
      return {};
    });
  };

/** Who is shut out is told nothing more. */
export const shutOut =
  (world: ConsoleWorld) =>
  async (username: string): Promise<void> => {
    const subject = await knownSubject(world.subjects, username);
    if (subject !== undefined) await forgetBrowsers(tableAt(world, 'operations'), { subject });
  };

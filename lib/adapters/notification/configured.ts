/** The channels that a deployment has configured, by their names. */
import { InvalidInputError } from '../../core/errors.ts';
import type { Channel, ChannelSettings, ChannelSurroundings, OpenChannel } from '../../core/notification/channel.ts';
import { channels } from './index.ts';

/** Always there: it needs nothing but the topic of the stack. */
const always: ChannelSettings = { sns: { by: 'sns' } };

/** Name of a channel's secret behind the deployment's prefix. */
export const channelSecret = (name: string): string => `notify-${name}`;

/** @throws InvalidInputError naming the way that there is not, or the setting that is wrong */
function channelOf(
  name: string,
  given: ChannelSettings,
): { readonly channel: Channel; readonly settings: unknown } | undefined {
  const all = { ...given, ...always };
  const settings = Object.hasOwn(all, name) ? all[name] : undefined;
  if (!settings) return undefined;
  const channel = Object.hasOwn(channels, settings.by) ? channels[settings.by] : undefined;
  if (channel) return { channel, settings };
  throw new InvalidInputError(
    `The channel "${name}" goes by "${settings.by}"; there are ${Object.keys(channels).join(', ')} (lib/adapters/notification).`,
    { code: 'channel-unknown' },
  );
}

/** Names of all channels that messages can be routed to. */
export const channelNames = (given: ChannelSettings): string[] =>
  [...new Set([...Object.keys(always), ...Object.keys(given)])].sort();

/**
 * Checks the channels as the configuration has them.
 * @throws InvalidInputError
 */
export function checkChannels(given: ChannelSettings): void {
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(always, name))
      throw new InvalidInputError(`The channel "${name}" is always there: give yours another name.`, {
        code: 'channel-taken',
      });
    const found = channelOf(name, given);
    found?.channel.check(found.settings);
  }
  const push = Object.keys(given).filter((name) => given[name]?.by === 'web-push');
  if (push.length > 1)
    throw new InvalidInputError(
      `The channels ${push.join(' and ')} both go by web-push; a browser takes messages from one sender: leave one.`,
      { code: 'channel-twice' },
    );
}

/** The channel to browsers, where the deployment has one. */
export const pushChannel = (given: Readonly<Record<string, { readonly by: string }>>): string | undefined =>
  Object.keys(given).find((name) => given[name]?.by === 'web-push');

/** Names of the channels that need a secret. */
export const channelsWithSecret = (given: ChannelSettings): string[] =>
  channelNames(given).filter((name) => channelOf(name, given)?.channel.needsSecret);

/** @returns `undefined` where the configuration has no such channel */
export function openChannel(given: ChannelSettings, surroundings: ChannelSurroundings): OpenChannel | undefined {
  const found = channelOf(surroundings.name, given);
  return found?.channel.open(found.settings, surroundings);
}

/** The MQTT topics of device shadows: `$aws/things/THING/shadow[/name/NAME]/(get|update)[/…]`. */
import { ServiceError } from '../server/service.ts';
import type { JsonObject } from '../types.ts';
import type { Shadows } from './shadows.ts';

export interface ShadowTopic {
  readonly thing: string;
  readonly name: string | undefined;
  readonly operation: 'get' | 'update';
  /** What a device may listen to; absent where the device asks. */
  readonly answer: string | undefined;
}

const pattern =
  /^\$aws\/things\/([A-Za-z0-9:_-]{1,128})\/shadow(?:\/name\/([A-Za-z0-9:_-]{1,64}))?\/(get|update)(?:\/(accepted|rejected|delta|documents))?$/;

/** Reads a topic; `undefined` for any other. Deleting a shadow over MQTT is not offered on one machine. */
export function shadowTopicOf(topic: string): ShadowTopic | undefined {
  const match = pattern.exec(topic);
  if (!match || (match[3] === 'get' && ['delta', 'documents'].includes(match[4] ?? ''))) return undefined;
  return { thing: match[1]!, name: match[2], operation: match[3] as 'get' | 'update', answer: match[4] };
}

/** Start of a shadow's topics. */
export const shadowPrefix = (thing: string, name: string | undefined): string =>
  `$aws/things/${thing}/shadow${name === undefined ? '' : `/name/${name}`}`;

/**
 * Does what a device asks on a shadow's topic. What an update was accepted with is told by `Shadows.onChange`, whoever
 * asked for it; the answer to a get and a rejection are for whoever listens.
 */
export function askShadow(
  shadows: Shadows,
  { thing, name, operation }: ShadowTopic,
  payload: Buffer,
  publish: (topic: string, payload: JsonObject) => void,
): void {
  const topic = `${shadowPrefix(thing, name)}/${operation}`;
  const token = tokenOf(payload);
  try {
    if (operation === 'update') shadows.update(thing, name, payload);
    else publish(`${topic}/accepted`, { ...shadows.get(thing, name), ...token });
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    const { statusCode: code, message } = error;
    publish(`${topic}/rejected`, { code, message, timestamp: Math.floor(Date.now() / 1000), ...token });
  }
}

function tokenOf(payload: Buffer): { clientToken?: string } {
  try {
    const { clientToken } = JSON.parse(payload.toString('utf8')) as { clientToken?: unknown };
    return typeof clientToken === 'string' ? { clientToken } : {};
  } catch {
    return {};
  }
}

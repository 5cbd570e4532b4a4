/**
 * The port between the machinery and a way to tell people. A channel is one file under lib/adapters/notification/ with
 * `export default defineChannel({...})`; the index beside it is generated.
 */
import type { ZodType } from 'zod';
import type { Notification } from '../../contracts/notification.ts';
import { InvalidInputError } from '../errors.ts';
import type { SecretReader } from '../remediation/remediator.ts';

/** What came of one try. A message whose answer was lost is sent again: twice told is better than never. */
export type SendResult =
  | { readonly status: 'sent' }
  | {
      readonly status: 'failed';
      /** Words of ours, never the provider's own: its address is a secret. */
      readonly problem: string;
      /** Whether a later try can help. */
      readonly retryable: boolean;
      readonly retryAfterMs?: number | undefined;
    };

export interface ChannelSurroundings {
  /** Name of the channel, as the configuration has it. */
  readonly name: string;
  /** Reader of the channel's own secret. */
  readonly secret: SecretReader;
  /** Whether endpoints may have addresses that are not public. */
  readonly allowPrivate: boolean;
  /** The deployment's own topic. */
  readonly topicArn: string;
  /** Browsers in which people have turned messages on. */
  readonly browsers: Browsers;
  readonly now: () => number;
}

/** Where a browser gets messages: its address at a push service, and its keys, as base64url. */
export interface Browser {
  /** Whoever knows it can send. */
  readonly endpoint: string;
  /** Its public key: 65 bytes of an uncompressed point on P-256. */
  readonly p256dh: string;
  /** 16 bytes that it shares. */
  readonly auth: string;
}

export interface Browsers {
  open(): Promise<readonly Browser[]>;
  /** By the names of their subscriptions: their services know them no more. */
  forget(ids: readonly string[]): Promise<void>;
}

export interface OpenChannel {
  send(message: Notification, options: { readonly timeoutMs: number }): Promise<SendResult>;
}

export interface ChannelDeclaration<Settings> {
  /** The file's own name. */
  readonly name: string;
  /** Strict; holds no secret. */
  readonly settings: ZodType<Settings>;
  /** Whether it needs a secret of its own, `<prefix>/notify-<channel>`. */
  readonly needsSecret: boolean;
  readonly open: (settings: Settings, surroundings: ChannelSurroundings) => OpenChannel;
}

export interface Channel {
  readonly name: string;
  readonly needsSecret: boolean;
  readonly check: (settings: unknown) => void;
  readonly open: (settings: unknown, surroundings: ChannelSurroundings) => OpenChannel;
}

/** Settings of the channels by their names, as the configuration has them; `by` says which way each takes. */
export type ChannelSettings = Readonly<Record<string, Readonly<Record<string, unknown>> & { readonly by: string }>>;

/** @example export default defineChannel({ name: 'slack', settings, needsSecret: true, open }); */
export function defineChannel<Settings>(declared: ChannelDeclaration<Settings>): Channel {
  const checked = (settings: unknown): Settings => {
    const parsed = declared.settings.safeParse(settings);
    if (parsed.success) return parsed.data;
    const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'settings'}: ${message}`);
    throw new InvalidInputError(`The settings of a ${declared.name} channel are not valid. ${problems.join('; ')}.`, {
      code: 'channel-settings-invalid',
    });
  };
  return {
    name: declared.name,
    needsSecret: declared.needsSecret,
    check: (settings) => void checked(settings),
    open: (settings, surroundings) => declared.open(checked(settings), surroundings),
  };
}

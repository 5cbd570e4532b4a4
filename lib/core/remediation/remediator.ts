/**
 * The port between the machinery and a way to act. A remediator is one file under lib/adapters/remediation/ with
 * `export default defineRemediator({...})`; the index beside it is generated.
 */
import type { ZodType } from 'zod';
import { InvalidInputError } from '../errors.ts';

/**
 * What an endpoint offers against acting twice. `keyed`: it honours an idempotency key; `naturally-idempotent`: doing it
 * again changes nothing; `queryable`: it can be asked what became of a key; `none`: nothing.
 */
export type Offer = 'keyed' | 'naturally-idempotent' | 'queryable' | 'none';

/** What goes to the endpoint: the stored bytes, unchanged at every sending. */
export interface StoredRequest {
  readonly effectKey: string;
  /** UTF-8 JSON of a `remediationRequest`. */
  readonly body: string;
}

/** What is known after a call or a question. */
export type CallResult =
  | {
      readonly status: 'SUCCEEDED';
      readonly message: string;
      readonly httpStatus?: number;
      /** The endpoint's own name for what was done: a ticket or command number. */
      readonly reference?: string;
    }
  | {
      readonly status: 'FAILED';
      readonly message: string;
      readonly httpStatus?: number;
      /** The answer proves that nothing happened. */
      readonly provenNotExecuted: boolean;
      /** The endpoint knows the key with another payload: an error of ours that a person must see. */
      readonly conflict?: boolean;
    }
  | {
      readonly status: 'UNKNOWN';
      readonly message: string;
      readonly httpStatus?: number;
      /** Come back after this long; absent where the endpoint does not say. */
      readonly retryAfterMs?: number;
      /** The endpoint answered, so it is well: the breaker counts no failure. */
      readonly endpointWell?: boolean;
    }
  | {
      /** Nothing happened, and the same bytes may be sent later. */
      readonly status: 'DEFERRED';
      readonly message: string;
      readonly httpStatus?: number;
      readonly retryAfterMs: number;
      /** Nothing was asked of the endpoint, so nothing is known of how it is. */
      readonly unasked?: boolean | undefined;
      readonly endpointWell?: boolean;
    };

export interface SendOptions {
  /** Wall time for the whole call, from opening the connection to the last byte of the answer. */
  readonly timeoutMs: number;
  /**
   * Awaited when the connection stands and before the first byte of the request leaves. Where it throws, nothing was
   * sent and the error passes through unchanged. The stop switch is read here, so that it is never stale at sending.
   */
  readonly beforeSend: () => Promise<void>;
}

/** A remediator that is ready to act. */
export interface OpenRemediator {
  send(request: StoredRequest, options: SendOptions): Promise<CallResult>;
  /** Asks what became of a request; only where `queryable` is offered. `undefined`: the endpoint cannot tell. */
  query?(request: StoredRequest, options: { readonly timeoutMs: number }): Promise<CallResult | undefined>;
}

/** Reads a secret's current value. `refetch` asks past the cache, after a 401. */
export type SecretReader = (options?: { readonly refetch: boolean }) => Promise<string>;

/** What remediators get from their surroundings. */
export interface RemediatorSurroundings {
  /** Where the `webhook` sends, a parameter of the deployment. */
  readonly webhookUrl: string;
  /** Whether endpoints may have addresses that are not public. */
  readonly allowPrivate: boolean;
  /** The deployment's own bus. */
  readonly busName: string;
  /** Reader of the secret `<prefix>/<name>`. */
  readonly secret: (name: string) => SecretReader;
  readonly now: () => number;
}

/** What a remediator needs of the deployment: nothing else is made or granted for it. */
export interface RemediatorNeeds {
  /** Secrets by the last part of their names, `<prefix>/<name>`; the operator fills them in. */
  readonly secrets: readonly string[];
  /** Secrets that its system signs what it says to the review API with, which alone may read them. @default none */
  readonly signedWith?: readonly string[];
  /** Actions on resources of the account, in the words of IAM. */
  readonly grants: readonly { readonly action: string; readonly resource: string }[];
}

/** A remediator as its file declares it; `Settings` is what an operator writes under `remediators` in the configuration. */
export interface RemediatorDeclaration<Settings> {
  /** The file's own name. */
  readonly name: string;
  readonly offers: readonly Offer[];
  /** Name under which the breaker counts; remediators that share an endpoint share it. */
  readonly endpoint: string;
  /** How long the endpoint keeps a key: later, the same key would act again and is not sent. 0 where it keeps none. */
  readonly keyRetentionMs: number;
  /** Strict; holds no secret. Checked at synthesis and again when a function loads. */
  readonly settings: ZodType<Settings>;
  readonly needs: (settings: Settings) => RemediatorNeeds;
  readonly open: (settings: Settings, surroundings: RemediatorSurroundings) => OpenRemediator;
}

/** The same with settings that are not checked yet. */
export type Remediator = Omit<RemediatorDeclaration<never>, 'settings' | 'needs' | 'open'> & {
  readonly check: (settings: unknown) => void;
  readonly needs: (settings: unknown) => RemediatorNeeds;
  readonly open: (settings: unknown, surroundings: RemediatorSurroundings) => OpenRemediator;
};

/** What an operator may write for all remediators: settings by name. Those that are not named are not configured. */
export type RemediatorSettings = Readonly<Record<string, unknown>>;

/**
 * Checks a remediator's declaration and returns it with its settings' check built in.
 * @throws TypeError when the declaration contradicts itself
 * @example export default defineRemediator({ name: 'webhook', endpoint: 'webhook', offers: ['keyed', 'queryable'], keyRetentionMs, settings, needs, open });
 */
export function defineRemediator<Settings>(declared: RemediatorDeclaration<Settings>): Remediator {
  const { name, offers, endpoint, keyRetentionMs, settings: schema } = declared;
  if (!/^[a-z][a-z0-9-]{0,39}$/.test(name)) throw new TypeError(`remediator name "${name}": use lower-case words`);
  if (offers.length === 0) throw new TypeError(`remediator ${name} must say what it offers, or ['none']`);
  if (offers.includes('none') && offers.length > 1)
    throw new TypeError(`remediator ${name} offers 'none' and something else`);
  const repeats = offers.includes('keyed') || offers.includes('naturally-idempotent');
  if (repeats !== keyRetentionMs > 0)
    throw new TypeError(`remediator ${name} offers ${offers.join(', ')} and keeps keys for ${keyRetentionMs} ms`);
  const checked = (settings: unknown): Settings => {
    const parsed = schema.safeParse(settings);
    if (parsed.success) return parsed.data;
    const problems = parsed.error.issues.map(({ path, message }) => `${[name, ...path].join('.')}: ${message}`);
    throw new InvalidInputError(`The settings of remediator ${name} are not valid. ${problems.join('; ')}.`, {
      code: 'remediator-settings-invalid',
    });
  };
  return {
    name,
    offers,
    endpoint,
    keyRetentionMs,
    check: (settings) => void checked(settings),
    needs: (settings) => declared.needs(checked(settings)),
    open: (settings, surroundings) => declared.open(checked(settings), surroundings),
  };
}

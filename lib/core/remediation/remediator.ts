/**
 * The port between the machinery and a way to act. A remediator is one file under lib/adapters/remediation/ with
 * `export default defineRemediator({...})`; the index beside it is generated.
 */

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
  /** Asks what became of a key; only where `queryable` is offered. `undefined`: the endpoint cannot tell. */
  query?(effectKey: string, options: { readonly timeoutMs: number }): Promise<CallResult | undefined>;
}

/** What remediators get from their surroundings. */
export interface RemediatorConfiguration {
  readonly webhook: { readonly url: string; readonly allowPrivate: boolean };
  /** The current secret; `refetch` asks past the cache after a 401. */
  readonly secret: (options?: { readonly refetch: boolean }) => Promise<string>;
  readonly now: () => number;
}

export interface Remediator {
  /** The file's own name. */
  readonly name: string;
  readonly offers: readonly Offer[];
  /** Name under which the breaker counts; remediators that share an endpoint share it. */
  readonly endpoint: string;
  /** How long the endpoint keeps a key: later, the same key would act again and is not sent. */
  readonly keyRetentionMs: number;
  readonly open: (configuration: RemediatorConfiguration) => OpenRemediator;
}

/**
 * Checks a remediator's declaration and returns it.
 * @throws TypeError when the declaration contradicts itself
 * @example export default defineRemediator({ name: 'webhook', endpoint: 'webhook', offers: ['keyed', 'queryable'], keyRetentionMs, open });
 */
export function defineRemediator(remediator: Remediator): Remediator {
  const { name, offers } = remediator;
  if (!/^[a-z][a-z0-9-]{0,39}$/.test(name)) throw new TypeError(`remediator name "${name}": use lower-case words`);
  if (offers.length === 0) throw new TypeError(`remediator ${name} must say what it offers, or ['none']`);
  if (offers.includes('none') && offers.length > 1)
    throw new TypeError(`remediator ${name} offers 'none' and something else`);
  return remediator;
}

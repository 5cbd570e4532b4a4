/** What the conformance suite needs of a provider: a real server that imitates it and counts what it really did. */

import type { Fault } from '../../../bench/stack/misbehave.ts';
import type { RemediatorSurroundings } from '../../../lib/core/remediation/remediator.ts';
import type { FaultyServer, ServerIdentity } from './faulty-server.ts';

export interface Rig {
  readonly server: FaultyServer;
  readonly settings: object;
  /** How often an order was really carried out. */
  physical(effectKey: string): number;
  /** What the provider lets in; absent where it takes the functions' own AWS credentials. */
  secret?: string;
  /** What the provider says while it is still at work on the same order, and what that is to mean. */
  readonly inFlight: { readonly fault: Fault; readonly means: object };
  /** Whether the provider can tell an order of the same key with another payload. */
  readonly tellsPayloads: boolean;
  /** Of AWS: its address is not the operator's but the SDK's, so private ones are allowed. */
  readonly isAws: boolean;
  stop(): Promise<void>;
}

/** Starts a rig. `url` is only for the settings: it differs from the server's where names are tried out. */
export type StartRig = (identity?: ServerIdentity) => Promise<Rig>;

/** Surroundings in which a rig's remediator is opened. `cached`: what the secrets' cache holds at first. */
export function surroundingsFor(
  rig: Rig,
  change: Partial<RemediatorSurroundings> & { readonly cached?: string } = {},
): RemediatorSurroundings & { readonly fetched: string[] } {
  const fetched: string[] = [];
  let cached = change.cached ?? rig.secret ?? '';
  return {
    webhookUrl: `${rig.server.url}/commands`,
    allowPrivate: true,
    busName: 'test-bus',
    secret: (name) => async (options) => {
      if (options?.refetch) {
        fetched.push(name);
        cached = rig.secret ?? '';
      }
      return cached;
    },
    now: Date.now,
    ...change,
    fetched,
  };
}

/** Adds one to a count. */
export const countUp = (counts: Map<string, number>, key: string): void => {
  counts.set(key, (counts.get(key) ?? 0) + 1);
};

/** Lets the SDK find the server in place of AWS, for as long as the rig lives. @returns puts back what was there */
export function actAsAws(service: string, url: string): () => void {
  const change: Record<string, string> = {
    [`AWS_ENDPOINT_URL_${service}`]: url,
    AWS_ACCESS_KEY_ID: 'TEST',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_REGION: 'eu-central-1',
  };
  const before = Object.keys(change).map((key) => [key, process.env[key]] as const);
  Object.assign(process.env, change);
  return () => {
    for (const [key, value] of before) {
      if (value === undefined) delete process.env[key];
      else process.env[key] = value;
    }
  };
}

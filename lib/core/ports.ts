/** Ports that several parts of the core share. Each has one implementation under lib/adapters/. */
import type { CloudEvent, EventType } from '../contracts/events.ts';

export interface PutOptions {
  /** Default `application/json`. */
  readonly contentType?: string;
}

/** What stands under a key: its bytes, and a tag that no other bytes have. */
export interface StandingObject {
  readonly bytes: Uint8Array;
  readonly tag: string;
}

/** Objects by key. A put is durable when it returns; the same key with the same bytes may be put any number of times. */
export interface ObjectStore {
  /** `undefined` only where the object does not exist. Bytes are as stored: gunzip what ends in `.gz`. */
  get(key: string): Promise<Uint8Array | undefined>;
  put(key: string, bytes: Uint8Array | string, options?: PutOptions): Promise<void>;
  /**
   * Puts where no object has the key or, with `over`, only in place of the one that has this tag.
   * @returns `undefined` once it stands, else what stands instead
   * @throws ConflictError where what stood in the way is gone: try again
   */
  putOver(key: string, bytes: Uint8Array, over?: string): Promise<StandingObject | undefined>;
}

/** An event ready for the bus. */
export interface BusEvent {
  readonly type: EventType;
  readonly detail: CloudEvent;
}

export interface PublishResult {
  /** Events that the bus has not accepted after all attempts. */
  readonly failed: readonly BusEvent[];
}

export interface Bus {
  /** Publishes and checks every entry's result. Throws nothing for refused entries: they are in `failed`. */
  publish(events: readonly BusEvent[]): Promise<PublishResult>;
}

/** Wall clock in milliseconds. */
export type Clock = () => number;

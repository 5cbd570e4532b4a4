/** What the API's frame needs from outside. Routes bring ports of their own. */
import type { Group, User } from '../../contracts/api.ts';
import type { Session, SessionLimits } from '../../core/console/session.ts';
import type { Clock } from '../../core/ports.ts';
import type { StaticFiles } from './static-files.ts';

/** Sessions by the SHA-256 of their id: who reads the table cannot use one. */
export interface SessionStore {
  get(hash: string): Promise<Session | undefined>;
  put(hash: string, session: Session): Promise<void>;
  /** Writes only if the session is still there: one that was ended must not come back. */
  renew(hash: string, session: Session): Promise<void>;
  end(hash: string): Promise<void>;
}

/** What a write answered, to be said again where it is repeated. */
export interface StoredAnswer {
  readonly status: number;
  /** JSON text; absent where there is none, or where it must not be kept. */
  readonly body?: string | undefined;
  /** The answer held something that is shown once. */
  readonly isSecret?: boolean | undefined;
}

export type Claim =
  | { readonly state: 'claimed' }
  /** Somebody else is at it. */
  | { readonly state: 'running' }
  | { readonly state: 'other-request' }
  | { readonly state: 'answered'; readonly answer: StoredAnswer };

/** Writes by person and Idempotency-Key. */
export interface OnceStore {
  /** One conditional write: of two that ask at once one gets `claimed`. An abandoned claim is given again. */
  claim(key: string, requestHash: string, nowMs: number): Promise<Claim>;
  finish(key: string, requestHash: string, answer: StoredAnswer, nowMs: number): Promise<void>;
  /** After a failure: the same key may be tried again. */
  release(key: string, requestHash: string): Promise<void>;
}

export interface AttemptStore {
  /** Counts one; false where `limit` of them were made in this window of `windowMs`. */
  count(key: string, limit: number, windowMs: number, nowMs: number): Promise<boolean>;
}

/** What the user pool says of somebody. */
export interface Account {
  readonly username: string;
  readonly groups: readonly Group[];
}

export type Login =
  | { readonly state: 'ok'; readonly username: string }
  /** Wrong name or password, disabled, unknown, locked: one answer for all. */
  | { readonly state: 'refused' }
  | { readonly state: 'new-password-required' }
  | { readonly state: 'new-password-refused'; readonly why: string }
  /** The pool asks for something that the console does not know, a second factor for instance. */
  | { readonly state: 'challenge-unknown'; readonly challenge: string };

/** The user pool. */
export interface Accounts {
  login(username: string, password: string, newPassword?: string): Promise<Login>;
  /** `undefined` where there is no such person or it is disabled. */
  find(username: string): Promise<Account | undefined>;
  list(limit: number, cursor?: string): Promise<{ items: User[]; nextCursor?: string | undefined }>;
  /** @throws ConflictError where the name is taken */
  add(username: string, groups: readonly Group[], email?: string): Promise<{ readonly temporaryPassword: string }>;
  /** @throws NotFoundError */
  change(username: string, change: AccountChange): Promise<User>;
}

export interface AccountChange {
  readonly groups?: readonly Group[] | undefined;
  readonly disabled?: boolean | undefined;
}

export interface ApiPorts {
  readonly sessions: SessionStore;
  readonly once: OnceStore;
  readonly attempts: AttemptStore;
  readonly accounts: Accounts;
  readonly files: StaticFiles;
  readonly site: () => Promise<{ readonly name: string; readonly timeZone: string }>;
  readonly limits: SessionLimits;
  /** Where people open the console beside the API's own address. */
  readonly origin?: string;
  /** Told of each person who is shut out: messages to their browsers end. */
  readonly shutOut?: (username: string) => Promise<void>;
  readonly nowMs: Clock;
  /** 256 random bits as base64url. */
  readonly randomId: () => string;
  /** Told of each failure that is ours. */
  readonly failed: (error: Error) => void;
}

/** An API in the test's own process: the real frame and routes, its stores and the user pool in memory. */
import { randomBytes } from 'node:crypto';
import { type Api, createApi } from '../../lib/adapters/api/app.ts';
import type { AccountChange, Accounts, ApiPorts, Claim, StoredAnswer } from '../../lib/adapters/api/ports.ts';
import type { AddRoutes } from '../../lib/adapters/api/routes.ts';
import { type Group, groups as groupNames, type User } from '../../lib/contracts/api.ts';
import { type Session, sessionLimits } from '../../lib/core/console/session.ts';
import { ConflictError, NotFoundError } from '../../lib/core/errors.ts';

interface Kept extends User {
  readonly password: string;
}

/** Each group has a person of its name with the password `secret-of-NAME`; `nobody` is in no group. */
export class MemoryAccounts implements Accounts {
  readonly people = new Map<string, Kept>();
  finds = 0;

  constructor() {
    for (const name of groupNames) this.set(name, [name]);
    this.set('nobody', []);
  }

  set(username: string, groups: readonly Group[], more: Partial<Kept> = {}): void {
    const password = `secret-of-${username}`;
    this.people.set(username, {
      username,
      groups: [...groups],
      disabled: false,
      status: 'CONFIRMED',
      password,
      ...more,
    });
  }

  async login(username: string, password: string, newPassword?: string) {
    const kept = this.people.get(username);
    if (kept === undefined || kept.disabled || kept.password !== password) return { state: 'refused' } as const;
    if (kept.status !== 'FORCE_CHANGE_PASSWORD') return { state: 'ok', username } as const;
    if (newPassword === undefined) return { state: 'new-password-required' } as const;
    if (newPassword.length < 12) return { state: 'new-password-refused', why: 'At least 12 characters.' } as const;
    this.people.set(username, { ...kept, status: 'CONFIRMED', password: newPassword });
    return { state: 'ok', username } as const;
  }

  async find(username: string) {
    this.finds += 1;
    const kept = this.people.get(username);
    return kept === undefined || kept.disabled ? undefined : { username, groups: kept.groups };
  }

  async list(limit: number) {
    return { items: [...this.people.values()].slice(0, limit).map(shown) };
  }

  async add(username: string, groups: readonly Group[], email?: string) {
    if (this.people.has(username)) throw new ConflictError(`${username} is taken.`, { code: 'user-exists' });
    const temporaryPassword = randomBytes(12).toString('base64url');
    this.set(username, groups, {
      status: 'FORCE_CHANGE_PASSWORD',
      password: temporaryPassword,
      ...(email ? { email } : {}),
    });
    return { temporaryPassword };
  }

  async change(username: string, { groups, disabled }: AccountChange) {
    const kept = this.people.get(username);
    if (kept === undefined) throw new NotFoundError(`No user ${username}.`, { code: 'user-unknown' });
    const next = { ...kept, groups: [...(groups ?? kept.groups)], disabled: disabled ?? kept.disabled };
    this.people.set(username, next);
    return shown(next);
  }
}

const shown = ({ password: _, ...user }: Kept): User => user;

interface KeptClaim {
  readonly request: string;
  readonly answer?: StoredAnswer;
}

/** When the clock of these tests begins. */
export const consoleNowMs = 1_800_000_000_000;

export interface ApiWorld extends Api {
  readonly accounts: MemoryAccounts;
  readonly sessions: Map<string, Session>;
  readonly failures: Error[];
  /** Moves the clock. */
  pass(ms: number): void;
  nowMs(): number;
  /** A session's cookie of the person named for the group. */
  signIn(username: string, password?: string): Promise<string>;
  /** A request as a page of the console makes it; `headers` replace or, when undefined, take away. */
  ask(
    method: string,
    path: string,
    options?: {
      readonly cookie?: string;
      readonly body?: unknown;
      readonly headers?: Readonly<Record<string, string | undefined>>;
    },
  ): Promise<Response>;
}

export function apiWorld(more: readonly AddRoutes[] = [], ports: Partial<ApiPorts> = {}): ApiWorld {
  let nowMs = consoleNowMs;
  let key = 0;
  const accounts = new MemoryAccounts();
  const sessions = new Map<string, Session>();
  const claims = new Map<string, KeptClaim>();
  const attempts = new Map<string, number>();
  const failures: Error[] = [];
  const made = createApi(
    {
      sessions: {
        get: async (hash) => sessions.get(hash),
        put: async (hash, session) => void sessions.set(hash, session),
        renew: async (hash, session) => void (sessions.has(hash) && sessions.set(hash, session)),
        end: async (hash) => void sessions.delete(hash),
      },
      once: {
        async claim(id, request): Promise<Claim> {
          const kept = claims.get(id);
          if (kept !== undefined && kept.request !== request) return { state: 'other-request' };
          if (kept !== undefined)
            return kept.answer ? { state: 'answered', answer: kept.answer } : { state: 'running' };
          claims.set(id, { request });
          return { state: 'claimed' };
        },
        finish: async (id, request, answer) => void claims.set(id, { request, answer }),
        release: async (id) => void claims.delete(id),
      },
      attempts: {
        async count(id, limit, windowMs, atMs) {
          const window = `${id} ${Math.floor(atMs / windowMs)}`;
          const count = (attempts.get(window) ?? 0) + 1;
          attempts.set(window, count);
          return count <= limit;
        },
      },
      accounts,
      files: { find: async () => undefined },
      site: async () => ({ name: 'Town', timeZone: 'Europe/Berlin' }),
      limits: sessionLimits,
      nowMs: () => nowMs,
      randomId: () => randomBytes(32).toString('base64url'),
      failed: (error) => failures.push(error),
      ...ports,
    },
    more,
  );
  const world: ApiWorld = {
    ...made,
    accounts,
    sessions,
    failures,
    pass: (ms) => {
      nowMs += ms;
    },
    nowMs: () => nowMs,
    async ask(method, path, { cookie, body, headers = {} } = {}) {
      key += 1;
      const sent: Record<string, string | undefined> = {
        host: 'console.test',
        ...(cookie === undefined ? {} : { cookie }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(method === 'GET'
          ? {}
          : { 'x-groundcrew-csrf': '1', origin: 'https://console.test', 'idempotency-key': `key-${key}-of-test` }),
        ...headers,
      };
      const given = Object.entries(sent).filter((entry): entry is [string, string] => entry[1] !== undefined);
      const address = path.startsWith('/api') || path.startsWith('//') ? path : `/api/v1${path}`;
      const text = typeof body === 'string' || body === undefined ? body : JSON.stringify(body);
      return made.app.request(`https://console.test${address}`, {
        method,
        headers: Object.fromEntries(given),
        ...(text === undefined ? {} : { body: text }),
      });
    },
    async signIn(username, password = `secret-of-${username}`) {
      const answer = await world.ask('POST', '/session', { body: { username, password } });
      if (answer.status !== 200) throw new Error(`${username} could not sign in: ${await answer.text()}`);
      return answer.headers.get('set-cookie')!.split(';')[0]!;
    },
  };
  return world;
}

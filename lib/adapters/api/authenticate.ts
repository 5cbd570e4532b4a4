/** From the cookie of a request to the person: a session that still lives, with groups at most a minute old. */
import { createHash } from 'node:crypto';
import type { Context } from 'hono';
import { getCookie } from 'hono/cookie';
import { serialize } from 'hono/utils/cookie';
import type { Group } from '../../contracts/api.ts';
import { isOver, mustRecheck, type Session, seenEveryMs } from '../../core/console/session.ts';
import type { ApiPorts } from './ports.ts';
import { ProblemError } from './problems.ts';

export interface Person {
  readonly username: string;
  readonly groups: readonly Group[];
  readonly sessionHash: string;
  readonly expiresAtMs: number;
}

export type Authenticate = (c: Context, nowMs: number, isBackground: boolean) => Promise<Person>;

/** Whether the browser came by https, as the gateway says; only the one-machine runtime speaks plain http. */
export const isSecure = (header: (name: string) => string | undefined): boolean =>
  header('x-forwarded-proto') !== 'http';

/** Address that the request came from, as the gateway saw it. */
export const sourceOf = (c: Context): string =>
  (c.env as { requestContext?: { http?: { sourceIp?: string } } } | undefined)?.requestContext?.http?.sourceIp ??
  'unknown';

/** With https a name that no subdomain and no plain http page can set. */
const cookieName = (secure: boolean): string => (secure ? '__Host-groundcrew' : 'groundcrew');

export const hashOf = (sessionId: string): string => createHash('sha256').update(sessionId).digest('hex');

/** The cookie as a header's value; without an id it takes the cookie away. */
export function sessionCookie(secure: boolean, sessionId: string | undefined, maxAgeS: number): string {
  const options = { httpOnly: true, sameSite: 'Strict', path: '/', secure } as const;
  return serialize(cookieName(secure), sessionId ?? '', { ...options, maxAge: sessionId === undefined ? 0 : maxAgeS });
}

/** Hash of the session that the request names; `undefined` where it names none or what cannot be one. */
function sessionHashOf(c: Context): string | undefined {
  const id = getCookie(c, cookieName(isSecure((name) => c.req.header(name))));
  return id !== undefined && /^[A-Za-z0-9_-]{43}$/.test(id) ? hashOf(id) : undefined;
}

export function authenticator(ports: ApiPorts): Authenticate {
  const { sessions, accounts, limits } = ports;
  return async (c, nowMs, isBackground) => {
    const hash = sessionHashOf(c);
    const session = hash === undefined ? undefined : await sessions.get(hash);
    if (hash === undefined || session === undefined) throw notSignedIn();
    if (isOver(session, limits, nowMs)) {
      await sessions.end(hash);
      throw notSignedIn();
    }
    const current = await renewed(session);
    if (current === undefined) {
      await sessions.end(hash);
      throw notSignedIn();
    }
    if (current !== session) await sessions.renew(hash, current);
    const { username, groups, expiresAtMs } = current;
    return { username, groups, sessionHash: hash, expiresAtMs };

    /** The same object where nothing needs to be written; `undefined` where the person may not be here any more. */
    async function renewed(before: Session): Promise<Session | undefined> {
      const isSeen = !isBackground && nowMs - before.seenAtMs >= seenEveryMs;
      const seenAtMs = isSeen ? nowMs : before.seenAtMs;
      if (!mustRecheck(before, limits, nowMs)) return isSeen ? { ...before, seenAtMs } : before;
      const account = await accounts.find(before.username);
      if (account === undefined || account.groups.length === 0) return undefined;
      return { ...before, groups: account.groups, seenAtMs, checkedAtMs: nowMs };
    }
  };
}

const notSignedIn = (): ProblemError =>
  new ProblemError(401, 'not-signed-in', 'Sign in: there is no session, or it is over.');

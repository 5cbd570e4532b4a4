/** Signing in, who am I, signing out. */
import { createHash } from 'node:crypto';
import type { Me } from '../../contracts/api.ts';
import { hashOf, isSecure, sessionCookie } from './authenticate.ts';
import type { ApiPorts } from './ports.ts';
import { ProblemError } from './problems.ts';
import type { AddRoutes } from './routes.ts';

const windowMs = 300_000;
/** Attempts in five minutes: of one address for one name, and of one address for all names. */
const attemptsPerName = 10;
const attemptsPerSource = 100;

export const sessionRoutes =
  (ports: ApiPorts): AddRoutes =>
  (routes) => {
    const { accounts, sessions, limits } = ports;
    const meOf = async (of: Omit<Me, 'site'>): Promise<Me> => ({ ...of, site: await ports.site() });

    routes.on(
      'login',
      async ({ body, source, nowMs, header }) => {
        await refuseTooOften(ports, source, body.username, nowMs);
        const login = await accounts.login(body.username, body.password, body.newPassword);
        if (login.state === 'new-password-required')
          throw new ProblemError(
            409,
            'new-password-required',
            'Choose a password of your own; this one works only once.',
          );
        if (login.state === 'new-password-refused')
          throw new ProblemError(422, 'new-password-refused', `The new password is not taken. ${login.why}`);
        if (login.state === 'challenge-unknown')
          throw new ProblemError(
            409,
            'challenge-unknown',
            `The user pool asks for ${login.challenge}, which the console does not know.`,
          );
        const account = login.state === 'ok' ? await accounts.find(login.username) : undefined;
        if (account === undefined)
          throw new ProblemError(
            401,
            'login-refused',
            'The name or the password is wrong, there were too many wrong ones lately, or this person may not sign in.',
          );
        if (account.groups.length === 0)
          throw new ProblemError(403, 'no-group', 'You are in no group yet. Ask an admin to put you in one.');
        const id = ports.randomId();
        const { username, groups } = account;
        const expiresAtMs = nowMs + limits.absoluteMs;
        await sessions.put(hashOf(id), { ...account, expiresAtMs, seenAtMs: nowMs, checkedAtMs: nowMs });
        const cookie = sessionCookie(isSecure(header), id, Math.floor(limits.absoluteMs / 1000));
        const answer = await meOf({ username, groups: [...groups], expiresAtMs });
        return { body: answer, headers: { 'set-cookie': cookie } };
      },
      { keyless: true },
    );

    routes.on('me', async ({ person: { username, groups, expiresAtMs } }) => ({
      body: await meOf({ username, groups: [...groups], expiresAtMs }),
    }));

    routes.on(
      'logout',
      async ({ person, header }) => {
        await sessions.end(person.sessionHash);
        return { headers: { 'set-cookie': sessionCookie(isSecure(header), undefined, 0) } };
      },
      { keyless: true },
    );
  };

/** Names are hashed, so that the table does not list what was tried. */
async function refuseTooOften(ports: ApiPorts, source: string, username: string, nowMs: number): Promise<void> {
  const ofName = createHash('sha256').update(`${source} ${username}`).digest('hex');
  const ofSource = createHash('sha256').update(source).digest('hex');
  const isLet =
    (await ports.attempts.count(`name#${ofName}`, attemptsPerName, windowMs, nowMs)) &&
    (await ports.attempts.count(`source#${ofSource}`, attemptsPerSource, windowMs, nowMs));
  if (!isLet)
    throw new ProblemError(429, 'login-too-often', 'Too many attempts. Wait some minutes, then try again.', {
      retryAfterS: windowMs / 1000,
    });
}

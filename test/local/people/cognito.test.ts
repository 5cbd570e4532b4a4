import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { JsonObject } from '../../../local/flow/types.ts';
import { UserPools } from '../../../local/people/cognito.ts';
import { atAttempt, failed, isLocked, noAttempts } from '../../../local/people/lockout.ts';
import { refusalOf } from '../../../local/people/passwords.ts';
import { ServiceError } from '../../../local/server/service.ts';
import { startChild } from '../support/child.ts';
import { peoplePool } from '../support/people-models.ts';
import { temporaryFolder, until } from '../support/temp.ts';

const dir = temporaryFolder();
const pool = { UserPoolId: peoplePool.name };
const of = (Username: string) => ({ ...pool, Username });
const temporary = 'Temporary-1-pass';
const own = 'My-own-pass-2026';
const file = () => join(dir(), `${peoplePool.name}.json`);

function open() {
  let nowMs = Date.UTC(2026, 0, 1);
  const pools = new UserPools(dir(), [peoplePool], () => nowMs);
  const login = (USERNAME: string, PASSWORD: string, ClientId = 'client1') =>
    pools.handle('AdminInitiateAuth', {
      ...pool,
      ClientId,
      AuthFlow: 'ADMIN_USER_PASSWORD_AUTH',
      AuthParameters: { USERNAME, PASSWORD },
    });
  const answer = (USERNAME: string, Session: string, NEW_PASSWORD: string) =>
    pools.handle('AdminRespondToAuthChallenge', {
      ...pool,
      ClientId: 'client1',
      ChallengeName: 'NEW_PASSWORD_REQUIRED',
      Session,
      ChallengeResponses: { USERNAME, NEW_PASSWORD },
    });
  const create = (username: string, more: JsonObject = {}) =>
    pools.handle('AdminCreateUser', {
      ...of(username),
      TemporaryPassword: temporary,
      MessageAction: 'SUPPRESS',
      ...more,
    });
  return {
    pools,
    login,
    answer,
    create,
    pass: (ms: number) => {
      nowMs += ms;
    },
    /** Somebody who has chosen a password. */
    async settled(username: string) {
      await create(username);
      await answer(username, String((await login(username, temporary))['Session']), own);
    },
  };
}

/** Code and message of what is refused. */
async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof ServiceError) return `${error.code}: ${error.message}`;
    throw error;
  }
  throw new Error('it was not refused');
}
const wrong = 'NotAuthorizedException: Incorrect username or password.';

describe('signing in', () => {
  test('the temporary password opens nothing but the choice of another, once', async () => {
    const { login, answer, create } = open();
    await create('anna', { UserAttributes: [{ Name: 'email', Value: 'anna@town.example' }] });
    const challenge = await login('ANNA', temporary);
    expect(challenge).toMatchObject({ ChallengeName: 'NEW_PASSWORD_REQUIRED' });
    expect(challenge).not.toHaveProperty('AuthenticationResult');
    const session = String(challenge['Session']);
    expect(await refusal(answer('anna', session, 'short'))).toMatch(/^InvalidPasswordException: .*not long enough/);
    expect(await answer('anna', session, own)).toHaveProperty('AuthenticationResult');
    expect(await refusal(answer('anna', session, own))).toMatch(/^NotAuthorizedException: Invalid session/);
    expect(await refusal(login('anna', temporary))).toBe(wrong);
    expect(await login('anna', own)).toHaveProperty('AuthenticationResult');
  });

  test('a challenge of somebody else, an old one and an old temporary password open nothing', async () => {
    const { login, answer, create, pass } = open();
    await create('anna');
    await create('bob');
    const session = String((await login('anna', temporary))['Session']);
    expect(await refusal(answer('bob', session, own))).toMatch(/Invalid session/);
    pass(3 * 60_000 + 1);
    expect(await refusal(answer('anna', session, own))).toMatch(/Invalid session/);
    pass(7 * 86_400_000);
    expect(await refusal(login('anna', temporary))).toMatch(/Temporary password has expired/);
  });

  test('nobody and a wrong password get one answer; who is disabled is told so only with the right one', async () => {
    const { pools, login, settled } = open();
    await settled('anna');
    expect(await refusal(login('nobody', own))).toBe(wrong);
    expect(await refusal(login('anna', 'no'))).toBe(wrong);
    await pools.handle('AdminDisableUser', of('anna'));
    expect(await refusal(login('anna', 'no'))).toBe(wrong);
    expect(await refusal(login('anna', own))).toBe('NotAuthorizedException: User is disabled.');
    await pools.handle('AdminEnableUser', of('anna'));
    expect(await login('anna', own)).toHaveProperty('AuthenticationResult');
  });

  test('who guesses is locked out, also from the right password and after a restart, and forgiven in time', async () => {
    const first = open();
    await first.settled('anna');
    // All at once: each is counted.
    const answers = await Promise.all(Array.from({ length: 9 }, (_, i) => refusal(first.login('Anna', `guess-${i}`))));
    expect(answers.filter((each) => each === wrong)).toHaveLength(5);
    expect(answers.filter((each) => each === 'NotAuthorizedException: Password attempts exceeded')).toHaveLength(4);
    const second = open();
    expect(await refusal(second.login('anna', own))).toMatch(/attempts exceeded/);
    second.pass(1_000);
    expect(await refusal(second.login('anna', 'guess'))).toBe(wrong);
    second.pass(1_000);
    expect(await refusal(second.login('anna', own))).toMatch(/attempts exceeded/);
    second.pass(1_000);
    expect(await second.login('anna', own)).toHaveProperty('AuthenticationResult');
  });

  test('a lock doubles up to 15 minutes and ends after 15 without an attempt', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), (guesses) => {
        let attempts = noAttempts;
        for (let i = 0; i < guesses; i += 1) attempts = failed(atAttempt(attempts, i), i);
        const lockedMs = attempts.lockedUntilMs - attempts.lastMs;
        expect(lockedMs).toBe(guesses < 5 ? 0 : Math.min(1_000 * 2 ** (guesses - 5), 900_000));
        expect(isLocked(atAttempt(attempts, attempts.lastMs + 900_000), attempts.lastMs + 900_000)).toBe(false);
      }),
    );
  });
});

describe('people', () => {
  test('a new password lets somebody in who is locked out, and the old one no more', async () => {
    const { pools, login, settled } = open();
    await settled('anna');
    for (let i = 0; i < 6; i += 1) await refusal(login('anna', 'guess'));
    await pools.handle('AdminSetUserPassword', { ...of('anna'), Password: 'Another-1-pass' });
    expect(await login('anna', 'Another-1-pass')).toHaveProperty('ChallengeName');
    expect(await refusal(login('anna', own))).toBe(wrong);
  });

  test('groups are those of the stack, and pages come in the order of names', async () => {
    const { pools, create } = open();
    for (const name of ['carl', 'anna', 'bob']) await create(name);
    await pools.handle('AdminAddUserToGroup', { ...of('anna'), GroupName: 'viewer' });
    await pools.handle('AdminAddUserToGroup', { ...of('anna'), GroupName: 'admin' });
    await pools.handle('AdminRemoveUserFromGroup', { ...of('anna'), GroupName: 'viewer' });
    expect(await pools.handle('AdminListGroupsForUser', of('anna'))).toMatchObject({
      Groups: [{ GroupName: 'admin' }],
    });
    const unknown = pools.handle('AdminAddUserToGroup', { ...of('anna'), GroupName: 'root' });
    expect(await refusal(unknown)).toBe('ResourceNotFoundException: Group not found.');
    const names = (page: JsonObject) => (page['Users'] as JsonObject[]).map((each) => each['Username']);
    const first = await pools.handle('ListUsers', { ...pool, Limit: 2 });
    expect(names(first)).toEqual(['anna', 'bob']);
    const rest = await pools.handle('ListUsers', { ...pool, PaginationToken: String(first['PaginationToken']) });
    expect([names(rest), rest['PaginationToken']]).toEqual([['carl'], undefined]);
  });

  test.each<[string, string, JsonObject, string]>([
    ['an unknown pool', 'AdminGetUser', { UserPoolId: 'x_y', Username: 'a' }, 'ResourceNotFoundException'],
    ['an unknown user', 'AdminGetUser', of('stranger'), 'UserNotFoundException'],
    [
      'a name twice',
      'AdminCreateUser',
      { ...of('ANNA'), TemporaryPassword: temporary, MessageAction: 'SUPPRESS' },
      'UsernameExistsException',
    ],
    [
      'a message that nobody sends',
      'AdminCreateUser',
      { ...of('new'), TemporaryPassword: temporary },
      'InvalidParameterException',
    ],
    [
      'a weak password',
      'AdminSetUserPassword',
      { ...of('anna'), Password: 'aaaaaaaaaaaa' },
      'InvalidPasswordException',
    ],
    ['a filter', 'ListUsers', { ...pool, Filter: 'email = "x"' }, 'InvalidParameterException'],
    ['no name', 'AdminDisableUser', pool, 'InvalidParameterException'],
  ])('%s is refused', async (_, operation, input, code) => {
    const { pools, create } = open();
    await create('anna');
    expect(await refusal(pools.handle(operation, input))).toMatch(new RegExp(`^${code}: `));
  });

  test('a client of nobody and another way to sign in are refused, without a word of the password', async () => {
    const { pools, login, create } = open();
    await create('anna');
    expect(await refusal(login('anna', temporary, 'other'))).toMatch(/^ResourceNotFoundException/);
    const srp = await refusal(
      pools.handle('AdminInitiateAuth', {
        ...pool,
        ClientId: 'client1',
        AuthFlow: 'USER_SRP_AUTH',
        AuthParameters: { USERNAME: 'anna', PASSWORD: 'Secret-1-secret' },
      }),
    );
    expect(srp).toMatch(/^InvalidParameterException: .*AuthFlow/);
    expect(srp).not.toContain('Secret-1-secret');
  });
});

describe('the file', () => {
  test('is its owner’s alone, holds no password, and outlives a restart', async () => {
    const { settled } = open();
    await settled('anna');
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    const text = readFileSync(file(), 'utf8');
    expect(text).not.toContain(own);
    expect(text).not.toContain(temporary);
    expect(readdirSync(dir())).toEqual([`${peoplePool.name}.json`]);
    expect(await open().login('anna', own)).toHaveProperty('AuthenticationResult');
  });

  test.each(['', '{', '{"version":2,"users":[]}', '{"version":1,"users":[{"username":"x"}]}'])(
    'that holds %j stops the start: nobody becomes the first admin by breaking it',
    (text) => {
      writeFileSync(file(), text);
      chmodSync(file(), 0o600);
      expect(open).toThrow(/does not hold the users of a pool any more/);
    },
  );

  test('of a runtime that was killed holds everybody who was promised', async () => {
    const child = await startChild('people-child.ts', [dir()]);
    await until(() => child.lines.length >= 8, 'eight people');
    await child.kill();
    const { pools } = open();
    for (const name of child.lines)
      expect(await pools.handle('AdminListGroupsForUser', of(String(name)))).toMatchObject({
        Groups: [{ GroupName: 'viewer' }],
      });
  });
});

test('a password that lacks what the pool asks for is refused, whatever it is', () => {
  const policy = peoplePool.passwordPolicy;
  expect(refusalOf(own, policy)).toBeUndefined();
  for (const [bad, why] of [
    ['Short-1', 'not long enough'],
    ['no-capital-1-here', 'uppercase'],
    ['NO-SMALL-1-HERE', 'lowercase'],
    ['No-digit-in-here', 'numeric'],
    ['NoSymbol1InHere', 'symbol'],
    [' Spaces-1-around', 'spaces'],
    [`Aa1-${'x'.repeat(253)}`, 'too long'],
  ] as const)
    expect(refusalOf(bad, policy)).toContain(why);
});

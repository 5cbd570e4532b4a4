import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Problem } from '../../../lib/contracts/api.ts';
import { type ApiWorld, apiWorld } from '../../support/api-world.ts';

let world: ApiWorld;
beforeEach(() => {
  world = apiWorld();
});

const codeOf = async (answer: Response): Promise<string> => ((await answer.json()) as Problem).code;

describe('signing in', () => {
  test('gives a cookie that no script reads and no other site sends, and says who it is', async () => {
    const answer = await world.ask('POST', '/session', {
      body: { username: 'viewer', password: 'secret-of-viewer' },
    });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({
      username: 'viewer',
      groups: ['viewer'],
      expiresAtMs: world.nowMs() + 8 * 3_600_000,
      site: { name: 'Town', timeZone: 'Europe/Berlin' },
    });
    const cookie = answer.headers.get('set-cookie')!;
    expect(cookie).toMatch(
      /^__Host-groundcrew=[A-Za-z0-9_-]{43}; Max-Age=28800; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
    );
    const id = /=([^;]+)/.exec(cookie)![1]!;
    expect([...world.sessions.keys()].join()).not.toContain(id);
  });

  test('one answer to a wrong password, an unknown name and a person who may not sign in', async () => {
    world.accounts.set('former', ['viewer'], { disabled: true });
    const answers = [];
    for (const [username, password] of [
      ['viewer', 'wrong'],
      ['stranger', 'wrong'],
      ['former', 'secret-of-former'],
    ])
      answers.push(await (await world.ask('POST', '/session', { body: { username, password } })).text());
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).toContain('login-refused');
  });
});

test('a session is over after an hour without a person, and after eight in any case', async () => {
  const cookie = await world.signIn('viewer');
  const status = async (headers = {}): Promise<number> =>
    (await world.ask('GET', '/session', { cookie, headers })).status;
  for (let i = 0; i < 5; i += 1) {
    world.pass(11 * 60_000);
    expect(await status({ 'x-groundcrew-background': '1' })).toBe(200);
  }
  world.pass(5 * 60_000);
  expect(await status()).toBe(401);
  expect(world.sessions.size).toBe(0);

  const other = await world.signIn('viewer');
  for (let i = 0; i < 15; i += 1) {
    world.pass(30 * 60_000);
    expect((await world.ask('GET', '/session', { cookie: other })).status).toBe(200);
  }
  world.pass(30 * 60_000);
  expect((await world.ask('GET', '/session', { cookie: other })).status).toBe(401);
});

test('who is disabled is out after a minute, and a change of groups holds after a minute', async () => {
  const [approver, viewer] = [await world.signIn('admin'), await world.signIn('viewer')];
  world.accounts.set('admin', ['viewer']);
  world.accounts.set('viewer', ['viewer'], { disabled: true });
  world.pass(60_000);
  expect((await world.ask('GET', '/users', { cookie: approver })).status).toBe(403);
  expect((await world.ask('GET', '/session', { cookie: viewer })).status).toBe(401);
  world.accounts.set('viewer', ['viewer']);
  expect((await world.ask('GET', '/session', { cookie: viewer })).status).toBe(401);
});

test('what is no session of ours is refused alike: none, forged, another name of cookie, one that was ended', async () => {
  const cookie = await world.signIn('viewer');
  expect((await world.ask('DELETE', '/session', { cookie })).status).toBe(204);
  const forged = `__Host-groundcrew=${'A'.repeat(43)}`;
  const hash = [...world.sessions.keys()][0] ?? 'x';
  for (const each of [undefined, forged, cookie, cookie.replace('__Host-', ''), `__Host-groundcrew=${hash}`]) {
    const answer = await world.ask('GET', '/session', each === undefined ? {} : { cookie: each });
    expect([answer.status, await codeOf(answer)]).toEqual([401, 'not-signed-in']);
  }
});

/** What every request meets: where it comes from, its size and shape, whether it was made before. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Problem } from '../../../lib/contracts/api.ts';
import { ConflictError, DependencyError } from '../../../lib/core/errors.ts';
import { type ApiWorld, apiWorld } from '../../support/api-world.ts';

let world: ApiWorld;
let admin: string;
beforeEach(async () => {
  world = apiWorld();
  admin = await world.signIn('admin');
});

const problemOf = async (answer: Response): Promise<[number, string]> => {
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  return [answer.status, ((await answer.json()) as Problem).code];
};
const newUser = { username: 'zoe', groups: ['viewer'] };
const create = (headers: Record<string, string | undefined> = {}, body: unknown = newUser) =>
  world.ask('POST', '/users', { cookie: admin, body, headers });

describe('a write', () => {
  test.each([
    ['without the CSRF header', { 'x-groundcrew-csrf': undefined }, 'csrf-header-missing'],
    ['with another CSRF header', { 'x-groundcrew-csrf': 'true' }, 'csrf-header-missing'],
    ['from another origin', { origin: 'https://evil.test' }, 'origin-refused'],
    ['from another port', { origin: 'https://console.test:8443' }, 'origin-refused'],
    ['from a page without an origin', { origin: 'null' }, 'origin-refused'],
    ['from an origin that only begins alike', { origin: 'https://console.test.evil.test' }, 'origin-refused'],
  ])('%s is refused before anything is done', async (_, headers, code) => {
    expect(await problemOf(await create(headers))).toEqual([403, code]);
    expect(world.accounts.people.has('zoe')).toBe(false);
    // Nor does it sign anybody in, or out.
    const login = { username: 'viewer', password: 'secret-of-viewer' };
    expect((await world.ask('POST', '/session', { body: login, headers })).status).toBe(403);
    expect((await world.ask('DELETE', '/session', { cookie: admin, headers })).status).toBe(403);
    expect((await world.ask('GET', '/session', { cookie: admin })).status).toBe(200);
  });

  test('from the address that a deployment names in front of it is taken, and from no other', async () => {
    const behind = apiWorld([], { origin: 'https://console.example' });
    const ask = async (origin: string) => {
      const cookie = await behind.signIn('viewer');
      return (await behind.ask('DELETE', '/session', { cookie, headers: { origin } })).status;
    };
    expect(await ask('https://console.example')).toBe(204);
    expect(await ask('https://console.test')).toBe(204);
    expect(await ask('https://console.example.evil.test')).toBe(403);
  });

  test('without an origin is taken: a command sends none', async () => {
    expect((await create({ origin: undefined })).status).toBe(201);
  });

  test.each([
    ['no key', undefined],
    ['a short key', 'short'],
    ['a key with a space', 'a key of test'],
    ['an endless key', 'k'.repeat(129)],
  ])('with %s is refused', async (_, key) => {
    expect(await problemOf(await create({ 'idempotency-key': key }))).toEqual([422, 'idempotency-key-missing']);
  });

  test('that comes again with its key is not done again, and what is shown once is not shown again', async () => {
    const key = { 'idempotency-key': 'key-of-this-test' };
    expect((await create(key)).status).toBe(201);
    const before = world.accounts.people.get('zoe');
    expect(await problemOf(await create(key))).toEqual([409, 'answer-shown-once']);
    expect(world.accounts.people.get('zoe')).toBe(before);

    const change = (body: object) =>
      world.ask('PATCH', '/users/zoe', { cookie: admin, body, headers: { 'idempotency-key': 'another-key-here' } });
    const first = await change({ disabled: true });
    world.accounts.set('zoe', ['viewer']);
    const again = await change({ disabled: true });
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(await again.text()).toBe(await first.text());
    expect(world.accounts.people.get('zoe')?.disabled).toBe(false);
    expect(await problemOf(await change({ disabled: false }))).toEqual([422, 'idempotency-key-reused']);
  });

  test('with a key of somebody else is their own', async () => {
    world.accounts.set('admin2', ['admin']);
    const other = await world.signIn('admin2');
    const key = { 'idempotency-key': 'the-same-key' };
    expect((await create(key)).status).toBe(201);
    const answer = await world.ask('POST', '/users', {
      cookie: other,
      body: { ...newUser, username: 'yan' },
      headers: key,
    });
    expect(answer.status).toBe(201);
  });

  test('that failed may be tried again with its key; what failed for us says nothing of how', async () => {
    const key = { 'idempotency-key': 'key-of-this-test' };
    const add = world.accounts.add.bind(world.accounts);
    world.accounts.add = () => Promise.reject(new DependencyError('secret address 10.0.0.1', { code: 'pool-silent' }));
    const failed = await create(key);
    expect([failed.status, failed.headers.get('retry-after')]).toEqual([503, '2']);
    expect(await failed.text()).not.toContain('10.0.0.1');
    world.accounts.add = () => Promise.reject(new TypeError('a secret of ours'));
    const broken = await create(key);
    expect(broken.status).toBe(500);
    expect(await broken.text()).not.toContain('secret');
    expect(world.failures.map(({ message }) => message)).toEqual(['secret address 10.0.0.1', 'a secret of ours']);
    world.accounts.add = add;
    expect((await create(key)).status).toBe(201);
  });

  test('that is still being done is not begun a second time', async () => {
    const key = { 'idempotency-key': 'key-of-this-test' };
    const begun = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<{ temporaryPassword: string }>();
    world.accounts.add = () => {
      begun.resolve();
      return answer.promise;
    };
    const first = create(key);
    await begun.promise;
    expect(await problemOf(await create(key))).toEqual([409, 'still-running']);
    answer.resolve({ temporaryPassword: 'x' });
    expect((await first).status).toBe(201);
  });

  test('that lost against another says so', async () => {
    world.accounts.add = () => Promise.reject(new ConflictError('There is one.', { code: 'user-exists' }));
    expect(await problemOf(await create())).toEqual([409, 'user-exists']);
  });
});

describe('a body', () => {
  const deep = (levels: number): string => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
  test.each<[string, string, Record<string, string>, number, string]>([
    ['above 64 KiB', JSON.stringify({ ...newUser, email: 'a'.repeat(65_536) }), {}, 413, 'body-too-large'],
    ['that says it is larger than it is', '{}', { 'content-length': '99999999' }, 413, 'body-too-large'],
    ['nested deeper than 32', deep(33), {}, 422, 'body-too-deep'],
    ['nested deeper than any stack', deep(9_000), {}, 422, 'body-too-deep'],
    ['that is no JSON', '{"username":', {}, 422, 'body-not-json'],
    [
      'that is sent as a form',
      'username=zoe',
      { 'content-type': 'application/x-www-form-urlencoded' },
      415,
      'body-not-json',
    ],
    ['that is sent as text', JSON.stringify(newUser), { 'content-type': 'text/plain' }, 415, 'body-not-json'],
    ['with a field too many', JSON.stringify({ ...newUser, admin: true }), {}, 422, 'body-invalid'],
    ['that reaches for the prototype', '{"__proto__":{"groups":["admin"]},"username":"zoe"}', {}, 422, 'body-invalid'],
    ['with a group that is none', JSON.stringify({ ...newUser, groups: ['root'] }), {}, 422, 'body-invalid'],
    ['that is a list', '[]', {}, 422, 'body-invalid'],
    ['that is not there', '', {}, 422, 'body-invalid'],
  ])('%s is refused', async (_, body, headers, status, code) => {
    expect(await problemOf(await create({ ...headers }, body))).toEqual([status, code]);
    expect(world.accounts.people.has('zoe')).toBe(false);
    expect((await create({}, newUser)).status).toBe(201);
  });
});

describe('a reading', () => {
  test('is answered without a body to whoever has it, and never kept by what lies between', async () => {
    const first = await world.ask('GET', '/users', { cookie: admin });
    const etag = first.headers.get('etag')!;
    expect(first.headers.get('cache-control')).toBe('no-store');
    const again = (tag: string) => world.ask('GET', '/users', { cookie: admin, headers: { 'if-none-match': tag } });
    for (const tag of [etag, `"x", W/${etag}`]) {
      const answer = await again(tag);
      expect([answer.status, await answer.text()]).toEqual([304, '']);
    }
    world.accounts.set('new', ['viewer']);
    expect((await again(etag)).status).toBe(200);
  });

  test.each(['/users?limit=0', '/users?limit=x', '/users?limit=1&limit=2', '/users?other=1', '/session?x=1'])(
    '%s is refused',
    async (path) => {
      expect((await world.ask('GET', path, { cookie: admin })).status).toBe(422);
    },
  );

  test('of what is not there, or by another method, says so', async () => {
    expect(await problemOf(await world.ask('GET', '/nothing', { cookie: admin }))).toEqual([404, 'no-such-route']);
    expect(await problemOf(await world.ask('GET', '/../session', { cookie: admin }))).toEqual([404, 'no-such-route']);
    const answer = await world.ask('DELETE', '/users', { cookie: admin });
    expect([answer.status, ((await answer.json()) as Problem).allowed]).toEqual([405, ['GET', 'POST']]);
  });
});

test('every answer, refused or not, forbids framing, sniffing, inline scripts and referrers', async () => {
  for (const answer of [
    await world.ask('GET', '/session', { cookie: admin }),
    await world.ask('GET', '/session'),
    await world.ask('GET', '/nothing'),
    await world.ask('GET', '//nothing.js'),
    await world.ask('DELETE', '/session', { cookie: admin }),
  ]) {
    const policy = answer.headers.get('content-security-policy')!;
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|\*|http:/);
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(answer.headers.get('referrer-policy')).toBe('no-referrer');
    expect(answer.headers.get('strict-transport-security')).toContain('max-age');
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
  }
});

test('guessing is slowed down by name and address, and another name is not', async () => {
  const guess = (username: string) => world.ask('POST', '/session', { body: { username, password: 'guess' } });
  for (let i = 0; i < 10; i += 1) expect((await guess('viewer')).status).toBe(401);
  const answer = await guess('viewer');
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '300']);
  const right = { username: 'viewer', password: 'secret-of-viewer' };
  expect((await world.ask('POST', '/session', { body: right })).status).toBe(429);
  expect((await guess('operator')).status).toBe(401);
  world.pass(300_000);
  expect((await world.ask('POST', '/session', { body: right })).status).toBe(200);
});

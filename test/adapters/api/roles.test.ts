/** Every route of sessions and people, asked by every group. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import {
  type Group,
  groups,
  groupsFor,
  type Problem,
  type Route,
  type RouteName,
  routes,
} from '../../../lib/contracts/api.ts';
import { conflictOf, mayAs } from '../../../lib/core/console/roles.ts';
import { type ApiWorld, apiWorld } from '../../support/api-world.ts';

let world: ApiWorld;
beforeEach(() => {
  world = apiWorld();
  world.accounts.set('target', ['viewer']);
});

/** A request that each route takes. */
const good: Partial<Record<RouteName, { readonly path: string; readonly body?: object }>> = {
  login: { path: '/session', body: { username: 'target', password: 'secret-of-target' } },
  me: { path: '/session' },
  logout: { path: '/session' },
  users: { path: '/users' },
  createUser: { path: '/users', body: { username: 'fresh', groups: ['viewer'] } },
  changeUser: { path: '/users/target', body: { disabled: true } },
};
const names = Object.keys(good) as RouteName[];

test('these are all the routes of the frame', () => {
  expect([...world.mounted].sort()).toEqual([...names].sort());
});

describe.each(names)('%s', (name) => {
  const route: Route = routes[name];
  const { path, body } = good[name]!;
  const ask = (cookie: string | undefined) =>
    world.ask(route.method, path, {
      ...(cookie === undefined ? {} : { cookie }),
      ...(body === undefined ? {} : { body }),
    });

  test.each(groups)('as %s', async (group) => {
    const answer = await ask(await world.signIn(group));
    if (route.least === 'anybody' || mayAs([group], route.least)) expect(answer.status).toBe(route.status);
    else {
      expect(answer.status).toBe(403);
      expect((await answer.json()) as Problem).toMatchObject({ code: 'role-refused', allowed: groupsFor(route.least) });
    }
  });

  test('as nobody', async () => {
    expect((await ask(undefined)).status).toBe(route.least === 'anybody' ? 200 : 401);
  });

  test('after the groups were taken away', async () => {
    const cookie = await world.signIn('admin');
    world.accounts.set('admin', []);
    world.pass(60_000);
    expect((await ask(cookie)).status).toBe(route.least === 'anybody' ? 200 : 401);
  });
});

test('who is in no group is told whom to ask', async () => {
  const answer = await world.ask('POST', '/session', { body: { username: 'nobody', password: 'secret-of-nobody' } });
  expect([answer.status, ((await answer.json()) as Problem).code]).toEqual([403, 'no-group']);
  expect(answer.headers.get('set-cookie')).toBeNull();
});

test('who audits never acts, whatever else they are, and cannot be made to', async () => {
  const all: readonly Group[] = groups;
  for (const least of ['operator', 'approver', 'admin'] as const) expect(mayAs(all, least)).toBe(false);
  for (const least of ['viewer', 'auditor'] as const) expect(mayAs(all, least)).toBe(true);
  expect(conflictOf(['auditor', 'viewer'])).toBeUndefined();
  const cookie = await world.signIn('admin');
  for (const group of ['operator', 'approver', 'admin']) {
    const body = { groups: ['auditor', group] };
    const changed = await world.ask('PATCH', '/users/target', { cookie, body });
    const made = await world.ask('POST', '/users', { cookie, body: { username: 'fresh', ...body } });
    expect([changed.status, made.status]).toEqual([422, 422]);
  }
});

test('an admin cannot lock the last door from inside', async () => {
  const cookie = await world.signIn('admin');
  for (const body of [{ disabled: true }, { groups: ['viewer'] }])
    expect((await world.ask('PATCH', '/users/admin', { cookie, body })).status).toBe(409);
  expect((await world.ask('PATCH', '/users/admin', { cookie, body: { groups: ['admin', 'operator'] } })).status).toBe(
    200,
  );
  expect((await world.ask('PATCH', '/users/stranger', { cookie, body: { disabled: true } })).status).toBe(404);
  expect((await world.ask('PATCH', '/users/target', { cookie, body: {} })).status).toBe(422);
});

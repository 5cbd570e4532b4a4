/** People at the real gateway, function and user pool: the first admin, an invitation, roles, being shut out, a kill. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '../../bench/stack/plant.ts';
import { Stack } from '../../bench/stack/stack.ts';
import { type FirstAdmin, firstAdmin, openPeople } from '../../bin/commands/support/people.ts';
import { unexplainedGrants } from '../iam/unused-grants.ts';
import { Browser } from '../support/stack/browser.ts';
import { expectCallsPermitted } from '../support/stack/invariants.ts';

let stack: Stack;
let url: string;
let admin: Browser;
let first: FirstAdmin;
const adminPassword = 'First-admin-2026!';
const password = 'Own-choice-2026!';

beforeAll(async () => {
  stack = await Stack.start({ warm: ['api'] });
  url = stack.context.runtime!.consoleUrl!;
  first = (await firstAdmin(await openPeople(stack.context)))!;
  admin = new Browser(url);
}, 120_000);
afterAll(() => stack?.stop(), 30_000);

const signIn = (browser: Browser, username: string, secret: string, newPassword?: string) =>
  browser.ask('POST', '/session', { username, password: secret, ...(newPassword ? { newPassword } : {}) });

/** Invites somebody and signs them in with a password of their own. */
async function invited(username: string, groups: readonly string[]): Promise<Browser> {
  const made = await admin.ask('POST', '/users', { username, groups });
  expect(made.status).toBe(201);
  const browser = new Browser(url);
  const temporaryPassword = String(made.body.temporaryPassword);
  expect((await signIn(browser, username, temporaryPassword, password)).status).toBe(200);
  return browser;
}

describe('the first admin', () => {
  test('must change the temporary password, and then is let in with the new one alone', async () => {
    const refused = await signIn(admin, first.username, first.temporaryPassword);
    expect([refused.status, refused.body.code]).toEqual([409, 'new-password-required']);
    const weak = await signIn(admin, first.username, first.temporaryPassword, 'weak');
    expect([weak.status, weak.body.code]).toEqual([422, 'new-password-refused']);
    expect(admin.cookie).toBeUndefined();
    const me = await signIn(admin, first.username, first.temporaryPassword, adminPassword);
    expect(me).toMatchObject({ status: 200, body: { username: 'admin', groups: ['admin'] } });
    expect(me.headers.getSetCookie()[0]).toMatch(/^groundcrew=[\w-]{43};.*HttpOnly; SameSite=Strict$/);
    expect((await admin.ask('GET', '/session')).body.username).toBe('admin');
    const old = await signIn(new Browser(url), first.username, first.temporaryPassword);
    expect([old.status, old.body.code]).toEqual([401, 'login-refused']);
    expect(await firstAdmin(await openPeople(stack.context))).toBeUndefined();
  });
});

describe('everybody else', () => {
  test('is invited, sees who they are, and is refused what their group may not do', async () => {
    const viewer = await invited('vera', ['viewer']);
    expect((await viewer.ask('GET', '/session')).body.groups).toEqual(['viewer']);
    for (const [method, path, body] of [
      ['GET', '/users', undefined],
      ['POST', '/users', { username: 'eve', groups: ['admin'] }],
      ['PATCH', '/users/vera', { groups: ['admin'] }],
    ] as const) {
      const answer = await viewer.ask(method, path, body);
      expect([answer.status, answer.body.code]).toEqual([403, 'role-refused']);
    }
    expect((await admin.ask('GET', '/users')).body.items.map(({ username }: { username: string }) => username)).toEqual(
      ['admin', 'vera'],
    );
  });

  test('gets new groups, is signed out by themselves, and cannot use the session of before', async () => {
    const otto = await invited('otto', ['operator']);
    const changed = await admin.ask('PATCH', '/users/otto', { groups: ['approver'] });
    expect(changed.body).toMatchObject({ groups: ['approver'], disabled: false, status: 'CONFIRMED' });
    const kept = otto.cookie!;
    expect((await otto.ask('DELETE', '/session')).status).toBe(204);
    expect(otto.cookie).toBeUndefined();
    otto.cookie = kept;
    expect((await otto.ask('GET', '/session')).status).toBe(401);
    expect((await signIn(otto, 'otto', password)).body.groups).toEqual(['approver']);
  });

  test('who is disabled signs in no more, and again when enabled', async () => {
    await invited('dora', ['viewer']);
    expect((await admin.ask('PATCH', '/users/dora', { disabled: true })).body.disabled).toBe(true);
    expect((await signIn(new Browser(url), 'dora', password)).status).toBe(401);
    expect((await admin.ask('PATCH', '/users/dora', { disabled: false })).body.disabled).toBe(false);
    expect((await signIn(new Browser(url), 'dora', password)).status).toBe(200);
  });

  test('a write with a key that was used is not made twice', async () => {
    const key = { 'idempotency-key': 'the-key-of-this-test' };
    const change = { groups: ['viewer', 'operator'] };
    const once = await admin.ask('PATCH', '/users/vera', change, key);
    const again = await admin.ask('PATCH', '/users/vera', change, key);
    expect([again.headers.get('idempotent-replayed'), again.body]).toEqual(['true', once.body]);
    expect((await admin.ask('PATCH', '/users/vera', { groups: ['viewer'] }, key)).status).toBe(422);
    const shown = await admin.ask(
      'POST',
      '/users',
      { username: 'nina', groups: ['viewer'] },
      { 'idempotency-key': 'another-key' },
    );
    const hidden = await admin.ask(
      'POST',
      '/users',
      { username: 'nina', groups: ['viewer'] },
      { 'idempotency-key': 'another-key' },
    );
    expect([shown.status, hidden.status, hidden.body.code]).toEqual([201, 409, 'answer-shown-once']);
  });

  test('a page of another site, a body beyond the limit and a name from elsewhere are refused', async () => {
    const body = { username: 'eve', groups: ['viewer'] };
    expect((await admin.ask('POST', '/users', body, { origin: 'http://evil.test' })).body.code).toBe('origin-refused');
    expect((await admin.ask('POST', '/users', body, { 'x-groundcrew-csrf': '0' })).body.code).toBe(
      'csrf-header-missing',
    );
    expect((await admin.ask('POST', '/users', { ...body, email: 'e'.repeat(70_000) })).status).toBe(413);
    expect((await admin.ask('GET', '/session', undefined, { cookie: `groundcrew=${'A'.repeat(43)}` })).status).toBe(
      401,
    );
  });
});

test('the console itself comes from the same address, without a session', async () => {
  const page = await fetch(`${url}/cases/anything`);
  expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
  const text = await page.text();
  expect(await (await fetch(`${url}/..%2f..%2fetc/passwd`)).text()).toBe(text);
  expect((await fetch(`${url}/..%2f..%2fapi/index.js`)).status).toBe(404);
});

describe('news as they happen', () => {
  const zone = async (timeZone: string) =>
    expect((await admin.ask('PUT', '/settings', { manualMinutes: {}, timeZone })).status).toBe(200);
  const zonesIn = (stream: Stream): number => stream.text().split('"type":"settings-changed"').length - 1;

  test('come by a stream without being asked for, and end with the session', async () => {
    const vera = new Browser(url);
    await signIn(vera, 'vera', password);
    const { body, headers } = await vera.ask('GET', '/changes');
    expect(headers.get('groundcrew-events')).toBe('1');
    const stream = await openStream(vera, body.cursor);
    expect(stream.type).toBe('text/event-stream; charset=utf-8');
    const before = zonesIn(stream);
    await zone('Europe/Berlin');
    await eventually('the change to be told', async () => zonesIn(stream) > before);
    expect((await vera.ask('DELETE', '/session')).status).toBe(204);
    await zone('Europe/Rome');
    await eventually('the stream to end', async () => stream.isOver());
    expect(stream.text()).toMatch(/event: end\ndata: \{"status":401\}/);
    expect(zonesIn(stream)).toBe(before + 1);
  }, 60_000);

  test('are not missed where the runtime was killed in between: the last message names the place', async () => {
    const { body } = await admin.ask('GET', '/changes');
    const stream = await openStream(admin, body.cursor);
    const before = zonesIn(stream);
    await zone('Europe/Paris');
    await eventually('the change to be told', async () => zonesIn(stream) > before);
    const last = [...stream.text().matchAll(/^id: (.+)$/gm)].at(-1)![1]!;
    // Written, and perhaps told to nobody.
    await zone('Europe/Oslo');
    await eventually('the calls so far to be written down', async () =>
      stack.calls().some(({ action }) => action === 'cognito-idp:AdminEnableUser'),
    );
    await stack.kill();
    await eventually('the stream to break', async () => stream.isOver());
    await stack.run();
    const again = await openStream(admin, 'none', { 'last-event-id': last });
    await eventually('what was missed', async () => zonesIn(again) > 0);
    await zone('Europe/Madrid');
    await eventually('what comes', async () => zonesIn(again) > 1);
    again.leave();
  }, 90_000);
});

interface Stream {
  readonly type: string | null;
  text(): string;
  isOver(): boolean;
  leave(): void;
}

async function openStream(
  { cookie }: Browser,
  after: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Stream> {
  const ending = new AbortController();
  const answer = await fetch(`${url}/api/v1/changes?after=${after}`, {
    headers: { accept: 'text/event-stream', cookie: cookie!, ...headers },
    signal: ending.signal,
  });
  expect(answer.status).toBe(200);
  let [text, over] = ['', false];
  const read = async (): Promise<void> => {
    const decoder = new TextDecoder();
    for await (const chunk of answer.body!) text += decoder.decode(chunk, { stream: true });
  };
  void read()
    .catch(() => undefined)
    .finally(() => {
      over = true;
    });
  return {
    type: answer.headers.get('content-type'),
    text: () => text,
    isOver: () => over,
    leave: () => ending.abort(),
  };
}

test('who was signed in still is after the runtime was killed, at the same address', async () => {
  // What was called before is written down every two seconds, and what is killed writes nothing.
  await eventually('the calls so far to be written down', async () =>
    stack.calls().some(({ action }) => action === 'cognito-idp:AdminEnableUser'),
  );
  await stack.kill();
  await stack.run();
  expect(stack.context.runtime!.consoleUrl).toBe(url);
  expect((await admin.ask('GET', '/session')).body.username).toBe('admin');
  expect((await signIn(new Browser(url), 'otto', password)).status).toBe(200);
}, 60_000);

test('no password or session stands in a log or a table, and every call was permitted and needed', async () => {
  const session = admin.cookie!.split('=')[1]!;
  await stack.halt();
  const model = await expectCallsPermitted(stack);
  // What it reads and orders of cases is held by the test of reviews.
  const unused = unexplainedGrants(model, stack.calls(), (name) => name === 'groundcrew-api');
  expect(unused.filter(({ action }) => action.startsWith('cognito-idp:'))).toEqual([]);
  const secrets = [password, adminPassword, first.temporaryPassword, session];
  for (const folder of ['logs', 'people', 'dynamodb'])
    for (const name of readdirSync(join(stack.data, folder), { recursive: true, encoding: 'utf8' })) {
      const file = join(stack.data, folder, name);
      if (!existsSync(file) || !statSync(file).isFile()) continue;
      const text = readFileSync(file, 'latin1');
      for (const secret of secrets) expect(text.includes(secret) ? name : '').toBe('');
    }
}, 60_000);

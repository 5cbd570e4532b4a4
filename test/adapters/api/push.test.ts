/** Messages to browsers, on real tables: who turns them on where, what is kept of it, and when it ends. */
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { staticFiles } from '../../../lib/adapters/api/static-files.ts';
import { forgetBrowsers, openBrowsers } from '../../../lib/adapters/aws/browser-store.ts';
import { scrubOperations } from '../../../lib/adapters/aws/operations-scrub.ts';
import { eraseSubject, knownSubject } from '../../../lib/adapters/aws/subject-store.ts';
import { senderKey, subscriptionId } from '../../../lib/adapters/notification/push-message.ts';
import { groups, type Problem, type PushBrowser, type PushView } from '../../../lib/contracts/api.ts';
import { tableNames } from '../../../lib/contracts/names.ts';
import { apiWorld } from '../../support/api-world.ts';
import { type ConsoleTest, consoleTest, pushSecret } from '../../support/console-world.ts';
import { receiver } from '../../support/endpoints/push-service.ts';
import { startTables, type TestTables } from '../../support/tables.ts';

let tables: TestTables;
let given: ConsoleTest;
beforeAll(async () => {
  tables = await startTables();
  given = await consoleTest(tables, 'push');
}, 30_000);
afterAll(() => tables.stop());

const endpointOf = (name: string): string => `https://push.example/send/${name}-very-secret`;
const bodyOf = (name: string) => {
  const { endpoint, p256dh, auth } = receiver().at(endpointOf(name));
  return { endpoint, keys: { p256dh, auth } };
};
async function ask<T>(who: string, method: string, path: string, body?: unknown) {
  const answer = await given.api.ask(method, path, {
    cookie: await given.cookie(who),
    ...(body !== undefined && { body }),
  });
  return { status: answer.status, body: (answer.status === 204 ? undefined : await answer.json()) as T };
}
const operations = () => ({ client: tables.client, table: given.world.tables.operations });
const reached = async (): Promise<string[]> =>
  (await openBrowsers(operations(), given.world.subjects, given.world.now())).map(({ endpoint }) => endpoint).sort();
const clear = () => forgetBrowsers(operations(), {});

test('each group turns them on and off for itself, and sees no other’s', async () => {
  for (const group of groups) {
    const body = bodyOf(group);
    const made = await ask<PushBrowser>(group, 'POST', '/push/browsers', body);
    expect([made.status, made.body.id]).toEqual([201, subscriptionId(body.endpoint)]);
    const view = await ask<PushView>(group, 'GET', '/push');
    expect(view.body).toEqual({ publicKey: senderKey(pushSecret).publicKey, browsers: [made.body] });
  }
  expect(await reached()).toEqual(groups.map(endpointOf).sort());
  const id = subscriptionId(endpointOf('admin'));
  expect((await ask('viewer', 'DELETE', `/push/browsers/${id}`)).status).toBe(204);
  expect(await reached()).toContain(endpointOf('admin'));
  expect((await ask('admin', 'DELETE', `/push/browsers/${id}`)).status).toBe(204);
  expect(await reached()).not.toContain(endpointOf('admin'));
});

test('neither an address nor a key stands in any table, event or failure that is kept', async () => {
  const everything = await Promise.all(
    tableNames.map(async (name) => {
      const { Items } = await tables.client.send(new ScanCommand({ TableName: given.world.tables[name] }));
      return JSON.stringify(Items);
    }),
  );
  const text = everything.join('') + JSON.stringify(given.events) + JSON.stringify(given.api.failures);
  expect(text).not.toContain('very-secret');
  expect(text).not.toContain(pushSecret);
});

test.each([
  ['another service', 'push-service-refused', { endpoint: 'https://elsewhere.example/very-secret' }],
  ['no TLS', 'push-service-refused', { endpoint: 'http://push.example/very-secret' }],
  ['an address inside', 'push-service-refused', { endpoint: 'https://169.254.169.254/very-secret' }],
  ['no address', 'body-invalid', { endpoint: 'very-secret' }],
  ['a long address', 'body-invalid', { endpoint: `https://push.example/${'x'.repeat(1_100)}` }],
  ['no keys', 'body-invalid', { keys: {} }],
  [
    'a key that is none',
    'body-invalid',
    { keys: { p256dh: Buffer.alloc(65, 4).toString('base64url'), auth: Buffer.alloc(16).toString('base64url') } },
  ],
  ['more than it takes', 'body-invalid', { expirationTime: null }],
])('%s is refused without repeating it', async (_, code, change) => {
  const before = await reached();
  const answer = await ask<Problem>('viewer', 'POST', '/push/browsers', { ...bodyOf('bad'), ...change });
  expect([answer.status, answer.body.code]).toEqual([422, code]);
  expect(JSON.stringify(answer.body)).not.toContain('very-secret');
  expect(await reached()).toEqual(before);
});

test('a browser has one person, the last who turned it on; a person has ten at most, the newest', async () => {
  await clear();
  const shared = bodyOf('shared');
  await ask('viewer', 'POST', '/push/browsers', shared);
  await ask('operator', 'POST', '/push/browsers', shared);
  expect((await ask<PushView>('viewer', 'GET', '/push')).body.browsers).toEqual([]);
  expect((await ask<PushView>('operator', 'GET', '/push')).body.browsers).toHaveLength(1);
  for (let i = 0; i < 11; i += 1) {
    given.api.pass(1_000);
    expect((await ask('approver', 'POST', '/push/browsers', bodyOf(`n${i}`))).status).toBe(201);
  }
  expect((await ask<PushView>('approver', 'GET', '/push')).body.browsers).toHaveLength(10);
  expect(await reached()).not.toContain(endpointOf('n0'));
});

test('it ends a month after it was renewed last', async () => {
  await clear();
  await ask('viewer', 'POST', '/push/browsers', bodyOf('old'));
  given.api.pass(29 * 86_400_000);
  const cookie = await given.api.signIn('viewer');
  expect(await reached()).toHaveLength(1);
  given.api.pass(2 * 86_400_000);
  expect(await reached()).toEqual([]);
  expect(cookie).toBeTruthy();
});

test('who is shut out or erased is told nothing more, and nothing of it is left', async () => {
  await clear();
  const enter = async (who: string) => await given.api.signIn(who);
  const turnOn = async (who: string) =>
    await given.api.ask('POST', '/push/browsers', { cookie: await enter(who), body: bodyOf(who) });
  for (const who of ['operator', 'auditor', 'viewer']) expect((await turnOn(who)).status).toBe(201);
  const admin = await enter('admin');
  expect((await given.api.ask('PATCH', '/users/operator', { cookie: admin, body: { disabled: true } })).status).toBe(
    200,
  );
  expect(await reached()).toEqual([endpointOf('auditor'), endpointOf('viewer')]);
  const subject = (await knownSubject(given.world.subjects, 'auditor'))!;
  await eraseSubject(given.world.subjects, subject, given.world.now());
  // Its key is gone: the address opens no more, before anything is taken out of the table.
  expect(await reached()).toEqual([endpointOf('viewer')]);
  expect(await scrubOperations(operations(), subject)).toBe(1);
  const { Items } = await tables.client.send(new ScanCommand({ TableName: given.world.tables.operations }));
  expect(JSON.stringify(Items)).not.toContain(subject);
});

test('the service worker may stand for the whole console, comes anew at each visit, and reaches nothing else', async () => {
  const files = staticFiles('web/public');
  const { app } = apiWorld([], { files });
  const served = await app.request('https://console.test/messages.js');
  expect([served.status, served.headers.get('content-type'), served.headers.get('cache-control')]).toEqual([
    200,
    'text/javascript; charset=utf-8',
    'no-cache',
  ]);
  expect(served.headers.get('content-security-policy')).toMatch(/default-src 'none'.*worker-src 'self'/);
  // Beside the first page, so that its scope is all pages; it hears no request of theirs.
  expect(await served.text()).not.toMatch(/addEventListener\('fetch'|caches\.|importScripts/);
});

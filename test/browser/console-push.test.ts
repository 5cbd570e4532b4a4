/** Messages to the browser, in a real one whose push service alone is imitated: no test reaches a maker's. */
import assert from 'node:assert/strict';
import { createECDH } from 'node:crypto';
import { describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { accessibility, desktop, open, signIn, visit } from './support/browser.ts';
import { api, browser, come, id, password, setUp, visitors } from './support/console-rig.ts';

setUp();

const key = createECDH('prime256v1').generateKeys('base64url');
const account = (page: Page) => page.locator('summary', { hasText: 'Account' });

/** Gives each page a push service that takes what it is asked for. */
const pushService = `
  let subscription = null;
  const made = (options) => ({
    endpoint: 'https://push.example/send/this-browser',
    key: new Uint8Array(options.applicationServerKey).length,
    toJSON: () => ({
      endpoint: 'https://push.example/send/this-browser', expirationTime: null,
      keys: { p256dh: 'p'.repeat(87), auth: 'a'.repeat(22) },
    }),
    unsubscribe: async () => { subscription = null; return true; },
  });
  PushManager.prototype.subscribe = async (options) => { subscription = made(options); return subscription; };
  PushManager.prototype.getSubscription = async () => subscription;
  let permission = 'default';
  Object.defineProperty(Notification, 'permission', { get: () => permission });
  Notification.requestPermission = async () => { permission = window.answerOfPerson ?? 'granted'; return permission; };
`;
async function comeWithPush(): Promise<Page> {
  const visitor = await visit(browser, api.url, desktop);
  visitors.push(visitor);
  await visitor.page.addInitScript(pushService);
  await visitor.page.reload();
  await signIn(visitor.page, 'mara', password);
  await visitor.page.locator('.counts').waitFor();
  return visitor.page;
}

describe('messages to this browser', () => {
  test('are not spoken of where the deployment sends none', async () => {
    const page = await come();
    await account(page).click();
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
    assert.equal(await page.getByText(/Messages|messages/).count(), 0);
  });

  test('are turned on and off by a switch that says how it is', async () => {
    api.world.push = { publicKey: key, browsers: [] };
    const page = await comeWithPush();
    await account(page).click();
    await page.getByRole('button', { name: 'Messages to this browser: off', pressed: false }).click();
    await page.getByText('This browser now shows messages, also while no page is open.').first().waitFor();
    assert.equal(api.world.push.browsers.length, 1);
    assert.equal(
      await page.evaluate(`navigator.serviceWorker.ready.then(({ scope, active }) =>
        [new URL(scope).pathname, new URL(active.scriptURL).pathname].join(' '))`),
      '/ /messages.js',
    );
    const on = page.getByRole('button', { name: 'Messages to this browser: on', pressed: true });
    await on.waitFor();
    assert.deepEqual(await accessibility(page), []);
    await on.click();
    await page.getByText('This browser shows no messages.').first().waitFor();
    assert.deepEqual(api.world.push.browsers, []);
  });

  test('that a person refuses are named as blocked, and how to change it', async () => {
    api.world.push = { publicKey: key, browsers: [] };
    const page = await comeWithPush();
    await page.evaluate(`window.answerOfPerson = 'denied'`);
    await account(page).click();
    await page.getByRole('button', { name: 'Messages to this browser: off' }).click();
    await page.getByText('Messages are blocked: allow them').first().waitFor();
    assert.deepEqual(api.world.push.browsers, []);
  });

  test('lead to the page of their case by its path', async () => {
    const page = await come();
    await page.goto(`${api.url}/cases/${id(0)}`);
    await page.waitForURL(`${api.url}/#/cases/${id(0)}`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await open(page, '#/review');
  });
});

/** The console in a real browser: every page by keyboard, accessible, in both colours, on a desk and on a phone. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accessibility, desktop, focused, open, phone, signIn, tooWidePx, visit } from './support/browser.ts';
import { api, browser, come, id, password, setUp, visitors } from './support/console-rig.ts';

setUp();

test('the keyboard skips to the content, and each page is announced by its heading', async () => {
  const page = await come();
  await page.locator('body').press('Tab');
  await page.keyboard.press('Enter');
  assert.match(await focused(page), /^MAIN /);
  await page.getByRole('link', { name: 'Assets', exact: true }).click();
  await page.locator('h1:focus', { hasText: 'Assets' }).waitFor();
});

const plannedWork = () => ({
  id: 'a'.repeat(64),
  what: 'planned-work' as const,
  scope: 'asset#harbour' as const,
  fromMs: Date.now() - 3_600_000,
  toMs: Date.now() + 3_600_000,
  by: 'mara',
  reason: 'the valve is changed',
  holds: true,
});
const handedOver = () => ({
  id: 'b'.repeat(64),
  fromMs: Date.now() - 9 * 3_600_000,
  toMs: Date.now() - 3_600_000,
  operators: 1,
  note: 'A calm night.',
  by: 'jo',
  atMs: Date.now() - 3_600_000,
  open: 2,
  alarms: 5,
  perOperatorHour: 0.6,
});
const pages = [
  '#/now',
  '#/review',
  '#/cases?state=all',
  '#/assets',
  '#/assets/pumps-west',
  '#/shift',
  '#/samples',
  '#/audit',
  '#/models',
  '#/figures',
  '#/settings',
  '#/nowhere',
];
for (const [size, options] of Object.entries({ desktop, phone }))
  for (const colorScheme of ['light', 'dark'] as const)
    test(`every page is accessible and fits: ${size}, ${colorScheme}`, async () => {
      const visitor = await visit(browser, api.url, { ...options, colorScheme });
      visitors.push(visitor);
      const { page } = visitor;
      // Everything but contrast is the same in both colours.
      const rules = (size === 'phone') === (colorScheme === 'dark') ? 'all' : 'contrast';
      assert.deepEqual(await accessibility(page, rules), []);
      await signIn(page, 'mara', password);
      await page.locator('.counts').waitFor();
      assert.equal(await page.locator('html').getAttribute('data-theme'), colorScheme);
      api.world.orders.push(plannedWork());
      api.world.handovers.push(handedOver());
      const found: string[] = [];
      for (const hash of [
        ...pages,
        `#/cases/${id(1)}`,
        `#/cases/${id(3)}`,
        `#/audit/${encodeURIComponent(`case#${id(4)}`)}`,
      ]) {
        await open(page, hash);
        const wide = await tooWidePx(page);
        if (wide > 0) found.push(`${hash} is ${wide} px too wide`);
        found.push(...(await accessibility(page, rules)).map((line) => `${hash} ${line}`));
      }
      await page.getByRole('button', { name: /Stop/ }).click();
      found.push(...(await accessibility(page, rules)).map((line) => `stop dialog ${line}`));
      assert.deepEqual(found, []);
    });

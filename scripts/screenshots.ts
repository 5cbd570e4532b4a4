// Draws docs/images/console-*.png from a running system: one picture a page, of what stands there now.
//   npm start                                   # let the day go on until a case waits for a person
//   GROUNDCREW_PASSWORD=… node scripts/screenshots.ts --url http://127.0.0.1:PORT --user NAME
// Look at what it drew: a page without a case says little.
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Page } from 'playwright-core';
import { repositoryRoot } from '../layers/build.ts';
import { desktop, launch, open, phone, signIn, visit } from '../test/browser/support/browser.ts';

/** A README is read on a phone, too. */
const limitBytes = 150_000;
/** Charts are drawn after their data came. */
const settleMs = 1_500;

const { values } = parseArgs({ options: { url: { type: 'string' }, user: { type: 'string' } } });
const password = process.env.GROUNDCREW_PASSWORD;
if (!values.url || !values.user || !password) {
  process.stderr.write('GROUNDCREW_PASSWORD=… node scripts/screenshots.ts --url http://127.0.0.1:PORT --user NAME\n');
  process.exit(2);
}
const { url, user } = values;

const tooLarge: string[] = [];
async function draw(page: Page, name: string): Promise<void> {
  await page.waitForTimeout(settleMs);
  const path = join(repositoryRoot, 'docs/images', `console-${name}.png`);
  await page.screenshot({ path });
  const { size } = statSync(path);
  process.stdout.write(`docs/images/console-${name}.png ${(size / 1000).toFixed(0)} kB\n`);
  if (size > limitBytes) tooLarge.push(name);
}

/** Address of the first case in a list; where there is none, the list itself is all that can be drawn. */
const firstCase = async (page: Page): Promise<string> =>
  (await page.locator('.case-line').first().getAttribute('href', { timeout: 5_000 })) ?? '#/cases';

/** As whoever has read it once sees the page. */
const foldWelcome = (page: Page): Promise<void> => page.locator('.now-welcome summary').click();

const browser = await launch();
try {
  const { page } = await visit(browser, url, {
    ...desktop,
    viewport: { width: 1360, height: 820 },
    colorScheme: 'light',
  });
  await draw(page, 'sign-in');
  await signIn(page, user, password);
  await page.locator('.counts').waitFor();
  await foldWelcome(page);
  await draw(page, 'now');
  const waiting = await firstCase(page);
  await open(page, waiting);
  await draw(page, 'case');
  for (const name of ['review', 'assets', 'shift', 'samples', 'models', 'figures', 'settings']) {
    await open(page, `#/${name}`);
    await draw(page, name);
  }
  await open(page, '#/assets');
  const asset = await page.locator('td a').first().getAttribute('href');
  await open(page, asset ?? '#/assets');
  await draw(page, 'asset');
  await open(page, `#/audit/${encodeURIComponent(waiting.replace('#/cases/', 'case#'))}`);
  await page.getByText(/signed checkpoints? checked/).waitFor();
  await draw(page, 'audit');

  const small = await visit(browser, url, { ...phone, colorScheme: 'dark' });
  await signIn(small.page, user, password);
  await small.page.locator('.counts').waitFor();
  await foldWelcome(small.page);
  await draw(small.page, 'phone-now');
  await open(small.page, waiting);
  await draw(small.page, 'phone-case');
} finally {
  await browser.close();
}
if (tooLarge.length > 0) {
  process.stderr.write(`Larger than ${limitBytes / 1000} kB: ${tooLarge.join(', ')}. Draw a calmer moment.\n`);
  process.exit(1);
}

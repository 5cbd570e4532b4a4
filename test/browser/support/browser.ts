/** A real browser and the people in front of it. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import AxeBuilder from '@axe-core/playwright';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

export function launch(): Promise<Browser> {
  const executablePath = process.env.CHROMIUM ?? places.find((place) => existsSync(place));
  if (executablePath === undefined)
    throw new Error(
      `No Chromium at ${places.join(', ')}. Run "npm run test:browser", which installs it, or name one in CHROMIUM.`,
    );
  const quiet = ['--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--disable-quic', ...quiet] });
}

export const desktop: BrowserContextOptions = { viewport: { width: 1440, height: 900 } };
export const phone: BrowserContextOptions = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

export interface Visitor {
  readonly page: Page;
  /** What the browser complained of; a refused address or a broken content policy is among it. */
  readonly complaints: string[];
  leave(): Promise<void>;
}

/** Somebody opens the console in a browser of their own. */
export async function visit(browser: Browser, url: string, options: BrowserContextOptions = desktop): Promise<Visitor> {
  const context = await browser.newContext({ ...options, locale: 'en-GB', acceptDownloads: true });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    // What the API refuses or cannot be asked is part of the tests; everything else is not.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      complaints.push(message.text());
  });
  await page.goto(url);
  await page.getByLabel('User name').waitFor();
  return { page, complaints, leave: () => context.close() };
}

export async function signIn(page: Page, username: string, password: string): Promise<void> {
  await page.getByLabel('User name').fill(username);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** Opens a page by its address and waits until it shows its heading and no skeleton. */
export async function open(page: Page, hash: string): Promise<void> {
  await page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
  await page.locator('h1').first().waitFor();
  await page.locator('main:not(:has(.skeleton))').waitFor();
}

/** Waits until something outside the page is so; the test's own limit ends it. */
export async function until(condition: () => unknown): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 50));
}

/** What has the focus: its element's name, and its words. */
export const focused = (page: Page): Promise<string> =>
  page.evaluate('`${document.activeElement?.tagName} ${document.activeElement?.textContent}`');

/** Holds a key down on what has the focus. */
export async function holdKey(page: Page, key: string, ms: number): Promise<void> {
  await page.keyboard.down(key);
  await page.waitForTimeout(ms);
  await page.keyboard.up(key);
}

/** Holds a pointer down on something. */
export async function holdPointer(page: Page, name: RegExp, ms: number): Promise<void> {
  const button = page.getByRole('button', { name });
  await button.scrollIntoViewIfNeeded();
  const box = await button.boundingBox();
  assert.ok(box, 'the button is drawn');
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.down();
  await page.waitForTimeout(ms);
  await page.mouse.up();
}

/** What axe finds wrong with what is shown, one line each. */
export async function accessibility(page: Page, rules: 'all' | 'contrast' = 'all'): Promise<string[]> {
  const axe = new AxeBuilder({ page });
  const { violations } = await (rules === 'all' ? axe : axe.withRules(['color-contrast'])).analyze();
  return violations.map(
    ({ id, nodes }) =>
      `${id}: ${nodes.map(({ html, failureSummary }) => `${html.slice(0, 160)} ${failureSummary}`).join(' | ')}`,
  );
}

/** How far the page is wider than the window; a phone then scrolls sideways. */
export const tooWidePx = (page: Page): Promise<number> =>
  page.evaluate('document.documentElement.scrollWidth - innerWidth');

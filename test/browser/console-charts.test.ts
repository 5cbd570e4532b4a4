/** The console in a real browser: the charts of an asset’s readings and scores. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { open } from './support/browser.ts';
import { come, setUp } from './support/console-rig.ts';

setUp();

test('charts zoom by drag and by button, and the server is asked for finer points', async () => {
  const page = await come();
  await open(page, '#/assets/pumps-west');
  const canvas = page.locator('.u-over').first();
  await canvas.waitFor();
  const box = await canvas.boundingBox();
  assert.ok(box);
  const asked = page.waitForRequest(/readings\?fromMs/);
  await page.mouse.move(box.x + box.width * 0.3, box.y + 40);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.6, box.y + 50, { steps: 4 });
  await page.mouse.up();
  const span = (url: string) =>
    Number(new URL(url).searchParams.get('toMs')) - Number(new URL(url).searchParams.get('fromMs'));
  const zoomed = span((await asked).url());
  assert.ok(zoomed > 6.5 * 3_600_000 && zoomed < 7.9 * 3_600_000, `${zoomed} ms is about 0.3 of a day`);
  const again = page.waitForRequest(/readings\?fromMs/);
  await page.getByRole('button', { name: 'Closer' }).click();
  assert.ok(Math.abs(span((await again).url()) - zoomed / 2) < 10);
});

const scoresOf = (page: Page) => page.getByRole('img', { name: /^Score of each reading: / });

/** Pixels of the scores' canvas on which anything is drawn. */
const drawn = (page: Page) =>
  scoresOf(page)
    .locator('canvas')
    .evaluate((canvas) => {
      const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
      let pixels = 0;
      for (let at = 3; at < data.length; at += 4) if (data[at]! > 0) pixels += 1;
      return pixels;
    });

test('every reading has its score, in the time that is chosen, and a zoom is drawn before finer points come', async () => {
  const page = await come();
  await open(page, '#/assets/pumps-west');
  await scoresOf(page).locator('.u-over').waitFor();
  await page.getByText('The dashed line is the threshold now (4.2).').waitFor();
  assert.ok((await drawn(page)) > 1_000, 'the curve is drawn');
  const weeks = page.waitForRequest(/scores\?fromMs/);
  await page.getByText('4 weeks', { exact: true }).click();
  const span = (url: string) =>
    Number(new URL(url).searchParams.get('toMs')) - Number(new URL(url).searchParams.get('fromMs'));
  assert.equal(span((await weeks).url()), 28 * 86_400_000);
  let answer = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    answer = resolve;
  });
  await page.route(/scores\?fromMs/, async (route) => {
    await held;
    await route.continue();
  });
  await page.locator('.score-room[aria-busy="false"] .u-over').waitFor();
  const canvas = await scoresOf(page).locator('canvas').elementHandle();
  const before = await scoresOf(page).getAttribute('aria-label');
  const box = await scoresOf(page).locator('.u-over').boundingBox();
  assert.ok(box);
  await page.mouse.move(box.x + box.width * 0.4, box.y + 40);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.6, box.y + 50, { steps: 4 });
  await page.mouse.up();
  // The server has not answered yet.
  await page.locator('.score-room[aria-busy="true"] .u-over').waitFor();
  assert.notEqual(await scoresOf(page).getAttribute('aria-label'), before);
  assert.ok((await drawn(page)) > 1_000, 'what is there is drawn at once');
  answer();
  await page.locator('.score-room[aria-busy="false"] .u-over').waitFor();
  assert.equal(await canvas?.evaluate((each) => each.isConnected), true, 'it is the same drawing throughout');
});

test('where there are no scores, or they cannot be had, the page says what to do', async () => {
  const page = await come();
  await open(page, '#/assets/harbour-crane');
  await page.getByText('No scores in this time').waitFor();
  let fails = true;
  await page.route(/scores\?fromMs/, (route) => (fails ? route.abort() : route.continue()));
  await open(page, '#/assets/pumps-west');
  const again = page.locator('.score-room').getByRole('button', { name: 'Try again' });
  await again.waitFor();
  fails = false;
  await again.click();
  await scoresOf(page).locator('.u-over').waitFor();
});

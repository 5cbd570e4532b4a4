/** The console in a real browser: a queue of ten thousand, and what happens elsewhere while a page is open. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { accessibility, open, until } from './support/browser.ts';
import { api, come, setUp } from './support/console-rig.ts';

setUp();

describe('a queue of ten thousand', () => {
  const many = 10_000;
  const rows = (page: Page) => page.locator('.queue li');
  /** The row that is chosen: its place, and whether it is in sight. */
  const chosen = (page: Page): Promise<{ place: number; seen: boolean }> =>
    page.evaluate(`(() => {
      const row = document.querySelector('.queue-item.here').closest('li');
      const { top, bottom } = row.getBoundingClientRect();
      return { place: Number(row.ariaPosInSet), seen: bottom > 0 && top < innerHeight };
    })()`);

  async function full(): Promise<Page> {
    const first = api.world.cases[0];
    assert.ok(first);
    api.world.cases = Array.from({ length: many }, (_, n) => ({
      ...first,
      caseId: n.toString(16).padStart(64, '0'),
      asset: `plant-${n}`,
      dueAtMs: Date.now() + 3_600_000 + n * 1_000,
    }));
    const page = await come();
    await open(page, '#/review');
    await rows(page).first().waitFor();
    return page;
  }

  test('only what is in sight stands in the document, to its very end, and each row knows its place', async () => {
    const page = await full();
    assert.equal(await rows(page).first().getAttribute('aria-setsize'), '-1');
    let most = 0;
    for (let turn = 0; turn < 2_000; turn += 1) {
      most = Math.max(most, await rows(page).count());
      if ((await rows(page).first().getAttribute('aria-setsize')) !== '-1') break;
      await page.evaluate('scrollTo(0, document.documentElement.scrollHeight)');
      await page.waitForTimeout(20);
    }
    await page.evaluate('scrollTo(0, document.documentElement.scrollHeight)');
    await page.locator(`.queue li[aria-posinset="${many}"]`).waitFor();
    assert.equal(await rows(page).last().getAttribute('aria-setsize'), String(many));
    assert.equal(await page.getByRole('heading', { level: 1 }).textContent(), '10,000 cases wait for an answer');
    // Leaps through all of it meet rows everywhere, and never many.
    for (const share of [0.1, 0.85, 0.3, 0.55, 0]) {
      await page.evaluate(`scrollTo(0, ${share} * document.documentElement.scrollHeight)`);
      await until(() =>
        page.evaluate(
          `[...document.querySelectorAll('.queue li')].some((row) => { const { top } = row.getBoundingClientRect(); return top > 200 && top < innerHeight - 100; })`,
        ),
      );
      most = Math.max(most, await rows(page).count());
    }
    assert.ok(most < 60, `${most} rows stood in the document`);
    assert.deepEqual(await accessibility(page), []);
  });

  test('scrolls row by row to a place far down, however high the row is that is drawn last', async () => {
    const page = await full();
    await page.mouse.move(300, 600);
    // Steps that are no multiple of a row's height, so that the last row drawn is cut off at every height.
    for (let turn = 0; turn < 250; turn += 1) await page.mouse.wheel(0, 397);
    await until(async () => Number(await page.evaluate('scrollY')) > 60_000);
    const heights = await page.evaluate<number[]>(
      `[...document.querySelectorAll('.queue li')].map((row) => Math.round(row.getBoundingClientRect().height))`,
    );
    assert.deepEqual([...new Set(heights)].length, 1, heights.join(' '));
  });

  test('j and k go on where nothing is drawn yet, and what has the focus stays', async () => {
    const page = await full();
    for (let n = 0; n < 230; n += 1) await page.keyboard.press('j');
    // More than the first page has: where it ends, the next one is fetched.
    await until(async () => (await chosen(page)).place >= 200);
    await until(async () => (await chosen(page)).seen);
    const far = await chosen(page);
    await page.evaluate('scrollTo(0, 0)');
    await page.keyboard.press('k');
    await until(async () => (await chosen(page)).place === far.place - 1);
    await until(async () => (await chosen(page)).seen);

    await page.evaluate('scrollTo(0, 0)');
    const third = page.locator('.queue li[aria-posinset="3"] button');
    await third.focus();
    await page.evaluate('scrollTo(0, 100000)');
    await page.locator('.queue li[aria-posinset="8"]').waitFor({ state: 'detached' });
    assert.equal(await third.count(), 1);
    assert.equal(await page.evaluate(`document.activeElement.closest('li')?.ariaPosInSet`), '3');
    await page.keyboard.press('Tab');
    await until(() => page.evaluate(`document.activeElement.closest('li')?.ariaPosInSet === '4'`));
  });
});

describe('what happens elsewhere', () => {
  test('a new case stands on Now by itself and is said aloud', async () => {
    const page = await come();
    await page.getByRole('heading', { name: '3 cases need a person.' }).waitFor();
    const first = api.world.cases[0];
    assert.ok(first);
    const caseId = 'f'.repeat(64);
    api.world.cases.push({
      ...structuredClone(first),
      caseId,
      asset: 'new-mill',
      kind: 'burst',
      sentence: 'Water in the street.',
      dueAtMs: Date.now() + 120_000,
    });
    api.happen({ type: 'review-requested', caseId, asset: 'new-mill', sentence: 'Water in the street.' });
    await page.getByRole('heading', { name: '4 cases need a person.' }).waitFor();
    await page.locator('.now-cases').getByText('Water in the street.').waitFor();
    assert.match(
      (await page.locator('p[role=alert].sr').textContent()) ?? '',
      /New question about new-mill. Water in the street/,
    );
    assert.match(await page.title(), /^\(4\)/);
  });

  test('a cut line says since when, the page stays, and nothing is missed when it is back', async () => {
    const page = await come();
    await page.getByText('Live', { exact: true }).waitFor();
    api.cut(true);
    await page.getByText(/Connection lost. What you see is from \d\d:\d\d:\d\d/).waitFor();
    assert.ok(await page.locator('.now-cases .case-line').count(), 'what was known is still shown');
    await page.getByRole('link', { name: 'Figures' }).click();
    await page.getByText('The server does not answer').waitFor();
    const one = api.world.cases[1];
    assert.ok(one);
    one.sentence = 'It was repaired meanwhile.';
    api.happen({ type: 'review-answered', caseId: one.caseId });
    await page.getByRole('link', { name: 'Now', exact: true }).click();
    api.cut(false);
    // By itself, after a pause that grew while the line was cut.
    await page.locator('.now-cases').getByText('It was repaired meanwhile.').waitFor({ timeout: 30_000 });
    await page.getByText(/Connection lost/).waitFor({ state: 'detached' });
  });
});

describe('what happens elsewhere, where the server streams', () => {
  const burst = (sentence: string): void => {
    const one = api.world.cases[1];
    assert.ok(one);
    one.sentence = sentence;
    api.happen({ type: 'review-answered', caseId: one.caseId });
  };

  test('stands on Now at once, without being asked for', async () => {
    api.stream(true);
    const page = await come();
    await until(() => api.news().streams === 1);
    const { asked } = api.news();
    burst('It was looked at.');
    await page.locator('.now-cases').getByText('It was looked at.').waitFor();
    burst('It was looked at again.');
    await page.locator('.now-cases').getByText('It was looked at again.').waitFor();
    assert.deepEqual(api.news(), { asked, streams: 1 });
  });

  test('is not missed where the line was cut, and streams again afterwards', async () => {
    api.stream(true);
    const page = await come();
    await until(() => api.news().streams === 1);
    // A stream that ends sooner than after five seconds is taken for one that does not last.
    await page.waitForTimeout(5_500);
    api.cut(true);
    await page.getByText(/Connection lost. What you see is from \d\d:\d\d:\d\d/).waitFor();
    burst('It was repaired meanwhile.');
    api.cut(false);
    await page.locator('.now-cases').getByText('It was repaired meanwhile.').waitFor({ timeout: 30_000 });
    await page.getByText(/Connection lost/).waitFor({ state: 'detached' });
    await until(() => api.news().streams === 1);
    burst('And it holds.');
    await page.locator('.now-cases').getByText('And it holds.').waitFor();
  });

  test('goes on by asking where streams are offered no more', async () => {
    api.stream(true);
    const page = await come();
    await until(() => api.news().streams === 1);
    api.stream(false);
    api.cut(true);
    api.cut(false);
    await until(() => api.news().streams === 0);
    burst('Told to who asks.');
    await page.locator('.now-cases').getByText('Told to who asks.').waitFor({ timeout: 30_000 });
  });
});

/** The report of a backtest in a real browser: what a table of words is on a desk, and on a phone. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { backtestFiles } from '../../bin/commands/backtest-farm.ts';
import { reportHtml } from '../../bin/commands/report/page.ts';
import { hourlyNetwork } from '../support/screen-data.ts';
import { accessibility, desktop, launch, phone, tooWidePx } from './support/browser.ts';

const folder = mkdtempSync(join(tmpdir(), 'report-'));
const report = join(folder, 'report.html');
let browser: Browser;

before(async () => {
  const jobs = [1, 2].map((seed) => {
    const { series, labels } = hourlyNetwork(seed, 0, { hours: 1000, attacks: true });
    const [from, truth] = [join(folder, `a-plant-${seed}.csv`), join(folder, `labels-${seed}.csv`)];
    const width = series.channels.length;
    const stamps = [...series.timesMs].map((ms) => new Date(ms).toISOString());
    const rows = stamps.map((at, t) => `${at},${series.values.subarray(t * width, (t + 1) * width).join(',')}`);
    writeFileSync(from, `timestamp,${series.channels.map(({ name }) => name).join(',')}\n${rows.join('\n')}\n`);
    writeFileSync(truth, `timestamp,label\n${stamps.map((at, t) => `${at},${labels[t] ? 'burst' : 0}`).join('\n')}\n`);
    return { from, to: join(folder, `out-${seed}.csv`), labels: truth };
  });
  const options = { warmupRows: undefined, pack: undefined, csv: {}, site: undefined, report: true, features: false };
  writeFileSync(report, reportHtml(await backtestFiles(jobs, options, 1, () => undefined)));
  browser = await launch();
});
after(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function seen(options: BrowserContextOptions, look: (page: Page) => Promise<void>): Promise<void> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  await page.goto(pathToFileURL(report).href);
  await look(page);
  await context.close();
}

const sidewaysPx = (page: Page): Promise<number[]> =>
  page.locator('.scroll').evaluateAll((all) => all.map((one) => one.scrollWidth - one.clientWidth));
const events = (page: Page) => page.getByRole('region', { name: 'Your events' });

test('on a phone no table scrolls sideways, and each event is a block with the names of its columns', async () => {
  await seen(phone, async (page) => {
    assert.equal(await tooWidePx(page), 0);
    const sideways = await sidewaysPx(page);
    assert.ok(sideways.length > 4, `${sideways.length} tables`);
    assert.deepEqual(
      sideways.filter((px) => px > 0),
      [],
    );
    const names = await page.evaluate(
      `[...document.querySelectorAll('[aria-label^="Your events"] tbody tr:first-child > *')].map((cell) => getComputedStyle(cell, '::before').content)`,
    );
    assert.deepEqual(names, ['"file"', '"your event"', '"found"', '"what was said"', '"from"', '"lasted"']);
    const [file, kind] = await events(page)
      .locator('tbody tr:first-child > *')
      .evaluateAll((cells) => cells.map((cell) => cell.getBoundingClientRect().top));
    assert.ok(kind! > file!, 'one line below the other');
    assert.deepEqual(await accessibility(page), []);
  });
});

test('on a desk the same is a table', async () => {
  await seen(desktop, async (page) => {
    assert.ok(await events(page).getByRole('columnheader', { name: 'what was said' }).isVisible());
    const tops = await events(page)
      .locator('tbody tr:first-child > *')
      .evaluateAll((cells) => cells.map((cell) => cell.getBoundingClientRect().top));
    assert.equal(new Set(tops).size, 1);
    assert.equal(await tooWidePx(page), 0);
  });
});

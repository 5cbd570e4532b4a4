/** The console before an API in memory: one browser for a file, one API for a test, and people who come to it. */
import assert from 'node:assert/strict';
import { after, before, beforeEach } from 'node:test';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { desktop, launch, signIn, type Visitor, visit } from './browser.ts';
import { type FakeApi, startFakeApi } from './fake-api.ts';
import { packs } from './fake-packs.ts';

export const password = 'correct horse battery';
export let browser: Browser;
/** Of the test that runs. */
export let api: FakeApi;
/** Whoever is here complains of nothing: looked at when the test is over. */
export let visitors: Visitor[] = [];
const shownPacks = await packs();

/** Once a file, before its tests. */
export function setUp(): void {
  before(async () => {
    browser = await launch();
  });
  after(async () => {
    await browser.close();
  });
  beforeEach(async (t) => {
    api = await startFakeApi(shownPacks);
    visitors = [];
    (t as unknown as { after: (run: () => Promise<void>) => void }).after(async () => {
      for (const { complaints, leave } of visitors) {
        await leave();
        assert.deepEqual(complaints, []);
      }
      await api.close();
    });
  });
}

/** Somebody signs in and sees Now. */
export async function come(name = 'mara', options: BrowserContextOptions = desktop): Promise<Page> {
  const visitor = await visit(browser, api.url, options);
  visitors.push(visitor);
  await signIn(visitor.page, name, password);
  await visitor.page.locator('.counts').waitFor();
  return visitor.page;
}

export const id = (index: number): string => api.world.cases[index]?.caseId ?? '';

/**
 * Whether the queue of questions scrolls smoothly: the console in Chromium before full tables, scrolled by wheel and by
 * keys, with the time between frames measured in the page. Beside it an empty page of the same height, scrolled the same
 * way: what the machine itself cannot draw in time is no fault of the list.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { getRequestListener } from '@hono/node-server';
import type { Page } from 'playwright-core';
import { repositoryRoot } from '../../layers/build.ts';
import { buildConsole } from '../../layers/console.ts';
import { staticFiles } from '../../lib/adapters/api/static-files.ts';
import { desktop, launch, open, signIn, visit } from '../../test/browser/support/browser.ts';
import { type ConsoleTest, consoleTest } from '../../test/support/console-world.ts';
import { type BenchOptions, type Figure, quantile, rounded } from '../figures.ts';
import { filledTables, sizesOf } from './run.ts';

const prefix = 'bench';
const slowFrameMs = 50;
const wheelPx = 400;
const wheelEveryMs = 40;
const keyEveryMs = 120;
/** Cases with readings, so that keys meet charts; they are due before all others. */
const withChart = 40;

interface Frames {
  readonly intervalsMs: readonly number[];
  readonly longTasksMs: readonly number[];
}

interface Measured {
  readonly p95Ms: number;
  readonly slowShare: number;
  readonly longTasks: number;
  readonly longestTaskMs: number;
}

export async function benchQueueScroll({ quick, tell }: BenchOptions): Promise<Figure[]> {
  const sizes = sizesOf(quick);
  const forMs = quick ? 4_000 : 15_000;
  const tables = await filledTables(sizes, tell);
  const given = await consoleTest(tables, prefix);
  await given.asset('plant-1');
  for (let n = 0; n < withChart; n += 1) await given.asked(`scrolled ${n}`, { asset: 'plant-1' }, 60 + n);
  const folder = join(repositoryRoot, 'dist/bench-web');
  await buildConsole(join(repositoryRoot, 'web'), folder);
  const server = await serve(given, folder);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  // A browser each: a page behind another one is not drawn.
  const [browser, other] = await Promise.all([launch(), launch()]);
  try {
    const { page } = await visit(browser, url);
    await signIn(page, 'operator', 'secret-of-operator');
    await page.locator('.counts').waitFor();
    await open(page, '#/review');
    await page.locator('.queue-item').first().waitFor();
    const plain = await (await other.newContext(desktop)).newPage();
    await plain.setContent('<!doctype html><title>Empty</title><div style="height:400000px"></div>');
    tell('queue_scroll: the queue is open');
    const wheel = await besides(page, plain, forMs, byWheel);
    const loaded = Number(
      await page.evaluate("document.querySelector('.queue ul').getBoundingClientRect().height / 72 | 0"),
    );
    await page.evaluate('scrollTo(0, 0)');
    tell(`queue_scroll: ${loaded} rows scrolled by wheel`);
    const keys = await besides(page, plain, forMs, byKeys);
    const value = Math.max(wheel.list.p95Ms, keys.list.p95Ms);
    const empty = Math.max(wheel.empty.p95Ms, keys.empty.p95Ms);
    return [
      {
        name: 'queue_scroll',
        value: rounded(value),
        unit: 'ms',
        against: `${rounded(empty)} ms on an empty page of the same height; 95 % of the frames come within it while the queue is scrolled before ${sizes.open} open cases, by wheel (about ${loaded} rows) and by keys`,
        ratio: rounded(value / empty, 3),
        parts: { ...named('wheel', wheel), ...named('keys', keys) },
      },
    ];
  } finally {
    await Promise.all([browser.close(), other.close()]);
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
    await tables.stop();
  }
}

interface Beside {
  readonly list: Measured;
  readonly empty: Measured;
}

/** The empty page before and after, so that other work on the machine shows on both sides. */
async function besides(
  page: Page,
  plain: Page,
  forMs: number,
  scroll: (page: Page, forMs: number) => Promise<void>,
): Promise<Beside> {
  const before = await frames(plain, forMs / 2, scroll);
  const list = await frames(page, forMs, scroll);
  const after = await frames(plain, forMs / 2, scroll);
  return {
    list: measuredOf(list),
    empty: measuredOf({
      intervalsMs: [...before.intervalsMs, ...after.intervalsMs],
      longTasksMs: [...before.longTasksMs, ...after.longTasksMs],
    }),
  };
}

async function frames(
  page: Page,
  forMs: number,
  scroll: (page: Page, forMs: number) => Promise<void>,
): Promise<Frames> {
  await page.evaluate(`(() => {
    const seen = { intervalsMs: [], longTasksMs: [], on: true };
    let lastMs;
    const frame = (nowMs) => {
      if (lastMs !== undefined) seen.intervalsMs.push(nowMs - lastMs);
      lastMs = nowMs;
      if (seen.on) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
    seen.observer = new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) seen.longTasksMs.push(entry.duration);
    });
    seen.observer.observe({ type: 'longtask' });
    globalThis.seenFrames = seen;
  })()`);
  await scroll(page, forMs);
  return await page.evaluate(`(() => {
    const { intervalsMs, longTasksMs, observer } = globalThis.seenFrames;
    globalThis.seenFrames.on = false;
    observer.disconnect();
    return { intervalsMs, longTasksMs };
  })()`);
}

async function byWheel(page: Page, forMs: number): Promise<void> {
  await page.mouse.move(300, 600);
  for (let atMs = 0; atMs < forMs; atMs += wheelEveryMs) {
    await page.mouse.wheel(0, wheelPx);
    await page.waitForTimeout(wheelEveryMs);
  }
}

/** Down the list, then a part of the way back. */
async function byKeys(page: Page, forMs: number): Promise<void> {
  for (let atMs = 0; atMs < forMs; atMs += keyEveryMs) {
    await page.keyboard.press(atMs < forMs * 0.7 ? 'j' : 'k');
    await page.waitForTimeout(keyEveryMs);
  }
}

const measuredOf = ({ intervalsMs, longTasksMs }: Frames): Measured => ({
  p95Ms: quantile(intervalsMs, 0.95),
  slowShare: intervalsMs.filter((ms) => ms > slowFrameMs).length / intervalsMs.length,
  longTasks: longTasksMs.length,
  longestTaskMs: Math.max(0, ...longTasksMs),
});

const named = (by: string, of: Beside): Record<string, number> =>
  Object.fromEntries(
    (['list', 'empty'] as const).flatMap((what) =>
      Object.entries(of[what]).map(([name, value]) => [`${by} ${what} ${name}`, rounded(value, 3)]),
    ),
  );

/** The API of this process and the console's files, behind one address. */
async function serve(given: ConsoleTest, folder: string): Promise<Server> {
  const files = staticFiles(folder);
  const listener = getRequestListener(async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname.startsWith('/api/')) {
      const headers = new Headers(request.headers);
      // As the one-machine gateway says it; with https the cookie would have another name.
      headers.set('x-forwarded-proto', 'http');
      return await given.api.app.fetch(new Request(request, { headers }));
    }
    const file = await files.find(pathname === '/' ? '/index.html' : pathname, '');
    if (file === undefined) return new Response(null, { status: 404 });
    return new Response(file.bytes, { headers: { 'content-type': file.contentType } });
  });
  const server = createServer((request, response) => void listener(request, response));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return server;
}

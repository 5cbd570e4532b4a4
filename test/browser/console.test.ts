/** The console in a real browser, before an API in memory: what it shows, how it is worked, what it does on a bad line. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import {
  accessibility,
  desktop,
  focused,
  holdKey,
  holdPointer,
  open,
  phone,
  signIn,
  tooWidePx,
  visit,
} from './support/browser.ts';
import { api, browser, come, id, password, setUp, visitors } from './support/console-rig.ts';

setUp();

async function until(condition: () => unknown): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 50));
}

describe('signing in', () => {
  test('a wrong password says so and keeps the name', async () => {
    const visitor = await visit(browser, api.url);
    visitors.push(visitor);
    const { page } = visitor;
    await signIn(page, 'mara', 'wrong');
    await page.getByRole('alert').filter({ hasText: 'wrong' }).waitFor();
    assert.equal(await page.getByLabel('User name').inputValue(), 'mara');
  });

  test('the first time asks for a password of one’s own, and refuses a short or mistyped one', async () => {
    const visitor = await visit(browser, api.url);
    visitors.push(visitor);
    const { page } = visitor;
    await signIn(page, 'new', 'one-time-word');
    await page.getByRole('heading', { name: 'Choose your password' }).waitFor();
    const fill = async (first: string, second: string) => {
      await page.getByLabel('New password', { exact: true }).fill(first);
      await page.getByLabel('New password again').fill(second);
      await page.getByRole('button', { name: 'Sign in' }).click();
    };
    await fill('short', 'short');
    await page.getByText('At least 12 characters.', { exact: true }).waitFor();
    await fill('long enough for this', 'another one than that');
    await page.getByText('The two passwords differ.').waitFor();
    await fill('long enough for this', 'long enough for this');
    await page.locator('.counts').waitFor();
  });

  test('a session that ended returns to the same page after signing in again', async () => {
    const page = await come();
    await open(page, '#/figures');
    await page.context().clearCookies();
    await page.getByText('Your session is over').waitFor();
    await signIn(page, 'mara', password);
    await page.getByRole('heading', { name: 'Figures' }).waitFor();
  });
});

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

describe('answering', () => {
  test('the queue by keyboard alone: next, approve with a reason, hold Enter', async () => {
    const page = await come();
    await open(page, '#/review');
    await page.getByRole('heading', { level: 2, name: 'Burst at harbour' }).waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.getByRole('heading', { level: 2, name: /Leak at/ }).waitFor();
    await page.keyboard.press('k');
    await page.getByRole('heading', { level: 2, name: /Unusual/ }).waitFor();
    await page.keyboard.press('j');
    await page.getByRole('heading', { level: 2, name: /Leak at/ }).waitFor();
    await page.getByRole('button', { name: 'Hold to approve: Close valve V-north' }).waitFor();
    await page.keyboard.press('a');
    await page.locator('textarea:focus').waitFor();
    await page.keyboard.type('seen on the map, jak');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.waitForTimeout(300);
    assert.equal(api.world.cases[0]?.status, 'in-review', 'a short press decides nothing');
    await holdKey(page, 'Enter', 1_400);
    await page.locator('.note').getByText('Approved.').waitFor();
    const review = api.world.cases[0]?.reviews[0];
    assert.deepEqual(
      review?.answers.map(({ by, answer, reason }) => ({ by, answer, reason })),
      [{ by: 'mara', answer: 'approve', reason: 'seen on the map, jak' }],
    );
    await page.getByRole('heading', { name: '2 cases wait for an answer' }).waitFor();
  });

  test('an answer is taken back by a key while its seconds run; the question stands again, and the next answer acts', async () => {
    api.world.thinkAgainMs = 30_000;
    const page = await come();
    await open(page, '#/review');
    await page.getByRole('button', { name: /Leak/ }).click();
    await page.getByRole('heading', { level: 2, name: /Leak at/ }).waitFor();
    await page.getByLabel('Reason').fill('seen on the map');
    await holdPointer(page, /approve: Close valve V-north/, 1_400);
    await page
      .locator('.note')
      .getByText(/Approved\. Nothing follows from it for \d+ s/)
      .waitFor();
    const line = page.getByRole('region', { name: 'Taking the answer back' });
    await line.getByText(/You answered: .*Nothing follows from it for \d+ s\./).waitFor();
    assert.equal(await page.getByRole('button', { name: /Hold to approve/ }).count(), 0, 'nothing is left to answer');
    assert.deepEqual(await accessibility(page), []);
    // Another case is chosen meanwhile: the way back stays in sight, and the key is its.
    await page.locator('.queue-item').first().click();
    await page.getByRole('heading', { level: 2, name: /Leak at/ }).waitFor({ state: 'detached' });
    await line.waitFor();
    await page.keyboard.press('Escape');
    await page.locator('h1').click();
    await page.keyboard.press('u');
    await page.locator('.note').getByText('Taken back. The question stands again.').waitFor();
    const one = api.world.cases[0]!;
    assert.equal(one.status, 'in-review');
    assert.deepEqual(
      one.reviews.map(({ state, takenBack }) => [state, takenBack?.[0]?.reason]),
      [
        ['taken-back', 'Answered by mistake'],
        ['open', undefined],
      ],
    );
    api.world.thinkAgainMs = 1_500;
    await page.getByRole('button', { name: /Leak/ }).click();
    await page.getByLabel('Reason').fill('it is the right one after all');
    await holdPointer(page, /approve: Close valve V-north/, 1_400);
    await until(() => one.status === 'acting');
  });

  test('on a phone an answer is taken back on the page of its case', async () => {
    api.world.thinkAgainMs = 30_000;
    const page = await come('mara', phone);
    await open(page, `#/cases/${id(0)}`);
    await page.getByLabel('Reason').fill('crew confirms');
    await holdPointer(page, /approve: Close valve/, 1_400);
    const line = page.getByRole('region', { name: 'Taking the answer back' });
    await line.getByLabel('Why it is taken back').fill('the crew is in the pit');
    await line.getByRole('button', { name: 'Take back' }).tap();
    await page.locator('.note').getByText('Taken back.').waitFor();
    await page.getByRole('button', { name: /approve: Close valve/ }).waitFor();
    await line.waitFor({ state: 'detached' });
    assert.equal(api.world.cases[0]?.reviews[0]?.takenBack?.[0]?.reason, 'the crew is in the pit');
    await page.getByText('mara took it back').waitFor();
  });

  test('help is a dialog that gives the focus back', async () => {
    const page = await come();
    await open(page, '#/review');
    await page.getByRole('heading', { name: /cases wait/ }).waitFor();
    await page.getByRole('button', { name: 'Keys' }).focus();
    await page.locator('button:focus', { hasText: 'Keys' }).waitFor();
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.locator('button:focus', { hasText: 'Keys' }).waitFor();
  });

  test('on a phone a tap approves nothing, a hold does; without a reason not even that', async () => {
    const page = await come('mara', phone);
    await open(page, `#/cases/${id(0)}`);
    await holdPointer(page, /approve: Close valve/, 1_400);
    await page.getByText('Write a reason first.').first().waitFor();
    await page.getByLabel('Reason').fill('crew confirms');
    await page.getByRole('button', { name: /approve: Close valve/ }).tap();
    await page.waitForTimeout(300);
    assert.equal(api.world.cases[0]?.status, 'in-review');
    await holdPointer(page, /approve: Close valve/, 1_400);
    await page.locator('.note').getByText('Approved.').waitFor();
    assert.equal(api.world.cases[0]?.status, 'acting');
  });

  test('another order, chosen from what the pack offers', async () => {
    const page = await come();
    await open(page, '#/review');
    await page.getByRole('button', { name: /Leak/ }).click();
    await page.getByRole('heading', { level: 2, name: /Leak at/ }).waitFor();
    await page.getByRole('button', { name: /approve: Close valve V-north/ }).waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('o');
    await page.getByLabel('Target').selectOption('V-south');
    await page.getByLabel('Reason').fill('the leak is further south');
    await holdPointer(page, /Hold to give this order/, 1_400);
    await page.locator('.note').getByText('Ordered.').waitFor();
    assert.deepEqual(api.world.cases[0]?.reviews[0]?.answers[0]?.override, {
      action: 'close-valve',
      target: 'V-south',
    });
  });

  test('another order with what the action takes beside it: the first wrong field is named, then it is sent', async () => {
    const page = await come();
    await open(page, `#/cases/${id(0)}`);
    await page.getByRole('button', { name: 'Other order' }).click();
    await page.getByRole('radio', { name: /Raise ticket/ }).check();
    assert.equal(await page.getByLabel('Priority').inputValue(), 'today');
    await page.getByLabel('Priority').selectOption('now');
    await page.getByLabel('People').fill('40');
    await page.getByLabel('Reason').fill('the street is wet');
    await holdPointer(page, /Hold to give this order/, 1_400);
    await page.locator('.field-error').getByText('People: A whole number from 1 to 12.').waitFor();
    await page.locator('#parameter-crew:focus').waitFor();
    assert.equal(api.world.cases[0]?.reviews[0]?.answers.length, 0);
    await page.getByLabel('People').fill('3');
    await holdPointer(page, /Hold to give this order/, 1_400);
    await page.locator('.note').getByText('Ordered.').waitFor();
    assert.deepEqual(api.world.cases[0]?.reviews[0]?.answers[0]?.override, {
      action: 'raise-ticket',
      target: 'north-loop',
      parameters: { priority: 'now', crew: 3 },
    });
    await page.getByText(/Raise ticket north-loop, priority: now, crew: 3/).waitFor();
  });

  test('whom to call stands on the first screen, with a number that can be dialled; an admin enters it', async () => {
    const page = await come('mara', phone);
    await open(page, `#/cases/${id(0)}`);
    const call = page.getByRole('link', { name: /Call Mara Lindholm/ });
    assert.equal(await call.getAttribute('href'), 'tel:+49305550101');
    assert.equal(await page.getByText('Ole Brandt', { exact: true }).isVisible(), false);
    await page.getByText('1 other', { exact: true }).click();
    await page.getByText('Mon, Tue, Wed, Thu, Fri 07:00–15:30').waitFor();
    const viewer = await come('vic');
    await open(viewer, `#/cases/${id(0)}`);
    await viewer.getByText('Names and numbers are shown to those who may act.').waitFor();
    assert.equal(await viewer.getByText('Lindholm').count(), 0);
    await open(page, '#/settings');
    await page.getByRole('button', { name: 'Add somebody to call' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Role').fill('Pump crew');
    await dialog.getByLabel('Phone').fill('112');
    await dialog.getByLabel('Only for these kinds').fill('pump-failure, burst');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.waitFor({ state: 'detached' });
    assert.deepEqual(api.world.contacts.items.at(-1), {
      role: 'Pump crew',
      phone: '112',
      scope: 'all',
      kinds: ['pump-failure', 'burst'],
    });
    api.world.contacts = { ...api.world.contacts, version: 9 };
    await page.getByRole('button', { name: 'Remove Pump crew' }).click();
    await page.locator('.note').getByText('Somebody else changed this list.').waitFor();
    assert.equal(api.world.contacts.items.length, 4);
  });

  test('a page that is out of date says so, sends nothing, and shows what is true', async () => {
    const page = await come();
    await open(page, `#/cases/${id(0)}`);
    const one = api.world.cases[0];
    assert.ok(one?.proposal);
    one.proposalHash = '0'.repeat(64);
    one.proposal.target = 'V-other';
    await page.getByLabel('Reason').fill('looks right');
    await holdPointer(page, /approve: Close valve V-north/, 1_400);
    await page.locator('.note').getByText('This page was out of date').waitFor();
    await page.getByRole('button', { name: /approve: Close valve V-other/ }).waitFor();
    await page.getByText('The proposal has changed since you opened this page.').waitFor();
    assert.equal(await page.getByLabel('Reason').inputValue(), '');
    assert.deepEqual(one.reviews[0]?.answers, []);
  });

  test('two people: the first waits, the second completes it, and each sees the other', async () => {
    const first = await come('mara');
    const second = await come('jo');
    for (const page of [first, second]) {
      await open(page, `#/cases/${id(1)}`);
      await page.getByText('0 of 2 people have approved').waitFor();
    }
    await first.getByLabel('Reason').fill('pressure is gone');
    await holdPointer(first, /approve: Close valve V-harbour/, 1_400);
    await first.locator('.note').getByText('A second person must approve').waitFor();
    await first.getByText('You have approved. Another person must, too.').waitFor();
    assert.equal(api.world.cases[1]?.status, 'in-review');
    await first.getByText('If it should not be done at all, reject').waitFor();
    assert.equal(await first.getByRole('button', { name: /Hold/ }).count(), 0);
    await second.getByText('1 of 2 people have approved (mara)').waitFor();
    await second.getByLabel('Reason').fill('I see it, too');
    await holdPointer(second, /approve: Close valve V-harbour/, 1_400);
    await second.locator('.note').getByText('Approved.').waitFor();
    await first.locator('.case-state').getByText('Acting').waitFor();
  });

  test('having seen it and taking it approve nothing', async () => {
    const page = await come();
    const other = await come('jo');
    await open(page, `#/cases/${id(0)}`);
    await page.getByRole('button', { name: 'I have seen it' }).click();
    await page.locator('.note').getByText('Nothing was approved').waitFor();
    await page.getByRole('button', { name: 'I take it' }).click();
    await page.getByText(/You are working on it until/).waitFor();
    await open(other, `#/cases/${id(0)}`);
    await other.getByText(/Being worked on by mara until/).waitFor();
    await other.getByLabel('Reason').fill('me, too');
    await holdPointer(other, /approve: Close valve/, 1_400);
    await other.locator('.note').getByText('Somebody else is working on this case').waitFor();
    assert.deepEqual(api.world.cases[0]?.reviews[0]?.answers, []);
  });

  test('a viewer sees everything and can answer and stop nothing', async () => {
    const page = await come('vic');
    assert.equal(await page.getByRole('button', { name: /Stop/ }).isDisabled(), true);
    await open(page, `#/cases/${id(0)}`);
    await page.getByText('Your groups do not allow answering.').waitFor();
    assert.equal(await page.getByLabel('Reason').count(), 0);
  });
});

test('the stop switch: a reason, a band on every page, two people to resume', async () => {
  const page = await come('mara');
  const other = await come('jo', phone);
  await page.getByRole('button', { name: /Stop/ }).click();
  await page.getByRole('dialog', { name: 'Stop effects on the plant' }).waitFor();
  await page.getByLabel('Reason').fill('crew in the pit');
  await page.getByRole('button', { name: 'Stop now' }).click();
  for (const each of [page, other]) await each.getByText('Effects are stopped for everything').first().waitFor();
  await open(other, '#/assets');
  const band = other.locator('.bar-stop');
  await band.getByText('crew in the pit').waitFor();
  const resume = async (who: typeof page, button: string) => {
    await who.getByRole('button', { name: 'Resume' }).click();
    await who.getByLabel('Reason').fill('crew is out');
    await who.getByRole('button', { name: button }).click();
  };
  await resume(other, 'Ask to resume');
  await page.getByText('jo asks to resume').waitFor();
  await resume(page, 'Resume now');
  for (const each of [page, other]) await each.locator('.bar-stop').waitFor({ state: 'detached' });
});

describe('the record', () => {
  test('is verified in the browser, with its signed checkpoint', async () => {
    const page = await come();
    await open(page, `#/audit/${encodeURIComponent(`case#${id(4)}`)}`);
    await page.getByText('3 entries: each gives its own hash and follows the one before.').waitFor();
    await page.getByText('1 signed checkpoint checked.').waitFor();
    await page.getByText(/Entries up to 2 are covered by a signed checkpoint/).waitFor();
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Export JSON' }).click();
    assert.equal(
      await readFile(await (await download).path(), 'utf8'),
      `${api.world.chains.get(`case#${id(4)}`)?.join('\n')}\n`,
    );
  });

  test('that was changed is named, on its own page and on the case’s', async () => {
    const chain = `case#${id(4)}`;
    const texts = api.world.chains.get(chain) ?? [];
    api.world.chains.set(chain, texts.with(1, (texts[1] ?? '').replace('"round":0', '"round":1')));
    const page = await come();
    await open(page, `#/audit/${encodeURIComponent(chain)}`);
    await page.getByText('Entry 1 was changed: its content does not give its hash.').waitFor();
    await open(page, `#/cases/${id(4)}`);
    await page.getByText('Entry 1 does not verify.').waitFor();
  });

  test('that was rewritten as a whole contradicts the checkpoint', async () => {
    const [, chain] = [id(4), `case#${id(4)}`];
    api.world.chains.set(chain, (api.world.chains.get(chain) ?? []).slice(0, 2));
    const page = await come();
    await open(page, `#/audit/${encodeURIComponent(chain)}`);
    await page.getByText(/states another hash for entry 2: the chain was rewritten/).waitFor();
  });
});

test('figures leave as CSV', async () => {
  const page = await come();
  await open(page, '#/figures');
  await page.getByText('Reading to decision').waitFor();
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Export CSV' }).click();
  const text = await readFile(await (await download).path(), 'utf8');
  assert.match(text, /^figure,of,value,unit\r\ncases,,41,\r\n/);
  assert.match(text, /\r\ndecisions,,812,\r\n/);
  assert.match(text, /\r\nfalse alarms,judged,19,\r\n/);
  assert.match(text, /\r\ndead-letters,waiting,3,\r\ndead-letters,oldest,,ms\r\ndead-letters,not known,refused,\r\n/);
});

test('figures say what waits in the automation, and of what is not known that it is not', async () => {
  const page = await come();
  await open(page, '#/figures');
  const row = (name: RegExp) => page.getByRole('row', { name });
  await row(/^What could not be delivered.* 3 not known: the API may not look .*redrive|put them back/).waitFor();
  await row(/^Readings that stood out.* at least 200 at least 4 min/).waitFor();
  await row(/^Messages to people.* not known: the service did not answer/).waitFor();
  assert.match((await row(/^Answers of people/).textContent()) ?? '', /heard0–?—?/);
});

test('drift says what it rests on, what moved, and nothing where it cannot tell', async () => {
  const page = await come();
  await open(page, '#/models');
  const pack = (name: string) => page.locator('.pack', { hasText: `${name} ·` });
  const water = pack('water-network');
  await water.getByText('Features are spread otherwise').waitFor();
  await water.getByText(/300 decisions about 6 assets on \d+ asset-days/).waitFor();
  await water.getByText('features moved beyond chance').click();
  assert.equal(await water.locator('.drift-features li').count(), 8);
  await water.getByText('Far apart.').first().waitFor();
  const picture = await water.getByRole('img', { name: /^How sure the model is: / }).getAttribute('aria-label');
  const card = JSON.parse(await readFile(new URL('../../models/water-network/card.json', import.meta.url), 'utf8'));
  const surest = Math.round(100 * card.reference.confidence.at(-1));
  assert.match(picture ?? '', new RegExp(`90–100\\s%: \\d+\\s% now, ${surest}\\s% on test windows$`));
  await pack('air-quality').getByText('Stranger to the model than its test windows').waitFor();
  const few = pack('rotating-equipment');
  await few.getByText('Not enough to tell yet: 6 of 20 asset-days').waitFor();
  await few.getByText('What there is so far').click();
  await few.getByRole('img', { name: /^How sure the model is: / }).waitFor();
  assert.equal(await few.getByText('beyond chance').count(), 0);
});

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

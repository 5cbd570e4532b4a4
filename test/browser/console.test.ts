/** The console in a real browser, before an API in memory: who comes in, how cases are answered, what the record and the figures say. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { accessibility, holdKey, holdPointer, open, phone, signIn, until, visit } from './support/browser.ts';
import { api, browser, come, id, password, setUp, visitors } from './support/console-rig.ts';

setUp();

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

  test('who told the kind, and what that cost, stands with the decision', async () => {
    const page = await come('mara', phone);
    await open(page, `#/cases/${id(0)}`);
    const told = page.locator('dt', { hasText: 'Who told the kind' }).locator('xpath=following-sibling::dd[1]');
    const cost = page.locator('dt', { hasText: 'What telling it cost' }).locator('xpath=following-sibling::dd[1]');
    assert.equal(await told.textContent(), 'The model of the pack');
    assert.equal(await cost.textContent(), '0.00002\u00a0USD');
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

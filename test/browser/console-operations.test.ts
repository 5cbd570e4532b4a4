/** The console in a real browser: what a shift sets, hands over and judges, and who is told. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accessibility, desktop, holdPointer, open, phone, tooWidePx } from './support/browser.ts';
import { api, come, id, setUp } from './support/console-rig.ts';

setUp();

test('planned work and shelving are set, marked wherever they hold, and ended', async () => {
  const page = await come();
  await open(page, `#/cases/${id(0)}`);
  await page.getByRole('link', { name: 'Shelve this alarm' }).click();
  const dialog = page.getByRole('dialog', { name: 'Shelve an alarm' });
  assert.equal(await dialog.getByLabel('Asset').inputValue(), 'north-loop');
  assert.equal(await dialog.getByLabel('Kind').inputValue(), 'leak');
  await dialog.getByLabel('Length').selectOption('24');
  await dialog.getByLabel('Reason').fill('a hydrant is being flushed');
  await dialog.getByRole('button', { name: 'Shelve an alarm' }).click();
  await page.locator('.note').getByText('Set. It ends by itself.').waitFor();
  await page.getByRole('button', { name: 'Plan work' }).click();
  const plan = page.getByRole('dialog', { name: 'Plan work' });
  await plan.getByLabel('Where').selectOption('asset#old-town');
  await plan.getByLabel('Reason').fill('the valve is changed');
  await plan.getByRole('button', { name: 'Plan work' }).click();
  await plan.getByText('Say when it ends.').waitFor();
  await plan.getByLabel('Day it ends').fill('2000-01-01');
  await plan.getByLabel('Time it ends').fill('12:00');
  await plan.getByRole('button', { name: 'Plan work' }).click();
  await plan.getByText('It must end after it begins, and not in the past.').waitFor();
  await plan.getByLabel('Day it ends').fill('2999-01-15');
  await plan.getByRole('button', { name: 'Plan work' }).click();
  await page.locator('.people-list b', { hasText: 'Planned work at old-town' }).waitFor();
  // Noon at the site in winter.
  assert.deepEqual(
    api.world.orders.map(({ what, scope, kind }) => [what, scope, kind]),
    [
      ['shelving', 'asset#north-loop', 'leak'],
      ['planned-work', 'asset#old-town', undefined],
    ],
  );
  assert.equal(api.world.orders[1]?.toMs, Date.parse('2999-01-15T11:00:00Z'));
  await open(page, '#/now');
  await page.locator('.now-cases .case-line', { hasText: 'Shelved: leak' }).waitFor();
  await page.locator('.tile', { hasText: 'old-town' }).getByText('Planned work').waitFor();
  await open(page, '#/assets');
  await page.locator('tr', { hasText: 'old-town' }).getByText('Planned work').waitFor();
  await open(page, `#/cases/${id(0)}`);
  await page.locator('.withheld-band', { hasText: 'Shelved: leak' }).waitFor();
  await open(page, '#/shift');
  await page.getByRole('button', { name: 'End Leak at north-loop shelved' }).click();
  await page.getByRole('dialog').getByLabel('Reason').fill('flushed');
  await page.getByRole('button', { name: 'End it now' }).click();
  await page.locator('.people-list b', { hasText: 'Leak at north-loop shelved' }).waitFor({ state: 'detached' });
  const viewer = await come('vic');
  await open(viewer, '#/shift');
  await viewer.locator('.people-list b', { hasText: 'Planned work at old-town' }).waitFor();
  assert.equal(await viewer.getByRole('button', { name: /Plan work|Shelve|End/ }).count(), 0);
});

test('a shift is handed over by one person and taken over by another', async () => {
  const page = await come('mara');
  const other = await come('jo', phone);
  await open(page, '#/shift?hours=12&operators=2');
  await page.getByText('ISA-18.2: 6 an hour are acceptable, 12 the most').waitFor();
  await page.getByRole('heading', { name: /Open cases \(4\)/ }).waitFor();
  await page.getByLabel('Note for the next shift').fill('P2 sounds odd.\nAsk the day shift.');
  await page.getByRole('button', { name: 'Hand over' }).click();
  await page.getByText('Waits until another person takes it over.').waitFor();
  await open(other, '#/shift');
  await other.getByText('P2 sounds odd.').waitFor();
  await other.getByRole('button', { name: 'I take over' }).click();
  await other.locator('.note').getByText('You have taken over.').waitFor();
  await page.getByText('Taken over by jo').waitFor();
  assert.match(JSON.stringify(api.world.handovers), /"operators":2/);
});

test('a sample is judged before it is said what the automation made of it', async () => {
  const page = await come();
  await open(page, '#/samples');
  await page.getByRole('heading', { name: '2 windows wait for a look' }).waitFor();
  await page.locator('.chart canvas').first().waitFor();
  const text = (await page.locator('main').textContent()) ?? '';
  assert.doesNotMatch(text, /automation had said|flagged window/);
  await page.getByRole('button', { name: 'Answer', exact: true }).click();
  await page.getByText('Choose what it shows first.').waitFor();
  await page.getByRole('radio', { name: 'Nothing unusual' }).check();
  await page.getByLabel('Reason').fill('it looks as on every day');
  await page.getByRole('button', { name: 'Answer', exact: true }).click();
  await page.getByText(/the automation had said Leak/).waitFor();
  await page.getByRole('button', { name: 'Next window' }).click();
  await page.getByRole('heading', { name: '1 window waits for a look' }).waitFor();
  const sample = api.world.samples[1];
  assert.ok(sample);
  sample.answered = true;
  await page.getByRole('radio', { name: 'Leak' }).check();
  await page.getByLabel('Reason').fill('the flow rises');
  await page.getByRole('button', { name: 'Answer', exact: true }).click();
  await page.locator('.note').getByText('Somebody answered it before you.').waitFor();
  await page.getByText('No window waits for a look').waitFor();
  await page.getByText('between 0.1 % and 13.5 % with 95 % confidence').waitFor();
});

test('an admin sees who is told what, and sets the quiet hours', async () => {
  const page = await come();
  await open(page, '#/settings');
  await page.getByText('No such channel is deployed: pager.').waitFor();
  await page.getByText('urgent → ops, sns, pager').waitFor();
  await page.getByRole('button', { name: 'Change Quiet hours' }).click();
  const dialog = page.getByRole('dialog', { name: 'Quiet hours' });
  await dialog.getByLabel('From').fill('22:00');
  await dialog.getByLabel('Reason').fill('nights are for sleeping');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.getByText('Give both times, or neither.').waitFor();
  await dialog.getByLabel('Until').fill('06:00');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page.getByText('22:00–06:00').waitFor();
});

test('a case says at which level its question is, and a closed one how long it would have taken by hand', async () => {
  const page = await come();
  await page.locator('.now-cases .case-line', { hasText: 'harbour' }).getByText('level 2').waitFor();
  await open(page, `#/cases/${id(1)}`);
  await page.getByText(/It is at level 2 since .* it ends in safe hold/).waitFor();
  await open(page, `#/cases/${id(0)}`);
  await page.getByText(/it goes up to level 2/).waitFor();
  await page.getByText('Done: Close valve V-north. As here: night minimum of the zone.').waitFor();
  await open(page, `#/cases/${id(4)}`);
  await page.getByText('By hand 47 min → 2 min').waitFor();
  await page.getByText('Whom to call').waitFor({ state: 'detached' });
});

for (const [name, screen] of [
  ['a desktop', desktop],
  ['a phone', phone],
] as const)
  test(`on ${name} a question says that it took the place of another one, and the record why`, async () => {
    const [one] = api.world.cases;
    assert.ok(one);
    const [asked] = one.reviews;
    assert.ok(asked);
    const newer = { decisionId: 'f'.repeat(64), sentence: 'It looks like a leak near N3.', atMs: asked.askedAtMs + 1 };
    const former = { ...asked, question: 'Shall we raise ticket north-loop?', state: 'superseded' as const, newer };
    Object.assign(one, { reviews: [former, { ...asked, round: 1 }] });
    const page = await come('mara', screen);
    await open(page, `#/cases/${id(0)}`);
    await page.getByText(/A later decision is surer: this question took the place of another one/).waitFor();
    await page.getByText(/A later decision was surer, and nobody had answered.*It looks like a leak near N3/).waitFor();
    assert.equal(await tooWidePx(page), 0);
    assert.deepEqual(await accessibility(page), []);
  });

test('what a closed case did is undone in a case of its own, where it is ordered like anything else', async () => {
  const page = await come();
  await open(page, `#/cases/${id(5)}`);
  await page.getByRole('heading', { name: 'What was done', exact: true }).waitFor();
  await page.getByText('Yes, by “Open valve”, as an order in a case of its own.').waitFor();
  await page.getByRole('button', { name: 'Undo: Open valve V-north' }).click();
  const dialog = page.getByRole('dialog', { name: 'Undo: Close valve V-north' });
  await dialog.getByLabel('Reason').fill('the street is dry again');
  await dialog.getByRole('button', { name: 'Open the case' }).click();
  await page.getByText(/mara reports something at north-loop: Undo of “Close valve V-north”/i).waitFor();
  const reported = api.world.cases.at(-1);
  assert.match(reported?.sentence ?? '', /the street is dry again$/);
  assert.equal(await page.getByRole('radio', { name: /Open valve/ }).isChecked(), true);
  assert.equal(await page.getByLabel('Target').inputValue(), 'V-north');
  assert.equal(reported?.reviews[0]?.answers.length, 0);
  await page.getByLabel('Reason').fill('the street is dry again');
  await holdPointer(page, /Hold to give this order/, 1_400);
  await page.locator('.note').getByText('Ordered.').waitFor();
  assert.deepEqual(reported?.reviews[0]?.answers[0]?.override, { action: 'open-valve', target: 'V-north' });
});

test('nothing is offered to undo where it cannot be, was undone, or who looks may not order', async () => {
  const page = await come();
  await open(page, `#/cases/${id(4)}`);
  await page.getByText('No. There is no action that undoes it.').waitFor();
  assert.equal(await page.getByRole('button', { name: /^Undo/ }).count(), 0);
  const [effect] = api.world.cases[5]?.effects ?? [];
  assert.ok(effect);
  api.world.cases[5]?.effects.push({ ...effect, effectKey: 'f'.repeat(64), action: 'open-valve', inverse: true });
  await open(page, `#/cases/${id(5)}`);
  await page.getByRole('heading', { name: 'What was done', exact: true }).waitFor();
  assert.equal(await page.getByRole('button', { name: /^Undo/ }).count(), 0);
  api.world.cases[5]?.effects.pop();
  const viewer = await come('vic');
  await open(viewer, `#/cases/${id(5)}`);
  await viewer.getByRole('heading', { name: 'What was done', exact: true }).waitFor();
  assert.equal(await viewer.getByRole('button', { name: /^Undo/ }).count(), 0);
});

test('Now marks the zone of an asset that has an open case, shows what ended, and explains itself once', async () => {
  const page = await come();
  const harbour = page.locator('.tile', { hasText: 'harbour' }).first();
  assert.equal(await harbour.locator('.fed-trouble').textContent(), ' harbour');
  assert.equal(await harbour.locator('.fed-zone').count(), 3);
  const ended = page.locator('.now-ended');
  await ended.getByRole('link', { name: /Sensor fault old-town/ }).waitFor();
  assert.equal(await ended.locator('.case-line').count(), 2);
  await page.getByText('How to read this').click();
  // The browser tells of a fold a moment after it closed; a page that is left before remembers nothing.
  await page.waitForFunction("localStorage.getItem('groundcrew.welcome') === 'closed'");
  await page.reload();
  await page.locator('.now-welcome:not([open])').waitFor();
});

test('figures name money that can be read, and are printed dark on white from a dark screen', async () => {
  const page = await come('mara', { ...desktop, colorScheme: 'dark' });
  await open(page, '#/figures');
  const tile = (name: string) => page.locator('.stat', { hasText: new RegExp(`^${name}`) });
  assert.match(
    (await tile('Cost').textContent()) ?? '',
    /0\.21\u00a0USDfor a thousand decisions\. 4\.10\u00a0USD a month/,
  );
  assert.match((await tile('Decisions').textContent()) ?? '', /812/);
  assert.match((await tile('Errors').textContent()) ?? '', /3could not be delivered/);
  const ink = (selector: string): Promise<string> =>
    page.evaluate(`getComputedStyle(document.querySelector('${selector}')).color`);
  await page.evaluate("document.documentElement.dataset.theme = 'dark'");
  await page.emulateMedia({ media: 'print' });
  assert.equal(await ink('.stat-value'), 'rgb(21, 32, 28)');
});

test('chains of cases go by what the case is, and by what they are of', async () => {
  const page = await come();
  await open(page, '#/audit');
  await page.getByRole('link', { name: /^Case [0-9a-f]{8}: Burst at harbour, / }).waitFor();
  await page.getByRole('button', { name: 'Cases', exact: true }).click();
  await page.waitForURL(/prefix=case%23/);
});

/** Whom to call, on real tables: who sees whom, and where no name and no number may ever stand. */

import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eraseSubject, knownSubject } from '../../../lib/adapters/aws/subject-store.ts';
import type { CaseDetail, Contact, ContactList, Problem } from '../../../lib/contracts/api.ts';
import { tableNames } from '../../../lib/contracts/names.ts';
import { type ConsoleTest, consoleTest } from '../../support/console-world.ts';
import { startTables, type TestTables } from '../../support/tables.ts';

let tables: TestTables;
let given: ConsoleTest;

const mara: Contact = { role: 'Network engineer', name: 'Mara Novakova', phone: '+49 30 5550101', scope: 'site#town' };
const desk: Contact = { role: 'Control room', phone: '+49 30 5550100', scope: 'all' };
const far: Contact = { role: 'Other town', name: 'Ole Fern', phone: '+49 30 5550102', scope: 'site#village' };

beforeAll(async () => {
  tables = await startTables();
  given = await consoleTest(tables, 'contacts');
  await given.asset('plant-1');
}, 30_000);
afterAll(() => tables.stop());

async function ask<T>(who: string, method: string, path: string, body?: unknown) {
  const answer = await given.api.ask(method, path, {
    cookie: await given.cookie(who),
    ...(body !== undefined && { body }),
  });
  return { status: answer.status, body: (await answer.json()) as T };
}
const shown = async (who: string, caseId: string) =>
  (await ask<CaseDetail>(who, 'GET', `/cases/${caseId}`)).body.contacts;

test('are entered by an admin, and named in a case to those who act, to others by their role alone', async () => {
  const record = await given.asked('who to call');
  expect(await shown('operator', record.caseId)).toBeUndefined();
  const put = await ask<{ version: number }>('admin', 'PUT', '/contacts', { items: [desk, mara, far], version: 0 });
  expect(put).toEqual({ status: 200, body: { version: 1 } });
  expect((await ask<ContactList>('admin', 'GET', '/contacts')).body).toEqual({ items: [desk, mara, far], version: 1 });
  expect(await shown('operator', record.caseId)).toEqual([
    { ...mara, onCall: true },
    { ...desk, onCall: true },
  ]);
  for (const who of ['viewer', 'auditor'])
    expect(await shown(who, record.caseId)).toEqual([
      { role: mara.role, scope: mara.scope, onCall: true },
      { role: desk.role, scope: desk.scope, onCall: true },
    ]);
});

test('a list that was changed since is not overwritten; what is no number is refused without repeating it', async () => {
  const stale = await ask<Problem>('admin', 'PUT', '/contacts', { items: [], version: 0 });
  expect([stale.status, stale.body.code]).toEqual([409, 'contacts-changed']);
  const phone = 'ring-me-at-home-5550199';
  const bad = await ask<Problem>('admin', 'PUT', '/contacts', { items: [{ ...desk, phone }], version: 1 });
  expect([bad.status, bad.body.code]).toEqual([422, 'body-invalid']);
  expect(JSON.stringify(bad.body)).not.toContain('5550199');
});

test('neither a name nor a number stands in any table, event or answer that is kept', async () => {
  const everything = await Promise.all(
    tableNames.map(async (name) => {
      const { Items } = await tables.client.send(new ScanCommand({ TableName: given.world.tables[name] }));
      return JSON.stringify(Items);
    }),
  );
  const text = everything.join('') + JSON.stringify(given.events) + JSON.stringify(given.api.failures);
  for (const word of ['Novakova', 'Ole Fern', '5550101', '5550102']) expect(text).not.toContain(word);
  // Who changed it stands there, and that it was this.
  expect(text).toContain('settings-changed');
});

test('who is erased is named no more, and gone with the next change', async () => {
  const record = await given.asked('after an erasure');
  const subject = await knownSubject(given.world.subjects, 'Mara Novakova');
  await eraseSubject(given.world.subjects, subject!, given.world.now());
  expect(await shown('operator', record.caseId)).toEqual([{ ...desk, onCall: true }]);
  expect((await ask<ContactList>('admin', 'GET', '/contacts')).body.items).toEqual([desk, far]);
});

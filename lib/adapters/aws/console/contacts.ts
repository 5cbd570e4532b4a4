/**
 * Whom to call: one item beside the sessions, a table without backups. What names a person is sealed under their own key,
 * as in the audit: whoever is erased is nameless here, too, and their number does not open any more.
 */
import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { z } from 'zod';
import { type Contact, type ContactList, contact, type ShownContact } from '../../../contracts/api.ts';
import { lazily } from '../../../contracts/lazily.ts';
import { sealedPersonal } from '../../../contracts/subject.ts';
import { type CasePlace, contactsFor } from '../../../core/console/contacts.ts';
import { ConflictError } from '../../../core/errors.ts';
import { appendAudit } from '../audit-store.ts';
import { openFor, sealFor, subjectOf } from '../subject-store.ts';
import { putVersioned } from './settings.ts';
import { type ConsoleWorld, tableAt } from './world.ts';

const key = { pk: { S: 'contacts' } };
const place = 'contacts';

const stored = lazily(() =>
  z.strictObject({
    ...contact.omit({ name: true, phone: true }).shape,
    /** Of a place without a name. */
    phone: contact.shape.phone.optional(),
    person: sealedPersonal.optional(),
  }),
);
type StoredContact = z.infer<typeof stored>;

async function read(world: ConsoleWorld): Promise<{ readonly items: StoredContact[]; readonly version: number }> {
  const { client, table } = tableAt(world, 'sessions');
  const { Item } = await client.send(new GetItemCommand({ TableName: table, Key: key, ConsistentRead: true }));
  if (!Item) return { items: [], version: 0 };
  return { items: z.array(stored).parse(JSON.parse(Item.json?.S ?? 'null')), version: Number(Item.version?.N) };
}

/** With the name and the number; `undefined` where its person was erased. */
async function opened(world: ConsoleWorld, { person, phone, ...about }: StoredContact): Promise<Contact | undefined> {
  if (!person) return phone === undefined ? undefined : { ...about, phone };
  const data = await openFor(world.subjects, person, place);
  return data?.phone === undefined ? undefined : { ...about, phone: data.phone, ...(data.name && { name: data.name }) };
}

/** All of them, for who may change them. Who was erased is left out, and so gone with the next change. */
export async function readContacts(world: ConsoleWorld): Promise<ContactList> {
  const { items, version } = await read(world);
  const found = await Promise.all(items.map((each) => opened(world, each)));
  return { items: found.flatMap((each) => each ?? []), version };
}

/**
 * Whom a case names.
 * @param isNamed whether who looks may see names and numbers
 */
export async function contactsOf(
  world: ConsoleWorld,
  about: CasePlace & { readonly kind: string },
  timeZone: string,
  isNamed: boolean,
): Promise<ShownContact[]> {
  const { items } = await read(world);
  const now = { atMs: world.now(), timeZone };
  const found = await Promise.all(
    contactsFor(items, about, about.kind, now).map(async ({ contact: each, onCall }): Promise<ShownContact[]> => {
      const { person: _, phone: __, ...rest } = each;
      if (!isNamed) return [{ ...rest, onCall }];
      const named = await opened(world, each);
      return named ? [{ ...named, onCall }] : [];
    }),
  );
  return found.flat();
}

/**
 * Recorded first, then set. The entry says how many there are and who changed them; whom they name stands nowhere else.
 * @param by pseudonym of who changes them
 * @param intention the caller's own key: the same change tried again is one entry
 * @throws ConflictError where somebody else has changed them since
 */
export async function changeContacts(
  world: ConsoleWorld,
  { items, version }: ContactList,
  { by, intention }: { readonly by: string; readonly intention: string },
): Promise<{ version: number }> {
  const before = await read(world);
  const changed = new ConflictError('Somebody else changed whom to call: load the list again.', {
    code: 'contacts-changed',
  });
  if (before.version !== version) throw changed;
  const next = await Promise.all(items.map((each) => sealed(world, each)));
  await appendAudit(
    tableAt(world, 'audit'),
    {
      chain: 'system#console',
      type: 'settings-changed',
      key: ['contacts', String(version + 1), by, intention],
      correlationId: `contacts-${version + 1}`,
      body: { by, what: 'contacts', before: before.items.length, after: next.length },
    },
    world.now(),
  );
  if (!(await putVersioned(world, key, JSON.stringify(next), version))) throw changed;
  return { version: version + 1 };
}

async function sealed(world: ConsoleWorld, { name, phone, ...about }: Contact): Promise<StoredContact> {
  if (name === undefined) return { ...about, phone };
  const subject = await subjectOf(world.subjects, name, world.now());
  const person = sealedPersonal.parse(await sealFor(world.subjects, subject, place, { phone }));
  return { ...about, person };
}

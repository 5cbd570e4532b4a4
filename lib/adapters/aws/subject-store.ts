/**
 * Persons and their keys. A person is one random pseudonym and one data key, wrapped by a key that never leaves KMS; the
 * name itself is encrypted, too. Erasing a person deletes the wrapped key: whatever was sealed with it, in whichever
 * copy, opens no more. The table has no backups that a deleted key could come back from.
 */
import { createHash, randomBytes } from 'node:crypto';
import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { DecryptCommand, GenerateDataKeyCommand, type KMSClient } from '@aws-sdk/client-kms';
import { humanText } from '../../contracts/common.ts';
import { type Personal, type SealedPersonal, sealedPersonal, subjectId } from '../../contracts/subject.ts';
import { ivBytes, openPersonal, type PersonalData, sealPersonal } from '../../core/audit/personal.ts';
import { CorruptDataError, DependencyError, InvalidInputError, NotFoundError } from '../../core/errors.ts';

export interface Subjects {
  readonly client: DynamoDBClient;
  readonly table: string;
  readonly kms: KMSClient;
  /** The key that wraps the persons' keys. */
  readonly keyId: string;
}

const nameKey = (nameHash: string) => ({ subject: { S: `name#${nameHash}` } });
const personKey = (subject: string) => ({ subject: { S: subject } });
/** The same person, however the name is typed: one form of Unicode, one case, single blanks. */
const hashOfName = (name: string): string =>
  createHash('sha256').update(name.normalize('NFKC').trim().replaceAll(/\s+/gu, ' ').toLowerCase()).digest('hex');

/** The pseudonym of somebody who is known already; needs nothing but the table. */
export async function knownSubject(at: Subjects, name: string): Promise<string | undefined> {
  return (await read(at, nameKey(hashOfName(name))))?.is?.S;
}

/**
 * The pseudonym of a person, made at their first appearance. The same name gives the same one until it is erased.
 * @throws InvalidInputError for a name that looks like a pseudonym: it would be taken for somebody else
 */
export async function subjectOf(at: Subjects, name: string, nowMs: number): Promise<string> {
  const checked = humanText.max(128).parse(name);
  if (subjectId.safeParse(checked).success)
    throw new InvalidInputError(`"${checked}" is a pseudonym, not a name: say who you are.`, { code: 'name-invalid' });
  const nameHash = hashOfName(checked);
  const known = await knownSubject(at, checked);
  if (known !== undefined) return known;
  const subject = `person-${randomBytes(8).toString('hex')}`;
  const { plain, wrapped } = await newKey(at, subject);
  const sealed = sealPersonal(plain, randomBytes(ivBytes), subject, subject, { name: checked });
  // The person first, then the name that leads to them: a name never leads nowhere.
  await at.client.send(
    new PutItemCommand({
      TableName: at.table,
      Item: {
        ...personKey(subject),
        key: { B: wrapped },
        nameHash: { S: nameHash },
        sealed: { S: JSON.stringify(sealed) },
        createdAtMs: { N: String(nowMs) },
      },
      ConditionExpression: 'attribute_not_exists(subject)',
    }),
  );
  try {
    await at.client.send(
      new PutItemCommand({
        TableName: at.table,
        Item: { ...nameKey(nameHash), is: { S: subject } },
        ConditionExpression: 'attribute_not_exists(subject)',
      }),
    );
    return subject;
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    // Somebody else made them at the same moment: theirs counts, ours is never named.
    return (await knownSubject(at, checked)) ?? subject;
  }
}

/** What is recorded of a person in the entry (or other place) `place`, their name with it. */
export async function sealFor(at: Subjects, subject: string, place: string, data: PersonalData): Promise<Personal> {
  const person = await personOf(at, subject);
  if (person === undefined) return { subject, erased: true };
  return sealPersonal(person.key, randomBytes(ivBytes), subject, place, { ...data, name: person.name });
}

/** For an audit table that entries about persons are appended to. */
export const sealing = (at: Subjects) => ({
  seal: ({ subject, data }: { readonly subject: string; readonly data: PersonalData }, entryId: string) =>
    sealFor(at, subject, entryId, data),
});

/** @returns `undefined` when the person was erased */
export async function openFor(at: Subjects, sealed: SealedPersonal, place: string): Promise<PersonalData | undefined> {
  const person = await personOf(at, sealed.subject);
  return person && openPersonal(person.key, sealed, place);
}

/** @returns `undefined` when the person was erased or is not known */
export async function nameOfSubject(at: Subjects, subject: string): Promise<string | undefined> {
  return subjectId.safeParse(subject).success ? (await personOf(at, subject))?.name : undefined;
}

/**
 * Destroys a person's key and name. Repeating it is harmless.
 * @throws NotFoundError for somebody who was never recorded
 */
export async function eraseSubject(at: Subjects, subject: string, nowMs: number): Promise<{ erasedAtMs: number }> {
  const item = await read(at, personKey(subject));
  if (!item) throw new NotFoundError(`There is nobody recorded as ${subject}.`, { code: 'subject-unknown' });
  const erasedAtMs = Number(item.erasedAtMs?.N ?? nowMs);
  const nameHash = item.nameHash?.S;
  if (nameHash !== undefined) {
    // The name first: from here on the same person, should they come again, is somebody new.
    const known = await read(at, nameKey(nameHash));
    if (known?.is?.S === subject)
      await at.client.send(new DeleteItemCommand({ TableName: at.table, Key: nameKey(nameHash) }));
    await at.client.send(
      new PutItemCommand({
        TableName: at.table,
        Item: { ...personKey(subject), erasedAtMs: { N: String(erasedAtMs) } },
      }),
    );
  }
  return { erasedAtMs };
}

async function personOf(at: Subjects, subject: string): Promise<{ key: Uint8Array; name: string } | undefined> {
  const item = await read(at, personKey(subject));
  if (!item?.key?.B) return undefined;
  const { Plaintext } = await at.kms.send(
    new DecryptCommand({ KeyId: at.keyId, CiphertextBlob: item.key.B, EncryptionContext: { subject } }),
  );
  if (!Plaintext) throw new DependencyError(`KMS did not open the key of ${subject}`, { code: 'kms-no-key' });
  const sealed = sealedPersonal.safeParse(JSON.parse(item.sealed?.S ?? 'null'));
  if (!sealed.success)
    throw new CorruptDataError(`The record of ${subject} does not read back.`, { code: 'subject-corrupt' });
  return { key: Plaintext, name: openPersonal(Plaintext, sealed.data, subject).name ?? '' };
}

async function newKey(at: Subjects, subject: string): Promise<{ plain: Uint8Array; wrapped: Uint8Array }> {
  const { Plaintext, CiphertextBlob } = await at.kms.send(
    new GenerateDataKeyCommand({ KeyId: at.keyId, KeySpec: 'AES_256', EncryptionContext: { subject } }),
  );
  if (!Plaintext || !CiphertextBlob) throw new DependencyError('KMS gave no data key', { code: 'kms-no-key' });
  return { plain: Plaintext, wrapped: CiphertextBlob };
}

async function read(
  at: Subjects,
  Key: Record<string, AttributeValue>,
): Promise<Record<string, AttributeValue> | undefined> {
  const { Item } = await at.client.send(new GetItemCommand({ TableName: at.table, Key, ConsistentRead: true }));
  return Item;
}

/**
 * What is personal in an entry: encrypted under the key of the person it is about, and hashed as ciphertext. Destroying
 * the key takes the data out of every copy of the chain without touching one.
 */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { SealedPersonal } from '../../contracts/subject.ts';
import { CorruptDataError } from '../errors.ts';
import { canonical } from './canonical.ts';

/** Facts about a person by name, such as `{ name, reason }`. */
export type PersonalData = Readonly<Record<string, string>>;

export const ivBytes = 12;
const algorithm = 'aes-256-gcm';

/**
 * @param iv 12 bytes that were never used with this key before
 * @param place id of what it stands in; the same text elsewhere does not open
 */
export function sealPersonal(
  key: Uint8Array,
  iv: Uint8Array,
  subject: string,
  place: string,
  data: PersonalData,
): SealedPersonal {
  const cipher = createCipheriv(algorithm, key, iv);
  cipher.setAAD(Buffer.from(canonical([subject, place])));
  const sealed = Buffer.concat([cipher.update(canonical(data), 'utf8'), cipher.final()]);
  return {
    subject,
    iv: Buffer.from(iv).toString('base64'),
    tag: cipher.getAuthTag().toString('base64'),
    data: sealed.toString('base64'),
  };
}

/** @throws CorruptDataError for another key, another place, or changed bytes */
export function openPersonal(key: Uint8Array, sealed: SealedPersonal, place: string): PersonalData {
  try {
    const decipher = createDecipheriv(algorithm, key, Buffer.from(sealed.iv, 'base64'), { authTagLength: 16 });
    decipher.setAAD(Buffer.from(canonical([sealed.subject, place])));
    decipher.setAuthTag(Buffer.from(sealed.tag, 'base64'));
    const bytes = Buffer.concat([decipher.update(Buffer.from(sealed.data, 'base64')), decipher.final()]);
    return JSON.parse(bytes.toString('utf8')) as PersonalData;
  } catch (cause) {
    throw new CorruptDataError(`What is recorded about ${sealed.subject} does not open with their key.`, {
      code: 'personal-corrupt',
      cause,
    });
  }
}

/** Persons in records: a pseudonym, and what is personal as ciphertext under a key of their own. */
import { z } from 'zod';
import { lazily } from './lazily.ts';

/** Pseudonym of a person: drawn at random, so that nothing can be told or tried out from it. */
export const subjectId = lazily(() => z.string().regex(/^person-[0-9a-f]{16}$/, 'person- and 16 hexadecimal digits'));

/** AES-256-GCM under the subject's key; the additional data are the id of the entry (or subject) that it stands in. */
export const sealedPersonal = lazily(() =>
  z.strictObject({
    subject: subjectId,
    iv: z.base64().length(16),
    tag: z.base64().length(24),
    data: z.base64().max(65_536),
  }),
);
export type SealedPersonal = z.infer<typeof sealedPersonal>;

/** What was recorded about somebody whose key had been destroyed already: nothing. */
export const personal = lazily(() =>
  z.union([sealedPersonal, z.strictObject({ subject: subjectId, erased: z.literal(true) })]),
);
export type Personal = z.infer<typeof personal>;

/**
 * Whom to call. Names and numbers are personal: each stands sealed under its person's key in one item without a backup,
 * is shown to those who act, and stands in no event, entry or log.
 */
import { z } from 'zod';
import { humanText, kind, wallClock } from '../common.ts';
import { lazily } from '../lazily.ts';
import { orderScope } from '../operations.ts';

/** When somebody can be called, by the clock on the site's wall. `from` after `to`: over midnight. */
export const contactHours = lazily(() =>
  z
    .strictObject({
      from: wallClock,
      to: wallClock,
      /** 1 is Monday, 7 Sunday: the days on which it begins. Absent: each. */
      days: z.array(z.number().int().min(1).max(7)).min(1).max(7).optional(),
    })
    .refine(({ from, to }) => from !== to, 'from and to are the same: leave the hours out, or give a span'),
);
export type ContactHours = z.infer<typeof contactHours>;

const about = {
  role: humanText.max(80),
  /** `all`, `site#ID`, `zone#SITE/ZONE` or `asset#ID`. */
  scope: z.union([z.literal('all'), orderScope]),
  /** Only for cases of these kinds. */
  kinds: z.array(kind).min(1).max(16).optional(),
  /** Absent: always. */
  hours: contactHours.optional(),
};
const name = lazily(() => humanText.max(80));
const phone = lazily(() =>
  z
    .string()
    .max(32)
    .regex(/^\+?[0-9][0-9 ()./-]{1,30}$/, 'a number such as +49 30 1234-56'),
);

/** One entry. Without a name it is a place, a control room for instance. */
export const contact = lazily(() => z.strictObject({ ...about, name: name.optional(), phone }));
export type Contact = z.infer<typeof contact>;

const maxContacts = 100;
export const contactList = lazily(() =>
  z.strictObject({
    items: z.array(contact).max(maxContacts),
    /** Goes back with a change: nobody overwrites what they have not seen. */
    version: z.number().int().min(0),
  }),
);
export type ContactList = z.infer<typeof contactList>;
export const contactsChanged = lazily(() => z.strictObject({ version: z.number().int().min(1) }));

/** As a case shows it, whom to call now first. Name and number only to those who may act. */
export const shownContact = lazily(() =>
  z.strictObject({ ...about, name: name.optional(), phone: phone.optional(), onCall: z.boolean() }),
);
export type ShownContact = z.infer<typeof shownContact>;

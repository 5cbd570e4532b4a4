/** Logging in, and the users of a deployment. */
import { z } from 'zod';
import { epochMs } from '../common.ts';
import { lazily } from '../lazily.ts';
import { group, pageOf, username } from './common.ts';

const password = lazily(() => z.string().min(1).max(256));

export const loginBody = lazily(() =>
  z.strictObject({
    username,
    password,
    /** Asked for by 409 `new-password-required`. */
    newPassword: password.optional(),
  }),
);

export const me = lazily(() =>
  z.strictObject({
    username,
    groups: z.array(group),
    expiresAtMs: epochMs,
    site: z.strictObject({ name: z.string().max(64), timeZone: z.string().max(64) }),
  }),
);
export type Me = z.infer<typeof me>;

export const user = lazily(() =>
  z.strictObject({
    username,
    groups: z.array(group),
    email: z.email().max(254).optional(),
    disabled: z.boolean(),
    createdAtMs: epochMs.optional(),
    /** As the user pool names it: `CONFIRMED`, `FORCE_CHANGE_PASSWORD`. */
    status: z.string().max(40).optional(),
  }),
);
export type User = z.infer<typeof user>;
export const userPage = lazily(() => pageOf(user));

export const newUserBody = lazily(() =>
  z.strictObject({ username, groups: z.array(group).min(1), email: z.email().max(254).optional() }),
);

/** Shown once; the first login asks for another. */
export const newUser = lazily(() => z.strictObject({ username, temporaryPassword: password }));
export type NewUser = z.infer<typeof newUser>;

export const changeUserBody = lazily(() =>
  z.strictObject({ groups: z.array(group).min(1).optional(), disabled: z.boolean().optional() }),
);

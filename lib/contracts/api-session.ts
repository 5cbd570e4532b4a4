/** Who uses the console: groups, signing in, and what an administrator sees and sets of people. */
import { z } from 'zod';
import { epochMs } from './common.ts';
import { lazily } from './lazily.ts';

/** Groups of people; what each may do is said in lib/core/console/roles.ts. */
export const groupNames = ['viewer', 'operator', 'approver', 'auditor', 'admin'] as const;
export type Group = (typeof groupNames)[number];
const group = lazily(() => z.enum(groupNames));
const groups = lazily(() => z.array(group).max(groupNames.length));

export const username = lazily(() =>
  z.string().regex(/^[a-z0-9][a-z0-9._@+-]{0,63}$/, 'lower-case letters, digits and . _ @ + -, at most 64'),
);
/** What the pool's policy asks of it is checked by the pool. */
const password = lazily(() => z.string().min(1).max(256));

export const loginRequest = lazily(() => z.strictObject({ username, password, newPassword: password.optional() }));
export type LoginRequest = z.infer<typeof loginRequest>;

export const me = lazily(() =>
  z.strictObject({
    username,
    groups,
    displayName: z.string().max(200).optional(),
    expiresAtMs: epochMs,
    site: z.strictObject({ name: z.string().max(200), timeZone: z.string().max(64) }),
  }),
);
export type Me = z.infer<typeof me>;

export const consoleUser = lazily(() =>
  z.strictObject({
    username,
    groups,
    disabled: z.boolean(),
    email: z.string().max(254).optional(),
    /** `invited`: has a temporary password that was not changed yet. */
    state: z.enum(['invited', 'active', 'reset-required', 'other']),
    createdAtMs: epochMs.optional(),
  }),
);
export type ConsoleUser = z.infer<typeof consoleUser>;

export const userCreation = lazily(() => z.strictObject({ username, groups, email: z.email().max(254).optional() }));
export const userCreated = lazily(() => z.strictObject({ username, temporaryPassword: z.string().min(1).max(256) }));
export const userChange = lazily(() =>
  z
    .strictObject({ groups: groups.optional(), disabled: z.boolean().optional() })
    .refine((change) => change.groups !== undefined || change.disabled !== undefined, 'name groups, disabled or both'),
);
export type UserChange = z.infer<typeof userChange>;

/** RFC 9457, with a stable `code` for programs and, where it helps, what would have been allowed. */
export const problem = lazily(() =>
  z.strictObject({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    code: z.string(),
    allowed: z.array(z.string()).optional(),
  }),
);
export type Problem = z.infer<typeof problem>;

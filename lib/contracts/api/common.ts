/** What all routes of the API share: who may call them, how lists are paged, how errors look. */
import { z } from 'zod';
import { lazily } from '../lazily.ts';

export const apiVersion = 1;
/** Every path of a route follows this. */
export const apiBase = '/api/v1';

/** Groups of users. A person may be in several; what any of them may do, the person may. */
export const groups = ['viewer', 'operator', 'approver', 'auditor', 'admin'] as const;
export const group = lazily(() => z.enum(groups));
export type Group = (typeof groups)[number];

/**
 * The least group of a route; `auditor` reads what a viewer reads, and the whole audit beside it. `signature` is no
 * person's: a system says who it is by signing the bytes of its message.
 */
export type Least = 'anybody' | 'signature' | Group;

const allowed: Readonly<Record<Least, readonly Group[]>> = {
  anybody: groups,
  signature: [],
  viewer: groups,
  operator: ['operator', 'approver', 'admin'],
  approver: ['approver', 'admin'],
  auditor: ['auditor', 'admin'],
  admin: ['admin'],
};
/** Groups that may call what has this least group. */
export const groupsFor = (least: Least): readonly Group[] => allowed[least];

/** Largest body of a request, in bytes. */
export const maxBodyBytes = 64 * 1024;
/** Largest body of a message that a system signs, in bytes: Jira sends the whole issue. */
export const maxSignedBytes = 256 * 1024;

/** Headers that a browser sends with every write: another site's form can send neither. */
export const csrfHeader = 'x-groundcrew-csrf';
export const idempotencyHeader = 'idempotency-key';
/** Said with an answer of `changes` where the same address streams them, too, to who accepts `text/event-stream`. */
export const eventsHeader = 'groundcrew-events';

export const maxPage = 200;
/** Where a list goes on: opaque, as the page before gave it. */
export const cursor = lazily(() => z.string().regex(/^[A-Za-z0-9_-]{1,8192}$/, 'a cursor as it was given'));
/** The query of a list that nothing else is asked of; other lists have its fields, too. Numbers come as text. */
export const pageQuery = lazily(() =>
  z.strictObject({ limit: z.coerce.number().int().min(1).max(maxPage).default(50), cursor: cursor.optional() }),
);
export type PageQuery = z.infer<typeof pageQuery>;

/** A page of a list; the last one has no `nextCursor`. */
export const pageOf = <S extends z.ZodType>(item: S) =>
  z.strictObject({ items: z.array(item).max(maxPage), nextCursor: cursor.optional() });
export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor?: string | undefined;
}

/** An error, as `application/problem+json` (RFC 9457). `code` is stable; `detail` is for people. */
export const problem = lazily(() =>
  z.strictObject({
    type: z.string().max(200),
    title: z.string().max(200),
    status: z.number().int().min(400).max(599),
    detail: z.string().max(2000),
    code: z.string().regex(/^[a-z][a-z0-9-]{0,47}$/),
    /** What would have been accepted. */
    allowed: z.array(z.string().max(200)).max(64).optional(),
  }),
);
export type Problem = z.infer<typeof problem>;

/** Name of a person as they log in and are shown. */
export const username = lazily(() =>
  z.string().regex(/^[a-z0-9][a-z0-9._@+-]{0,63}$/, 'lower-case letters, digits and . _ @ + -, at most 64'),
);
/** A person in an answer: the name, or the pseudonym where it cannot be read any more. */
export const person = lazily(() => z.string().min(1).max(128));

/** The users of a pool in a file that only its owner may read, replaced as a whole with each change. */
import { existsSync, readFileSync } from 'node:fs';
import * as z from 'zod';
import { writeAtomically } from '../stores/files.ts';
import { passwordHash } from './passwords.ts';

const ms = z.number().min(0);
const user = z.strictObject({
  username: z.string().min(1).max(128),
  sub: z.uuid(),
  attributes: z.record(z.string(), z.string()),
  enabled: z.boolean(),
  status: z.enum(['CONFIRMED', 'FORCE_CHANGE_PASSWORD']),
  password: passwordHash,
  /** A temporary password works until then. */
  temporaryUntilMs: ms.optional(),
  groups: z.array(z.string()),
  createdMs: ms,
  changedMs: ms,
  attempts: z.strictObject({ failures: z.int().min(0), lastMs: ms, lockedUntilMs: ms }),
});
export type StoredUser = z.infer<typeof user>;
const fileSchema = z.strictObject({ version: z.literal(1), users: z.array(user) });

export class UserFile {
  readonly #file: string;
  readonly #users: Map<string, StoredUser>;
  readonly #fold: (username: string) => string;

  /** @throws Error naming the file, where it is not what was written: signing in must not begin anew by itself */
  constructor(file: string, isCaseSensitive: boolean) {
    this.#file = file;
    this.#fold = isCaseSensitive ? (username) => username : (username) => username.toLowerCase();
    this.#users = new Map(read(file).map((each) => [this.#fold(each.username), each]));
  }

  get(username: string): StoredUser | undefined {
    return this.#users.get(this.#fold(username));
  }

  /** In the order of their names. */
  list(): StoredUser[] {
    return [...this.#users.values()].sort((a, b) => (a.username < b.username ? -1 : 1));
  }

  /** Durable when it returns: the file holds the users before or after, never a part. */
  put(changed: StoredUser): void {
    this.#users.set(this.#fold(changed.username), changed);
    writeAtomically(this.#file, `${JSON.stringify({ version: 1, users: this.list() }, null, 1)}\n`);
  }
}

function read(file: string): StoredUser[] {
  if (!existsSync(file)) return [];
  try {
    return fileSchema.parse(JSON.parse(readFileSync(file, 'utf8'))).users;
  } catch (cause) {
    throw new Error(
      `${file} does not hold the users of a pool any more. Put a backup in its place, or take it away to begin without anybody.`,
      { cause },
    );
  }
}

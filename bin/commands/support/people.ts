/** The people of a deployment, by the commands: found by the name of its user pool, here and in AWS. */
import type { Accounts } from '../../../lib/adapters/api/ports.ts';
import type { CognitoCalls } from '../../../lib/adapters/aws/cognito-calls.ts';
import { renewPassword, userPoolAccounts } from '../../../lib/adapters/aws/user-pool.ts';
import type { User } from '../../../lib/contracts/api.ts';
import type { CommandContext } from './context.ts';
import { CommandFailure } from './failure.ts';

export type People = Omit<Accounts, 'login'> & {
  everybody(): Promise<User[]>;
  /** A new temporary password for somebody. @throws NotFoundError */
  renewPassword(username: string): Promise<string>;
};

/** @throws CommandFailure when there is no such pool */
export async function openPeople(context: CommandContext): Promise<People> {
  const cognito = await context.cognito();
  const poolId = await poolNamed(cognito, context.names.userPool);
  const calls = async (): Promise<CognitoCalls> => cognito;
  // Nobody signs in by a command.
  const { login: _, ...accounts } = userPoolAccounts({ poolId, clientId: '', calls });
  return {
    ...accounts,
    async everybody() {
      const users: User[] = [];
      let cursor: string | undefined;
      do {
        const page = await accounts.list(60, cursor);
        users.push(...page.items);
        cursor = page.nextCursor;
      } while (cursor !== undefined);
      return users;
    },
    renewPassword: (username) => renewPassword({ poolId, calls }, username),
  };
}

async function poolNamed(cognito: CognitoCalls, name: string): Promise<string> {
  let token: string | undefined;
  do {
    const page = await cognito.pools(token);
    const found = page.UserPools?.find((pool) => pool.Name === name)?.Id;
    if (found !== undefined) return found;
    token = page.NextToken;
  } while (token !== undefined);
  throw new CommandFailure(`There is no user pool ${name}. Is this the prefix and the region of a deployment?`);
}

export interface FirstAdmin {
  readonly username: string;
  readonly temporaryPassword: string;
}

const isInvited = (user: User): boolean => user.status === 'FORCE_CHANGE_PASSWORD';

/**
 * Makes an admin where nobody who manages people has ever signed in. Whoever was made before and never came gets a new
 * temporary password, because the one that was printed may be lost.
 * @returns undefined where there is an admin
 */
export async function firstAdmin(people: People): Promise<FirstAdmin | undefined> {
  const users = await people.everybody();
  const admins = users.filter((user) => user.groups.includes('admin') && !user.disabled);
  if (admins.some((user) => !isInvited(user))) return undefined;
  // Also whoever was made when the start was broken off before the group was given.
  const started = admins[0] ?? users.find((user) => user.groups.length === 0 && isInvited(user) && !user.disabled);
  if (started !== undefined) {
    if (!started.groups.includes('admin')) await people.change(started.username, { groups: ['admin'] });
    return { username: started.username, temporaryPassword: await people.renewPassword(started.username) };
  }
  const taken = new Set(users.map(({ username }) => username));
  const username = ['admin', ...Array.from({ length: 98 }, (_, i) => `admin-${i + 2}`)].find(
    (name) => !taken.has(name),
  );
  if (username === undefined) throw new CommandFailure('All names from admin to admin-99 are taken; add one by hand.');
  const { temporaryPassword } = await people.add(username, ['admin']);
  return { username, temporaryPassword };
}

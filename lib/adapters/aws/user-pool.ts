/** The people of a deployment in its user pool. Groups that are none of ours are not seen. */
import { randomInt } from 'node:crypto';
import type { UserType } from '@aws-sdk/client-cognito-identity-provider';
import { type Group, groups as groupNames, type User } from '../../contracts/api.ts';
import { ConflictError, InvalidInputError, NotFoundError } from '../../core/errors.ts';
import type { AccountChange, Accounts, Login } from '../api/ports.ts';
import type { CognitoCalls } from './cognito-calls.ts';

export interface UserPool {
  readonly poolId: string;
  readonly clientId: string;
  readonly calls: () => Promise<CognitoCalls>;
}

/** The name is what tells errors apart: those of a late bundle are of classes of its own. */
const isNamed = (error: unknown, ...names: readonly string[]): boolean =>
  error instanceof Error && names.includes(error.name);

const isGroup = (name: string | undefined): name is Group => groupNames.some((group) => group === name);

/** People whose groups are asked for at once. */
const atOnce = 8;

export function userPoolAccounts({ poolId, clientId, calls }: UserPool): Accounts {
  const of = (username: string) => ({ UserPoolId: poolId, Username: username });

  async function groupsOf(username: string): Promise<Group[]> {
    const { Groups = [] } = await (await calls()).groups(of(username));
    const found = Groups.map(({ GroupName }) => GroupName).filter(isGroup);
    return groupNames.filter((group) => found.includes(group));
  }

  async function accountOf(username: string): Promise<User> {
    try {
      const user = await (await calls()).user(of(username));
      return shown({ ...user, Attributes: user.UserAttributes }, await groupsOf(username));
    } catch (error) {
      if (isNamed(error, 'UserNotFoundException'))
        throw new NotFoundError(`There is no user ${username}.`, { code: 'user-unknown', cause: error });
      throw error;
    }
  }

  async function setGroups(username: string, before: readonly Group[], wanted: readonly Group[]): Promise<void> {
    const cognito = await calls();
    // Taken away before given: somebody is never in both for a moment.
    for (const group of before.filter((each) => !wanted.includes(each)))
      await cognito.removeFromGroup({ ...of(username), GroupName: group });
    for (const group of wanted.filter((each) => !before.includes(each)))
      await cognito.addToGroup({ ...of(username), GroupName: group });
  }

  return {
    async login(username, password, newPassword): Promise<Login> {
      const cognito = await calls();
      const at = { UserPoolId: poolId, ClientId: clientId };
      try {
        const answer = await cognito.initiateAuth({
          ...at,
          AuthParameters: { USERNAME: username, PASSWORD: password },
        });
        if (answer.ChallengeName === undefined) return { state: 'ok', username };
        if (answer.ChallengeName !== 'NEW_PASSWORD_REQUIRED')
          return { state: 'challenge-unknown', challenge: answer.ChallengeName };
        if (newPassword === undefined) return { state: 'new-password-required' };
        if (newPassword === password)
          return { state: 'new-password-refused', why: 'It is the temporary one; choose another.' };
        const responses = { USERNAME: username, NEW_PASSWORD: newPassword };
        await cognito.newPassword({ ...at, Session: answer.Session, ChallengeResponses: responses });
        return { state: 'ok', username };
      } catch (error) {
        if (isNamed(error, 'InvalidPasswordException'))
          return { state: 'new-password-refused', why: (error as Error).message };
        if (isNamed(error, 'NotAuthorizedException', 'UserNotFoundException', 'PasswordResetRequiredException'))
          return { state: 'refused' };
        throw error;
      }
    },

    async find(username) {
      try {
        const user = await accountOf(username);
        return user.disabled ? undefined : { username: user.username, groups: user.groups };
      } catch (error) {
        if (error instanceof NotFoundError) return undefined;
        throw error;
      }
    },

    async list(limit, cursor) {
      const token = cursor === undefined ? undefined : Buffer.from(cursor, 'base64url').toString('utf8');
      const cognito = await calls();
      const { Users = [], PaginationToken } = await cognito
        .users({ UserPoolId: poolId, Limit: Math.min(limit, 60), ...(token ? { PaginationToken: token } : {}) })
        .catch((error: unknown) => {
          if (cursor === undefined || !isNamed(error, 'InvalidParameterException')) throw error;
          throw new InvalidInputError('The cursor is none that a page gave.', { code: 'cursor-invalid', cause: error });
        });
      const items: User[] = [];
      for (let i = 0; i < Users.length; i += atOnce) {
        const some = Users.slice(i, i + atOnce);
        items.push(...(await Promise.all(some.map(async (user) => shown(user, await groupsOf(user.Username ?? ''))))));
      }
      return PaginationToken === undefined
        ? { items }
        : { items, nextCursor: Buffer.from(PaginationToken).toString('base64url') };
    },

    async add(username, groups, email) {
      const temporaryPassword = temporary();
      const attributes = email === undefined ? [] : [{ Name: 'email', Value: email }];
      try {
        await (await calls()).create({
          ...of(username),
          TemporaryPassword: temporaryPassword,
          UserAttributes: attributes,
        });
      } catch (error) {
        if (isNamed(error, 'UsernameExistsException'))
          throw new ConflictError(`There is a user ${username} already.`, { code: 'user-exists', cause: error });
        throw error;
      }
      await setGroups(username, [], groups);
      return { temporaryPassword };
    },

    async change(username, { groups, disabled }: AccountChange) {
      const { groups: before, disabled: wasDisabled } = await accountOf(username);
      const cognito = await calls();
      if (disabled === true && !wasDisabled) await cognito.disable(of(username));
      if (groups !== undefined) await setGroups(username, before, groups);
      if (disabled === false && wasDisabled) await cognito.enable(of(username));
      return await accountOf(username);
    },
  };
}

/** A temporary password for somebody who is there already. @throws NotFoundError */
export async function renewPassword({ poolId, calls }: Pick<UserPool, 'poolId' | 'calls'>, username: string) {
  const password = temporary();
  try {
    await (await calls()).setTemporaryPassword({ UserPoolId: poolId, Username: username, Password: password });
  } catch (error) {
    if (!isNamed(error, 'UserNotFoundException')) throw error;
    throw new NotFoundError(`There is no user ${username}.`, { code: 'user-unknown', cause: error });
  }
  return password;
}

function shown(
  user: Pick<UserType, 'Username' | 'Attributes' | 'Enabled' | 'UserStatus' | 'UserCreateDate'>,
  groups: Group[],
): User {
  const email = user.Attributes?.find(({ Name }) => Name === 'email')?.Value;
  return {
    username: user.Username ?? '',
    groups,
    disabled: user.Enabled === false,
    ...(email === undefined ? {} : { email }),
    ...(user.UserCreateDate === undefined ? {} : { createdAtMs: user.UserCreateDate.getTime() }),
    ...(user.UserStatus === undefined ? {} : { status: user.UserStatus }),
  };
}

/** Without what is mistaken for something else when it is read out. */
const lower = 'abcdefghijkmnpqrstuvwxyz';
const sets = [lower, lower.toUpperCase().replace('O', ''), '23456789', '-_.:+'];

/** 16 characters, some of each kind that the pool asks for: more than 90 bits. */
export function temporary(): string {
  const all = sets.join('');
  for (;;) {
    const password = Array.from({ length: 16 }, () => all[randomInt(all.length)]!).join('');
    // With a letter or digit at both ends: a double click takes it whole, and no command takes it for an option.
    const hasEnds = /^[A-Za-z0-9].*[A-Za-z0-9]$/.test(password);
    if (hasEnds && sets.every((set) => [...password].some((character) => set.includes(character)))) return password;
  }
}

/** The part of Amazon Cognito user pools that lets people in and manages them. Tokens are opaque: nobody uses them. */
import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { UserPoolClientModel, UserPoolModel } from '../assembly/model.ts';
import type { JsonObject } from '../flow/types.ts';
import { type AwsService, ServiceError, targetPrefixes } from '../server/service.ts';
import { type InputOf, inputs, type Operation, parsedInput } from './cognito-inputs.ts';
import { atAttempt, failed, ignored, isLocked, noAttempts } from './lockout.ts';
import { hashPassword, isPassword, type PasswordHash, refusalOf } from './passwords.ts';
import { type StoredUser, UserFile } from './user-file.ts';

interface Pool {
  readonly model: UserPoolModel;
  readonly users: UserFile;
}
/** A challenge that waits for its answer. */
interface Challenge {
  readonly poolId: string;
  readonly username: string;
  readonly untilMs: number;
}

export class UserPools implements AwsService {
  readonly service = 'cognito-idp';
  readonly targetPrefix = targetPrefixes['cognito-idp'];
  readonly operations = Object.keys(inputs);
  readonly #pools: ReadonlyMap<string, Pool>;
  readonly #nowMs: () => number;
  readonly #challenges = new Map<string, Challenge>();
  /** The last thing that was asked of a name: guesses that come at once are counted one after the other. */
  readonly #turns = new Map<string, Promise<unknown>>();
  /** What the password of nobody is compared with, so that it takes as long. */
  readonly #nobody: Promise<PasswordHash> = hashPassword(randomUUID());

  constructor(dir: string, models: readonly UserPoolModel[], nowMs: () => number = Date.now) {
    this.#nowMs = nowMs;
    this.#pools = new Map(
      models.map((model) => [
        model.name,
        { model, users: new UserFile(join(dir, `${model.name}.json`), model.caseSensitive) },
      ]),
    );
  }

  resources(_operation: string, input: JsonObject): string[] {
    return [this.#pools.get(String(input['UserPoolId']))?.model.arn ?? '*'];
  }

  async handle(operation: string, input: JsonObject): Promise<JsonObject> {
    const given = parsedInput(operation as Operation, input);
    if (!('UserPoolId' in given)) return this.#listPools();
    const pool = this.#pool(given.UserPoolId);
    const answer = this.#answers[operation as Exclude<Operation, 'ListUserPools'>] as (
      pool: Pool,
      given: unknown,
    ) => Promise<JsonObject> | JsonObject;
    return await this.#inTurn(`${pool.model.name} ${nameIn(given)}`, async () => answer(pool, given));
  }

  readonly #answers: {
    readonly [O in Exclude<Operation, 'ListUserPools'>]: (
      pool: Pool,
      given: InputOf<O>,
    ) => Promise<JsonObject> | JsonObject;
  } = {
    AdminInitiateAuth: async (pool, { ClientId, AuthParameters: { USERNAME, PASSWORD } }) => {
      const client = clientOf(pool, ClientId);
      const user = await this.#checked(pool, USERNAME, PASSWORD);
      if (user.status === 'CONFIRMED') return signedIn();
      if (this.#nowMs() > (user.temporaryUntilMs ?? 0))
        throw notAuthorized('Temporary password has expired and must be reset by an administrator.');
      return this.#challenge(pool, client, user);
    },
    AdminRespondToAuthChallenge: async (pool, { ClientId, Session, ChallengeResponses }) => {
      clientOf(pool, ClientId);
      const challenge = this.#challenges.get(Session);
      const user = pool.users.get(ChallengeResponses.USERNAME);
      const isOwn = challenge?.poolId === pool.model.name && challenge.username === user?.username;
      if (!isOwn || user === undefined || this.#nowMs() > challenge.untilMs)
        throw notAuthorized('Invalid session for the user, session is expired.');
      if (!user.enabled) throw notAuthorized('User is disabled.');
      const password = await newPassword(pool, ChallengeResponses.NEW_PASSWORD);
      this.#challenges.delete(Session);
      const { temporaryUntilMs: _, ...lasting } = user;
      this.#put(pool, { ...lasting, status: 'CONFIRMED', password });
      return signedIn();
    },
    AdminCreateUser: async (pool, { Username, TemporaryPassword, UserAttributes = [] }) => {
      if (pool.users.get(Username) !== undefined)
        throw new ServiceError('UsernameExistsException', 'User account already exists');
      const password = await newPassword(pool, TemporaryPassword);
      const nowMs = this.#nowMs();
      const user: StoredUser = {
        username: pool.model.caseSensitive ? Username : Username.toLowerCase(),
        sub: randomUUID(),
        attributes: Object.fromEntries(UserAttributes.map(({ Name, Value }) => [Name, Value])),
        enabled: true,
        status: 'FORCE_CHANGE_PASSWORD',
        password,
        temporaryUntilMs: this.#temporaryUntilMs(pool),
        groups: [],
        createdMs: nowMs,
        changedMs: nowMs,
        attempts: noAttempts,
      };
      this.#put(pool, user);
      return { User: { ...shown(user), Attributes: attributesOf(user) } };
    },
    AdminSetUserPassword: async (pool, { Username, Password, Permanent }) => {
      const { temporaryUntilMs: _, ...user } = userOf(pool, Username);
      const password = await newPassword(pool, Password);
      this.#put(pool, {
        ...user,
        password,
        attempts: noAttempts,
        ...(Permanent
          ? { status: 'CONFIRMED' }
          : { status: 'FORCE_CHANGE_PASSWORD', temporaryUntilMs: this.#temporaryUntilMs(pool) }),
      });
      return {};
    },
    AdminGetUser: (pool, { Username }) => {
      const user = userOf(pool, Username);
      return { ...shown(user), UserAttributes: attributesOf(user) };
    },
    AdminAddUserToGroup: (pool, { Username, GroupName }) => {
      const user = userOf(pool, Username);
      groupOf(pool, GroupName);
      this.#put(pool, { ...user, groups: [...new Set([...user.groups, GroupName])] });
      return {};
    },
    AdminRemoveUserFromGroup: (pool, { Username, GroupName }) => {
      const user = userOf(pool, Username);
      groupOf(pool, GroupName);
      this.#put(pool, { ...user, groups: user.groups.filter((group) => group !== GroupName) });
      return {};
    },
    AdminListGroupsForUser: (pool, { Username }) => ({
      Groups: userOf(pool, Username)
        .groups.filter((group) => pool.model.groups.includes(group))
        .map((group) => ({ GroupName: group, UserPoolId: pool.model.name })),
    }),
    AdminDisableUser: (pool, { Username }) => {
      this.#put(pool, { ...userOf(pool, Username), enabled: false });
      return {};
    },
    AdminEnableUser: (pool, { Username }) => {
      this.#put(pool, { ...userOf(pool, Username), enabled: true });
      return {};
    },
    ListUsers: (pool, { Limit, PaginationToken }) => {
      const limit = Limit === 0 ? 60 : Limit;
      // The token is the last name of the page before, so that somebody new moves no page.
      const after = PaginationToken === undefined ? '' : Buffer.from(PaginationToken, 'base64url').toString('utf8');
      const rest = pool.users.list().filter(({ username }) => username > after);
      const page = rest.slice(0, limit);
      return {
        Users: page.map((user) => ({ ...shown(user), Attributes: attributesOf(user) })),
        ...(rest.length > page.length
          ? { PaginationToken: Buffer.from(page.at(-1)!.username).toString('base64url') }
          : {}),
      };
    },
  };

  /** Who it is, if the password is right. @throws ServiceError the same for nobody and for a wrong password */
  async #checked(pool: Pool, username: string, password: string): Promise<StoredUser> {
    const wrong = notAuthorized('Incorrect username or password.');
    const user = pool.users.get(username);
    if (user === undefined) {
      await isPassword(password, await this.#nobody);
      throw wrong;
    }
    const nowMs = this.#nowMs();
    const attempts = atAttempt(user.attempts, nowMs);
    if (isLocked(attempts, nowMs)) {
      pool.users.put({ ...user, attempts: ignored(attempts, nowMs) });
      throw notAuthorized('Password attempts exceeded');
    }
    if (!(await isPassword(password, user.password))) {
      pool.users.put({ ...user, attempts: failed(attempts, nowMs) });
      throw wrong;
    }
    if (!user.enabled) throw notAuthorized('User is disabled.');
    const welcome = { ...user, attempts: noAttempts };
    if (user.attempts.failures > 0) pool.users.put(welcome);
    return welcome;
  }

  #challenge(pool: Pool, client: UserPoolClientModel, user: StoredUser): JsonObject {
    const nowMs = this.#nowMs();
    for (const [session, { untilMs }] of this.#challenges) if (untilMs < nowMs) this.#challenges.delete(session);
    const session = randomBytes(48).toString('base64url');
    const untilMs = nowMs + client.sessionMinutes * 60_000;
    this.#challenges.set(session, { poolId: pool.model.name, username: user.username, untilMs });
    return {
      ChallengeName: 'NEW_PASSWORD_REQUIRED',
      Session: session,
      ChallengeParameters: { USER_ID_FOR_SRP: user.username, requiredAttributes: '[]', userAttributes: '{}' },
    };
  }

  #put(pool: Pool, user: StoredUser): void {
    pool.users.put({ ...user, changedMs: this.#nowMs() });
  }

  #temporaryUntilMs(pool: Pool): number {
    return this.#nowMs() + pool.model.passwordPolicy.temporaryDays * 86_400_000;
  }

  #listPools(): JsonObject {
    return { UserPools: [...this.#pools.values()].map(({ model }) => ({ Id: model.name, Name: model.poolName })) };
  }

  #pool(id: string): Pool {
    const pool = this.#pools.get(id);
    if (pool !== undefined) return pool;
    throw new ServiceError('ResourceNotFoundException', `User pool ${id} does not exist.`);
  }

  async #inTurn<T>(key: string, work: () => Promise<T>): Promise<T> {
    const previous = this.#turns.get(key) ?? Promise.resolve();
    const own = previous.catch(() => undefined).then(work);
    this.#turns.set(key, own);
    try {
      return await own;
    } finally {
      if (this.#turns.get(key) === own) this.#turns.delete(key);
    }
  }
}

/** The name that an operation is about, folded, so that all that is asked of somebody waits in one line. */
function nameIn(given: object): string {
  const { Username, AuthParameters, ChallengeResponses } = given as {
    Username?: string;
    AuthParameters?: { USERNAME: string };
    ChallengeResponses?: { USERNAME: string };
  };
  return (Username ?? AuthParameters?.USERNAME ?? ChallengeResponses?.USERNAME ?? '').toLowerCase();
}

function clientOf(pool: Pool, id: string): UserPoolClientModel {
  const client = pool.model.clients.find((each) => each.name === id);
  if (client === undefined)
    throw new ServiceError('ResourceNotFoundException', `User pool client ${id} does not exist.`);
  if (client.authFlows.includes('ALLOW_ADMIN_USER_PASSWORD_AUTH')) return client;
  throw new ServiceError('InvalidParameterException', 'Auth flow not enabled for this client');
}

function userOf(pool: Pool, username: string): StoredUser {
  const user = pool.users.get(username);
  if (user !== undefined) return user;
  throw new ServiceError('UserNotFoundException', 'User does not exist.');
}

function groupOf(pool: Pool, name: string): void {
  if (!pool.model.groups.includes(name)) throw new ServiceError('ResourceNotFoundException', 'Group not found.');
}

async function newPassword(pool: Pool, password: string): Promise<PasswordHash> {
  const refusal = refusalOf(password, pool.model.passwordPolicy);
  if (refusal !== undefined) throw new ServiceError('InvalidPasswordException', refusal);
  return hashPassword(password);
}

const notAuthorized = (message: string): ServiceError => new ServiceError('NotAuthorizedException', message);

const signedIn = (): JsonObject => ({
  AuthenticationResult: { AccessToken: randomBytes(32).toString('base64url'), ExpiresIn: 300, TokenType: 'Bearer' },
  ChallengeParameters: {},
});

const shown = (user: StoredUser): JsonObject => ({
  Username: user.username,
  Enabled: user.enabled,
  UserStatus: user.status,
  UserCreateDate: user.createdMs / 1000,
  UserLastModifiedDate: user.changedMs / 1000,
});

const attributesOf = (user: StoredUser): JsonObject[] =>
  Object.entries({ sub: user.sub, ...user.attributes }).map(([Name, Value]) => ({ Name, Value }));

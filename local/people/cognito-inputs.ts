/** What the operations of user pools take. Members that do nothing here are refused, not passed over. */
import * as z from 'zod';
import type { JsonObject } from '../flow/types.ts';
import { ServiceError } from '../server/service.ts';

const text = z.string().min(1).max(2048);
const name = z.string().min(1).max(128);
const pool = { UserPoolId: name };
const ofUser = { ...pool, Username: name };

export const inputs = {
  AdminInitiateAuth: z.strictObject({
    ...pool,
    ClientId: name,
    AuthFlow: z.literal('ADMIN_USER_PASSWORD_AUTH'),
    AuthParameters: z.strictObject({ USERNAME: name, PASSWORD: z.string().min(1).max(256) }),
  }),
  AdminRespondToAuthChallenge: z.strictObject({
    ...pool,
    ClientId: name,
    ChallengeName: z.literal('NEW_PASSWORD_REQUIRED'),
    Session: text,
    ChallengeResponses: z.strictObject({ USERNAME: name, NEW_PASSWORD: z.string().min(1).max(256) }),
  }),
  AdminCreateUser: z.strictObject({
    ...ofUser,
    TemporaryPassword: z.string().min(1).max(256),
    MessageAction: z.literal('SUPPRESS'),
    UserAttributes: z
      .array(z.strictObject({ Name: z.enum(['email', 'name', 'email_verified']), Value: text }))
      .optional(),
  }),
  AdminSetUserPassword: z.strictObject({
    ...ofUser,
    Password: z.string().min(1).max(256),
    Permanent: z.boolean().default(false),
  }),
  AdminGetUser: z.strictObject(ofUser),
  AdminAddUserToGroup: z.strictObject({ ...ofUser, GroupName: name }),
  AdminRemoveUserFromGroup: z.strictObject({ ...ofUser, GroupName: name }),
  AdminListGroupsForUser: z.strictObject({ ...ofUser, Limit: z.int().min(0).max(60).optional() }),
  AdminDisableUser: z.strictObject(ofUser),
  AdminEnableUser: z.strictObject(ofUser),
  ListUsers: z.strictObject({
    ...pool,
    Limit: z.int().min(0).max(60).default(60),
    PaginationToken: text.optional(),
  }),
  ListUserPools: z.strictObject({ MaxResults: z.int().min(1).max(60), NextToken: text.optional() }),
} as const;
export type Operation = keyof typeof inputs;
export type InputOf<O extends Operation> = z.infer<(typeof inputs)[O]>;

/** @throws ServiceError `InvalidParameterException` naming the member, never its value, which may be a password */
export function parsedInput<O extends Operation>(operation: O, input: JsonObject): InputOf<O> {
  const parsed = inputs[operation].safeParse(input);
  if (parsed.success) return parsed.data as InputOf<O>;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'the input'}: ${message}`);
  throw new ServiceError('InvalidParameterException', `On one machine ${operation} takes less. ${problems.join('; ')}`);
}

/** Calls to user pools. Imported late: few requests need Cognito's client, and it is slow to load. */
import {
  AdminAddUserToGroupCommand,
  AdminCreateUserCommand,
  AdminDisableUserCommand,
  AdminEnableUserCommand,
  AdminGetUserCommand,
  AdminInitiateAuthCommand,
  AdminListGroupsForUserCommand,
  AdminRemoveUserFromGroupCommand,
  AdminRespondToAuthChallengeCommand,
  AdminSetUserPasswordCommand,
  CognitoIdentityProviderClient,
  type CognitoIdentityProviderClientConfig,
  ListUserPoolsCommand,
  ListUsersCommand,
} from '@aws-sdk/client-cognito-identity-provider';

interface OfUser {
  readonly UserPoolId: string;
  readonly Username: string;
}
interface OfGroup extends OfUser {
  readonly GroupName: string;
}

/** One client for a process, or for the settings that are given. */
export function cognitoCalls(config: CognitoIdentityProviderClientConfig = {}) {
  const client = new CognitoIdentityProviderClient({
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 1_000, requestTimeout: 8_000 },
    ...config,
  });
  return {
    initiateAuth: (input: { UserPoolId: string; ClientId: string; AuthParameters: Record<string, string> }) =>
      client.send(new AdminInitiateAuthCommand({ ...input, AuthFlow: 'ADMIN_USER_PASSWORD_AUTH' })),
    newPassword: (input: {
      UserPoolId: string;
      ClientId: string;
      Session: string | undefined;
      ChallengeResponses: Record<string, string>;
    }) => client.send(new AdminRespondToAuthChallengeCommand({ ...input, ChallengeName: 'NEW_PASSWORD_REQUIRED' })),
    user: (input: OfUser) => client.send(new AdminGetUserCommand(input)),
    groups: (input: OfUser) => client.send(new AdminListGroupsForUserCommand(input)),
    users: (input: { UserPoolId: string; Limit: number; PaginationToken?: string }) =>
      client.send(new ListUsersCommand(input)),
    create: (input: OfUser & { TemporaryPassword: string; UserAttributes?: { Name: string; Value: string }[] }) =>
      client.send(new AdminCreateUserCommand({ ...input, MessageAction: 'SUPPRESS' })),
    setTemporaryPassword: (input: OfUser & { Password: string }) =>
      client.send(new AdminSetUserPasswordCommand({ ...input, Permanent: false })),
    addToGroup: (input: OfGroup) => client.send(new AdminAddUserToGroupCommand(input)),
    removeFromGroup: (input: OfGroup) => client.send(new AdminRemoveUserFromGroupCommand(input)),
    disable: (input: OfUser) => client.send(new AdminDisableUserCommand(input)),
    enable: (input: OfUser) => client.send(new AdminEnableUserCommand(input)),
    pools: (NextToken?: string) =>
      client.send(new ListUserPoolsCommand({ MaxResults: 60, ...(NextToken === undefined ? {} : { NextToken }) })),
  };
}
export type CognitoCalls = ReturnType<typeof cognitoCalls>;
